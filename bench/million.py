"""The pages of staff among a million tickets: what each costs the server, beside one row by key.

`python -m bench.million` makes years of support in a folder (minutes, and 15 GB; kept there with
`--folder`), then reads what each page reads, some hundred times each with other words, places and
tickets, at every size that is asked for.
"""

import argparse
import random
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from sqlalchemy import text

from bench import lives, pages, vocabulary, years
from bench.figures import Figure, Goal, quantile
from bench.report import keep, table
from deploy.local import postgres
from deploy.local.postgres import Cluster
from domain.terms import Channel
from storage import (
    client_card,
    letters,
    messages,
    people_search,
    requests,
    search,
    similar,
    tickets,
    worklists,
)
from storage.database import Connection, Database
from storage.worklists import Asked, Worklist

MIDDLE, TAIL = Goal("at most", 50, "ours"), Goal("at most", 200, "ours")
MILLISECONDS = 1000
TODAY = date(2026, 11, 1)
Read = Callable[[Connection, random.Random, int], object]


def common(chance: random.Random) -> str:
    """Return a word of nearly every fifth message."""
    return chance.choice(vocabulary.COMMON[:20])


def rare(chance: random.Random) -> str:
    """Return a word of few messages."""
    return chance.choice(vocabulary.words()[2000:])


def number(chance: random.Random, size: int) -> str:
    """Return the number of some ticket."""
    return f"PS-{chance.randint(1, size):06}"


def deep(chance: random.Random) -> tuple[bool, datetime, str]:
    """Return a place somewhere in the queue, most of which came lately."""
    return (True, datetime.now(UTC) - lives.SPAN * 0.02 * chance.random(), "")


def one_row(connection: Connection, chance: random.Random, size: int) -> object:
    """Read a row by its key: the least that a page can cost."""
    by_key = text("SELECT * FROM tickets WHERE number = :number")
    return connection.execute(by_key, {"number": number(chance, size)}).one()


def ticket_page(connection: Connection, chance: random.Random, size: int) -> object:
    """Read all that a ticket's page shows at once; what is like it comes a moment later."""
    name = number(chance, size)
    row = tickets.find_row(connection, name)
    read = (requests.find(connection, name), tickets.journal(connection, name))
    said = (messages.list_for(connection, name), letters.list_for(connection, name))
    card = row and row["client_id"] and client_card.read_card(connection, row["client_id"], TODAY)
    return read, said, card


def listed(asked: Asked) -> Read:
    """Return the reading of a list's first page."""
    return lambda connection, *_: worklists.page(connection, asked)


def searched(words: Callable[[random.Random], str]) -> Read:
    """Return a search by staff for such words."""
    return lambda connection, chance, _: search.find_words(connection, words(chance))


def closed_long_ago(connection: Connection, chance: random.Random, _: int) -> object:
    """Read a page of what was closed, from some moment of the past years."""
    at = datetime.now(UTC) - lives.SPAN * chance.random()
    return worklists.page(connection, Asked(list=Worklist.CLOSED), after=(True, at, ""))


def searched_deep(connection: Connection, chance: random.Random, size: int) -> object:
    """Search from some place of the past years."""
    return search.find_words(connection, common(chance), after=chance.randint(1, 3 * size))


def searched_own(connection: Connection, chance: random.Random, _: int) -> object:
    """Search as a client does, large and small ones."""
    client = 1 + int(lives.CLIENTS * chance.random() ** 2)
    return search.find_own_words(connection, chance.choice((common, rare))(chance), client)


def registered(connection: Connection, chance: random.Random, _: int) -> object:
    """Enter an appeal, and undo it: what the index of words and the announcements cost a door."""
    now, said = datetime.now(UTC), " ".join(chance.choices(vocabulary.words(), k=40))
    entered = requests.register(
        connection,
        requests.Registration(
            key=f"bench {chance.random()}",
            channel=Channel.WEB,
            received_at=now,
            accepted_at=now,
            subject=said[:60],
            text=said,
        ),
    )
    connection.rollback()
    return entered


