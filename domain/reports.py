"""The figures of a period: how long first replies took, how they spread, what they depend on.

Carries out R8 (quality is measured), R47 (only working time counts), R51 (nothing is promised).
Every figure is told by the tickets that make it up: a part is chosen the way it was counted.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum
from math import ceil
from typing import Self

from domain.calendar import MOSCOW, ONE_DAY, WorkingTime

MOST_BINS = 10
WIDTHS = (900, 1800, 3600, 7200, 14_400, 32_400, 64_800, 162_000, 324_000, 810_000)
COMMON_SHARE = 0.95  # what takes longer than these stands together in the last bin
MEDIAN, NINETY = 0.5, 0.9


@dataclass(frozen=True, slots=True)
class Period:
    """Whole days by the clock of Moscow, both ends included."""

    first_on: date
    last_on: date

    def __post_init__(self) -> None:
        """Refuse a period that ends before it begins, or with the last day that can be named."""
        if self.last_on < self.first_on:
            raise ValueError(f"a period ends after it begins: {self.first_on}, {self.last_on}")
        if self.last_on == date.max:
            raise ValueError("no day comes after the end of this period")

    @classmethod
    def week_of(cls, on: date) -> Self:
        """Return the week up to that day, from its Monday."""
        return cls(week_of(on), on)

    @classmethod
    def month_of(cls, on: date) -> Self:
        """Return the month up to that day, from its first."""
        return cls(on.replace(day=1), on)

    @property
    def since(self) -> datetime:
        """Return the moment it begins."""
        return datetime.combine(self.first_on, time.min, MOSCOW)

    @property
    def until(self) -> datetime:
        """Return the moment after its last one."""
        return datetime.combine(self.last_on + ONE_DAY, time.min, MOSCOW)

    def has(self, at: datetime) -> bool:
        """Tell whether the moment lies in it."""
        return self.first_on <= at.astimezone(MOSCOW).date() <= self.last_on


class Dimension(StrEnum):
    """By what reactions are told apart."""

    REASON = "reason"
    CATEGORY = "category"
    SPECIALIST = "specialist"
    CLIENT = "client"
    KIND = "kind"
    CHANNEL = "channel"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reaction:
    """How long one ticket waited for the first written reply, in working time (R47).

    Codes are empty where the ticket has none; `reason` is that of its last deferral. The amount is
    counted by the calendar of that version; 0 is the one in force.
    """

    number: str
    answered_at: datetime
    amount: WorkingTime
    calendar_version: int = 0
    reason: str = ""
    category: str = ""
    specialist: str = ""
    client: str = ""
    kind: str = ""
    channel: str = ""

    def of(self, dimension: Dimension) -> str:
        """Return its code in this dimension."""
        return str(getattr(self, dimension.value))


@dataclass(frozen=True, slots=True)
class Summary:
    """How many reactions there were, and what half and nine of ten of them stayed within."""

    count: int
    median: WorkingTime
    ninety: WorkingTime


@dataclass(frozen=True, slots=True)
class Part:
    """The reactions of one code, or of one week by its Monday."""

    code: str
    summary: Summary


@dataclass(frozen=True, slots=True)
class Bin:
    """Reactions from so much working time on, up to but not including `until`; None: any longer."""

    since: WorkingTime
    until: WorkingTime | None
    count: int


@dataclass(frozen=True, slots=True)
class Choice:
    """A part of the reactions: of one code, one week, one stretch of time, or all these at once."""

    dimension: Dimension | None = None
    code: str = ""
    week_on: date | None = None
    since: WorkingTime | None = None
    until: WorkingTime | None = None

    def has(self, reaction: Reaction) -> bool:
        """Tell whether the reaction belongs to it."""
        return (
            (self.dimension is None or reaction.of(self.dimension) == self.code)
            and (self.week_on is None or week_of(reaction.answered_at) == self.week_on)
            and (self.since is None or reaction.amount >= self.since)
            and (self.until is None or reaction.amount < self.until)
        )


def week_of(at: date) -> date:
    """Return the Monday of a day's week, or of a moment's by the clock of Moscow."""
    on = at.astimezone(MOSCOW).date() if isinstance(at, datetime) else at
    return on - ONE_DAY * on.weekday()


def percentile(ordered: Sequence[WorkingTime], share: float) -> WorkingTime:
    """Return the least of the amounts, given in order, within which that share of them lies.

    It is one of the amounts themselves (nearest rank): a figure that some ticket shows.

    Raises:
        ValueError: where there are none.

    """
    if not ordered:
        raise ValueError("no amounts, no percentile")
    rank = ceil(round(share * len(ordered), 9))
    return ordered[max(rank, 1) - 1]


def summary(reactions: Iterable[Reaction]) -> Summary | None:
    """Return the figures of these reactions, None where there are none."""
    return figures(reaction.amount for reaction in reactions)


def figures(amounts: Iterable[WorkingTime]) -> Summary | None:
    """Return how many amounts there are, their median and ninetieth percentile; None of none."""
    ordered = sorted(amounts)
    if not ordered:
        return None
    return Summary(len(ordered), percentile(ordered, MEDIAN), percentile(ordered, NINETY))


def by(reactions: Iterable[Reaction], dimension: Dimension) -> tuple[Part, ...]:
    """Return the figures of each code, the most frequent first."""
    parts = _parts((reaction.of(dimension), reaction) for reaction in reactions)
    return tuple(sorted(parts, key=lambda part: (-part.summary.count, part.code)))


def by_week(reactions: Iterable[Reaction]) -> tuple[Part, ...]:
    """Return the figures of each week that has any, in their order; codes are its Monday."""
    weeks = ((week_of(one.answered_at).isoformat(), one) for one in reactions)
    return tuple(sorted(_parts(weeks), key=lambda part: part.code))


def _parts(told: Iterable[tuple[str, Reaction]]) -> Iterator[Part]:
    groups = defaultdict[str, list[Reaction]](list)
    for code, reaction in told:
        groups[code].append(reaction)
    for code, group in groups.items():
        if figures := summary(group):
            yield Part(code, figures)


def distribution(reactions: Iterable[Reaction]) -> tuple[Bin, ...]:
    """Return how the reactions spread, in bins of one width; where few take longer, without end."""
    ordered = sorted(reaction.amount for reaction in reactions)
    if not ordered:
        return ()
    edges = _edges(percentile(ordered, COMMON_SHARE))
    ends = (*edges[1:], None)
    bins = tuple(_bin(ordered, since, until) for since, until in zip(edges, ends, strict=True))
    return bins if bins[-1].count else bins[:-1]


def _edges(common: WorkingTime) -> tuple[WorkingTime, ...]:
    """Return where the bins begin: all that is common lies before the last one."""
    width = next((one for one in WIDTHS if common.seconds < one * (MOST_BINS - 1)), WIDTHS[-1])
    bins = min(common.seconds // width + 2, MOST_BINS)
    return tuple(WorkingTime(width * place) for place in range(bins))


def _bin(ordered: Sequence[WorkingTime], since: WorkingTime, until: WorkingTime | None) -> Bin:
    end = len(ordered) if until is None else bisect_left(ordered, until)
    return Bin(since, until, end - bisect_left(ordered, since))


def chosen(reactions: Iterable[Reaction], choice: Choice) -> tuple[Reaction, ...]:
    """Return the reactions of this part."""
    return tuple(reaction for reaction in reactions if choice.has(reaction))
