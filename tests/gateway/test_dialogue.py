"""A dialogue takes one letter for one letter, bears what strangers send, and has its bounds.

R28 and law 1; CVE-2023-51764 among others.
"""

import asyncio
import smtplib
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from deploy.local.faults import Break, Cut, FaultyLine, Way
from deploy.local.processes import LOOPBACK
from gateway.dialogue import LONGEST_COMMAND, Limits, read_letter
from gateway.sorting import Sorter
from storage.database import Database
from tests.gateway.doors import AT, CLIENT, LETTER, OWN, Doors, giving, opened, sorter_of

AGES = timedelta(days=9999)
HERE = ip_address(LOOPBACK)
TO_US = f"MAIL FROM:<{CLIENT}>\r\nRCPT TO:<{OWN[0]}>\r\nDATA\r\n".encode()
SMUGGLED = b"MAIL FROM:<boss@profman.ru>\r\nRCPT TO:<office@profman.ru>\r\nDATA\r\nSubject: x\r\n"
NO_ENDS = (
    b"\n.\n",
    b"\n.\r\n",
    b"\r\n.\n",
    b"\r.\r",
    b"\r.\r\n",
    b"\r\n.\r",
    b"\r.\n",
    b"\n.\r",
    b"\r\n.\0\r\n",
    b"\r\n\0.\r\n",
    b"\r\n. \r\n",
    b"\r\n..\r\n",
)


@pytest.fixture
def sorter(database: Database, tmp_path: Path) -> Sorter:
    return sorter_of(database, tmp_path)


@pytest.fixture
async def doors(database: Database, sorter: Sorter) -> AsyncIterator[Doors]:
    async with opened(database, sorter) as open_doors:
        yield open_doors


@asynccontextmanager
async def spoken(port: int) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """Speak byte by byte with a door."""
    reader, writer = await asyncio.open_connection(LOOPBACK, port)
    try:
        yield reader, writer
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


async def said(port: int, words: bytes) -> list[bytes]:
    """Say everything at once, hang up, and return the codes of the replies."""
    async with spoken(port) as (reader, writer):
        writer.write(words)
        lines = (await asyncio.wait_for(reader.read(), 10)).splitlines()
        return [line[:3] for line in lines if line[3:4] != b"-"]


@pytest.mark.parametrize("middle", NO_ENDS)
async def test_no_letter_is_smuggled_inside_another(doors: Doors, middle: bytes) -> None:  # R28
    content = LETTER + b"one" + middle + SMUGGLED

    codes = await said(
        doors.mailroom.smtp_port, b"EHLO x\r\n" + TO_US + sent(content) + b"QUIT\r\n"
    )

    assert codes == [b"220", b"250", b"250", b"250", b"354", b"250", b"221"]
    assert [kept.content for kept in doors.kept()] == [content]


def sent(content: bytes) -> bytes:
    """Return a letter as it is sent, dots stuffed, to its end (RFC 5321 §4.5.2)."""
    return (b"\r\n" + content).replace(b"\r\n.", b"\r\n..")[2:] + b".\r\n"


@given(
    pieces=st.lists(st.sampled_from([b"\r", b"\n", b".", b"a", b"\0", b"x" * 40]), max_size=12),
    size=st.integers(1, 7),
)
def test_a_letter_is_read_as_it_was_however_its_bytes_arrive(
    pieces: list[bytes], size: int
) -> None:
    content = b"".join(pieces) + b"\r\n"

    read, rest = asyncio.run(fed(sent(content) + b"NOOP", size, most=1000))

    assert (read, rest) == (content, b"NOOP")


async def fed(words: bytes, size: int, most: int) -> tuple[bytes | None, bytes]:
    """Read a letter whose bytes arrive so many at a time, by a reader of little patience."""
    reader = asyncio.StreamReader(limit=16)
    reading = asyncio.create_task(read_letter(reader, most))
    for start in range(0, len(words), size):
        reader.feed_data(words[start : start + size])
        await asyncio.sleep(0)
    reader.feed_eof()
    return await reading, await reader.read()


def test_a_letter_too_large_is_read_to_its_end_and_not_kept() -> None:
    words = sent(b"x" * 100 + b"\r\n") + b"NOOP"

    assert asyncio.run(fed(words, 7, most=101)) == (None, b"NOOP")
    assert asyncio.run(fed(words, 7, most=102)) == (b"x" * 100 + b"\r\n", b"NOOP")


async def test_any_bytes_and_lines_of_any_length_are_kept_as_they_came(doors: Doors) -> None:  # R28
    content = LETTER + bytes(range(256)) + b"x" * (3 * LONGEST_COMMAND) + b"\r\n"

    await said(doors.mailroom.smtp_port, b"EHLO x\r\n" + TO_US + sent(content) + b"QUIT\r\n")

    assert [kept.content for kept in doors.kept()] == [content]


async def test_a_sender_that_is_no_text_does_not_keep_a_letter_out(doors: Doors) -> None:  # R28
    words = TO_US.replace(CLIENT.encode(), b"\xff\0x@sever.example") + sent(LETTER)

    codes = await said(doors.mailroom.smtp_port, b"EHLO x\r\n" + words + b"QUIT\r\n")

    assert codes[-2:] == [b"250", b"221"]
    assert [kept.envelope_from for kept in doors.kept()] == ["??x@sever.example"]


