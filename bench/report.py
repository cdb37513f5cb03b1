"""What is printed and kept of a run: the table, and JSON with everything in it."""

import json
import os
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from bench.figures import Figure

HEADING = ("figure", "ours", "bare", "ratio", "goal", "met")
MARKS = {True: "yes", False: "NO", None: ""}


def table(figures: Sequence[Figure]) -> str:
    """Return the figures as a Markdown table."""
    rows = [HEADING, *map(_row, figures)]
    widths = [max(len(row[place]) for row in rows) for place in range(len(HEADING))]
    lines = [_line(row, widths) for row in rows]
    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    return "\n".join([lines[0], rule, *lines[1:]])


def keep(figures: Sequence[Figure], where: Path, asked: dict[str, object]) -> None:
    """Write the figures with the machine, the moment and what was asked for."""
    told = {
        "taken_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {"cores": os.cpu_count(), "python": platform.python_version()},
        "asked": asked,
        "figures": [figure.as_json() for figure in figures],
    }
    where.parent.mkdir(parents=True, exist_ok=True)
    where.write_text(json.dumps(told, ensure_ascii=False, indent=1))


def _row(figure: Figure) -> tuple[str, ...]:
    bare = "" if figure.bare is None else f"{figure.bare:.4g} {figure.unit}"
    ratio = "" if figure.ratio is None else f"{figure.ratio:.2f}"
    ours = f"{figure.ours:.4g} {figure.unit}"
    return figure.name, ours, bare, ratio, str(figure.goal or ""), MARKS[figure.is_met]


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
    return "| " + " | ".join(cells) + " |"
