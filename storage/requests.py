"""Requests on their way to becoming tickets: the input, its number and its handover in one go.

Carries out R16, R27, R33 (no ticket without its record), Q2; laws 1 and 2.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from pydantic_core import to_json
from sqlalchemy import Connection, RowMapping, select, text

from domain.occurrences import Registered
from domain.terms import Channel, Criticality, TicketKind
from domain.ticket import Ticket, apply
from storage.ticket_tables import messages, requests


@dataclass(frozen=True, kw_only=True)
class Registration:
    """Everything known of an appeal when it is registered; moments are aware.

    `key` names the appeal for ever: the same key again is the same ticket. `withheld` says why
    no confirmation may leave, where it may not (R33, law 3); `confirm_at` is when it may, where
    that is later than at once.
    """

    key: str
    channel: Channel
    received_at: datetime
    accepted_at: datetime
    subject: str
    text: str
    visible_text: str = ""
    kind: TicketKind = TicketKind.PROBLEM
    declared: Criticality = Criticality.NORMAL
    client_id: int | None = None
    user_id: int | None = None
    entitled: bool = True
    name: str = ""
    address: str = ""
    phone: str = ""
    login: str = ""
    is_verified: bool = False
    language: str = "ru"
    told: Mapping[str, str] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    requisites: tuple[str, ...] = ()
    suggested_link: str = ""
    follow_up_of: str = ""
    withheld: str = ""
    confirm_at: datetime | None = None
    called_at: datetime | None = None
    author: str = ""
    header_id: str = ""
    raw_id: int | None = None

    @property
    def event(self) -> Registered:
        """Return the first event of the ticket."""
        return Registered(
            key="registered",
            at=self.received_at,
            by=self.author or f"client:{self.user_id or ''}",
            channel=self.channel,
            received_at=self.received_at,
            accepted_at=self.accepted_at,
            ticket_kind=self.kind,
            client=str(self.client_id or ""),
            entitled=self.entitled,
            declared=self.declared,
            follow_up_of=self.follow_up_of,
        )


@dataclass(frozen=True)
class Entry:
    """The number and first message of a registered appeal; `is_new` is false for a repetition."""

    number: str
    message_id: int
    is_new: bool = True


class UnknownMessageError(LookupError):
    """There is no message of that id."""


REGISTER = text("""
WITH given AS (
  SELECT 'PS-' || lpad(n::text, greatest(6, length(n::text)), '0') AS number
  FROM nextval('ticket_numbers') AS n
), message AS (
  INSERT INTO messages (number, direction, channel, author, sender_name, sender_address, subject,
                        text, visible_text, header_id, raw_id, key, at)
  SELECT number, 'in', :channel, :author, :name, :address, :subject,
         :text, :visible_text, :header_id, :raw_id, :key, :received_at FROM given
  ON CONFLICT (key) DO NOTHING RETURNING id
), request AS (
  INSERT INTO requests (number, message_id, channel, kind, declared, client_id, user_id, name,
                        address, phone, login, is_verified, language, subject, told, missing,
                        requisites, suggested_link, follow_up_of, withheld, received_at,
                        accepted_at, called_at, confirm_at)
  SELECT given.number, message.id, :channel, :kind, :declared, :client_id, :user_id, :name,
         :address, :phone, :login, :is_verified, :language, :subject, cast(:told AS jsonb),
         cast(:missing AS text[]), cast(:requisites AS text[]), :suggested_link, :follow_up_of,
         :withheld, :received_at, :accepted_at, cast(:called_at AS timestamptz),
         cast(:confirm_at AS timestamptz)
  FROM given, message
), ticket AS (
  INSERT INTO tickets (number, status, client_id, received_at, snapshot)
  SELECT number, :status, :client_id, :received_at,
         cast(:snapshot AS jsonb) || jsonb_build_object('number', number)
  FROM given, message
), handover AS (
  INSERT INTO handovers (number, kind, payload)
  SELECT number, 'start', cast(:event AS jsonb) FROM given, message
)
SELECT given.number, message.id, pg_notify('handovers', '') FROM given, message
""")


def register(connection: Connection, registration: Registration) -> Entry:
    """Enter an appeal in one statement: message, number, request, ticket, handover.

    A repetition of the same key changes nothing and returns the first number.
    """
    row = connection.execute(REGISTER, _values(registration)).first()
    return Entry(row.number, row.id) if row else _get_by_key(connection, registration.key)


def find_by_key(connection: Connection, key: str) -> Entry | None:
    """Return the ticket that this key already made, if any."""
    columns = select(messages.c.number, messages.c.id).where(messages.c.key == key)
    row = connection.execute(columns).first()
    return Entry(row.number or "", row.id, is_new=False) if row else None


def _get_by_key(connection: Connection, key: str) -> Entry:
    known = find_by_key(connection, key)
    if known is None:
        raise LookupError(f"no appeal of the key {key}")
    return known


FOLLOW_UP = text("""
SELECT requests.kind, tickets.client_id, requests.user_id, requests.name, requests.address,
       requests.phone, requests.login, requests.is_verified, requests.language, requests.subject,
       message.text, message.visible_text, message.channel, message.author, message.at,
       message.header_id, message.raw_id,
       EXISTS (SELECT FROM contracts WHERE contracts.client_id = tickets.client_id
               AND (message.at AT TIME ZONE 'Europe/Moscow')::date
                   BETWEEN starts_on AND coalesce(ends_on, 'infinity')) AS entitled
