"""Charts drawn on the server: places in per cent across, in pixels down, so that text never scales.

Carries out F72. What a chart shows stands in a table beside it as well; each bar is a link.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from domain.calendar import WorkingTime
from domain.reports import Bin, Part

HEIGHT, FLOOR, TALLEST = 238, 214, 180
LABEL_ABOVE = 5
GAP = 0.06
WIDEST_WEEK = 10.0
NEAR = 4.0
MOST_LABELS = 8
HALF = 50.0
MINUTE, HOUR = 60, 3600


@dataclass(frozen=True)
class Label:
    """Words at a place of the chart."""

    x: float
    y: int
    words: str
    anchor: str = "middle"


@dataclass(frozen=True)
class Column:
    """A bar with its link, the words that tell it, and the number above it."""

    x: float
    width: float
    y: int
    height: int
    address: str
    told: str
    label: Label | None = None


@dataclass(frozen=True)
class Mark:
    """A line through the chart at an amount, with its words."""

    x: float
    top: int
    label: Label


@dataclass(frozen=True)
class Chart:
    """Bars on their axis, marks through them, words below."""

    columns: tuple[Column, ...]
    ticks: tuple[Label, ...]
    marks: tuple[Mark, ...] = ()
    height: int = HEIGHT
    floor: int = FLOOR


@dataclass(frozen=True)
class Bar:
    """What one bar shows: its height's value, the number above, its link and its words."""

    value: int
    above: str
    address: str
    told: str


def histogram(
    bins: Sequence[Bin], bars: Sequence[Bar], marks: Iterable[tuple[WorkingTime, str]]
) -> Chart:
    """Draw how amounts spread; a mark stands at its amount."""
    step = 100 / len(bins)
    lines = tuple(_mark(bins, amount, words, turn) for turn, (amount, words) in enumerate(marks))
    ticks = [_tick(place * step, one.since) for place, one in enumerate(bins)]
    if (end := bins[-1].until) is not None:
        ticks.append(Label(100.0, HEIGHT - 6, short(end), "end"))
    return Chart(_columns(bars, [line.x for line in lines]), tuple(ticks), lines)


def by_weeks(parts: Sequence[Part], bars: Sequence[Bar], names: Sequence[str]) -> Chart:
    """Draw a value for each week, in their order."""
    step, every = 100 / len(parts), -(-len(parts) // MOST_LABELS)
    ticks = tuple(
        Label(round((place + 0.5) * step, 2), HEIGHT - 6, name)
        for place, name in enumerate(names)
        if place % every == 0
    )
    return Chart(_columns(bars, (), WIDEST_WEEK), ticks)


def share(value: int, most: int) -> float:
    """Return a part of the longest bar in per cent."""
    return round(100 * value / most, 1) if most else 0.0


def short(amount: WorkingTime) -> str:
    """Write an amount in a chart: whole hours, hours and minutes, seconds under a minute."""
    hours, rest = divmod(amount.seconds, HOUR)
    if 0 < amount.seconds < MINUTE:
        return f"0:00:{amount.seconds:02}"
    return f"{hours}:{rest // MINUTE:02}" if rest // MINUTE else str(hours)


def _columns(
    bars: Sequence[Bar], lines: Sequence[float], widest: float = 100.0
) -> tuple[Column, ...]:
    step, most = 100 / len(bars), max((bar.value for bar in bars), default=0)
    width = min(step * (1 - 2 * GAP), widest)
    return tuple(
        _column((place + 0.5) * step, width, bar, most, lines) for place, bar in enumerate(bars)
    )


def _column(middle: float, width: float, bar: Bar, most: int, lines: Sequence[float]) -> Column:
    height = max(round(TALLEST * bar.value / most), 1) if bar.value and most else 0
    top = FLOOR - height
    label = _above(middle, width, top, bar.above, lines) if bar.above else None
    left = round(middle - width / 2, 2)
    return Column(left, round(width, 2), top, height, bar.address, bar.told, label)


def _above(middle: float, width: float, top: int, words: str, lines: Sequence[float]) -> Label:
    """Put the number above its bar, out of the way of a line through its middle."""
    if not any(abs(line - middle) < NEAR for line in lines):
        return Label(round(middle, 2), top - LABEL_ABOVE, words)
    is_left = all(line >= middle for line in lines if abs(line - middle) < NEAR)
    edge = middle - width / 2 if is_left else middle + width / 2
    return Label(round(edge, 2), top - LABEL_ABOVE, words, "start" if is_left else "end")


def _mark(bins: Sequence[Bin], amount: WorkingTime, words: str, turn: int) -> Mark:
    width = bins[1].since.seconds if len(bins) > 1 else _width(bins[0])
    x = round(min(100 * amount.seconds / (width * len(bins)), 99.5), 2)
    is_left = x < HALF
    label = Label(
        x + 0.8 if is_left else x - 0.8, 14 + 16 * turn, words, "start" if is_left else "end"
    )
    return Mark(x, 12 + 16 * turn, label)


def _width(only: Bin) -> int:
    return only.until.seconds if only.until else HOUR


def _tick(x: float, amount: WorkingTime) -> Label:
    return Label(round(x, 2), HEIGHT - 6, short(amount), "middle" if x else "start")
