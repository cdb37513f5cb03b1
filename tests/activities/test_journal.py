"""A journal that cannot be asked is never taken for one that does not have the letter.

R33; law 2.
"""

from pathlib import Path

import pytest

from activities.journal import Journal, JournalAwayError
from deploy.local import processes
from deploy.local.post_office import PostOffice, PostOfficeOptions
from deploy.local.processes import LOOPBACK

AWAY = "журнал отправленных писем недоступен: "


def test_a_journal_whose_server_is_away_cannot_tell() -> None:  # R33
    journal = Journal(LOOPBACK, processes.free_port(), "journal", "open sesame", tls=False)

    with pytest.raises(JournalAwayError, match=AWAY):
        journal.has("<1@profman.ru>")


@pytest.mark.parametrize("wrong", [{"password": "close sesame"}, {"folder": "Sent"}])
def test_a_journal_that_does_not_let_us_in_cannot_tell(
    tmp_path: Path, wrong: dict[str, str]
) -> None:  # R33
    nobody = (LOOPBACK, processes.free_port())
    office = PostOffice(PostOfficeOptions(tmp_path / "world", frozenset(), nobody)).start()
    try:
        assert office.journal_imap is not None
        way_in = {**vars(office.journal_imap), **wrong}

        with pytest.raises(JournalAwayError, match=AWAY) as away:
            Journal(**way_in, tls=False).has("<1@profman.ru>")
    finally:
        office.stop()

    assert "sesame" not in str(away.value)


def test_a_password_is_not_shown() -> None:
    assert "open sesame" not in repr(Journal(LOOPBACK, 143, "journal", "open sesame"))
