"""Many open tickets: a burst and its drain, a command, memory for each, a cold first touch."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median

from bench.figures import Figure, Goal, Sample, alternate
from bench.ground import Ground
from bench.population import (
    Bare,
    Ours,
    Population,
    ask_some,
    ask_while,
    middle_ms,
    spread,
    touch_all,
)
from bench.processor import resident_kb

MODULES = {"worker": "bench.brisk", "bare worker": "bench.bare_worker"}
WARM = 50  # touched first, so that threads and connections stand before memory is measured
SOME = 40
COLD_CACHE = 10
BURST = 2000


@dataclass
class Course:
    """How the two populations grow, and what is seen of them on the way."""

    ground: Ground
    sizes: Sequence[int]
    runs: int
    sides: dict[str, Population]
    figures: list[Figure] = field(default_factory=list)
    bursts: list[Sample] = field(default_factory=list)
    base: dict[str, tuple[int, int]] = field(default_factory=dict)

    async def go(self) -> list[Figure]:
        """Grow from size to size, and look at each."""
        cache = self.sizes[-1] + 100
        for size in self.sizes:
            await self.employ(cache)
            await self.grow_to(size)
            await self.look(size)
            self.dismiss()
        return [*self.figures, *self.burst_figures()]

    async def employ(self, cached: int) -> None:
        """Start both workers afresh and bring what is open into their caches."""
        for side in self.sides.values():
            await self.ground.work(side.worker, MODULES[side.worker], str(cached))
        for name, side in self.sides.items():
            if len(side.names) < WARM:
                await side.grow(WARM)
            await asyncio.gather(*(side.ask(number) for number in range(WARM)))
            self.base[name] = (WARM, self.resident(side))
            await touch_all(side)

    def dismiss(self) -> None:
        """Stop both workers."""
        self.ground.stop(*MODULES)

    def resident(self, side: Population) -> int:
        """Return what the side's worker holds."""
        return resident_kb(self.ground.programs[side.worker].pid)

    async def grow_to(self, size: int) -> None:
        """Open more, in bursts; staff goes on working while ours are drained."""
        for side in self.sides.values():
            while (missing := size - len(side.names)) > 0:
                await self.burst(side, min(missing, BURST))

    async def burst(self, side: Population, by: int) -> None:
        """Open some at once."""
        quiet = await ask_some(side, range(SOME))
        busy = asyncio.create_task(side.grow(by))
        waits = await ask_while(side, busy)
        sample = {"by": float(by)} | await busy
        for name, share in (("p50", 0.5), ("p99", 0.99)):
            sample |= {f"{name} quiet": middle_ms(quiet, share), f"{name}": middle_ms(waits, share)}
        if isinstance(side, Ours):
            self.bursts.append(sample)

    async def look(self, size: int) -> None:
        """Take the figures of this size: memory, a command, a cold command."""
        memory = {name: self.memory(name) for name in self.sides}
        cached, more = await self.commands(), await self.commands(more=True)
        self.dismiss()
        for side in self.sides.values():
            await self.ground.work(side.worker, MODULES[side.worker], str(COLD_CACHE))
            await ask_some(side, spread(side, SOME))
        cold = await self.commands()
        self.figures += [
            self.figure(size, "memory for each", "kB", memory, Goal("at most", 130, "ours")),
            self.figure(size, "command, cached, p50", "ms", cached, Goal("at most", 1.5)),
            self.figure(size, "command that shows, bare that writes", "ms", more, None),
            self.figure(size, "command, cold, p50", "ms", cold, None),
            Figure(
                f"open {size}: cold beside cached",
                "ms",
                cold["ours"],
                cached["ours"],
                Goal("at most", 2),
            ),
        ]

    def memory(self, name: str) -> float:
        """Return the kB for each ticket opened since the worker was warm."""
        side, (tickets, before) = self.sides[name], self.base[name]
        return (self.resident(side) - before) / max(len(side.names) - tickets, 1)

    async def commands(self, *, more: bool = False) -> dict[str, float]:
        """Return the median of a command's milliseconds, by turns."""

        async def ask(side: Population) -> Sample:
            return {"p50": middle_ms(await ask_some(side, spread(side, SOME), more=more))}

        sides = {name: lambda _, side=side: ask(side) for name, side in self.sides.items()}
        samples = await alternate(sides, self.runs)
        return {name: median(one["p50"] for one in taken) for name, taken in samples.items()}

    def figure(
        self, size: int, name: str, unit: str, values: dict[str, float], goal: Goal | None
    ) -> Figure:
        """Put one line of this size together."""
        return Figure(f"open {size}: {name}", unit, values["ours"], values["bare"], goal)

    def burst_figures(self) -> list[Figure]:
        """Return the figures of the largest bursts."""
        largest = max(sample["by"] for sample in self.bursts)
        bursts = [sample for sample in self.bursts if sample["by"] == largest]
        values = {key: median(one[key] for one in bursts) for key in bursts[0]}
        name = f"burst of {largest:.0f}"
        return [
            Figure(f"{name}: accepted", "/s", values["accepted"]),
            Figure(f"{name}: drained", "/s", values["drained"], goal=Goal("at least", 40, "ours")),
            *(
                Figure(
                    f"{name}: command {share} (bare: quiet)",
                    "ms",
                    values[share],
                    values[f"{share} quiet"],
                    Goal("at most", 10),
                )
                for share in ("p50", "p99")
            ),
        ]


async def measure(ground: Ground, sizes: Sequence[int], runs: int) -> list[Figure]:
    """Let both populations grow through these sizes."""
    await ground.open_gateway()
    sides: dict[str, Population] = {"ours": Ours(ground), "bare": Bare(ground)}
    figures = await Course(ground, sizes, runs, sides).go()
    ground.stop("gateway")
    return figures
