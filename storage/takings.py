"""How tickets left the queue: who took them by which order, and the proof of the order.

Carries out R49, R50 and law 7 (V10).
"""

from datetime import timedelta

from sqlalchemy import Connection, text

from domain.queue import Stay
from domain.reports import Period

# Whoever was passed over in the period and waited on is known by leaving within this time.
SEEN_AFTER = timedelta(days=31)

STAYS = text("""
WITH stayed AS (
  SELECT number, at AS left_at, true AS is_taken, (data ->> 'text') IS NOT NULL AS has_reason
  FROM events WHERE kind = 'taken' AND at >= :since AND at < :later
  UNION ALL
  SELECT number, NULL, false, false FROM tickets
  WHERE closed_at IS NULL AND NOT is_merged AND status = 'in_queue' AND received_at < :until
  UNION ALL
  SELECT number, closed_at, false, false FROM tickets
  WHERE closed_at >= :since AND closed_at < :later AND specialist = '' AND NOT is_merged
    AND client_id IS NOT NULL
)
SELECT stayed.number, tickets.received_at, stayed.left_at, stayed.is_taken, stayed.has_reason,
  greatest(entered.at, moment_of(tickets.snapshot ->> 'accepted_at')) AS entered_at,
  CASE WHEN decided.criticality = 'critical' THEN decided.at END AS critical_at
FROM stayed
JOIN tickets ON tickets.number = stayed.number
CROSS JOIN LATERAL (
  SELECT max(at) AS at FROM events
  WHERE number = stayed.number AND kind IN ('registered', 'identified')
) AS entered
LEFT JOIN LATERAL (
  SELECT at, data ->> 'criticality' AS criticality FROM events
  WHERE number = stayed.number AND kind = 'criticality_confirmed'
    AND (stayed.left_at IS NULL OR at <= stayed.left_at)
  ORDER BY sequence DESC LIMIT 1
) AS decided ON true
WHERE entered.at IS NOT NULL
""")


def list_stays(connection: Connection, period: Period) -> list[Stay]:
    """Return every stay in the queue that a taking of the period could have passed over."""
    values = {
        "since": period.since,
        "until": period.until,
        "later": period.until + SEEN_AFTER,
    }
    return [Stay(**row) for row in connection.execute(STAYS, values).mappings()]


# A pressed button is remembered by the ticket that it took, for as long as the ticket is open.
TAKEN = text("""
SELECT tickets.number FROM tickets JOIN events ON events.number = tickets.number
WHERE tickets.specialist = :specialist AND tickets.closed_at IS NULL AND NOT tickets.is_merged
  AND events.kind = 'taken' AND starts_with(events.data ->> 'key', :key)
LIMIT 1
""")


def find_by_key(connection: Connection, specialist: str, key: str) -> str:
    """Return the open ticket that the specialist took by an order of this key; empty if none."""
    asked = {"specialist": specialist, "key": key}
    return connection.execute(TAKEN, asked).scalar_one_or_none() or ""
