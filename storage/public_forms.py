"""What keeps machines from the public form: each proof of work serves one form.

Carries out K10. What is over is let go with the next form, so that the table does not grow.
"""

from datetime import datetime

from sqlalchemy import Connection, delete, text

from storage.public_form_tables import spent_proofs

SPEND = text("""
INSERT INTO spent_proofs (nonce, key, expires_at) VALUES (:nonce, :key, :expires_at)
ON CONFLICT (nonce) DO UPDATE SET key = spent_proofs.key
RETURNING key
""")


def spend(connection: Connection, nonce: str, key: str, expires_at: datetime, at: datetime) -> bool:
    """Spend a proof on the form of this key; return false where another form has had it."""
    connection.execute(delete(spent_proofs).where(spent_proofs.c.expires_at <= at))
    values = {"nonce": nonce, "key": key, "expires_at": expires_at}
    return bool(connection.execute(SPEND, values).scalar_one() == key)
