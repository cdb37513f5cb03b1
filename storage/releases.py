"""Releases of the product, and the tickets that wait for them.

Carries out R21, R56 and law 12: whoever waits for a release is told in the same commit.
"""

from datetime import datetime

from sqlalchemy import Connection, exists, select, text

from storage.rule_tables import releases

# A ticket that begins to wait meanwhile does so after the commit, and finds the release published.
ALONE = text("LOCK TABLE tickets IN SHARE MODE")

PUBLISH = text("""
WITH published AS (
  INSERT INTO releases (version, by, published_at) VALUES (:version, :by, :at)
  ON CONFLICT DO NOTHING
  RETURNING version
), waiting AS (
  SELECT number FROM tickets WHERE status = 'awaiting_release' AND release = :version
), told AS (
  INSERT INTO handovers (number, kind, payload)
  SELECT number, 'release_published', jsonb_build_object('release', version)
  FROM waiting, published
)
SELECT array(SELECT number FROM waiting ORDER BY number) AS numbers, pg_notify('handovers', '')
""")


def publish(connection: Connection, version: str, by: str, at: datetime) -> tuple[str, ...]:
    """Say that a release is out; return the numbers of the tickets that wait for it.

    Each of them is told, once: publishing again changes nothing.
    """
    connection.execute(ALONE)
    row = connection.execute(PUBLISH, {"version": version, "by": by, "at": at}).one()
    return tuple(row.numbers)


def is_published(connection: Connection, version: str) -> bool:
    """Tell whether the release is out."""
    return connection.execute(select(exists().where(releases.c.version == version))).scalar_one()
