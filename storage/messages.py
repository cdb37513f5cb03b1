"""Words of people on a ticket: what clients wrote, what staff wrote, each kept once.

Carries out R46, R53 and laws 1, 2 and 9.
"""

from dataclasses import dataclass
from datetime import datetime

from pydantic_core import to_json
from sqlalchemy import Connection, RowMapping, select, text
from sqlalchemy.dialects.postgresql import insert

from domain.terms import Channel
from storage.ticket_tables import messages

READ = tuple(column for column in messages.c if column.name != "words")  # for searching alone


@dataclass(frozen=True, kw_only=True)
class ClientMessage:
    """A message that came by some door for a ticket; `key` makes a repetition harmless.

    `standing` is participant, third_person, automatic or bounce: only a participant resumes.
    """

    number: str
    key: str
    channel: Channel
    at: datetime
    text: str
    visible_text: str = ""
    subject: str = ""
    author: str = ""
    sender_name: str = ""
    sender_address: str = ""
    standing: str = "participant"
    header_id: str = ""
    raw_id: int | None = None


@dataclass(frozen=True)
class StaffText:
    """Words of staff for a ticket: a letter's text, a note, a reason."""

    number: str
    text: str
    author: str
    at: datetime
    key: str | None = None


ADD = text("""
WITH message AS (
  INSERT INTO messages (number, direction, channel, author, sender_name, sender_address, subject,
                        text, visible_text, standing, header_id, raw_id, key, at)
  VALUES (:number, 'in', :channel, :author, :sender_name, :sender_address, :subject,
          :text, :visible_text, :standing, :header_id, :raw_id, :key, :at)
  ON CONFLICT (key) DO NOTHING RETURNING id
), handover AS (
  INSERT INTO handovers (number, kind, payload)
  SELECT :number, 'client_message',
         cast(:payload AS jsonb) || jsonb_build_object('message', message.id) FROM message
)
SELECT id, pg_notify('handovers', '') FROM message
""")


def add_client_message(connection: Connection, message: ClientMessage) -> tuple[int, bool]:
    """Keep the message and its handover; return its id and whether it is new."""
    payload = {
        "key": message.key,
        "at": message.at,
        "by": message.author or "client",
        "channel": message.channel,
        "resumes": message.standing == "participant",
    }
    visible = message.visible_text or message.text
    values = {**message.__dict__, "visible_text": visible, "payload": to_json(payload).decode()}
    added = connection.execute(ADD, values).first()
    if added is not None:
        return added.id, True
    return _get_by_key(connection, message.key), False


def add_staff_text(connection: Connection, written: StaffText) -> int:
    """Keep what staff wrote, before any command names it; the same key is the same text."""
    columns = {**written.__dict__, "visible_text": written.text}
    new = insert(messages).values(**columns, direction="internal", channel=Channel.WEB)
    once = new.on_conflict_do_nothing(index_elements=["key"]).returning(messages.c.id)
    added: int | None = connection.execute(once).scalar_one_or_none()
    return added if added is not None else _get_by_key(connection, written.key or "")


def _get_by_key(connection: Connection, key: str) -> int:
    known = find_by_key(connection, key)
    if known is None:
        raise LookupError(f"no message of the key {key}")
    return known


def list_for(connection: Connection, number: str) -> list[RowMapping]:
    """Return every message of the ticket in the order in which they came."""
    found = select(*READ).where(messages.c.number == number).order_by(messages.c.id)
    return list(connection.execute(found).mappings())


def find_by_key(connection: Connection, key: str) -> int | None:
    """Return the id of the message of this key, if there is one."""
    found = select(messages.c.id).where(messages.c.key == key)
    return connection.execute(found).scalar_one_or_none()


def find_by_header(connection: Connection, header_id: str) -> RowMapping | None:
    """Return the message with this Message-ID, if one came."""
    found = select(*READ).where(messages.c.header_id == header_id).limit(1)
    return connection.execute(found).mappings().first()


def find_text(connection: Connection, number: str, message_id: int) -> str:
    """Return the words of that message of the ticket; nothing where there is none."""
    is_asked = (messages.c.id == message_id) & (messages.c.number == number)
    found = select(messages.c.text).where(is_asked)
    return connection.execute(found).scalar_one_or_none() or ""
