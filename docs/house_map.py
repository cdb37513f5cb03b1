"""The map of the house in the README: every room with its promise, the first line of its docstring.

`python -m docs.house_map` writes it anew; a test compares it with the tree.
"""

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
BEGINS, ENDS = "## The map\n\n```\n", "```\n"


def lines() -> Iterator[str]:
    """Return the map line by line."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wheel: list[str] = project["tool"]["hatch"]["build"]["targets"]["wheel"]["only-include"]
    for room in wheel:
        path = ROOT / room
        yield from _package(path, 0) if path.is_dir() else [_line(path.name, path, 0)]


def write() -> None:
    """Put the map into the README."""
    text = README.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGINS)
    after = rest.partition(ENDS)[2]
    drawn = "".join(f"{line}\n" for line in lines())
    README.write_text(f"{before}{BEGINS}{drawn}{ENDS}{after}", encoding="utf-8")


def _package(folder: Path, depth: int) -> Iterator[str]:
    yield _line(f"{folder.name}/", folder / "__init__.py", depth)
    for path in sorted(folder.iterdir()):
        if path.suffix == ".py" and path.name != "__init__.py":
            yield _line(path.name, path, depth + 1)
        elif (path / "__init__.py").exists():
            yield from _package(path, depth + 1)


def _line(name: str, source: Path, depth: int) -> str:
    docstring = ast.get_docstring(ast.parse(source.read_bytes())) or ""
    promise = " ".join(docstring.split("\n\n")[0].split())
    return f"{'  ' * depth}{name:<{26 - 2 * depth}} {promise}"


if __name__ == "__main__":
    write()
