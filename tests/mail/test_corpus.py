"""The acceptance of reading, over real mail where its folder is beside the project: R28, law 1."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.mail_acceptance import Figure, figures, table

CORPUS = Path(__file__).parents[3] / "shared" / "mail-corpus"


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the folder of real mail is not beside the project")
def test_real_mail_is_read_as_its_projects_expect() -> None:
    taken = tuple(figures(CORPUS))

    assert all(figure.is_met for figure in taken), table(taken)
    assert min(figure.total for figure in taken) > 0
    assert max(figure.total for figure in taken) > 800


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Make a folder of the same shape: a letter as expected, one with another subject, a reply."""
    entries = [expecting(tmp_path, name, subject) for name, subject in (("a", "S"), ("b", "T"))]
    (tmp_path / "own" / "manifest.json").write_text(json.dumps(entries))
    reply = {"id": "r", "text": "Да\n\n1.1.2026 10:00, a@b.test пишет:\n> нет", "expected": "Да"}
    (tmp_path / "ru_reply").mkdir()
    (tmp_path / "ru_reply" / "cases.json").write_text(json.dumps([reply]))
    return tmp_path


def expecting(folder: Path, name: str, subject: str) -> dict[str, object]:
    file = folder / "own" / f"{name}.eml"
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(b"From: a@client.test\nSubject: S\n\ntext")
    return {"file": file.name, "kind": "message", "expected": {"subject": subject}}


def by_title(taken: Iterator[Figure]) -> dict[str, Figure]:
    return {figure.title: figure for figure in taken}


def test_a_letter_read_otherwise_is_counted_and_named(folder: Path) -> None:
    taken = by_title(figures(folder))

    assert (taken["subjects"].total, taken["subjects"].missed) == (2, ("b.eml",))
    assert not taken["subjects"].is_met
    assert taken["read to the end, none lost"].is_met
    assert taken["Russian replies cut exactly"].total == 1


def test_the_table_names_what_fell_short(folder: Path) -> None:
    told = table(figures(folder)).splitlines()

    (row,) = (row for row, line in enumerate(told) if line.startswith("subjects"))
    assert told[row].split()[1:] == ["1", "2", "50.00%", "97%", "NO"]
    assert told[row + 1].strip() == "b.eml"
