"""Letters about accounts: they belong to a person, not to a ticket."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

OWNERS = {"staff_id": "staff", "user_id": "users"}
LETTERS = """
confirmation question reminder answer deferral_r55 deferral_r56 deferral_r57 deferral_r58
deferral_r59 handed_off development_outcome awaiting_release released closing no_active_support
cannot_be_served critical_alert invitation password_reset password_changed
"""
ITEMS = """
unreadable thanks undeliverable to_post possible_link reused_id infected account_letter
"""


def upgrade() -> None:
    op.alter_column("letters", "number", nullable=True)
    for column, table in OWNERS.items():
        op.add_column("letters", sa.Column(column, sa.BigInteger(), nullable=True))
        op.create_foreign_key(op.f(f"fk_letters_{column}"), "letters", table, [column], ["id"])
        op.create_index(
            f"ix_letters_{column}",
            "letters",
            [column],
            postgresql_where=sa.text(f"{column} IS NOT NULL"),
        )
    op.add_column("letters", sa.Column("invitation_id", sa.BigInteger(), nullable=True))
    op.create_check_constraint(
        op.f("letters_letter_has_one_owner"),
        "letters",
        "num_nonnulls(number, staff_id, user_id) = 1",
    )
    put_kinds("letters", LETTERS)
    put_kinds("review_items", ITEMS)


def put_kinds(table: str, kinds: str) -> None:
    name = op.f(f"{table}_kind_is_known")
    known = ", ".join(f"'{kind}'" for kind in kinds.split())
    op.drop_constraint(name, table)
    op.create_check_constraint(name, table, f"kind IN ({known})")
