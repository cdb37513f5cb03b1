"""The dialogue with a mailbox, cut after each byte, both ways: each letter is kept exactly once.

R28 and law 1, against Dovecot. A letter that a cut left alone serves for the next cut, too.
"""

from collections import Counter
from contextlib import suppress
from dataclasses import replace
from itertools import count

import pytest
from imapclient import IMAPClient
from temporalio.exceptions import ApplicationError

from deploy.local.faults import Break, Cut, FaultyLine, Way
from tests.acceptance.conftest import Register, letter, sweep
from tests.hosted import Hosted


@pytest.mark.parametrize("way", list(Way))
def test_a_cut_after_any_byte_loses_no_letter_and_doubles_none(  # R28
    register: Register, hosted: Hosted, line: FaultyLine, way: Way
) -> None:
    cut_account = replace(hosted.account, port=line.port)
    letters = (letter(f"n{number:05}") for number in count())
    put: list[bytes] = []
    with hosted.client() as owner:
        for _ in range(2):  # only the first dialogue makes a folder
            put.append(give(owner, next(letters)))
            sweep(register.database, cut_account)
        for after in range(line.passed[way]):
            settle(register, hosted, owner, len(put))
            if not is_there(owner):
                put.append(give(owner, next(letters)))
            line.cut_next(Cut(way, after, Break.RESET if after % 2 else Break.END))
            with suppress(ApplicationError):
                sweep(register.database, cut_account)
    sweep(register.database, hosted.account)

    assert register.kept() == Counter(put)
    assert Counter(hosted.contents("Processed")) == Counter(put)
    assert hosted.contents("INBOX") == []


def settle(register: Register, hosted: Hosted, owner: IMAPClient, count_of_put: int) -> None:
    """Let a letter that is kept and was not moved be moved."""
    if is_there(owner) and register.count() == count_of_put:
        sweep(register.database, hosted.account)


def is_there(owner: IMAPClient) -> bool:
    """Tell whether a letter lies in the mailbox."""
    messages: int = owner.folder_status("INBOX", ["MESSAGES"])[b"MESSAGES"]
    return messages > 0


def give(owner: IMAPClient, content: bytes) -> bytes:
    """Deliver a letter and return it."""
    owner.append("INBOX", content)
    return content
