"""The map from each rule of the regulation to the code that carries it out and the tests of it.

It is made from citations: `R44` or `R28-R31` in a docstring of the code, in a test's `def` line,
in the comment that opens its body, or in the docstring of a test module.
"""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "regulation-map.md"
RULES = ROOT / "docs" / "rules.txt"
CITATION = re.compile(r"\b([RQ])(\d{1,2})(?:\s*[-–—]\s*(?:\1)?(\d{1,2}))?\b")
HEADING = """# From the regulation to code and tests

Made by `.venv/bin/poe map` from the citations in docstrings and tests; a test compares.
"""
Citations = dict[str, list[str]]


def rules() -> dict[str, str]:
    """Return every rule and decision by its number, in order."""
    lines = RULES.read_text(encoding="utf-8").splitlines()
    return {number: told for number, _, told in (line.partition(" ") for line in lines)}


def cited_in(text: str) -> Iterator[str]:
    """Return the numbers that a text cites, ranges spread out."""
    for letter, first, last in CITATION.findall(text):
        yield from (f"{letter}{number}" for number in range(int(first), int(last or first) + 1))


def code_citations() -> Citations:
    """Return the modules that cite each rule in a docstring."""
    found: Citations = defaultdict(list)
    for file in _modules():
        docstrings = map(ast.get_docstring, _documented(ast.parse(file.read_bytes())))
        for number in dict.fromkeys(cited_in("\n".join(filter(None, docstrings)))):
            found[number].append(_link(file))
    return found


def test_citations() -> Citations:
    """Return the tests that cite each rule, as sentences; a module's docstring speaks for all."""
    found: Citations = defaultdict(list)
    for file in sorted((ROOT / "tests").rglob("test_*.py")):
        source = file.read_text(encoding="utf-8")
        tree = ast.parse(source)
        for number in dict.fromkeys(cited_in(ast.get_docstring(tree) or "")):
            found[number].append(f"{_link(file)}")
        for test in _tests(tree):
            sentence = test.name.removeprefix("test_").replace("_", " ")
            for number in dict.fromkeys(cited_in(_opening(test, source))):
                found[number].append(f"{_link(file)}: {sentence}")
    return found


def uncited() -> list[str]:
    """Return the rules that no test shows."""
    tests = test_citations()
    return [number for number in rules() if number not in tests]


def page() -> str:
    """Return the map as Markdown."""
    code, tests = code_citations(), test_citations()
    sections = (
        f"\n## {number}\n\n{told}\n\n{_lines('Code', code[number])}{_lines('Tests', tests[number])}"
        for number, told in rules().items()
    )
    return HEADING + "".join(sections)


def _lines(name: str, places: list[str]) -> str:
    if len(places) <= 1:
        return f"- {name}: {places[0] if places else 'none'}\n"
    return f"- {name}:\n" + "".join(f"  - {place}\n" for place in places)


def _modules() -> Iterator[Path]:
    packages = sorted(package.parent for package in ROOT.glob("*/__init__.py"))
    yield from (file for package in packages for file in sorted(package.rglob("*.py")))
    yield ROOT / "worker.py"


def _documented(tree: ast.Module) -> Iterator[ast.Module | ast.ClassDef | ast.FunctionDef]:
    kinds = (ast.Module, ast.ClassDef, ast.FunctionDef)
    yield from (node for node in ast.walk(tree) if isinstance(node, kinds))


def _tests(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                if name.startswith("test_"):
                    yield node


def _opening(test: ast.FunctionDef | ast.AsyncFunctionDef, source: str) -> str:
    """Return the lines from `def` to the first statement."""
    lines = source.splitlines()
    return "\n".join(lines[test.lineno - 1 : test.body[0].lineno - 1])


def _link(file: Path) -> str:
    path = file.relative_to(ROOT).as_posix()
    return f"[{path}](../{path})"


def main() -> None:
    """Write the map."""
    PAGE.write_text(page(), encoding="utf-8")
    left = uncited()
    print(f"{PAGE.relative_to(ROOT)} is written; shown by no test yet: {' '.join(left) or 'none'}")


if __name__ == "__main__":
    main()
