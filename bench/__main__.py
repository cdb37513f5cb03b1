"""`make bench`: every benchmark beside its bare limit, in one run on one engine and register."""

import argparse
import asyncio
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

from bench import form, letter, life, open_tickets, reading
from bench.figures import Figure
from bench.ground import Ground, ground
from bench.report import keep, table

Measure = Callable[[Ground, argparse.Namespace], Awaitable[list[Figure]]]

BENCHMARKS: dict[str, Measure] = {
    "life": lambda on, asked: life.measure(on, asked.lives, asked.runs),
    "form": lambda on, asked: form.measure(on, asked.forms, asked.runs),
    "letter": lambda on, asked: letter.measure(on, asked.letters, asked.runs),
    "reading": lambda on, asked: reading.measure(on, asked.runs),
    "open": lambda on, asked: open_tickets.measure(on, asked.open, asked.runs),
}


async def run(asked: argparse.Namespace) -> list[Figure]:
    """Take the figures that were asked for, telling each as it comes."""
    figures: list[Figure] = []
    for name in asked.only or BENCHMARKS:
        async with ground(clients=4 * asked.letters * asked.runs + 100) as on:
            taken = await BENCHMARKS[name](on, asked)
        print(f"\n{table(taken)}", file=sys.stderr, flush=True)
        figures += taken
    return figures


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--only", action="append", choices=BENCHMARKS)
    parser.add_argument("--quick", action="store_true", help="one short run: to see that it works")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--lives", type=int, default=100)
    parser.add_argument("--forms", type=int, default=400, help="8 in flight; half as many alone")
    parser.add_argument("--letters", type=int, default=60, help="one at a time; twice as many by 4")
    parser.add_argument("--open", type=_sizes, default=(100, 1000, 5000), metavar="100,1000")
    parser.add_argument("--json", type=Path, default=Path(".local/bench.json"))
    asked = parser.parse_args()
    if asked.quick:
        asked.open = (100, 200)
        asked.runs, asked.lives, asked.letters, asked.forms = 1, 40, 40, 200
    return asked


def _sizes(listed: str) -> tuple[int, ...]:
    return tuple(sorted(map(int, listed.split(","))))


def main() -> None:
    """Run, print the table, keep the JSON."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # it, too, takes the children along
    asked = arguments()
    figures = asyncio.run(run(asked))
    keep(figures, asked.json, {key: str(value) for key, value in vars(asked).items()})
    print(table(figures))


if __name__ == "__main__":
    main()
