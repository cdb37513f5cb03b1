"""What should not happen and did: each finding has a name, a sentence and a count.

Law 12: no ticket needs this to move; it exists to show, and to wake, what an accident left behind.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import Connection, text

from storage import account_letters
from storage.letters import PAUSED, list_stuck

LATE = timedelta(minutes=1)
UNSWEPT = timedelta(minutes=10)


class Finding(StrEnum):
    """The names of what is looked for."""

    PROCESS_NOT_TOLD = "process_not_told"
    LETTER_NOT_FILED = "letter_not_filed"
    LETTER_NOT_SENT = "letter_not_sent"
    TICKET_WITHOUT_PROCESS = "ticket_without_process"
    MAILBOX_NOT_SWEPT = "mailbox_not_swept"
    AUTOMATIC_LETTERS_PAUSED = "automatic_letters_paused"


SENTENCES: Mapping[Finding, str] = {
    Finding.PROCESS_NOT_TOLD: "процессу заявки больше минуты не передано то, что он должен знать",
    Finding.LETTER_NOT_FILED: "принятое письмо больше минуты не разобрано",
    Finding.LETTER_NOT_SENT: "письмо не ушло в свой момент",
    Finding.TICKET_WITHOUT_PROCESS: "у зарегистрированной заявки нет процесса",
    Finding.MAILBOX_NOT_SWEPT: "почтовый ящик не просмотрен больше десяти минут",
    Finding.AUTOMATIC_LETTERS_PAUSED: "автоматических писем слишком много, они приостановлены",
}

COUNT = text("""
SELECT
  (SELECT count(*) FROM handovers WHERE done_at IS NULL AND created_at < :late),
  (SELECT count(*) FROM raw_letters WHERE state = 'kept' AND received_at < :late),
  (SELECT count(*) FROM mailboxes WHERE swept_at IS NULL OR swept_at < :unswept),
  (SELECT count(*) FROM letters
   WHERE state = 'waiting' AND next_try_at IS NOT NULL AND starts_with(reason, :paused))
""")

# The process writes the first line of a journal as soon as it is told of its ticket. One that was
# told and wrote nothing is told again; the engine starts no ticket twice.
TELL_AGAIN = text("""
UPDATE handovers SET done_at = NULL, retry_at = NULL
FROM tickets
WHERE tickets.number = handovers.number AND tickets.sequence = 0 AND tickets.closed_at IS NULL
  AND handovers.kind = 'start' AND handovers.done_at < :late
RETURNING handovers.number
""")

WAKE = text("SELECT pg_notify('handovers', ''), pg_notify('raw_letters', '')")


def count(connection: Connection, at: datetime) -> dict[Finding, int]:
    """Count what hangs at a moment, tickets without a process apart."""
    values = {"late": at - LATE, "unswept": at - UNSWEPT, "paused": PAUSED}
    untold, unfiled, unswept, paused = connection.execute(COUNT, values).one()
    return {
        Finding.PROCESS_NOT_TOLD: untold,
        Finding.LETTER_NOT_FILED: unfiled,
        Finding.LETTER_NOT_SENT: len(list_stuck(connection, at - LATE)),
        Finding.MAILBOX_NOT_SWEPT: unswept,
        Finding.AUTOMATIC_LETTERS_PAUSED: paused,
    }


def tell_again(connection: Connection, at: datetime) -> tuple[str, ...]:
    """Have the start of each ticket without a process told once more; return their numbers.

    The processes of letters about accounts that nobody tries are told again beside them.
    """
    account_letters.tell_again(connection, at - LATE)
    return tuple(connection.execute(TELL_AGAIN, {"late": at - LATE}).scalars())


def wake(connection: Connection) -> None:
    """Wake whoever tells processes and files letters, once this transaction is over."""
    connection.execute(WAKE)