FROM requests JOIN tickets USING (number), messages AS message
WHERE requests.number = :number AND message.id = :message_id
""")


CARRY_FILES = text("""
INSERT INTO attachments (message_id, digest, name, content_type)
SELECT :new, digest, name, content_type FROM attachments WHERE message_id = :old ORDER BY id
""")


def follow_up(connection: Connection, number: str, message_id: int, accepted_at: datetime) -> Entry:
    """Open a new ticket, linked to the closed one, from a message that came too late (R64, Q8).

    It is the closed one's present client's. The same message again is the same ticket.

    Raises:
        UnknownMessageError: when there is no such message, or no such ticket.

    """
    entry = register(connection, registration_of(connection, number, message_id, accepted_at))
    if entry.is_new:
        carry_files(connection, message_id, entry.message_id)
    return entry


def registration_of(
    connection: Connection, number: str, message_id: int, accepted_at: datetime
) -> Registration:
    """Return a message as an appeal of the ticket's people that follows it up.

    Raises:
        UnknownMessageError: when there is no such message, or no such ticket.

    """
    values = {"number": number, "message_id": message_id}
    found = connection.execute(FOLLOW_UP, values).mappings().first()
    if found is None:
        raise UnknownMessageError(f"no message {message_id} for {number}")
    row = dict(found)
    row |= {"channel": Channel(row["channel"]), "kind": TicketKind(row["kind"])}
    row |= {"received_at": row.pop("at"), "accepted_at": accepted_at}
    return Registration(**row, key=_key_of_follow_up(message_id), follow_up_of=number)


def carry_files(connection: Connection, old: int, new: int) -> None:
    """Give a message the files of another."""
    connection.execute(CARRY_FILES, {"old": old, "new": new})


def find_follow_up(connection: Connection, message_id: int) -> str:
    """Return the number of the ticket that this message opened; empty where it opened none."""
    known = find_by_key(connection, _key_of_follow_up(message_id))
    return known.number if known else ""


def _key_of_follow_up(message_id: int) -> str:
    return f"follow-up:{message_id}"


def find(connection: Connection, number: str) -> RowMapping | None:
    """Return the request of this number with its words, as columns of `requests`."""
    found = select(requests, messages.c.text, messages.c.visible_text).join_from(
        requests, messages, messages.c.id == requests.c.message_id
    )
    return connection.execute(found.where(requests.c.number == number)).mappings().first()


def _values(registration: Registration) -> dict[str, object]:
    event = registration.event
    ticket = apply(Ticket(""), event)
    snapshot = to_json({**ticket.__dict__, "sequence": 0}).decode()
    return {
        **registration.__dict__,
        "missing": list(registration.missing),
        "requisites": list(registration.requisites),
        "told": to_json(registration.told).decode(),
        "visible_text": registration.visible_text or registration.text,
        "author": event.by,
        "status": ticket.status.value,
        "snapshot": snapshot,
        "event": to_json(event).decode(),
    }
