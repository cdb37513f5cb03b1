"""What the register knows that decides where a letter belongs, and the way to take one in hand.

Carries out R28, R64, Q12; laws 1 and 11: a sender is measured by what stands here, not by what
the letter says of itself.
"""

from dataclasses import dataclass
from datetime import datetime

from psycopg.errors import ProgramLimitExceeded
from sqlalchemy import Connection, bindparam, exists, func, insert, select, text
from sqlalchemy.exc import IntegrityError, OperationalError

from storage.mail_tables import letters, raw_letters
from storage.messages import ClientMessage
from storage.raw_letters import COLUMNS, RawLetter, RawState
from storage.ticket_tables import messages

CHANNEL = "raw_letters"
# What may go by itself and says nothing of a letter: a full disk, a lost connection, a deadlock.
PASSING = (OSError, OperationalError)


def is_passing(fault: Exception) -> bool:
    """Tell whether a fault may go by itself; a letter past the register's limits stays so."""
    cause = getattr(fault, "orig", None)
    return isinstance(fault, PASSING) and not isinstance(cause, ProgramLimitExceeded)


@dataclass(frozen=True)
class KnownTicket:
    """A ticket that a letter names, with its people; `client_id` is its present client."""

    number: str
    kind: str
    subject: str
    language: str
    client_id: int | None
    user_id: int | None
    name: str
    phone: str
    login: str
    is_verified: bool
    is_closed: bool


@dataclass(frozen=True)
class OurLetter:
    """A letter of ours that somebody gives back; one about an account has no number."""

    key: str
    number: str | None


@dataclass(frozen=True)
class Claimed:
    """A letter in hand; a repetition when the very same bytes came before and are settled."""

    letter: RawLetter
    is_repetition: bool


BEFORE = raw_letters.alias("before")
CLAIM = (
    select(
        *COLUMNS,
        exists()
        .where(
            BEFORE.c.digest == raw_letters.c.digest,
            BEFORE.c.id < raw_letters.c.id,
            BEFORE.c.state != RawState.KEPT,
        )
        .label("is_repetition"),
    )
    .where(raw_letters.c.state == RawState.KEPT, raw_letters.c.id > bindparam("after"))
    .order_by(raw_letters.c.id)
    .limit(1)
    .with_for_update(skip_locked=True, of=raw_letters)
)

CLAIM_AGAIN = text("""
SELECT id FROM raw_letters WHERE id = :id AND state = 'kept' FOR UPDATE SKIP LOCKED
""")

TICKET = text("""
SELECT number, kind, subject, language, tickets.client_id, user_id, name, phone, login,
       is_verified, tickets.closed_at IS NOT NULL AS is_closed
FROM requests JOIN tickets USING (number) WHERE number = :number
""")

PARTICIPATES = text("""
SELECT EXISTS (
  SELECT FROM requests WHERE number = :number AND lower(address) = :address
) OR EXISTS (
  SELECT FROM tickets JOIN users USING (client_id)
  WHERE tickets.number = :number AND users.email = :address
)
""")

MEET = text("""
WITH alive AS (DELETE FROM bounced_addresses WHERE address = :address)
SELECT pg_advisory_xact_lock(hashtextextended(:address, 0))
""")

# A statement of its own: one that waited for the lock would not see what was filed meanwhile.
IS_ID_KNOWN = text("SELECT EXISTS (SELECT FROM messages WHERE header_id = :header_id)")

CONFIRMED = text("""
SELECT coalesce(confirm_at, received_at) AS leaves_at FROM requests
WHERE lower(address) = :address AND coalesce(confirm_at, received_at) >= :since AND withheld = ''
""")

# What a person has settled stays as it is; the rest is kept again, as if it had just come.
FILE_AGAIN = text("""
WITH again AS (
  UPDATE review_items SET settled_at = :at, settled_by = 'reprocess'
  WHERE kind = 'unreadable' AND settled_at IS NULL AND raw_id IS NOT NULL
    AND raw_id = coalesce(:id, raw_id)
  RETURNING raw_id
), kept AS (
  UPDATE raw_letters SET state = 'kept', reason = '' FROM again
  WHERE raw_letters.id = again.raw_id AND state = 'unreadable' RETURNING raw_letters.id
)
SELECT id, pg_notify('raw_letters', '') FROM kept ORDER BY id
""")