@pytest.mark.parametrize("address", [b"<", b"<@", b"<a@", b'<"'])
async def test_what_is_no_address_is_refused_for_good(doors: Doors, address: bytes) -> None:
    words = b"EHLO x\r\nMAIL FROM:" + address + b"\r\nQUIT\r\n"

    codes = await said(doors.mailroom.smtp_port, words)

    assert codes[2] in {b"501", b"553"}


async def test_letters_may_follow_one_another_without_waiting(doors: Doors) -> None:  # R28
    one = TO_US + sent(LETTER)

    codes = await said(doors.mailroom.lmtp_port, b"LHLO x\r\n" + one + one + b"QUIT\r\n")

    assert codes == [b"220", b"250", *[b"250", b"250", b"354", b"250"] * 2, b"221"]
    assert len(doors.kept()) == 2


async def test_addresses_are_not_told_and_nobody_logs_in(doors: Doors) -> None:
    words = b"EHLO x\r\nVRFY office\r\nEXPN office\r\nAUTH PLAIN AGEAYg==\r\nQUIT\r\n"

    codes = await said(doors.mailroom.smtp_port, words)

    assert codes[2:4] == [b"502", b"502"]
    assert codes[4].startswith(b"5")


async def test_a_foreign_peer_is_turned_away(database: Database, sorter: Sorter) -> None:
    told = {"door_peers": ("10.0.0.0/8", "::1/128")}
    async with opened(database, sorter, told=told) as doors:
        codes = await said(doors.mailroom.smtp_port, b"")

    assert codes == [b"554"]


async def test_a_peer_holds_so_many_dialogues_and_no_more(  # R28
    database: Database, sorter: Sorter
) -> None:
    async with opened(database, sorter, Limits(dialogues_of_one=2)) as doors:
        port = doors.mailroom.smtp_port
        async with spoken(port) as (first, _), spoken(port) as (second, _):
            greetings = [await first.readline(), await second.readline()]
            refused = await said(port, b"")
        await asyncio.sleep(0.1)
        after = await said(port, b"QUIT\r\n")

    assert [greeting[:3] for greeting in greetings] == [b"220", b"220"]
    assert (refused, after) == ([b"421"], [b"220", b"221"])


async def test_a_dialogue_has_its_bounds(database: Database, sorter: Sorter) -> None:
    limits = Limits(letters=1, recipients=1)
    one = TO_US.replace(b"DATA", b"RCPT TO:<office@profman.ru>\r\nDATA") + sent(LETTER)
    async with opened(database, sorter, limits) as doors:
        codes = await said(doors.mailroom.smtp_port, b"EHLO x\r\n" + one + one)

    assert codes == [b"220", b"250", b"250", b"250", b"452", b"354", b"250", b"421"]


async def test_whoever_says_nothing_is_sent_away(database: Database, sorter: Sorter) -> None:
    async with opened(database, sorter, Limits(idle_seconds=0.2)) as doors:
        assert await said(doors.mailroom.smtp_port, TO_US[:5]) == [b"220"]


async def test_a_door_with_a_certificate_offers_to_hide_the_words(  # R28
    database: Database, sorter: Sorter, certificate: Path
) -> None:
    def hidden(smtp: smtplib.SMTP) -> object:
        smtp.starttls(context=ssl.create_default_context(cafile=str(certificate)))
        smtp.ehlo()
        is_offered = "starttls" in smtp.esmtp_features or "auth" in smtp.esmtp_features
        giving(OWN[0])(smtp)
        return is_offered

    told = {"door_certificate": certificate, "door_key": certificate}
    async with opened(database, sorter, told=told) as doors:
        is_offered_again = await doors.say(hidden)

    assert not is_offered_again
    assert [kept.content for kept in doors.kept()] == [LETTER]


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """Give a certificate of this machine, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, LOOPBACK)])
    names = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(HERE)])
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1)
    builder = builder.not_valid_before(AT - timedelta(days=9999)).add_extension(
        names, critical=False
    )
    signed = builder.not_valid_after(AT + timedelta(days=9999)).sign(key, hashes.SHA256())
    file = tmp_path / "door.pem"
    pem = serialization.Encoding.PEM
    kept_key = key.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(signed.public_bytes(pem) + kept_key)
    return file


@pytest.fixture
def line(doors: Doors) -> Iterator[FaultyLine]:
    running = FaultyLine(LOOPBACK, doors.mailroom.lmtp_port).start()
    yield running
    running.stop()


@pytest.mark.parametrize("way", list(Way))
async def test_a_cut_after_any_byte_loses_no_letter_and_makes_no_second_ticket(  # R28
    doors: Doors, sorter: Sorter, line: FaultyLine, way: Way
) -> None:
    await asyncio.to_thread(deliver, line.port, LETTER)
    cuts = range(line.passed[way])
    letters = [LETTER.replace(b"Text", b"Text %05d" % after) for after in cuts]

    for after, content in enumerate(letters):
        line.cut_next(Cut(way, after, Break.RESET if after % 2 else Break.END))
        await asyncio.to_thread(deliver, line.port, content)

    while doors.kept():
        await sorter.sort()
    assert len(doors.numbers()) == len(letters) + 1


def deliver(port: int, content: bytes) -> None:
    """Give a letter again and again until it is accepted, as every server of mail does."""
    while True:
        with suppress(OSError, smtplib.SMTPException):
            with smtplib.LMTP(LOOPBACK, port, timeout=10) as lmtp:
                lmtp.sendmail(CLIENT, OWN[:1], content)
            return
