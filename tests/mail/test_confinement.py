"""A hostile letter costs a child, never the service: R28, law 1.

The children are real; the limits are made small, so that a letter passes them in moments.
"""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from email.message import EmailMessage
from pathlib import Path

import pytest

from mail.confinement import Reading, ReadingClosedError
from mail.fingerprint import fingerprint
from mail.reading import OwnNames, read

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
HEADER = b"From: a@client.test\r\nSubject: hard to read\r\nMessage-ID: <a@client.test>\r\n"
NESTED = b"".join(
    b"Content-Type: multipart/mixed; boundary=B%d\r\n\r\n--B%d\r\n" % (n, n) for n in range(18)
)
SLOW = HEADER + NESTED + b"\r\n" + b"a\n" * 5_000_000  # seconds of work for the standard library
LARGE = HEADER + b"Content-Type: text/html\r\n\r\n" + b"<p>" * 4_000_000


def letter() -> bytes:
    message = EmailMessage()
    message["From"], message["Subject"] = "Анна <anna@client.test>", "Отчёт"
    message.set_content("Не открывается\n" * 20)
    message.add_attachment(os.urandom(9000), maintype="image", subtype="png", filename="снимок.png")
    return message.as_bytes()


def children() -> set[int]:
    """Find the children of this process, whichever thread started them."""
    listed = Path("/proc/self/task").glob("*/children")
    return {int(number) for file in listed for number in file.read_text().split()}


@pytest.fixture
def reading() -> Iterator[Reading]:
    with Reading(1) as reading:
        yield reading


@pytest.mark.parametrize(
    "raw",
    [letter(), b"", b"\x00\xff", HEADER + b"\r\n\xcf\xf0\xe8\xe2\xe5\xf2", HEADER + b"\r\n+2AA-"],
)
def test_a_letter_reads_the_same_in_a_child(reading: Reading, raw: bytes) -> None:  # R28
    assert reading.read(raw) == read(raw)


def test_what_is_ours_is_known_in_the_child_too() -> None:
    raw = b"Authentication-Results: mx.ours.test; spf=pass\r\nFrom: a@0urs.test\r\n\r\n"
    own = OwnNames(frozenset({"mx.ours.test"}), frozenset({"ours.test"}))

    with Reading(1, own) as reading:
        received = reading.read(raw)

    assert received == read(raw, own)
    assert (received.authentication.spf, received.sender.trusted) == ("pass", False)


def test_a_letter_that_takes_too_long_comes_back_with_its_header_and_the_reason() -> None:
    with Reading(1, seconds=0.5) as reading:
        received = reading.read(SLOW)
        after = reading.read(letter())

    assert received.unreadable == "чтение длится дольше 0.5 с"
    assert (received.subject, received.message_id) == ("hard to read", "a@client.test")
    assert received.fingerprint == fingerprint(SLOW)
    assert (after.subject, after.unreadable) == ("Отчёт", None)


def test_a_letter_that_needs_too_much_memory_comes_back_with_the_reason() -> None:
    with Reading(1, megabytes=160) as reading:
        received = reading.read(LARGE)
        after = reading.read(letter())

    assert received.unreadable == "чтению не хватило памяти"
    assert received.subject == "hard to read"
    assert after.unreadable is None


def test_a_slow_letter_keeps_no_other_waiting() -> None:
    with Reading(2, seconds=2) as reading, ThreadPoolExecutor(1) as thread:
        slow = thread.submit(reading.read, SLOW)
        others = [reading.read(letter()) for _ in range(20)]
        still_reading = not slow.done()

    assert still_reading
    assert all(other.unreadable is None for other in others)


@LINUX
def test_a_child_that_dies_in_its_sleep_is_replaced(reading: Reading) -> None:
    before = children()
    reading.read(letter())
    (child,) = children() - before

    os.kill(child, signal.SIGKILL)

    assert reading.read(letter()).unreadable is None


