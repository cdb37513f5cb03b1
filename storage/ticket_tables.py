"""Tables of requests and tickets: words, files, register, journal, what is to be handed over."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Sequence,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TSVECTOR

from domain.terms import Channel, Criticality, Status, TicketKind
from storage.schema import born, generated, metadata, moment, one_of, serial

# What the console's lists show: a ticket whose life goes on, and in which it goes on itself.
STANDS = text("closed_at IS NULL AND NOT is_merged")
IS_CLOSED = text("closed_at IS NOT NULL")
PLACE = ("is_routine", "received_at", "number")
# What staff must give a reason for: the head reads it (R49, R50, R45).
DEPARTURE = text(
    "kind = 'taken' AND (data ->> 'text') IS NOT NULL"
    " OR kind = 'criticality_confirmed' AND (data ->> 'criticality') = 'critical'"
    " OR kind = 'letter_urged'"
)

ticket_numbers = Sequence("ticket_numbers", metadata=metadata)

messages = Table(
    "messages",
    metadata,
    serial(),
    Column("number", Text, index=True),
    Column("direction", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("author", Text, nullable=False, server_default=""),
    Column("sender_name", Text, nullable=False, server_default=""),
    Column("sender_address", Text, nullable=False, server_default=""),
    Column("subject", Text, nullable=False, server_default=""),
    Column("text", Text, nullable=False, server_default=""),
    Column("visible_text", Text, nullable=False, server_default=""),
    Column("standing", Text, nullable=False, server_default="participant"),
    Column("header_id", Text, nullable=False, server_default=""),
    Column("raw_id", ForeignKey("raw_letters.id")),
    Column("key", Text, unique=True),
    moment("at", required=True),
    generated("words", TSVECTOR(), "search_words(subject, visible_text)"),
    CheckConstraint("direction IN ('in', 'out', 'internal')", name="direction_is_known"),
    CheckConstraint(
        "standing IN ('participant', 'third_person', 'automatic', 'bounce')",
        name="standing_is_known",
    ),
    CheckConstraint(one_of("channel", Channel), name="channel_is_known"),
    Index("ix_messages_header_id", "header_id", postgresql_where=text("header_id <> ''")),
    Index(
        "ix_messages_words",
        text("findable(words, id)"),
        postgresql_using="gin",
        postgresql_with={"fastupdate": "off"},
    ),
)

requests = Table(
    "requests",
    metadata,
    Column("number", Text, primary_key=True),
    Column("message_id", ForeignKey("messages.id"), nullable=False),
    Column("channel", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("declared", Text, nullable=False),
    Column("client_id", ForeignKey("clients.id"), index=True),
    Column("user_id", ForeignKey("users.id")),
    Column("name", Text, nullable=False, server_default=""),
    Column("address", Text, nullable=False, server_default=""),
    Column("phone", Text, nullable=False, server_default=""),
    Column("login", Text, nullable=False, server_default=""),
    Column("is_verified", Boolean, nullable=False, server_default=text("false")),
    Column("language", Text, nullable=False, server_default="ru"),
    Column("subject", Text, nullable=False, server_default=""),
    Column("told", JSONB, nullable=False, server_default="{}"),
    Column("missing", ARRAY(Text), nullable=False, server_default="{}"),
    Column("requisites", ARRAY(Text), nullable=False, server_default="{}"),
    Column("suggested_link", Text, nullable=False, server_default=""),
    Column("follow_up_of", Text, nullable=False, server_default=""),
    Column("withheld", Text, nullable=False, server_default=""),
    Column("link_generation", Integer, nullable=False, server_default="0"),
    moment("received_at", required=True),
    moment("accepted_at", required=True),
    moment("called_at"),
    moment("confirm_at"),
    CheckConstraint(one_of("channel", Channel), name="channel_is_known"),
    CheckConstraint(one_of("kind", TicketKind), name="kind_is_known"),
    CheckConstraint(one_of("declared", Criticality), name="criticality_is_known"),
    Index(
        "ix_requests_confirmed",
        text("lower(address)"),
        text("coalesce(confirm_at, received_at)"),
        postgresql_where=text("withheld = ''"),
    ),
    Index("ix_requests_user", "user_id", "received_at"),
    Index("ix_requests_address", text("lower(address)"), "received_at", "number"),
)

tickets = Table(
    "tickets",
    metadata,
    Column("number", Text, ForeignKey("requests.number"), primary_key=True),
    Column("status", Text, nullable=False),
    Column("sequence", Integer, nullable=False, server_default="0"),
    Column("client_id", BigInteger),
    Column("specialist", Text, nullable=False, server_default=""),
    Column("is_routine", Boolean, nullable=False, server_default=text("true")),
    Column("release", Text, nullable=False, server_default=""),
    Column("review_due", Boolean, nullable=False, server_default=text("false")),
    moment("received_at", required=True),
    moment("due_at"),
    Column("due_what", Text, nullable=False, server_default=""),
    Column("due_rule", Text, nullable=False, server_default=""),
    Column("calendar_version", Integer, nullable=False, server_default="0"),
    moment("closed_at"),
    Column("snapshot", JSONB, nullable=False, server_default="{}"),
    generated("turn", Text(), "whose_turn(status, snapshot ->> 'deferral')"),
    generated("is_merged", Boolean(), "coalesce(snapshot ->> 'merged_into', '') <> ''"),
    generated(
        "answered_at",
        DateTime(timezone=True),
        "moment_of(coalesce(snapshot ->> 'replied_at', snapshot ->> 'closed_at'))",
    ),
    CheckConstraint(one_of("status", Status), name="status_is_known"),
    CheckConstraint("(status = 'closed') = (closed_at IS NOT NULL)", name="closed_has_its_moment"),
    Index(
        "ix_tickets_queue",
        "is_routine",
        "received_at",
        "number",
        postgresql_where=text("status = 'in_queue'"),
    ),
    Index(
        "ix_tickets_open",
        "status",
        "received_at",
        "number",
        postgresql_where=text("closed_at IS NULL"),
    ),
    Index("ix_tickets_client", "client_id", "received_at"),
    Index(
        "ix_tickets_release",
        "release",
        postgresql_where=text("status = 'awaiting_release'"),
    ),
    Index("ix_tickets_arrival", *PLACE, postgresql_where=STANDS),
    Index("ix_tickets_turn", "turn", *PLACE, postgresql_where=STANDS),
    Index("ix_tickets_status", "status", *PLACE, postgresql_where=STANDS),
    Index("ix_tickets_open_specialist", "specialist", *PLACE, postgresql_where=STANDS),
    Index("ix_tickets_open_client_id", "client_id", *PLACE, postgresql_where=STANDS),
    Index("ix_tickets_closed", "closed_at", "number", postgresql_where=IS_CLOSED),
    Index("ix_tickets_received", "received_at", "number"),
    Index(
        "ix_tickets_answered",
        *("answered_at", "number"),
        postgresql_where=text("answered_at IS NOT NULL"),
    ),
    Index(
        *("ix_tickets_closed_specialist", "specialist", "closed_at", "number"),
        postgresql_where=IS_CLOSED,
    ),
    Index(
        *("ix_tickets_closed_client_id", "client_id", "closed_at", "number"),
        postgresql_where=IS_CLOSED,
    ),
)

events = Table(
    "events",
    metadata,
    Column("number", Text, ForeignKey("tickets.number"), nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    moment("at", required=True),
    Column("by", Text, nullable=False),
    Column("data", JSONB, nullable=False),
    PrimaryKeyConstraint("number", "sequence"),
    CheckConstraint("sequence > 0", name="journal_begins_at_one"),
    Index("ix_events_departures", "at", postgresql_where=DEPARTURE),
    Index("ix_events_taken", "at", postgresql_where=text("kind = 'taken'")),
    Index("ix_events_deferred", "number", postgresql_where=text("kind = 'deferred'")),
)

handovers = Table(
    "handovers",
    metadata,
    serial(),
    Column("number", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("payload", JSONB, nullable=False),
    born(),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("last_error", Text, nullable=False, server_default=""),
    moment("retry_at"),
    moment("done_at"),
    Index("ix_handovers_pending", "id", postgresql_where=text("done_at IS NULL")),
)

files = Table(
    "files",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("size", BigInteger, nullable=False),
    born(),
)

attachments = Table(
    "attachments",
    metadata,
    serial(),
    Column("message_id", ForeignKey("messages.id"), nullable=False, index=True),
    Column("digest", ForeignKey("files.digest"), nullable=False),
    Column("name", Text, nullable=False),
    Column("content_type", Text, nullable=False),
)
