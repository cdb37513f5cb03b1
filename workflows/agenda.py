"""What a ticket's process has before it: its next step, its letters on their way, its moments."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

from temporalio import workflow

from activities.letters import Delivered
from activities.register import Leaving, Planned, Recorded
from domain.commands import CancelLetter, SendUrgently, TicketCommand
from domain.events import LetterCancelled, LetterUrged, TicketEvent
from domain.letters import LetterKind
from domain.obligations import Due
from domain.permissions import gone

CONFIRMATION = f"/{LetterKind.CONFIRMATION}"  # it keeps its own moment (R33), not the window's


@dataclass
class Agenda:
    """The next step by the calendar and the letters that have yet to leave."""

    due: Due | None = None
    calendar_version: int = 0
    newest_calendar: int = 0
    leaving: dict[str, Leaving] = field(default_factory=dict)
    tries: dict[str, workflow.ActivityHandle[Delivered]] = field(default_factory=dict)

    @property
    def is_outdated(self) -> bool:
        """Tell whether there is a calendar that has not been asked yet."""
        return self.newest_calendar > self.calendar_version

    def note(self, written: Recorded, happened: Iterable[TicketEvent]) -> None:
        """Take over what a record made owed, and what it changed about letters that waited."""
        self.due, self.calendar_version = written.due, written.calendar_version
        self.leaving |= {letter.key: letter for letter in written.letters}
        for event in happened:
            if isinstance(event, LetterCancelled):
                self.leaving.pop(event.letter, None)
            elif isinstance(event, LetterUrged) and event.letter in self.leaving:
                self.leaving[event.letter] = Leaving(event.letter, event.at)

    def refuse_gone(
        self, command: TicketCommand, unwritten: Iterable[TicketEvent], now: datetime
    ) -> None:
        """Check that the letter of a command still waits for a moment to come (R45).

        Raises:
            Refused: when it has left, is on its way, or something was just ordered about it.

        """
        if isinstance(command, CancelLetter | SendUrgently):
            letter = self.leaving.get(command.letter)
            waits = letter is not None and letter.leaves_at > now
            if not waits or command.letter in self.tries or _is_ordered(command.letter, unwritten):
                raise gone(command.letter)

    def adopt(self, planned: Planned) -> None:
        """Take over what the present calendar says."""
        self.due, self.calendar_version = planned.due, planned.calendar_version
        self.newest_calendar = planned.calendar_version

    def move_letters(self, window_at: datetime, now: datetime) -> None:
        """Let the letters that wait for their window wait for the new one."""
        for letter in self.letters_waiting(now):
            moment = max(window_at, letter.not_before or window_at)
            self.leaving[letter.key] = replace(letter, leaves_at=moment)

    def settle(self, delivered: Delivered) -> None:
        """Forget a letter that is settled; keep one that waits for its window."""
        self.tries.pop(delivered.key, None)
        self.leaving.pop(delivered.key, None)
        if delivered.leaves_at is not None:
            self.leaving[delivered.key] = Leaving(delivered.key, delivered.leaves_at)

    def waiting(self) -> list[Leaving]:
        """Return the letters that no try is under way for."""
        return [letter for key, letter in self.leaving.items() if key not in self.tries]

    def letters_waiting(self, now: datetime) -> list[Leaving]:
        """Return the letters whose moment has not come."""
        return [
            letter
            for letter in self.waiting()
            if letter.leaves_at > now and not letter.key.endswith(CONFIRMATION)
        ]

    def letters_due(self, now: datetime) -> list[Leaving]:
        """Return the letters whose moment has come."""
        return [letter for letter in self.waiting() if letter.leaves_at <= now]

    def tries_done(self) -> list[str]:
        """Return the letters whose long tries have ended."""
        return [key for key, handle in self.tries.items() if handle.done()]

    def is_due(self, now: datetime) -> bool:
        """Tell whether the ticket's next step has come."""
        return self.due is not None and self.due.at <= now

    def next_moment(self) -> datetime | None:
        """Return when the process wakes by itself."""
        return min(self._moments(), default=None)

    def _moments(self) -> Iterable[datetime]:
        return [
            *(letter.leaves_at for letter in self.waiting()),
            *([self.due.at] if self.due else []),
        ]


def _is_ordered(letter: str, unwritten: Iterable[TicketEvent]) -> bool:
    orders = (event for event in unwritten if isinstance(event, LetterCancelled | LetterUrged))
    return any(event.letter == letter for event in orders)
