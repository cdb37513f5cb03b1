"""Tables of signing in: the sessions of people at their browsers, and what leads to one."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY

from storage.schema import born, metadata, moment, serial

sessions = Table(
    "sessions",
    metadata,
    serial(),
    Column("digest", LargeBinary, nullable=False, unique=True),
    Column("staff_id", ForeignKey("staff.id"), index=True),
    Column("user_id", ForeignKey("users.id"), index=True),
    Column("scopes", ARRAY(Text), nullable=False, server_default="{pages}"),
    Column("way", Text, nullable=False),
    Column("agent", Text, nullable=False, server_default=""),
    born(),
    Column("seen_at", DateTime(timezone=True), nullable=False, server_default=text("now()")),
    moment("expires_at", required=True),
    moment("revoked_at"),
    CheckConstraint("num_nonnulls(staff_id, user_id) = 1", name="session_has_one_owner"),
    CheckConstraint("way IN ('password', 'invitation', 'provider')", name="way_is_known"),
)

passwords = Table(
    "passwords",
    metadata,
    serial(),
    Column("staff_id", ForeignKey("staff.id"), unique=True),
    Column("user_id", ForeignKey("users.id"), unique=True),
    Column("hash", Text, nullable=False),
    moment("set_at", required=True),
    CheckConstraint("num_nonnulls(staff_id, user_id) = 1", name="password_has_one_owner"),
)

invitations = Table(
    "invitations",
    metadata,
    serial(),
    Column("digest", LargeBinary, nullable=False, unique=True),
    Column("staff_id", ForeignKey("staff.id"), index=True),
    Column("user_id", ForeignKey("users.id"), index=True),
    born(),
    moment("expires_at", required=True),
    moment("ended_at"),
    CheckConstraint("num_nonnulls(staff_id, user_id) = 1", name="invitation_has_one_owner"),
)

sign_in_attempts = Table(
    "sign_in_attempts",
    metadata,
    Column("key", LargeBinary, primary_key=True),
    Column("wrong", Integer, nullable=False),
    Column("since", DateTime(timezone=True), nullable=False, index=True),
)

provider_handshakes = Table(
    "provider_handshakes",
    metadata,
    Column("state", LargeBinary, primary_key=True),
    Column("browser", LargeBinary, nullable=False),
    Column("nonce", Text, nullable=False),
    Column("verifier", Text, nullable=False),
    Column("onward", Text, nullable=False),
    moment("expires_at", required=True),
    Index("ix_provider_handshakes_expires_at", "expires_at"),
)
