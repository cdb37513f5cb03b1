"""Everything that the register keeps of one user of a client's: for themselves to take away (K12).

What others wrote for staff alone is not theirs: notes and reasons stay here.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, RowMapping, TextClause, text

COUNT = text("SELECT count(*) FROM requests WHERE user_id = :user_id")
TICKETS = text("""
SELECT number, subject, kind, declared, channel, name, address, phone, login, language, told,
       received_at, accepted_at
FROM requests WHERE user_id = :user_id AND client_id = :client_id ORDER BY received_at, number
""")
MESSAGES = text("""
SELECT messages.number, messages.at, messages.channel, messages.subject, messages.text,
       (SELECT coalesce(json_agg(name ORDER BY id), '[]') FROM attachments
        WHERE message_id = messages.id) AS files
FROM messages WHERE messages.author = :author ORDER BY messages.at, messages.id
""")
LETTERS = text("""
WITH own AS (
  SELECT letters.* FROM letters JOIN requests USING (number)
  WHERE requests.user_id = :user_id AND letters.kind <> 'critical_alert'
  UNION ALL
  SELECT * FROM letters WHERE user_id = :user_id
)
SELECT number, kind, recipient, subject, text, accepted_at FROM own
WHERE state IN ('accepted', 'bounced') ORDER BY accepted_at, key
""")

RATINGS = text("""
SELECT ratings.number, ratings.grade, ratings.words, ratings.at
FROM ratings JOIN requests ON requests.number = ratings.number
WHERE requests.user_id = :user_id ORDER BY ratings.at, ratings.number
""")


def count_tickets(connection: Connection, user_id: int) -> int:
    """Return how many tickets the user has filed."""
    counted: int = connection.execute(COUNT, {"user_id": user_id}).scalar_one()
    return counted


def read(connection: Connection, user_id: int, client_id: int) -> Mapping[str, list[RowMapping]]:
    """Return the user's tickets, messages, letters and ratings, oldest first."""
    values = {"user_id": user_id, "client_id": client_id, "author": f"client:{user_id}"}
    return {
        "tickets": _rows(connection, TICKETS, values),
        "messages": _rows(connection, MESSAGES, values),
        "letters": _rows(connection, LETTERS, values),
        "ratings": _rows(connection, RATINGS, values),
    }


def _rows(
    connection: Connection, statement: TextClause, values: Mapping[str, Any]
) -> list[RowMapping]:
    wanted = {name: values[name] for name in statement._bindparams}  # noqa: SLF001 - its own names
    return list(connection.execute(statement, wanted).mappings())