@LINUX
def test_a_letter_that_ends_each_of_its_readers_is_named_not_lost(reading: Reading) -> None:
    before, done = children(), threading.Event()

    def end_busy_readers() -> None:
        while not done.wait(0.05):
            with suppress(FileNotFoundError, ProcessLookupError):  # it may have ended by itself
                for child in filter(is_busy, children() - before):
                    os.kill(child, signal.SIGSEGV)

    with ThreadPoolExecutor(1) as thread:
        thread.submit(end_busy_readers)
        try:
            received = reading.read(SLOW)
        finally:
            done.set()

    assert received.unreadable == "чтение оборвалось: сигнал 11"
    assert (received.subject, received.fingerprint) == ("hard to read", fingerprint(SLOW))


def is_busy(process: int) -> bool:
    """Tell a child that has worked for longer than a child needs to begin."""
    spent = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[11]
    return int(spent) > 0.8 * os.sysconf("SC_CLK_TCK")


@LINUX
def test_children_stay_for_the_next_letter_and_leave_when_the_reading_is_closed() -> None:
    before = children()

    with Reading(2) as reading:
        seen = []
        for _ in range(5):
            reading.read(letter())
            seen.append(children() - before)

    assert [len(one) for one in seen] == [1] * 5
    assert len(set.union(*seen)) == 1
    assert children() == before


@LINUX
def test_a_large_letter_finds_and_leaves_all_the_memory_there_is(reading: Reading) -> None:
    before = children()
    reading.read(letter())
    (warm,) = children() - before

    for _ in range(3):
        assert reading.read(HEADER + b"\r\n" + b"a\n" * 3_000_000).unreadable is None

    assert warm not in children()


@LINUX
def test_children_end_when_the_service_is_killed() -> None:
    program = (
        "import sys, time; from mail.confinement import Reading; reading = Reading(1);"
        "reading.read(b''); print('ready', flush=True); time.sleep(60)"
    )
    with subprocess.Popen(  # noqa: S603 - a fixed command
        [sys.executable, "-c", program], stdout=subprocess.PIPE
    ) as service:
        assert service.stdout is not None
        service.stdout.readline()
        tasks = Path(f"/proc/{service.pid}/task").glob("*/children")
        (child,) = [int(number) for file in tasks for number in file.read_text().split()]
        service.kill()

    assert ended(child)


def ended(process: int) -> bool:
    status = Path(f"/proc/{process}/stat")
    for _ in range(200):
        if not status.exists() or status.read_text().rpartition(")")[2].split()[0] == "Z":
            return True
        time.sleep(0.05)
    return False


@LINUX
def test_a_child_knows_nothing_of_the_environment_and_hears_no_interrupt(reading: Reading) -> None:
    before = children()
    reading.read(letter())
    (child,) = children() - before

    environment = Path(f"/proc/{child}/environ").read_bytes().split(b"\0")

    assert {entry.partition(b"=")[0] for entry in environment} - {b""} == {b"PYTHONPATH"}
    assert os.getsid(child) == child


def test_many_threads_read_at_once(reading: Reading) -> None:
    letters = [letter() for _ in range(40)]

    with ThreadPoolExecutor(8) as threads:
        received = list(threads.map(reading.read, letters))

    assert [one.fingerprint for one in received] == [fingerprint(raw) for raw in letters]


def test_a_letter_larger_than_any_is_not_sent_to_the_child_whole(reading: Reading) -> None:
    raw = HEADER + b"\r\n" + b"a" * (30 * 2**20)

    received = reading.read(raw)

    assert (received.unreadable, received.subject) == ("письмо больше 25 МБ", "hard to read")
    assert received.fingerprint == fingerprint(raw)


def test_a_closed_reading_reads_no_more() -> None:
    reading = Reading(1)
    reading.close()
    reading.close()

    with pytest.raises(ReadingClosedError):
        reading.read(letter())
