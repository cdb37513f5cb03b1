"""The register as it begins: every table, the official calendar, the first edition."""

import json

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

SETTINGS = {
    "confirmation": "at_once",
    "reminder_days": [2, 5],
    "deferral_days": {"R55": 5, "R56": 10, "R57": 5, "R58": 10, "R59": 5},
    "service_address": "lanskov@profman.ru",
    "head_address": "office@profman.ru",
    "alert_address": "office@profman.ru",
    "documentation_url": "https://www.profman.ru/property-management/instrukcia-polzovateley-profman-iss-modul-property-management.html",
    "largest_file_bytes": 26214400,
}


def upgrade() -> None:
    op.execute("CREATE SEQUENCE ticket_numbers")
    create_people()
    create_rules()
    create_incoming_mail()
    create_tickets()
    create_outgoing_mail()
    op.execute("INSERT INTO calendar_versions (reason, by) VALUES ('Официальный производственный календарь', 'system')")
    op.execute(
        sa.text(
            "INSERT INTO editions (valid_from, settings, summary, by) VALUES ('2000-01-01 00:00:00+00', cast(:settings AS jsonb), 'Первая редакция', 'system')"
        ).bindparams(settings=json.dumps(SETTINGS))
    )


def create_people() -> None:
    op.create_table(
        "clients",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clients")),
        sa.UniqueConstraint("code", name=op.f("uq_clients_code")),
    )
    op.create_table(
        "contracts",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("client_id", sa.BigInteger(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.CheckConstraint("ends_on IS NULL OR ends_on >= starts_on", name=op.f("contracts_contract_ends_after_start")),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name=op.f("fk_contracts_client_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contracts")),
        sa.UniqueConstraint("client_id", "starts_on", name=op.f("uq_contracts_client_id_starts_on")),
    )
    op.create_index(op.f("ix_contracts_client_id"), "contracts", ["client_id"])
    op.create_table(
        "users",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("client_id", sa.BigInteger(), nullable=False),
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), server_default="", nullable=False),
        sa.Column("phone", sa.Text(), server_default="", nullable=False),
        sa.Column("language", sa.Text(), server_default="ru", nullable=False),
        sa.CheckConstraint("email = lower(email)", name=op.f("users_email_is_folded")),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name=op.f("fk_users_client_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("login", name=op.f("uq_users_login")),
    )
    op.create_index(op.f("ix_users_client_id"), "users", ["client_id"])
    op.create_index("ix_users_email", "users", ["email"], postgresql_where=sa.text("email <> ''"))
    op.create_table(
        "staff",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), server_default="", nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.CheckConstraint("role IN ('specialist', 'head', 'development', 'operations')", name=op.f("staff_role_is_of_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff")),
        sa.UniqueConstraint("login", name=op.f("uq_staff_login")),
    )
    op.create_table(
        "tokens",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("staff_id", sa.BigInteger(), nullable=True),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.Column("scopes", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("label", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("num_nonnulls(staff_id, user_id) = 1", name=op.f("tokens_token_has_one_owner")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_tokens_staff_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_tokens_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tokens")),
        sa.UniqueConstraint("digest", name=op.f("uq_tokens_digest")),
    )


def create_rules() -> None:
    op.create_table(
        "calendar_versions",
        sa.Column("version", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_calendar_versions")),
    )
    op.create_table(
        "calendar_exceptions",
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("day_on", sa.Date(), nullable=False),
        sa.Column("opens", sa.Time(), nullable=True),
        sa.Column("closes", sa.Time(), nullable=True),
        sa.CheckConstraint("num_nonnulls(opens, closes) <> 1", name=op.f("calendar_exceptions_hours_are_a_pair")),
        sa.CheckConstraint("opens IS NULL OR closes > opens", name=op.f("calendar_exceptions_day_closes_after_it_opens")),
        sa.ForeignKeyConstraint(["version"], ["calendar_versions.version"], name=op.f("fk_calendar_exceptions_version")),
        sa.PrimaryKeyConstraint("version", "day_on", name=op.f("pk_calendar_exceptions")),
    )
    op.create_table(
        "editions",
        sa.Column("number", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settings", postgresql.JSONB(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_editions")),
    )
    op.create_table(
        "releases",
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_releases")),
    )


def create_incoming_mail() -> None:
    op.create_table(
        "raw_letters",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("door", sa.Text(), nullable=False),
        sa.Column("mailbox", sa.Text(), nullable=True),
        sa.Column("uid_validity", sa.BigInteger(), nullable=True),
        sa.Column("uid", sa.BigInteger(), nullable=True),
        sa.Column("envelope_from", sa.Text(), server_default="", nullable=False),
        sa.Column("envelope_to", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.Text(), server_default="kept", nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint("state IN ('kept', 'filed', 'duplicate', 'unreadable')", name=op.f("raw_letters_state_is_known")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_raw_letters")),
        sa.UniqueConstraint("mailbox", "uid_validity", "uid", name=op.f("uq_raw_letters_mailbox_uid_validity_uid")),
    )
    op.create_index("ix_raw_letters_digest", "raw_letters", ["digest"])
    op.create_index("ix_raw_letters_kept", "raw_letters", ["id"], postgresql_where=sa.text("state = 'kept'"))
    op.create_table(
        "mailboxes",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("uid_validity", sa.BigInteger(), nullable=False),
        sa.Column("uid", sa.BigInteger(), nullable=False),
        sa.Column("swept_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("counted", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_mailboxes")),
    )


def create_tickets() -> None:
    op.create_table(
        "messages",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("number", sa.Text(), nullable=True),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), server_default="", nullable=False),
        sa.Column("sender_name", sa.Text(), server_default="", nullable=False),
        sa.Column("sender_address", sa.Text(), server_default="", nullable=False),
        sa.Column("subject", sa.Text(), server_default="", nullable=False),
        sa.Column("text", sa.Text(), server_default="", nullable=False),
        sa.Column("visible_text", sa.Text(), server_default="", nullable=False),
        sa.Column("standing", sa.Text(), server_default="participant", nullable=False),
        sa.Column("header_id", sa.Text(), server_default="", nullable=False),
        sa.Column("raw_id", sa.BigInteger(), nullable=True),
        sa.Column("key", sa.Text(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("channel IN ('email', 'web', 'phone', 'paper')", name=op.f("messages_channel_is_known")),
        sa.CheckConstraint("direction IN ('in', 'out', 'internal')", name=op.f("messages_direction_is_known")),
        sa.CheckConstraint("standing IN ('participant', 'third_person', 'automatic', 'bounce')", name=op.f("messages_standing_is_known")),
        sa.ForeignKeyConstraint(["raw_id"], ["raw_letters.id"], name=op.f("fk_messages_raw_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_messages")),
        sa.UniqueConstraint("key", name=op.f("uq_messages_key")),
    )
    op.create_index("ix_messages_header_id", "messages", ["header_id"], postgresql_where=sa.text("header_id <> ''"))
    op.create_index(op.f("ix_messages_number"), "messages", ["number"])
    op.create_table(
        "requests",
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("message_id", sa.BigInteger(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("declared", sa.Text(), nullable=False),
        sa.Column("client_id", sa.BigInteger(), nullable=True),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("address", sa.Text(), server_default="", nullable=False),
        sa.Column("phone", sa.Text(), server_default="", nullable=False),
        sa.Column("login", sa.Text(), server_default="", nullable=False),
        sa.Column("is_verified", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("language", sa.Text(), server_default="ru", nullable=False),
        sa.Column("subject", sa.Text(), server_default="", nullable=False),
        sa.Column("told", postgresql.JSONB(), server_default="{}", nullable=False),
        sa.Column("missing", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("requisites", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("suggested_link", sa.Text(), server_default="", nullable=False),
        sa.Column("follow_up_of", sa.Text(), server_default="", nullable=False),
        sa.Column("withheld", sa.Text(), server_default="", nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("called_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("channel IN ('email', 'web', 'phone', 'paper')", name=op.f("requests_channel_is_known")),
        sa.CheckConstraint("declared IN ('critical', 'normal', 'low')", name=op.f("requests_criticality_is_known")),
        sa.CheckConstraint("kind IN ('problem', 'question', 'wish', 'module_wish')", name=op.f("requests_kind_is_known")),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name=op.f("fk_requests_client_id")),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name=op.f("fk_requests_message_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_requests_user_id")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_requests")),
    )
    op.create_index("ix_requests_address", "requests", [sa.literal_column("lower(address)"), "received_at"])
    op.create_index(op.f("ix_requests_client_id"), "requests", ["client_id"])
    op.create_table(
        "tickets",
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("sequence", sa.Integer(), server_default="0", nullable=False),
        sa.Column("client_id", sa.BigInteger(), nullable=True),
        sa.Column("specialist", sa.Text(), server_default="", nullable=False),
        sa.Column("is_routine", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("release", sa.Text(), server_default="", nullable=False),
        sa.Column("review_due", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due_what", sa.Text(), server_default="", nullable=False),
        sa.Column("due_rule", sa.Text(), server_default="", nullable=False),
        sa.Column("calendar_version", sa.Integer(), server_default="0", nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("snapshot", postgresql.JSONB(), server_default="{}", nullable=False),
        sa.CheckConstraint("(status = 'closed') = (closed_at IS NOT NULL)", name=op.f("tickets_closed_has_its_moment")),
        sa.CheckConstraint(
            "status IN ('identification', 'registered', 'in_queue', 'in_diagnosis', 'awaiting_client', 'deferred', 'in_development', 'awaiting_release', 'closing', 'closed')",
            name=op.f("tickets_status_is_known"),
        ),
        sa.ForeignKeyConstraint(["number"], ["requests.number"], name=op.f("fk_tickets_number")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_tickets")),
    )
    op.create_index("ix_tickets_client", "tickets", ["client_id", "received_at"])
    op.create_index("ix_tickets_open", "tickets", ["status", "received_at", "number"], postgresql_where=sa.text("closed_at IS NULL"))
    op.create_index("ix_tickets_queue", "tickets", ["is_routine", "received_at", "number"], postgresql_where=sa.text("status = 'in_queue'"))
    op.create_index("ix_tickets_release", "tickets", ["release"], postgresql_where=sa.text("status = 'awaiting_release'"))
    op.create_table(
        "events",
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("data", postgresql.JSONB(), nullable=False),
        sa.CheckConstraint("sequence > 0", name=op.f("events_journal_begins_at_one")),
        sa.ForeignKeyConstraint(["number"], ["tickets.number"], name=op.f("fk_events_number")),
        sa.PrimaryKeyConstraint("number", "sequence", name=op.f("pk_events")),
    )
    op.create_table(
        "handovers",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("payload", postgresql.JSONB(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("last_error", sa.Text(), server_default="", nullable=False),
        sa.Column("retry_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handovers")),
    )
    op.create_index("ix_handovers_pending", "handovers", ["id"], postgresql_where=sa.text("done_at IS NULL"))
    op.create_table(
        "files",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_files")),
    )
    op.create_table(
        "attachments",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("message_id", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("content_type", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["digest"], ["files.digest"], name=op.f("fk_attachments_digest")),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name=op.f("fk_attachments_message_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attachments")),
    )
    op.create_index(op.f("ix_attachments_message_id"), "attachments", ["message_id"])


def create_outgoing_mail() -> None:
    op.create_table(
        "letters",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("mime", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("prepared_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("leaves_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tried_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("bounced_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(state NOT IN ('accepted', 'bounced')) OR accepted_at IS NOT NULL", name=op.f("letters_accepted_has_its_moment")),
        sa.CheckConstraint(
            "kind IN ('confirmation', 'question', 'reminder', 'answer', 'deferral_r55', 'deferral_r56', 'deferral_r57', 'deferral_r58', 'deferral_r59', 'handed_off', 'development_outcome', 'awaiting_release', 'released', 'closing', 'no_active_support', 'cannot_be_served', 'critical_alert')",
            name=op.f("letters_kind_is_known"),
        ),
        sa.CheckConstraint(
            "state IN ('prepared', 'waiting', 'sending', 'accepted', 'bounced', 'failed', 'withheld', 'to_post')", name=op.f("letters_state_is_known")
        ),
        sa.ForeignKeyConstraint(["number"], ["tickets.number"], name=op.f("fk_letters_number")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_letters")),
        sa.UniqueConstraint("message_id", name=op.f("uq_letters_message_id")),
    )
    op.create_index(op.f("ix_letters_number"), "letters", ["number"])
    op.create_index("ix_letters_unsent", "letters", ["prepared_at"], postgresql_where=sa.text("state IN ('prepared', 'waiting', 'sending')"))
    op.create_table(
        "review_items",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=True),
        sa.Column("raw_id", sa.BigInteger(), nullable=True),
        sa.Column("message_id", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_by", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint("kind IN ('unreadable', 'thanks', 'undeliverable', 'to_post')", name=op.f("review_items_kind_is_known")),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name=op.f("fk_review_items_message_id")),
        sa.ForeignKeyConstraint(["raw_id"], ["raw_letters.id"], name=op.f("fk_review_items_raw_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_items")),
    )
    op.create_index("ix_review_items_open", "review_items", ["id"], postgresql_where=sa.text("settled_at IS NULL"))
