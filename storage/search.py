"""Search of what was said, by any form of a Russian word, what was said last first.

Carries out R2, U3: staff find all of it, a client what clients wrote and what letters told of its
own tickets, never a note. No search reads the whole register: staff's goes back through blocks of
messages that the index tells apart, and ends with a page; a client's looks at its newest tickets.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import chain, islice, repeat
from typing import Any

from sqlalchemy import Connection, Row, TextClause, func, select, text

from storage.search_terms import clean, ticket_number
from storage.ticket_lines import Line
from storage.ticket_tables import messages
from storage.worklists import list_lines

Arrival = tuple[datetime, str]

# The index knows a message's block at three levels; a block holds eight of the level below.
FINEST_BITS = 9
WIDER = 8
LEVELS = (2, 1, 0)
GROWING = (1, 4, 16)
WIDEST = 64
MOST_PARTS = 150
MOST_LOOKED = 64
OWN_WINDOW = 500
PATIENCE = timedelta(milliseconds=30)
HIT, END, SEAM = "\x02", "\x03", "\x1f"
SNIPPETS = (
    f'StartSel="{HIT}", StopSel="{END}", MaxFragments=2, MaxWords=20, MinWords=6,'
    ' FragmentDelimiter=" … "'
)


@dataclass(frozen=True)
class Piece:
    """A piece of a snippet, and whether it is what was looked for."""

    text: str
    is_hit: bool


@dataclass(frozen=True)
class Hit:
    """A ticket in which the words stand: its line, when they were said, and how."""

    line: Line
    at: datetime
    snippet: tuple[Piece, ...]


@dataclass(frozen=True)
class Found:
    """A page of tickets, newest words first, and the place to look on from, if there may be more.

    A page may be short although more follows: so far it has looked.
    """

    hits: tuple[Hit, ...]
    after: Any = None


# ts_headline parts words by ASCII alone; SEAM parts the rest, and is taken out again.
SNIPPET = r"""
ts_headline('russian',
  regexp_replace(translate(left({text}, 8000), :marks, '') COLLATE pg_c_utf8,
                 '([^\x01-\x7f\w]+)', :seam || '\1' || :seam, 'g'),
  (SELECT query FROM asked), :snippets)
"""
ASKED = "asked AS MATERIALIZED (SELECT plainto_tsquery('russian', plain_words(:typed)) AS query)"
# `id + 0` keeps the planner from walking the messages themselves in the hope of a hit.
BY_WORDS = text(f"""
WITH {ASKED}, looked AS MATERIALIZED (
  SELECT part.nth, hit.* FROM unnest(cast(:parts AS text[])) WITH ORDINALITY AS part (blocks, nth)
  CROSS JOIN LATERAL (
    SELECT part.nth <= :certain OR clock_timestamp() < statement_timestamp() + :patience AS is_so
  ) AS in_time
  LEFT JOIN LATERAL (
    SELECT id, number, at, visible_text FROM messages
    WHERE in_time.is_so AND numnode((SELECT query FROM asked)) > 0
      AND findable(words, id) @@ ((SELECT query FROM asked) && cast(part.blocks AS tsquery))
      AND id + 0 < :before AND number IS NOT NULL
    ORDER BY id + 0 DESC LIMIT :most
  ) AS hit ON true
  WHERE hit.id IS NOT NULL OR NOT in_time.is_so
  ORDER BY part.nth, hit.id DESC LIMIT :most
), page AS (
  SELECT * FROM looked WHERE id IS NOT NULL AND NOT EXISTS (
    SELECT FROM messages AS later WHERE later.number = looked.number AND later.id > looked.id
      AND later.words @@ (SELECT query FROM asked))
  ORDER BY id DESC LIMIT :limit
)
SELECT page.id, page.number, page.at, told.looked, told.last, told.late,
       {SNIPPET.format(text="page.visible_text")} AS snippet
FROM (
  SELECT count(id) AS looked, min(id) AS last, min(nth) FILTER (WHERE id IS NULL) AS late
  FROM looked
) AS told LEFT JOIN page ON true
ORDER BY page.id DESC
""")  # noqa: S608 - put together of what stands here
OWN = """
SELECT tickets.number, tickets.received_at FROM tickets
WHERE client_id = :client_id AND (tickets.received_at, tickets.number) < (:at, :number)
ORDER BY tickets.received_at DESC, tickets.number DESC LIMIT :window
"""
OF_USER = """
SELECT requests.number, requests.received_at FROM requests JOIN tickets USING (number)
WHERE requests.user_id = :user_id AND tickets.client_id = :client_id
  AND (requests.received_at, requests.number) < (:at, :number)
ORDER BY requests.received_at DESC, requests.number DESC LIMIT :window
"""
IN_OWN = """
WITH {asked}, own AS MATERIALIZED ({own}), page AS (
  SELECT own.*, found.at, found.said FROM own CROSS JOIN LATERAL (
    (SELECT at, visible_text AS said FROM messages
     WHERE number = own.number AND direction = 'in' AND standing = 'participant'
       AND words @@ (SELECT query FROM asked)
     ORDER BY id DESC LIMIT 1)
    UNION ALL
    (SELECT accepted_at, text FROM letters
     WHERE number = own.number AND state IN ('accepted', 'bounced')
       AND words @@ (SELECT query FROM asked)
     ORDER BY sequence DESC LIMIT 1)
    LIMIT 1
  ) AS found ORDER BY own.received_at DESC, own.number DESC LIMIT :limit
)
SELECT page.*, told.looked, told.last_at, told.last_number, {snippet} AS snippet
FROM (SELECT count(*) AS looked, min(received_at) AS last_at, (
        SELECT number FROM own ORDER BY received_at, number LIMIT 1) AS last_number
      FROM own) AS told