READS: dict[str, Read] = {
    "queue: waiting for us": listed(Asked(list=Worklist.FOR_US)),
    "queue: somewhere in the midst": lambda connection, chance, _: worklists.page(
        connection, Asked(list=Worklist.OPEN), after=deep(chance)
    ),
    "queue: of one specialist": listed(Asked(list=Worklist.MINE, specialist="3")),
    "queue: all open, on paper": listed(Asked(list=Worklist.OPEN, channel=Channel.PAPER)),
    "queue: all open, by a word": lambda connection, chance, _: worklists.page(
        connection, Asked(list=Worklist.OPEN, words=rare(chance))
    ),
    "queue: closed last": listed(Asked(list=Worklist.CLOSED)),
    "queue: closed, years ago": closed_long_ago,
    "queue: closed, of a category that is not": listed(
        Asked(list=Worklist.CLOSED, category="none")
    ),
    "queue: how long each list is": lambda connection, *_: worklists.count(
        connection, "3", datetime.now(UTC) - timedelta(days=1)
    ),
    "search: a common word": searched(common),
    "search: two common words": searched(lambda chance: f"{common(chance)} {common(chance)}"),
    "search: a rare word": searched(rare),
    "search: rare words that never meet": searched(lambda c: f"{rare(c)} {rare(c)} {rare(c)}"),
    "search: common words that never meet": searched(
        lambda chance: " ".join(chance.sample(vocabulary.COMMON[:20], 10))
    ),
    "search: a word that is not": searched(lambda chance: f"нет{chance.random()}"),
    "search: a common word, years ago": searched_deep,
    "search: by a client": searched_own,
    "search: by number": lambda connection, chance, size: search.find_number(
        connection, str(chance.randint(1, size))
    ),
    "search: people": lambda connection, chance, _: people_search.search_users(
        connection, f"{chance.choice(vocabulary.SURNAMES)} {chance.choice(vocabulary.FIRMS)}", TODAY
    ),
    "search: a phone": lambda connection, chance, _: people_search.search_users(
        connection, f"{chance.randint(100, 999)}-{chance.randint(10, 99)}", TODAY
    ),
    "ticket: all that its page reads": ticket_page,
    "ticket: similar solved ones": lambda connection, chance, size: similar.find_similar(
        connection, number(chance, size)
    ),
    "ticket: its client": lambda connection, chance, _: client_card.read_card(
        connection, chance.randint(1, lives.CLIENTS), TODAY
    ),
}


def times(database: Database, read: Read, size: int, calls: int) -> list[float]:
    """Return the milliseconds of so many calls, each in a transaction, after some unmeasured."""
    chance = random.Random(size)  # noqa: S311 - figures, no secrets
    taken = []
    for _ in range(calls + calls // 10):
        with database.transaction() as connection:
            begun = time.perf_counter()
            read(connection, chance, size)
            taken.append((time.perf_counter() - begun) * MILLISECONDS)
    return taken[calls // 10 :]


def measure(database: Database, size: int, calls: int) -> list[Figure]:
    """Take the figures of every read beside a row by its key, and what an entry costs."""
    bare = times(database, one_row, size, calls)
    figures = []
    for name, read in READS.items():
        figures += _figures(f"{size:,}: {name}", times(database, read, size, calls), bare)
    entries = times(database, registered, size, calls)
    quiet = _without_announcements(database, size, calls)
    return [*figures, *_figures(f"{size:,}: an entry (bare: without triggers)", entries, quiet)]


def _figures(name: str, ours: list[float], bare: list[float]) -> list[Figure]:
    return [
        Figure(f"{name}, {part}", "ms", quantile(ours, share), quantile(bare, share), goal)
        for part, share, goal in (("p50", 0.5, MIDDLE), ("p99", 0.99, TAIL))
    ]


def _without_announcements(database: Database, size: int, calls: int) -> list[float]:
    for switched in ("DISABLE", "ENABLE"):
        with database.transaction() as connection:
            for name in ("tickets", "messages", "letters"):
                connection.execute(text(f"ALTER TABLE {name} {switched} TRIGGER announce"))
        if switched == "DISABLE":
            quiet = times(database, registered, size, calls)
    return quiet


def register_of(server: Cluster, size: int) -> Database:
    """Return the register of so many tickets, filled when it is not there yet."""
    name = f"tickets_{size}"
    server.create_database(name)
    database = Database(server.url(name))
    database.upgrade()
    with database.transaction() as connection:
        has_tickets = connection.execute(text("SELECT EXISTS (SELECT FROM tickets)")).scalar_one()
    if not has_tickets:
        begun = time.monotonic()
        years.fill(server.url(name).replace("+psycopg", ""), size)
        print(f"{size:,} tickets entered in {time.monotonic() - begun:.0f} s", flush=True)
    return database


def run(folder: Path, sizes: Sequence[int], calls: int) -> list[Figure]:
    """Measure at each size, telling the figures as they come."""
    server, figures = postgres.start(folder), []
    try:
        for size in sizes:
            database = register_of(server, size)
            taken = [*measure(database, size, calls), *pages.measure(database, size, calls, folder)]
            print(f"\n{table(taken)}", flush=True)
            figures += taken
            database.dispose()
    finally:
        server.stop()
    return figures


def main() -> None:
    """Run, print the tables, keep the JSON."""
    parser = argparse.ArgumentParser(prog="python -m bench.million", description=__doc__)
    parser.add_argument("--tickets", type=int, nargs="+", default=(10_000, 1_000_000))
    parser.add_argument("--calls", type=int, default=300)
    parser.add_argument("--folder", type=Path, help="keep the registers here for the next run")
    parser.add_argument("--json", type=Path, default=Path(".local/million.json"))
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-") as passing:
        figures = run(asked.folder or Path(passing), asked.tickets, asked.calls)
    keep(figures, asked.json, {key: str(value) for key, value in vars(asked).items()})


if __name__ == "__main__":
    main()
