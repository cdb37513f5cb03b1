"""Years of support in one register, put in as fast as it takes them.

Rows go in by COPY with the indexes away, which are made again at the end; then the statistics are
settled. Announcements and foreign keys rest meanwhile.
"""

from collections.abc import Iterable
from datetime import UTC, datetime

import psycopg

from bench import vocabulary
from bench.lives import CLIENTS, COLUMNS, STAFF, USERS, Years, person

FILLED = ("messages", "requests", "tickets", "events", "letters", "users")


def fill(url: str, tickets: int) -> None:
    """Put the years into an empty register and settle its statistics."""
    with psycopg.connect(url) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("SET maintenance_work_mem = '1GB'")
        indexes = _put_indexes_away(connection)
        people(connection)
        years = Years(tickets, datetime.now(UTC))
        for rows in years.chunks():
            for table, lines in rows.items():
                _copy(connection, f"{table} ({COLUMNS[table]})", lines)
        connection.execute("SELECT setval('ticket_numbers', %s)", (tickets,))
        connection.execute("SELECT setval('messages_id_seq', %s)", (years.messages,))
        connection.commit()
        for index in indexes:
            connection.execute(index.encode())
        connection.commit()
        connection.autocommit = True
        connection.execute("VACUUM (ANALYZE)")


def people(connection: psycopg.Connection) -> None:
    """Enter clients with their contracts and users, and our staff."""
    firms = range(1, CLIENTS + 1)
    _copy(connection, "clients (id, code, name)", (f"{n}\tC{n}\t{_firm(n)}" for n in firms))
    _copy(connection, "contracts (client_id, starts_on)", (f"{n}\t2020-01-01" for n in firms))
    columns = "users (id, client_id, login, name, email, phone)"
    _copy(connection, columns, map(_user, range(1, USERS + 1)))
    staff = (f"{n}\tstaff{n}\t{person(n)}\tspecialist" for n in range(1, STAFF + 1))
    _copy(connection, "staff (id, login, name, role)", staff)
    for table in ("clients", "users", "staff"):
        connection.execute(f"SELECT setval('{table}_id_seq', 1000000)".encode())


def _user(n: int) -> str:
    client = 1 + (n - 1) % CLIENTS
    phone = f"+7 (495) {100 + n % 900}-{n // 100 % 100:02}-{n % 100:02}"
    return f"{n}\t{client}\tuser{n}\t{person(n)}\tuser{n}@firm{client}.example\t{phone}"


def _firm(n: int) -> str:
    return f"ООО «{vocabulary.FIRMS[n % len(vocabulary.FIRMS)]}-{n}»"


def _copy(connection: psycopg.Connection, where: str, lines: Iterable[str]) -> None:
    with connection.cursor().copy(f"COPY {where} FROM STDIN".encode()) as copy:
        copy.write("".join(f"{line}\n" for line in lines))


def _put_indexes_away(connection: psycopg.Connection) -> list[str]:
    """Drop every index that is no constraint; return what makes them again."""
    found = connection.execute(
        "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'"
        " AND tablename = ANY (%s) AND indexname NOT IN (SELECT conname FROM pg_constraint)",
        (list(FILLED),),
    ).fetchall()
    for name, _ in found:
        connection.execute(f"DROP INDEX {name}".encode())
    return [made for _, made in found]
