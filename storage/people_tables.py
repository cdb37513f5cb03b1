"""Tables of people: clients, their contracts and users, our staff, tokens."""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, TSVECTOR

from storage.schema import born, generated, metadata, moment, serial

clients = Table(
    "clients",
    metadata,
    serial(),
    Column("code", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("shares_tickets", Boolean, nullable=False, server_default=text("true")),
    born(),
    generated("words", TSVECTOR(), "people_words(name || ' ' || code, '')"),
    Index("ix_clients_words", "words", postgresql_using="gin"),
)

contracts = Table(
    "contracts",
    metadata,
    serial(),
    Column("client_id", ForeignKey("clients.id"), nullable=False, index=True),
    Column("starts_on", Date, nullable=False),
    Column("ends_on", Date),
    CheckConstraint("ends_on IS NULL OR ends_on >= starts_on", name="contract_ends_after_start"),
    UniqueConstraint("client_id", "starts_on"),
)

users = Table(
    "users",
    metadata,
    serial(),
    Column("client_id", ForeignKey("clients.id"), nullable=False, index=True),
    Column("login", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("email", Text, nullable=False, server_default=""),
    Column("phone", Text, nullable=False, server_default=""),
    Column("language", Text, nullable=False, server_default="ru"),
    generated("words", TSVECTOR(), "people_words(name || ' ' || login || ' ' || email, phone)"),
    CheckConstraint("email = lower(email)", name="email_is_folded"),
    Index("ix_users_email", "email", postgresql_where=text("email <> ''")),
    Index("ix_users_words", "words", postgresql_using="gin"),
)

staff = Table(
    "staff",
    metadata,
    serial(),
    Column("login", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("email", Text, nullable=False, server_default=""),
    Column("role", Text, nullable=False),
    CheckConstraint(
        "role IN ('specialist', 'head', 'development', 'operations')", name="role_is_of_staff"
    ),
)

tokens = Table(
    "tokens",
    metadata,
    serial(),
    Column("digest", LargeBinary, nullable=False, unique=True),
    Column("staff_id", ForeignKey("staff.id")),
    Column("user_id", ForeignKey("users.id")),
    Column("scopes", ARRAY(Text), nullable=False),
    Column("label", Text, nullable=False, server_default=""),
    born(),
    moment("expires_at", required=True),
    moment("revoked_at"),
    CheckConstraint("num_nonnulls(staff_id, user_id) = 1", name="token_has_one_owner"),
)
