"""What the tools cannot check about the shape of the house."""

import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from docs import regulation_map

ROOT = Path(__file__).parent.parent
CONFIG = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]
PACKAGES = {path.parent.name for path in ROOT.glob("*/__init__.py")}
WITH_WORKER = PACKAGES | {"worker.py"}
LONGEST_MODULE = 300
UNLISTED = "storage/migrations/"  # written by a template, read when they fail
MAP = re.compile(r"^#+ (?:Карта|The map)[^\n]*\n.*?^```[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
LEAKS = {
    "a package registry": r"\b(?:pypi|pythonhosted|npmjs|crates|anaconda)\.(?:org|io|com)\b",
    "a path of one machine": r"(?<![\w./-])/(?:work|root|home|Users|farm)/\w",
}


def modules() -> list[Path]:
    inside = (path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
    return sorted([*inside, ROOT / "worker.py"])


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def kept_files() -> list[Path]:
    """Return the files that are, or will be, committed."""
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        pytest.skip("without git nobody knows which files are kept")
    told = subprocess.run(  # noqa: S603 - a fixed command
        [git, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    files = {ROOT / name for name in told.stdout.decode().split("\0") if name}
    return sorted(file for file in files if file.is_file() and file != Path(__file__))


def lines_of_tree() -> dict[str, str]:
    """Return what README's map must name: every package and module, with its promise."""
    files = [path for path in modules() if not named(path).startswith(UNLISTED)]
    return {
        named(path.parent) + "/" if path.name == "__init__.py" else named(path): first_line(path)
        for path in files
    }


def first_line(path: Path) -> str:
    return path.read_text().partition('"""')[2].partition('"""')[0].split("\n")[0]


def paths_in_map(text: str) -> set[str]:
    """Return the paths of a tree where a deeper line stands below its folder."""
    folders: dict[int, str] = {}
    paths = set()
    for line in filter(str.strip, text.splitlines()):
        depth, name = len(line) - len(line.lstrip()), line.split()[0]
        above = max((one for one in folders if one < depth), default=None)
        path = (folders[above] if above is not None else "") + name
        folders = {one: folder for one, folder in folders.items() if one < depth}
        if name.endswith("/"):
            folders[depth] = path
        paths.add(path)
    return paths


def test_import_contracts_cover_every_package() -> None:
    assert set(CONFIG["importlinter"]["root_packages"]) == PACKAGES


def test_the_wheel_carries_every_package() -> None:
    assert set(CONFIG["hatch"]["build"]["targets"]["wheel"]["only-include"]) == WITH_WORKER


def test_types_are_checked_everywhere() -> None:
    assert set(CONFIG["mypy"]["files"]) >= WITH_WORKER | {"tests"}


def test_no_module_grows_past_one_sitting() -> None:
    sizes = {
        named(path): len(path.read_text().splitlines())
        for path in modules()
        if not named(path).startswith(UNLISTED)
    }

    assert {name: size for name, size in sizes.items() if size > LONGEST_MODULE} == {}


def test_the_map_in_the_readme_is_the_tree() -> None:
    block = MAP.search((ROOT / "README.md").read_text())
    shown = paths_in_map(block[1]) if block else set()
    tree = lines_of_tree()

    missing = [f"{path}  {promise}" for path, promise in tree.items() if path not in shown]
    gone = [path for path in shown if path.endswith((".py", "/")) and not (ROOT / path).exists()]
    assert (missing, gone) == ([], []), "\n".join(["missing in README's map:", *missing])


def test_a_map_is_read_by_its_depth() -> None:
    tree = "domain/  what it says\n  ticket.py  a ticket\nstorage/\n  deep/\n    a.py\n  b.py\nc.py"

    assert paths_in_map(tree) == {
        *("domain/", "domain/ticket.py", "storage/", "storage/deep/", "storage/deep/a.py"),
        *("storage/b.py", "c.py"),
    }


@pytest.mark.parametrize("leak", LEAKS)
def test_nothing_kept_tells_of(leak: str) -> None:
    pattern = re.compile(LEAKS[leak])

    told = {
        named(file): found[0]
        for file in kept_files()
        if (found := pattern.search(file.read_text(errors="replace")))
    }

    assert told == {}


def test_the_map_of_the_regulation_is_up_to_date() -> None:
    kept = regulation_map.PAGE.read_text()

    assert kept == regulation_map.page(), "run .venv/bin/poe map"


def test_a_range_of_rules_cites_each_of_them() -> None:
    cited = list(regulation_map.cited_in("R28-R31, Q3; R44 R47, R54–R56 and PLR0913"))

    assert cited == ["R28", "R29", "R30", "R31", "Q3", "R44", "R47", "R54", "R55", "R56"]
