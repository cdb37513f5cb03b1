"""The operator's errands about mail: how it stands, and reading again what could not be read.

Carries out R28, R33, R46 and law 1.
"""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime

from pydantic_core import to_json

from deploy import register
from domain.calendar import MOSCOW
from storage import filing, mail_status
from storage.mail_status import MailStatus
from storage.mailboxes import SENTENCES, Mailbox


def status(*, as_json: bool) -> Iterator[str]:
    """Return how mail stands, in lines for people or as one JSON object."""
    with register.transaction() as connection:
        found = mail_status.read(connection, datetime.now(UTC))
    if as_json:
        overdue = [dict(row) for row in found.overdue]
        yield to_json(asdict(found) | {"overdue": overdue}).decode()
    else:
        yield from _told(found)


def reprocess(id_: int | None) -> tuple[int, ...]:
    """Have what could not be read filed once more; return the ids of those letters.

    What a person has settled meanwhile stays as it is, and a letter is never filed twice.
    """
    with register.transaction() as connection:
        return filing.file_again(connection, datetime.now(UTC), id_)


def _told(found: MailStatus) -> Iterator[str]:
    yield f"Последнее письмо принято: {_moment(found.last_letter_at)}"
    since = f", старейшее с {_moment(found.oldest_unfiled_at)}" if found.unfiled else ""
    yield f"Принято и ещё не разобрано: {found.unfiled}{since}"
    yield f"Нечитаемых ждёт человека: {found.unreadable}"
    yield f"Файлов ждёт проверки: {found.held_files}"
    yield f"Адресов, с которых письма возвращаются: {found.bounced_addresses}"
    yield f"Ещё не ушло писем: {found.unsent}, из них опаздывает: {len(found.overdue)}"
    if found.overdue:
        oldest = found.overdue[0]
        yield f"  старейшее: {oldest['key']}, {oldest['state']}: {oldest['reason'] or 'в пути'}"
    for mailbox in found.mailboxes:
        yield _of_mailbox(mailbox)


def _of_mailbox(mailbox: Mailbox) -> str:
    seen = (
        f"Ящик {mailbox.name}: просмотрен {_moment(mailbox.swept_at)}, в нём {mailbox.there}, "
        f"из них у нас {mailbox.ours}; всего принято {mailbox.counted}"
    )
    if mailbox.fault is None or not mailbox.ails:
        return seen
    return f"{seen}; СБОЙ: {SENTENCES[mailbox.fault]} ({_moment(mailbox.failed_at)})"


def _moment(at: datetime | None) -> str:
    return at.astimezone(MOSCOW).strftime("%d.%m.%Y %H:%M:%S МСК") if at else "ещё не было"
