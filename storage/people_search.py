"""Search of people as one types: beginnings of names, logins, addresses, or a phone's digits.

Carries out R2, R30, R43; U3, U14. A query reads indexes of people alone and never more than a page.
"""

from datetime import date

from sqlalchemy import Connection, func, select, text

from storage.people import PEOPLE, Client, Person
from storage.people_tables import clients, users
from storage.search_terms import starts

MOST_CLIENTS = 50

# A user's own words, or the client's, or some of either: «Ромашка Анна».
USERS = text("""
WITH asked AS MATERIALIZED (
  SELECT to_tsquery('simple', :typed) AS query,
         to_tsquery('simple', replace(:typed, '&', '|')) AS either
), named AS MATERIALIZED (
  SELECT id, words FROM clients WHERE words @@ (SELECT either FROM asked)
  ORDER BY ts_rank(words, (SELECT either FROM asked)) DESC, id LIMIT :most
)
(SELECT id FROM users WHERE words @@ (SELECT query FROM asked) ORDER BY name, id LIMIT :limit)
UNION
(SELECT users.id FROM users JOIN named ON named.id = users.client_id
 WHERE (users.words || named.words) @@ (SELECT query FROM asked) ORDER BY name, users.id
 LIMIT :limit)
""").columns(users.c.id)


def search_users(
    connection: Connection, typed: str, on: date, limit: int = 10
) -> tuple[Person, ...]:
    """Return users by their names, of whom each word typed begins a word, or a phone's digits.

    The words may be of name, login, address or client. `on` is the day of `is_supported`.
    """
    asked = {"typed": starts(typed), "on": on, "limit": limit, "most": MOST_CLIENTS}
    if not asked["typed"]:
        return ()
    found = PEOPLE.where(users.c.id.in_(USERS)).order_by(None).order_by(users.c.name, users.c.id)
    return tuple(Person(*row) for row in connection.execute(found.limit(limit), asked))


def search_clients(connection: Connection, typed: str, limit: int = 10) -> tuple[Client, ...]:
    """Return clients by their names, in whose name or code each word typed begins a word."""
    query = starts(typed)
    has_all = clients.c.words.bool_op("@@")(func.to_tsquery("simple", query))
    found = select(clients.c.id, clients.c.code, clients.c.name).where(has_all)
    rows = connection.execute(found.order_by(clients.c.name).limit(limit)) if query else ()
    return tuple(Client(*row) for row in rows)
