"""The saved replies in use, the product's own among them from the first look on (U7).

Carries out R23-R26, R40, R55-R60, R63. A reply of the product that we changed or archived stays so.
"""

from datetime import datetime

from domain.letters import Language, form_of_address
from gateway.saved_replies import fill, replies
from gateway.shown import CaseRead
from storage import saved_replies
from storage.database import Connection
from storage.saved_replies import KeptReply

OF_THE_PRODUCT = "product"


def in_language(connection: Connection, language: str, at: datetime) -> tuple[KeptReply, ...]:
    """Return the replies in use of a language; the product's are entered where none ever was."""
    found = saved_replies.list_in(connection, language)
    if found:
        return found
    enter(connection, at)
    return saved_replies.list_in(connection, language)


def enter(connection: Connection, at: datetime) -> None:
    """Enter the replies that come with the product, once."""
    saved_replies.add(
        connection,
        [
            KeptReply(
                origin=f"{OF_THE_PRODUCT}:{one.rule}:{language}",
                language=language,
                title=one.title,
                text=one.text.strip(),
                rule=one.rule,
                command=one.command,
                category=one.category,
                changed_at=at,
            )
            for language in Language
            for one in replies(language)
        ],
    )


def filled_for(reply: KeptReply, read: CaseRead, specialist: str) -> str:
    """Return the reply with what the ticket knows put in; what it does not know stays visible."""
    request = read.request
    known = {
        "name": form_of_address(request["name"]),
        "number": str(read.row["number"]),
        "subject": request["subject"],
        "version": str(request["told"].get("product_version", "")),
        "specialist": specialist,
    }
    return fill(reply.text, known)
