"""What a killed mail server left half done is either finished or forgotten, never half kept."""

from pathlib import Path

import pytest

from deploy.local.maildirs import Maildirs, safe_name

RAW = b"Message-ID: <one@example.org>\r\n\r\ntext\r\n"
BOTH = ("one@example.org", "journal@profman.ru")


@pytest.fixture
def world(tmp_path: Path) -> Maildirs:
    maildirs = Maildirs(tmp_path)
    maildirs.mend()
    return maildirs


def test_a_staged_letter_is_nobodys_until_it_is_accepted(world: Maildirs) -> None:
    staged = world.stage(RAW, "a@example.org", BOTH, own=())

    before = world.all_letters()
    world.accept(staged)

    assert before == []
    assert [copy.recipient for copy in world.all_letters()] == sorted(BOTH)


def test_an_accepted_letter_reaches_all_maildirs_after_a_kill(world: Maildirs) -> None:
    staged = world.stage(RAW, "a@example.org", BOTH, own=())
    world.accept(staged)
    shown = world.maildir(BOTH[1]) / "new" / staged.key
    shown.rename(world.maildir(BOTH[1]) / "tmp" / staged.key)  # killed before this rename

    world.mend()

    assert shown.read_bytes() == RAW


def test_a_letter_that_was_not_accepted_is_forgotten_after_a_kill(world: Maildirs) -> None:
    world.stage(RAW, "a@example.org", BOTH, own=())

    world.mend()

    assert list(world.folder.glob("*/*/*")) == []


def test_half_a_ledger_line_is_cut_and_the_next_one_is_whole(world: Maildirs) -> None:
    world.accept(world.stage(RAW, "a@example.org", BOTH, own=()))
    whole = world.ledger.read_bytes()
    world.ledger.write_bytes(whole + whole[:40])

    world.mend()
    world.accept(world.stage(RAW, "a@example.org", BOTH, own=()))

    assert len(world.accepted()) == 2


def test_a_copy_that_a_mail_reader_marked_as_seen_is_still_read(world: Maildirs) -> None:
    staged = world.stage(RAW, "a@example.org", BOTH, own=())
    world.accept(staged)
    maildir = world.maildir(BOTH[0])
    (maildir / "new" / staged.key).rename(maildir / "cur" / f"{staged.key}:2,S")

    assert [copy.raw for copy in world.letters(BOTH[0])] == [RAW]


@pytest.mark.parametrize(
    "address",
    [
        "../../etc@example.org",
        "a/b@example.org",
        "..",
        "иван@пример.рф",
        "x" * 300 + "@a.ru",
        "a:b@c",
    ],
)
def test_a_name_never_leaves_its_folder(world: Maildirs, address: str) -> None:
    assert world.maildir(address).parent == world.folder
    assert safe_name(address).isascii()
    assert safe_name(address) == safe_name(address.upper())