MARK_BOUNCED = text("""
INSERT INTO bounced_addresses (address, status, letter, bounced_at)
SELECT lower(recipient), :status, key, :at FROM letters WHERE key = :key AND recipient <> ''
ON CONFLICT (address) DO UPDATE
  SET status = excluded.status, letter = excluded.letter, bounced_at = excluded.bounced_at
""")


def claim(connection: Connection, after: int) -> Claimed | None:
    """Take in hand the oldest letter kept after that id; nobody else gets it before the commit."""
    row = connection.execute(CLAIM, {"after": after}).mappings().first()
    if row is None:
        return None
    values = {**row, "state": RawState.KEPT, "envelope_to": tuple(row["envelope_to"])}
    return Claimed(is_repetition=values.pop("is_repetition"), letter=RawLetter(**values))


def claim_again(connection: Connection, id_: int) -> bool:
    """Take in hand a letter that could not be filed; false when another has it, or settled it."""
    return connection.execute(CLAIM_AGAIN, {"id": id_}).first() is not None


def announce(connection: Connection) -> None:
    """Wake whoever files letters, once this transaction is over."""
    connection.execute(select(func.pg_notify(CHANNEL, "")))


def find_ticket(connection: Connection, number: str) -> KnownTicket | None:
    """Return the ticket of this number, if there is one."""
    row = connection.execute(TICKET, {"number": number}).mappings().first() if number else None
    return KnownTicket(**row) if row else None


def participates(connection: Connection, number: str, address: str) -> bool:
    """Tell whether somebody who writes from this address takes part in the ticket."""
    if not number or not address:
        return False
    values = {"number": number, "address": address.lower()}
    return bool(connection.execute(PARTICIPATES, values).scalar_one())


def find_letter(connection: Connection, message_id: str) -> OurLetter | None:
    """Return our letter with this Message-ID, if there is one."""
    found = select(letters.c.key, letters.c.number).where(letters.c.message_id == message_id)
    row = connection.execute(found).first() if message_id else None
    return OurLetter(row.key, row.number) if row else None


def file_again(connection: Connection, at: datetime, id_: int | None = None) -> tuple[int, ...]:
    """Have what could not be read filed once more, or that letter alone; return their ids."""
    values = {"at": at, "id": id_}
    return tuple(row.id for row in connection.execute(FILE_AGAIN, values))


def mark_bounced(connection: Connection, key: str, status: str, at: datetime) -> None:
    """Mark the address that our letter of this key could not reach."""
    connection.execute(MARK_BOUNCED, {"key": key, "status": status, "at": at})


def meet(connection: Connection, address: str, header_id: str) -> bool:
    """Meet whoever writes: letters from one address are filed one after another from here on.

    An address that writes is alive: a mark that letters to it came back is taken off. Tell whether
    a message with this Message-ID is kept already.
    """
    connection.execute(MEET, {"address": address.lower()})
    if not header_id:
        return False
    return bool(connection.execute(IS_ID_KNOWN, {"header_id": header_id}).scalar_one())


def confirmed(connection: Connection, address: str, since: datetime) -> tuple[datetime, ...]:
    """Return when confirmations leave, or have left, for this address since then."""
    values = {"address": address.lower(), "since": since}
    return tuple(connection.execute(CONFIRMED, values).scalars())


def keep_message(connection: Connection, message: ClientMessage) -> int | None:
    """Keep a message without telling the process; None when it is kept already (Q8)."""
    visible = message.visible_text or message.text
    values = {**message.__dict__, "visible_text": visible, "direction": "in"}
    new = insert(messages).values(values).returning(messages.c.id)
    try:
        with connection.begin_nested():
            id_: int = connection.execute(new).scalar_one()
            return id_
    except IntegrityError:
        known = select(messages.c.id).where(messages.c.key == message.key)
        if connection.execute(known).first() is None:
            raise
        return None
