"""Solved tickets that are like another one: those that share its rarest words, and how they ended.

Carries out R18, R53; U12. It looks through the newest messages in growing blocks until it has seen
enough, so that its cost is bounded however many tickets there are.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, text

from storage.search import blocks_before
from storage.ticket_lines import Line
from storage.worklists import list_lines

MOST_WORDS = 6
MOST_LOOKED = 150
# Of the newest messages so many parts are looked through, and so many where that was too little.
REACHES = (3, 4)
LONGEST_RESULT = 400


@dataclass(frozen=True)
class Similar:
    """A solved ticket, and the words of its result as its client got them."""

    line: Line
    result: str


# What is rare tells most: the register's own statistics know the frequent words, all others are
# rarer. A word of the subject counts before one of the description.
TELLING = text("""
WITH frequent AS (
  SELECT lexeme, share FROM pg_stats, unnest(
    cast(cast(most_common_elems AS text) AS text[]), most_common_elem_freqs
  ) AS common (lexeme, share)
  WHERE schemaname = current_schema() AND tablename = 'messages' AND attname = 'words'
)
SELECT message.id AS before, said.lexeme
FROM requests JOIN messages AS message ON message.id = requests.message_id
CROSS JOIN LATERAL unnest(message.words) AS said LEFT JOIN frequent USING (lexeme)
WHERE requests.number = :number AND length(said.lexeme) > 2
ORDER BY 'A' = ANY (said.weights) DESC, share NULLS FIRST, said.lexeme LIMIT :most
""")
SIMILAR = text("""
WITH asked AS MATERIALIZED (
  SELECT cast(:pairs AS tsquery) AS pairs, cast(:either AS tsquery) AS either
), looked AS MATERIALIZED (
  SELECT hit.* FROM unnest(cast(:parts AS text[])) WITH ORDINALITY AS part (blocks, nth)
  CROSS JOIN LATERAL (
    SELECT number, words FROM messages
    WHERE findable(words, id) @@ ((SELECT pairs FROM asked) && cast(part.blocks AS tsquery))
      AND direction = 'in' AND number <> :number
    LIMIT :most
  ) AS hit ORDER BY part.nth LIMIT :most
), ranked AS (
  SELECT number, max(ts_rank(words, (SELECT either FROM asked))) AS likeness
  FROM looked GROUP BY number
)
SELECT ranked.number, left(said.text, :longest) AS result FROM ranked JOIN tickets USING (number)
LEFT JOIN messages AS said ON said.id = cast(tickets.snapshot ->> 'result' AS bigint)
WHERE tickets.closed_at IS NOT NULL AND tickets.snapshot ->> 'ground' = 'solved'
ORDER BY likeness DESC, ranked.number DESC LIMIT :limit
""")


def find_similar(connection: Connection, number: str, limit: int = 5) -> tuple[Similar, ...]:
    """Return solved tickets whose clients wrote with the same telling words, the likest first."""
    told = connection.execute(TELLING, {"number": number, "most": MOST_WORDS}).all()
    words = [_quoted(row.lexeme) for row in told]
    if not words:
        return ()
    rows = _look(connection, number, words, limit)
    lines = {line.number: line for line in list_lines(connection, [row.number for row in rows])}
    return tuple(Similar(lines[row.number], row.result or "") for row in rows)


def _look(
    connection: Connection, number: str, words: list[str], limit: int
) -> Sequence[Row[*tuple[Any, ...]]]:
    """Return the likest of what is near, or of what is farther where that is too little."""
    newest = connection.execute(text("SELECT max(id) FROM messages")).scalar_one()
    parts = [part.blocks for part in blocks_before(newest + 1)[0]]
    told = {"number": number, "pairs": _pairs(words), "either": " | ".join(words), "limit": limit}
    told |= {"most": MOST_LOOKED, "longest": LONGEST_RESULT}
    for reach in REACHES:
        rows = connection.execute(SIMILAR, told | {"parts": parts[:reach]}).all()
        if len(rows) == limit or len(parts) <= reach:
            break
    return rows


def _pairs(words: list[str]) -> str:
    """Return the query for two of the words; for the only one, where there is but one."""
    rest = [(word, words[place:]) for place, word in enumerate(words[:-1], start=1)]
    return " | ".join(f"{word} & ({' | '.join(others)})" for word, others in rest) or words[0]


def _quoted(lexeme: str) -> str:
    escaped = lexeme.replace("\\", "\\\\").replace("'", "''")
    return f"'{escaped}'"
