"""Durable processes: what happens to a ticket, in order; their queues, ids and attributes."""

from temporalio.common import SearchAttributeKey

TASK_QUEUE = "support"
LETTER_QUEUE = "letters"

STATUS = SearchAttributeKey.for_keyword("TicketStatus")
DEFERRAL = SearchAttributeKey.for_keyword("DeferralReason")
CHANNEL = SearchAttributeKey.for_keyword("Channel")
CLIENT = SearchAttributeKey.for_keyword("Client")
SPECIALIST = SearchAttributeKey.for_keyword("Specialist")
CATEGORY = SearchAttributeKey.for_keyword("Category")
CRITICALITY = SearchAttributeKey.for_int("Criticality")
NEXT_EVENT_AT = SearchAttributeKey.for_datetime("NextEventAt")
ACCEPTED_AT = SearchAttributeKey.for_datetime("AcceptedAt")
OVERDUE = SearchAttributeKey.for_bool("Overdue")
ESCALATED = SearchAttributeKey.for_bool("Escalated")

SEARCH_ATTRIBUTES = (
    STATUS,
    DEFERRAL,
    CHANNEL,
    CLIENT,
    SPECIALIST,
    CATEGORY,
    CRITICALITY,
    NEXT_EVENT_AT,
    ACCEPTED_AT,
    OVERDUE,
    ESCALATED,
)


def mailbox_id(name: str) -> str:
    """Return the workflow id of a mailbox; a ticket's is its number."""
    return f"mailbox:{name}"


UPKEEP_ID = "upkeep"
