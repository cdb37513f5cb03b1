"""Figures of a benchmark: medians of alternating runs, and what the goals say of them."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass
from math import ceil
from statistics import median
from typing import Literal

from typing_extensions import override

Sample = dict[str, float]
Side = Callable[[int], Awaitable[Sample]]


@dataclass(frozen=True)
class Goal:
    """What a figure must reach: at least or at most that, as a ratio to bare or by itself."""

    sense: Literal["at least", "at most"]
    limit: float
    of: Literal["ratio", "ours"] = "ratio"

    def is_met(self, figure: float) -> bool:
        """Tell whether the figure is good enough."""
        return figure >= self.limit if self.sense == "at least" else figure <= self.limit

    @override
    def __str__(self) -> str:
        """Say it as the table does."""
        sign = "≥" if self.sense == "at least" else "≤"
        return f"{sign} {self.limit:g}{'×' if self.of == 'ratio' else ''}"


@dataclass(frozen=True)
class Figure:
    """One line of the table."""

    name: str
    unit: str
    ours: float
    bare: float | None = None
    goal: Goal | None = None

    @property
    def ratio(self) -> float | None:
        """Return ours over bare."""
        return self.ours / self.bare if self.bare else None

    @property
    def is_met(self) -> bool | None:
        """Tell whether the goal is met; None without one."""
        judged = self.ours if self.goal and self.goal.of == "ours" else self.ratio
        return None if self.goal is None or judged is None else self.goal.is_met(judged)

    def as_json(self) -> dict[str, object]:
        """Return the figure for a file."""
        derived = {"ratio": self.ratio, "met": self.is_met, "goal": str(self.goal or "")}
        return asdict(self) | derived


async def alternate(sides: Mapping[str, Side], runs: int) -> dict[str, list[Sample]]:
    """Run every side so many times, by turns; each is told the number of the run."""
    samples: dict[str, list[Sample]] = {name: [] for name in sides}
    for run in range(runs):
        order = list(sides) if run % 2 == 0 else list(sides)[::-1]
        for name in order:
            samples[name].append(await sides[name](run))
    return samples


def middle(samples: list[Sample], key: str) -> float:
    """Return the median of one figure over the runs."""
    return median(sample[key] for sample in samples)


def quantile(values: list[float], share: float) -> float:
    """Return the value below which that share of the values lies, ends included."""
    ordered = sorted(values)
    return ordered[min(ceil(share * len(ordered)), len(ordered)) - 1]
