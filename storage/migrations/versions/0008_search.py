"""Full-text search, the console's lists, and the announcement of every change."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

STANDS = "closed_at IS NULL AND NOT is_merged"
PLACE = ("is_routine", "received_at", "number")
FUNCTIONS = (
    # Only ASCII punctuation parts words in a database whose locale is C; the rest goes here.
    r"""CREATE FUNCTION plain_words(said text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN regexp_replace(left(said, 50000) COLLATE pg_c_utf8,
                          '[^\w.-]+|\.(?!\d)|-(?![[:alpha:]])', ' ', 'g')""",
    """CREATE FUNCTION search_words(subject text, body text) RETURNS tsvector
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN setweight(to_tsvector('pg_catalog.russian'::regconfig, plain_words(subject)), 'A')
        || to_tsvector('pg_catalog.russian'::regconfig, plain_words(body))""",
    # What the service writes by itself repeats the client, and nobody looks for it.
    """CREATE FUNCTION letter_words(kind text, subject text, body text) RETURNS tsvector
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN kind NOT IN ('confirmation', 'reminder', 'released', 'critical_alert')
        THEN search_words(subject, body) END""",
    # With a message's blocks among its words one search of the index is never wider than a block.
    """CREATE FUNCTION findable(words tsvector, id bigint) RETURNS tsvector
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN words || array_to_tsvector(ARRAY['#0.' || cast(id >> 9 AS text),
        '#1.' || cast(id >> 12 AS text), '#2.' || cast(id >> 15 AS text)])""",
    r"""CREATE FUNCTION people_words(named text, phone text) RETURNS tsvector
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN to_tsvector('pg_catalog.simple'::regconfig,
        translate(plain_words(named), 'ёЁ_.-', 'ее   ') || ' '
        || right(regexp_replace(phone, '\D', '', 'g'), 10) || ' '
        || right(regexp_replace(phone, '\D', '', 'g'), 7) || ' '
        || right(regexp_replace(phone, '\D', '', 'g'), 4))""",
    """CREATE FUNCTION whose_turn(status text, deferral text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE
        WHEN deferral = 'R56' THEN 'support'
        WHEN status IN ('identification', 'in_queue', 'in_diagnosis') THEN 'support'
        WHEN status IN ('awaiting_client', 'deferred') THEN 'client'
        WHEN status IN ('in_development', 'awaiting_release') THEN 'development'
        WHEN status IN ('registered', 'closing') THEN 'calendar'
        ELSE 'nobody' END""",
    """CREATE FUNCTION announce_ticket() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      PERFORM pg_notify('tickets', coalesce(NEW.number, ''));
      RETURN NULL;
    END $$""",
)
ANNOUNCED = {
    "tickets": "INSERT OR UPDATE",
    "messages": "INSERT OR UPDATE OF number",
    "letters": "INSERT OR UPDATE",
    "review_items": "INSERT OR UPDATE",
}


def upgrade() -> None:
    for function in FUNCTIONS:
        op.execute(function)
    add_words()
    add_lists()
    add_lookups()
    for table, when in ANNOUNCED.items():
        op.execute(
            f"CREATE TRIGGER announce AFTER {when} ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION announce_ticket()"
        )


def add_words() -> None:
    add_generated("messages", "words", postgresql.TSVECTOR(), "search_words(subject, visible_text)")
    add_generated("letters", "words", postgresql.TSVECTOR(), "letter_words(kind, subject, text)")
    add_generated("clients", "words", postgresql.TSVECTOR(), "people_words(name || ' ' || code, '')")
    add_generated(
        "users", "words", postgresql.TSVECTOR(), "people_words(name || ' ' || login || ' ' || email, phone)"
    )
    op.create_index(
        "ix_messages_words",
        "messages",
        [sa.literal_column("findable(words, id)")],
        postgresql_using="gin",
        postgresql_with={"fastupdate": "off"},
    )
    op.create_index(op.f("ix_clients_words"), "clients", ["words"], postgresql_using="gin")
    op.create_index(op.f("ix_users_words"), "users", ["words"], postgresql_using="gin")


def add_lists() -> None:
    add_generated("tickets", "turn", sa.Text(), "whose_turn(status, snapshot ->> 'deferral')")
    add_generated("tickets", "is_merged", sa.Boolean(), "coalesce(snapshot ->> 'merged_into', '') <> ''")
    for name, first in {"arrival": (), "turn": ("turn",), "status": ("status",)}.items():
        add_list(f"ix_tickets_{name}", (*first, *PLACE), STANDS)
    for name in ("specialist", "client_id"):
        add_list(f"ix_tickets_open_{name}", (name, *PLACE), STANDS)
        add_list(f"ix_tickets_closed_{name}", (name, "closed_at", "number"), "closed_at IS NOT NULL")
    add_list("ix_tickets_closed", ("closed_at", "number"), "closed_at IS NOT NULL")


def add_lookups() -> None:
    op.create_index("ix_requests_user", "requests", ["user_id", "received_at"])
    op.create_index(
        "ix_requests_address",
        "requests",
        [sa.literal_column("lower(address)"), "received_at", "number"],
    )


def add_list(name: str, columns: tuple[str, ...], where: str) -> None:
    op.create_index(name, "tickets", list(columns), postgresql_where=sa.text(where))


def add_generated(table: str, name: str, type_: sa.types.TypeEngine, expression: str) -> None:
    op.add_column(table, sa.Column(name, type_, sa.Computed(expression, persisted=True)))
