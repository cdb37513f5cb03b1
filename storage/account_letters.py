"""Letters about accounts: written beside the link or the password that they are about.

Carries out R2 and laws 2 and 3: the letter is kept in the transaction that makes its link, and its
process is told after the commit.
"""

from datetime import datetime

from sqlalchemy import Connection, RowMapping, insert, select, text

from storage import accounts, handovers, review_items
from storage.accounts import Owner
from storage.letters import UNSENT, PreparedLetter
from storage.mail_tables import letters

HANDOVER = "account_letter"

FIND = text("""
SELECT recipient, invitation_id, coalesce(staff.login, users.login) AS login
FROM letters LEFT JOIN staff ON staff.id = staff_id LEFT JOIN users ON users.id = user_id
WHERE key = :key
""")

# A process begins at once; one that was told and made no try was lost with its engine.
TELL_AGAIN = text("""
UPDATE handovers SET done_at = NULL, retry_at = NULL
FROM letters
WHERE letters.key = handovers.number AND handovers.kind = 'account_letter'
  AND handovers.done_at < :late AND letters.state IN ('prepared', 'waiting')
  AND letters.attempts = 0 AND coalesce(letters.leaves_at, letters.prepared_at) < :late
RETURNING letters.key
""")


def put(
    connection: Connection, letter: PreparedLetter, owner: Owner, invitation_id: int | None
) -> None:
    """Keep a letter that is to leave, and have its process told."""
    row = {**letter.__dict__, **accounts.holder(owner), "invitation_id": invitation_id}
    connection.execute(insert(letters).values(row))
    handovers.add(connection, letter.key, HANDOVER, {"at": letter.prepared_at})


def show_loss(connection: Connection, key: str, why: str, raw_id: int | None = None) -> None:
    """Put a letter that did not arrive before a person: nobody else would tell its owner."""
    found = _get(connection, key)
    reason = f"{found['login']}, {found['recipient']}: {why}"
    review_items.add(connection, "account_letter", reason=reason, raw_id=raw_id)


def end_link(connection: Connection, key: str, at: datetime) -> None:
    """End the link of a letter that came back: whoever reads what came back could use it."""
    if (id_ := _get(connection, key)["invitation_id"]) is not None:
        accounts.end_link(connection, id_, at)


def list_unsent(connection: Connection) -> tuple[str, ...]:
    """Return the keys of the letters about accounts that have yet to leave."""
    is_unsent = letters.c.number.is_(None) & letters.c.state.in_(UNSENT)
    return tuple(connection.execute(select(letters.c.key).where(is_unsent)).scalars())


def tell_again(connection: Connection, late: datetime) -> tuple[str, ...]:
    """Have the process of each letter that nobody tries told once more; return their keys."""
    return tuple(connection.execute(TELL_AGAIN, {"late": late}).scalars())


def _get(connection: Connection, key: str) -> RowMapping:
    return connection.execute(FIND, {"key": key}).mappings().one()
