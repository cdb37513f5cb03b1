"""Tables of mail: letters in as they came, letters out as they left, what a person must see."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, TSVECTOR

from domain.account_letters import AccountLetterKind
from domain.letters import LetterKind
from storage.schema import born, generated, metadata, moment, serial

raw_letters = Table(
    "raw_letters",
    metadata,
    serial(),
    Column("digest", Text, nullable=False),
    Column("door", Text, nullable=False),
    Column("mailbox", Text),
    Column("uid_validity", BigInteger),
    Column("uid", BigInteger),
    Column("envelope_from", Text, nullable=False, server_default=""),
    Column("envelope_to", ARRAY(Text), nullable=False, server_default="{}"),
    moment("received_at", required=True),
    Column("content", LargeBinary, nullable=False),
    Column("state", Text, nullable=False, server_default="kept"),
    Column("reason", Text, nullable=False, server_default=""),
    CheckConstraint("state IN ('kept', 'filed', 'duplicate', 'unreadable')", name="state_is_known"),
    UniqueConstraint("mailbox", "uid_validity", "uid"),
    Index("ix_raw_letters_digest", "digest"),
    Index("ix_raw_letters_kept", "id", postgresql_where=text("state = 'kept'")),
)

mailboxes = Table(
    "mailboxes",
    metadata,
    Column("name", Text, primary_key=True),
    Column("uid_validity", BigInteger, nullable=False),
    Column("uid", BigInteger, nullable=False),
    moment("swept_at"),
    Column("counted", BigInteger, nullable=False, server_default="0"),
    Column("there", BigInteger, nullable=False, server_default="0"),
    Column("ours", BigInteger, nullable=False, server_default="0"),
    Column("fault", Text),
    moment("failed_at"),
    CheckConstraint("(fault IS NULL) = (failed_at IS NULL)", name="fault_has_its_moment"),
)

LETTER_KINDS = (*LetterKind, *AccountLetterKind)

letters = Table(
    "letters",
    metadata,
    Column("key", Text, primary_key=True),
    Column("number", Text, ForeignKey("tickets.number"), index=True),
    Column("sequence", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("recipient", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("message_id", Text, nullable=False, unique=True),
    Column("mime", LargeBinary, nullable=False),
    Column("state", Text, nullable=False),
    Column("reason", Text, nullable=False, server_default=""),
    Column("attempts", Integer, nullable=False, server_default="0"),
    moment("prepared_at", required=True),
    moment("leaves_at"),
    moment("tried_at"),
    moment("first_refused_at"),
    moment("next_try_at"),
    moment("accepted_at"),
    moment("bounced_at"),
    moment("not_before"),
    moment("cancelled_at"),
    moment("urged_at"),
    Column("urged_by", Text, nullable=False, server_default=""),
    Column("urged_why", Text, nullable=False, server_default=""),
    Column("staff_id", ForeignKey("staff.id")),
    Column("user_id", ForeignKey("users.id")),
    Column("invitation_id", BigInteger),  # no reference: a link is forgotten, its letter remains
    CheckConstraint("num_nonnulls(number, staff_id, user_id) = 1", name="letter_has_one_owner"),
    CheckConstraint(
        "(urged_at IS NULL) = (urged_why = '') AND (urged_at IS NULL) = (urged_by = '')",
        name="urged_has_its_reason",
    ),
    generated("words", TSVECTOR(), "letter_words(kind, subject, text)"),
    CheckConstraint(
        "state IN ('prepared', 'waiting', 'sending', 'accepted', 'bounced', 'failed',"
        " 'withheld', 'to_post')",
        name="state_is_known",
    ),
    CheckConstraint(
        "kind IN (" + ", ".join(f"'{kind.value}'" for kind in LETTER_KINDS) + ")",
        name="kind_is_known",
    ),
    CheckConstraint(
        "(state NOT IN ('accepted', 'bounced')) OR accepted_at IS NOT NULL",
        name="accepted_has_its_moment",
    ),
    Index("ix_letters_staff_id", "staff_id", postgresql_where=text("staff_id IS NOT NULL")),
    Index("ix_letters_user_id", "user_id", postgresql_where=text("user_id IS NOT NULL")),
    Index(
        "ix_letters_unsent",
        "prepared_at",
        postgresql_where=text("state IN ('prepared', 'waiting', 'sending')"),
    ),
    Index(
        "ix_letters_undelivered",
        text("coalesce(bounced_at, tried_at, prepared_at)"),
        postgresql_where=text("state IN ('bounced', 'failed')"),
    ),
)

bounced_addresses = Table(
    "bounced_addresses",
    metadata,
    Column("address", Text, primary_key=True),
    Column("status", Text, nullable=False),
    Column("letter", Text, nullable=False),
    moment("bounced_at", required=True),
    CheckConstraint("address = lower(address)", name="address_is_folded"),
)

review_items = Table(
    "review_items",
    metadata,
    serial(),
    Column("kind", Text, nullable=False),
    Column("number", Text),
    Column("raw_id", ForeignKey("raw_letters.id")),
    Column("message_id", ForeignKey("messages.id")),
    Column("reason", Text, nullable=False),
    born(),
    moment("settled_at"),
    Column("settled_by", Text, nullable=False, server_default=""),
    CheckConstraint(
        "kind IN ('unreadable', 'thanks', 'undeliverable', 'to_post', 'possible_link',"
        " 'reused_id', 'infected', 'account_letter')",
        name="kind_is_known",
    ),
    Index("ix_review_items_open", "id", postgresql_where=text("settled_at IS NULL")),
)
