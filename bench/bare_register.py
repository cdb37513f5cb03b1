"""The bare side's statements: plain psycopg, one connection a thread, tables like the register's.

Each function makes as many transactions and statements as ours does at the same step.
"""

import threading
from dataclasses import dataclass, field

import psycopg

SCHEMA = """
CREATE SCHEMA bare;
CREATE SEQUENCE bare.numbers;
CREATE TABLE bare.requests (number text PRIMARY KEY, address text, subject text, words text,
                            raw bytea, received_at timestamptz DEFAULT now());
CREATE TABLE bare.tickets (number text PRIMARY KEY, status text, sequence int DEFAULT 0);
CREATE TABLE bare.events (number text, sequence int, kind text, at timestamptz DEFAULT now(),
                          PRIMARY KEY (number, sequence));
CREATE TABLE bare.texts (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, number text,
                         words text);
CREATE TABLE bare.letters (key text PRIMARY KEY, recipient text, mime bytea, state text,
                           tried_at timestamptz, accepted_at timestamptz);
"""

REQUEST = """
WITH given AS (SELECT 'BT-' || lpad(nextval('bare.numbers')::text, 6, '0') AS number),
ticket AS (INSERT INTO bare.tickets (number, status) SELECT number, 'registered' FROM given)
INSERT INTO bare.requests (number, address, subject, words, raw)
SELECT number, %s, %s, %s, %s FROM given RETURNING number
"""
READ = "SELECT address, subject, words FROM bare.requests WHERE number = %s"
TEXT = "INSERT INTO bare.texts (number, words) VALUES (%s, %s) RETURNING id"
RECORD = """
WITH moved AS (
  UPDATE bare.tickets SET status = %(step)s, sequence = sequence + 1
  WHERE number = %(number)s RETURNING sequence
), letter AS (
  INSERT INTO bare.letters (key, recipient, mime, state)
  SELECT %(key)s, %(recipient)s, %(mime)s, 'prepared' WHERE %(key)s::text IS NOT NULL
)
INSERT INTO bare.events (number, sequence, kind) SELECT %(number)s, sequence, %(step)s FROM moved
"""
CLAIM = """
UPDATE bare.letters SET state = 'sending', tried_at = now() WHERE key = %s
RETURNING recipient, mime
"""
SETTLE = "UPDATE bare.letters SET state = 'accepted', accepted_at = now() WHERE key = %s"


@dataclass(frozen=True)
class Appeal:
    """What a client wrote."""

    address: str
    subject: str
    words: str
    raw: bytes = b""


@dataclass(frozen=True)
class Entry:
    """A step with the letter that it causes, if it causes one."""

    number: str
    step: str
    recipient: str = ""
    mime: bytes | None = None

    @property
    def key(self) -> str | None:
        """Name the letter by its cause."""
        return None if self.mime is None else f"{self.number}/{self.step}"


@dataclass(frozen=True)
class BareRegister:
    """Statements at one PostgreSQL."""

    conninfo: str
    _own: threading.local = field(default_factory=threading.local)

    def lay_out(self) -> None:
        """Make the tables."""
        self._line.execute(SCHEMA.encode())

    def settle_statistics(self) -> None:
        """Let PostgreSQL count what was imported, as it does by itself within a minute."""
        self._line.execute("ANALYZE")

    def request(self, appeal: Appeal) -> str:
        """Enter an appeal in one statement and return its number."""
        values = (appeal.address, appeal.subject, appeal.words, appeal.raw)
        return self._one(REQUEST, values)

    def status(self, number: str) -> str:
        """Return where a ticket stands."""
        return self._one("SELECT status FROM bare.tickets WHERE number = %s", (number,))

    def text(self, number: str, words: str) -> int:
        """Keep what staff wrote."""
        return int(self._one(TEXT, (number, words)))

    def read(self, line: psycopg.Connection, number: str) -> Appeal:
        """Read what a letter is written from."""
        row = line.execute(READ, (number,)).fetchone()
        return Appeal(*row) if row else Appeal("", "", "")

    def record(self, line: psycopg.Connection, entry: Entry) -> None:
        """Write a step with its letter in one statement."""
        line.execute(RECORD, {**entry.__dict__, "key": entry.key})

    def claim(self, key: str) -> tuple[str, bytes]:
        """Take a letter in hand."""
        row = self._line.execute(CLAIM, (key,)).fetchone()
        return (row[0], row[1]) if row else ("", b"")

    def settle(self, key: str) -> None:
        """Write that a letter was taken."""
        self._line.execute(SETTLE, (key,))

    def connection(self) -> psycopg.Connection:
        """Return this thread's connection, for a transaction of several statements."""
        return self._line

    def _one(self, statement: str, values: tuple[object, ...]) -> str:
        row = self._line.execute(statement.encode(), values).fetchone()
        return str(row[0]) if row else ""

    @property
    def _line(self) -> psycopg.Connection:
        if not hasattr(self._own, "line"):
            self._own.line = psycopg.connect(self.conninfo, autocommit=True)
        line: psycopg.Connection = self._own.line
        return line
