"""What a visitor may see: their own organisation's tickets, and nothing that tells of others.

Carries out R2: for a client another's ticket and one that never was are the same answer.
"""

from collections.abc import Mapping
from typing import Any

from gateway.auth import Visitor
from gateway.problems import not_found
from storage import messages, tickets
from storage.database import Connection

Row = Mapping[Any, Any]


def visible(connection: Connection, visitor: Visitor, number: str) -> Row:
    """Return the ticket's line of the register.

    Raises:
        Problem: when there is no such ticket, or it is another organisation's.

    """
    row = tickets.find_row(connection, number)
    if row is None or not visitor.may_see(row["client_id"], row["user_id"]):
        raise not_found()
    return row


def messages_seen(connection: Connection, visitor: Visitor, number: str) -> list[Row]:
    """Return the ticket's messages: to a client only those of its people.

    What staff wrote reaches a client as letters; notes and reasons never do, nor what strangers or
    machines wrote. Words to the head of support are for their writer alone (R65).
    """
    written = messages.list_for(connection, number)
    return [row for row in written if not visitor.is_client or _is_of_client(row, visitor)]


def _is_of_client(row: Row, visitor: Visitor) -> bool:
    if row["direction"] == "in":
        return bool(row["standing"] == "participant")
    return bool(row["author"] == str(visitor.actor))