LEFT JOIN page ON true
ORDER BY page.received_at DESC, page.number DESC
"""
SAID = SNIPPET.format(text="page.said")
IN_CLIENTS = text(IN_OWN.format(asked=ASKED, own=OWN, snippet=SAID))
IN_USERS = text(IN_OWN.format(asked=ASKED, own=OF_USER, snippet=SAID))
BEFORE_NOW: Arrival = (datetime.max.replace(tzinfo=UTC), "")


def find_number(connection: Connection, typed: str) -> Line | None:
    """Return the ticket whose number was typed, with or without PS and zeros."""
    number = ticket_number(typed)
    lines = list_lines(connection, [number]) if number else ()
    return lines[0] if lines else None


def find_words(
    connection: Connection, typed: str, limit: int = 20, after: int | None = None
) -> Found:
    """Return the tickets in a message of which every word stands, notes included: for staff.

    `after` is that of the page before.
    """
    before = after or 1 + (connection.execute(select(func.max(messages.c.id))).scalar_one() or 0)
    parts, rest = blocks_before(before)
    asked = {"typed": clean(typed), "parts": [part.blocks for part in parts], "before": before}
    asked |= {"certain": len(GROWING), "patience": PATIENCE, "most": MOST_LOOKED}
    rows = _execute(connection, BY_WORDS, asked | {"limit": limit + 1})
    page = [row for row in rows[:limit] if row.number]
    if len(rows) > limit:
        return Found(_hits(connection, page), page[-1].id)
    return Found(_hits(connection, page), _looked_to(rows[0], parts, rest))


def find_own_words(  # noqa: PLR0913 - whose, what, and which page
    connection: Connection,
    typed: str,
    client_id: int,
    user_id: int | None = None,
    *,
    limit: int = 20,
    after: Arrival | None = None,
) -> Found:
    """Return the client's tickets, or those of that user of it alone, in which every word stands.

    Only what clients wrote and letters that left are looked at, newest tickets first.
    """
    at, number = after or BEFORE_NOW
    asked = {"typed": clean(typed), "client_id": client_id, "at": at, "number": number}
    asked |= {"window": OWN_WINDOW, "limit": limit + 1}
    asked |= {} if user_id is None else {"user_id": user_id}
    rows = _execute(connection, IN_CLIENTS if user_id is None else IN_USERS, asked)
    page = [row for row in rows[:limit] if row.number]
    if len(rows) > limit:
        return Found(_hits(connection, page), (page[-1].received_at, page[-1].number))
    has_more = rows[0].looked == OWN_WINDOW
    last = (rows[0].last_at, rows[0].last_number) if has_more else None
    return Found(_hits(connection, page), last)


def _execute(
    connection: Connection, statement: TextClause, asked: dict[str, object]
) -> Sequence[Row[*tuple[Any, ...]]]:
    marks = {"marks": HIT + END + SEAM, "seam": SEAM, "snippets": SNIPPETS}
    return connection.execute(statement, asked | marks).all()


@dataclass(frozen=True)
class Part:
    """Blocks to look through at once, as the index names them; all their messages come before."""

    blocks: str
    before: int


def _looked_to(told: Row[*tuple[Any, ...]], parts: Sequence[Part], rest: int | None) -> int | None:
    """Return the place to look on from: where enough was found, or patience or blocks ended."""
    if told.looked == MOST_LOOKED:
        return int(told.last)
    return rest if told.late is None else parts[told.late - 1].before


def blocks_before(before: int) -> tuple[list[Part], int | None]:
    """Return the blocks to look through one after another, and what lies before them, if any.

    The first part is small, for a common word is found in it; they grow so that a rare word is
    looked for in few.
    """
    end = (before - 1 >> FINEST_BITS) + 1
    parts: list[Part] = []
    for size in islice(chain(GROWING, repeat(WIDEST)), MOST_PARTS):
        if end <= 0:
            return parts, None
        begin = max(0, (end - size) // size * size)
        parts.append(Part(" | ".join(_cover(begin, end)), end << FINEST_BITS))
        end = begin
    return parts, end << FINEST_BITS or None


def _cover(begin: int, end: int) -> Iterator[str]:
    """Yield the names of the largest blocks that make up a stretch of finest ones."""
    while end > begin:
        level = next(n for n in LEVELS if not end % WIDER**n and end - WIDER**n >= begin)
        end -= WIDER**level
        yield f"'#{level}.{end // WIDER**level}'"


def _hits(connection: Connection, page: Sequence[Row[*tuple[Any, ...]]]) -> tuple[Hit, ...]:
    found = list_lines(connection, [row.number for row in page])
    lines = {line.number: line for line in found}
    known = (row for row in page if row.number in lines)
    return tuple(Hit(lines[row.number], row.at, _pieces(row.snippet)) for row in known)


def _pieces(snippet: str) -> tuple[Piece, ...]:
    """Part a snippet at its marks; none of them can come from the words themselves."""
    parted = snippet.replace(SEAM, "").replace(END, HIT).split(HIT)
    return tuple(Piece(said, place % 2 == 1) for place, said in enumerate(parted) if said)
