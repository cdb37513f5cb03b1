"""The period's tickets with all their figures as a file for a spreadsheet: CSV, or XLSX.

Carries out R8, R47, R48; F72. Rows are read some hundred at a time, whatever the period. What
outsiders wrote never becomes a formula.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from tempfile import TemporaryFile
from typing import Any, Literal, cast

from fastapi import APIRouter, Response
from fastapi.responses import StreamingResponse
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from domain.calendar import MOSCOW, Calendar
from domain.clocks import ClockKind, clocks
from domain.events import TicketEvent
from domain.letters import Language
from domain.scope import category_name
from domain.terms import Channel, Criticality, DeferralReason, Status, TicketKind
from domain.words import name
from gateway.head.measured import ruling_of
from gateway.head.periods import AskedPeriod, MonthAsked
from gateway.pages.rendering import Page
from gateway.pages.translation import _, marked, present
from gateway.pages.visitors import HeadPage
from storage import reactions
from storage.database import Connection

router = APIRouter(include_in_schema=False)

BOM = "\N{BYTE ORDER MARK}"
BLOCK = 1 << 16
MOST_ROWS = 1_000_000  # a sheet of the format holds a little more
WIDTH = 20
WIDE = 44
MOMENT, DURATION = "dd.mm.yyyy hh:mm", "[h]:mm:ss"
STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r")
SPREADSHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
COLUMNS = (
    marked("Заявка"),
    marked("Тема"),
    marked("Клиент"),
    marked("Специалист"),
    marked("Канал"),
    marked("Вид"),
    marked("Категория"),
    marked("Критичность"),
    marked("Состояние"),
    marked("Причина отсрочки"),
    marked("Поступила"),
    marked("Принята в работу с"),
    marked("Первый ответ"),
    marked("Закрыта"),
    marked("Время реакции, рабочее"),
    marked("Ожидание клиента, рабочее"),
    marked("Разработка, рабочее"),
    marked("Ожидание выпуска, рабочее"),
    marked("Версия календаря"),
)
WIDE_COLUMNS = frozenset({1, 2, 9})
Cell = str | int | datetime | timedelta | None
Format = Literal["csv", "xlsx"]


@router.get("/head/export.{form}")
def export(page: HeadPage, asked: MonthAsked, form: Format) -> Response:
    """Give the tickets that came or were first answered in the period."""
    first, last = asked.period.first_on, asked.period.last_on
    named = f'attachment; filename="tickets-{first:%Y%m%d}-{last:%Y%m%d}.{form}"'
    headers = {"Content-Disposition": named, "Cache-Control": "no-store"}
    if form == "csv":
        return StreamingResponse(
            as_csv(page, asked), media_type="text/csv; charset=utf-8", headers=headers
        )
    return StreamingResponse(as_xlsx(page, asked), media_type=SPREADSHEET, headers=headers)


def as_csv(page: Page, asked: AskedPeriod) -> Iterator[bytes]:
    """Yield the file as a Russian spreadsheet opens it: semicolons, and a mark of its encoding."""
    present.set(page.language)
    yield BOM.encode() + _line([_(column) for column in COLUMNS])
    for rows in _chunks(page, asked):
        yield b"".join(_line([_as_text(cell) for cell in row]) for row in rows)


def as_xlsx(page: Page, asked: AskedPeriod) -> Iterator[bytes]:
    """Yield the workbook; moments and durations are such, not text."""
    present.set(page.language)
    book = Workbook(write_only=True)
    _fill(book, (row for rows in _chunks(page, asked) for row in rows))
    with TemporaryFile() as file:
        book.save(file)
        file.seek(0)
        while block := file.read(BLOCK):
            yield block


def _chunks(page: Page, asked: AskedPeriod) -> Iterator[list[list[Cell]]]:
    with page.parts.database.transaction() as connection:
        reader = _Reader(page, connection)
        for rows in reactions.list_tickets(connection, asked.period):
            yield reader.cells(rows)


@dataclass(frozen=True)
class _Reader:
    """Turns rows of the register into cells, with the clocks of their journals."""

    page: Page
    connection: Connection

    def cells(self, rows: Sequence[dict[str, Any]]) -> list[list[Cell]]:
        numbers = [row["number"] for row in rows]
        journals = reactions.list_journals(self.connection, numbers)
        calendar_of = ruling_of(self.page, self.connection)
        return [
            self._row(row, journals.get(row["number"], ()), calendar_of(row["calendar_version"]))
            for row in rows
        ]

    def _row(
        self, row: dict[str, Any], journal: tuple[TicketEvent, ...], calendar: Calendar
    ) -> list[Cell]:
        measured = clocks(journal, calendar, self.page.now)
        amounts = {clock.kind: timedelta(seconds=clock.amount.seconds) for clock in measured}
        moments = ("received_at", "accepted_at", "answered_at", "closed_at")
        return [
            *_described(row, self.page.language),
            *(_local(row[moment]) for moment in moments),
            *(amounts.get(kind) for kind in ClockKind),
            row["calendar_version"],
        ]


def _described(row: dict[str, Any], language: Language) -> list[Cell]:
    told = row["snapshot"]
    decided = told.get("confirmed") or told["declared"]
    return [
        row["number"],
        row["subject"],
        row["client_name"],
        row["specialist_name"],
        name(Channel(told["channel"]), language),
        name(TicketKind(told["kind"]), language),
        category_name(told["category"], language) if told.get("category") else "",
        name(Criticality(decided), language),
        name(Status(row["status"]), language),
        name(DeferralReason(row["reason"]), language) if row["reason"] else "",
    ]


def _local(at: datetime | None) -> datetime | None:
    """Return the moment as a clock in Moscow shows it; a spreadsheet knows no zones."""
    return None if at is None else at.astimezone(MOSCOW).replace(tzinfo=None, microsecond=0)


def _line(cells: Iterable[str]) -> bytes:
    written = io.StringIO()
    csv.writer(written, delimiter=";", lineterminator="\r\n").writerow(cells)
    return written.getvalue().encode()


def _as_text(cell: Cell) -> str:
    match cell:
        case None:
            return ""
        case datetime():
            return f"{cell:%d.%m.%Y %H:%M}"
        case timedelta():
            return spelt(cell)
        case int():
            return str(cell)
    return f"'{cell}" if cell.startswith(STARTS_A_FORMULA) else cell


def spelt(amount: timedelta) -> str:
    """Write a duration as spreadsheets read it: hours beyond a day, minutes, seconds."""
    minutes, seconds = divmod(int(amount.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}"


def _fill(book: Workbook, rows: Iterator[list[Cell]]) -> None:
    sheet = _sheet(book, 1)
    for written, row in enumerate(rows):
        if written and written % MOST_ROWS == 0:
            sheet = _sheet(book, written // MOST_ROWS + 1)
        sheet.append([_typed(sheet, cell) for cell in row])


def _sheet(book: Workbook, place: int) -> Any:  # noqa: ANN401 - openpyxl tells no types
    sheet = book.create_sheet(_("Заявки") if place == 1 else f"{_('Заявки')} {place}")
    sheet.freeze_panes = "B2"
    for number in range(len(COLUMNS)):
        letter = get_column_letter(number + 1)
        sheet.column_dimensions[letter].width = WIDE if number in WIDE_COLUMNS else WIDTH
    sheet.append([_header(sheet, _(column)) for column in COLUMNS])
    return sheet


def _header(sheet: Any, words: str) -> Any:  # noqa: ANN401 - as above
    cell = WriteOnlyCell(sheet, words)
    cell.font = Font(bold=True)
    return cell


def _typed(sheet: Any, value: Cell) -> Any:  # noqa: ANN401 - as above
    if isinstance(value, str):
        cell = WriteOnlyCell(sheet, ILLEGAL_CHARACTERS_RE.sub("", value))
        cell.data_type = "s"  # else what begins with «=» is a formula
        return cell
    cell = WriteOnlyCell(sheet, cast("Any", value))
    if isinstance(value, datetime | timedelta):
        cell.number_format = MOMENT if isinstance(value, datetime) else DURATION
    return cell
