"""The mail page shows what was delivered, hides nothing, and runs nothing that a letter brings."""

from collections.abc import AsyncIterator, Iterator
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest
from httpx import ASGITransport, AsyncClient

from deploy.local import page, processes
from deploy.local.page import STRANGER
from deploy.local.people import CLIENTS
from deploy.local.post_office import PostOffice, PostOfficeOptions
from deploy.local.processes import LOOPBACK
from deploy.local.settings import OWN_ADDRESSES

ANNA = CLIENTS[0]["email"]
CONFIRMATION = (
    "From: =?utf-8?b?0J/QvtC00LTQtdGA0LbQutCw?= <lanskov@profman.ru>\r\n"
    "Message-ID: <confirmation@profman.ru>\r\n"
    "Subject: =?utf-8?b?0JfQsNGP0LLQutCw?= <script>alert(1)</script>\r\n"
    "MIME-Version: 1.0\r\n"
    "Content-Type: multipart/mixed; boundary=b\r\n\r\n"
    "--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nПринято <b>сейчас</b>\r\n"
    '--b\r\nContent-Type: text/html\r\nContent-Disposition: attachment; filename="a.html"\r\n\r\n'
    "<script>1</script>\r\n--b--\r\n"
).encode()


@pytest.fixture
def door(tmp_path: Path) -> Iterator[PostOffice]:
    nobody = (LOOPBACK, processes.free_port())
    office = PostOffice(PostOfficeOptions(tmp_path / "door", frozenset(), nobody, journal=None))
    yield office.start()
    office.stop()


@pytest.fixture
def office(tmp_path: Path, door: PostOffice) -> Iterator[PostOffice]:
    own = frozenset(OWN_ADDRESSES)
    options = PostOfficeOptions(tmp_path / "world", own, (LOOPBACK, door.port), journal=None)
    office = PostOffice(options).start()
    yield office
    office.stop()


@pytest.fixture
async def browser(tmp_path: Path, office: PostOffice) -> AsyncIterator[AsyncClient]:
    here = ASGITransport(page.create(tmp_path / "world", (LOOPBACK, office.port)))
    site = f"http://{LOOPBACK}"
    async with AsyncClient(transport=here, base_url=site, follow_redirects=True) as client:
        yield client


@pytest.fixture
def delivered(office: PostOffice) -> str:
    line = office.maildirs.stage(CONFIRMATION, "lanskov@profman.ru", [ANNA], [])
    office.maildirs.accept(line)
    return f"/letters/{ANNA}/{line.key}"


def typed(**changed: str) -> dict[str, str]:
    return {"writer": ANNA, "to": OWN_ADDRESSES[0], "subject": "Отчёт", "text": "Пусто."} | changed


async def test_an_empty_page_says_how_to_begin(browser: AsyncClient) -> None:
    answer = await browser.get("/")

    assert answer.status_code == 200
    assert "Писем пока нет" in answer.text
    assert ANNA in answer.text


async def test_every_mailbox_is_listed_with_its_letters_newest_first(
    browser: AsyncClient, office: PostOffice, delivered: str
) -> None:
    later = office.maildirs.stage(b"Subject: second\r\n\r\n.", "x@profman.ru", [ANNA], [])
    office.maildirs.accept(later)

    assert f"/mailboxes/{ANNA}" in (await browser.get("/")).text.replace("%40", "@")
    mailbox = (await browser.get(f"/mailboxes/{ANNA}")).text
    assert mailbox.index(later.key) < mailbox.index(delivered.rpartition("/")[2])


async def test_nothing_in_a_letter_becomes_part_of_the_page(
    browser: AsyncClient, delivered: str
) -> None:
    answer = await browser.get(delivered)

    assert "Принято &lt;b&gt;сейчас&lt;/b&gt;" in answer.text
    assert "<script" not in answer.text
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


async def test_a_letter_can_be_had_as_it_came(browser: AsyncClient, delivered: str) -> None:
    answer = await browser.get(f"{delivered}/raw")

    assert answer.content == CONFIRMATION
    assert answer.headers["Content-Disposition"].startswith("attachment")


async def test_a_file_is_given_for_download_and_never_shown(
    browser: AsyncClient, delivered: str
) -> None:
    answer = await browser.get(f"{delivered}/files/0")

    assert answer.content.strip() == b"<script>1</script>"
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Content-Disposition"] == "attachment; filename*=utf-8''a.html"
    assert (await browser.get(f"{delivered}/files/1")).status_code == 404


async def test_a_letter_written_in_the_form_reaches_support_with_its_file(
    browser: AsyncClient, door: PostOffice
) -> None:
    files = {"file": ("снимок.png", b"\x89PNG", "image/png")}

    answer = await browser.post("/send", data=typed(), files=files)

    assert "Письмо принято поддержкой" in answer.text
    (kept,) = door.letters(OWN_ADDRESSES[0])
    letter = message_from_bytes(kept.raw, policy=default)
    assert (letter["Subject"], letter["From"].addresses[0].addr_spec) == ("Отчёт", ANNA)
    assert letter["From"].addresses[0].display_name == CLIENTS[0]["user_name"]
    assert [part.get_filename() for part in letter.iter_attachments()] == ["снимок.png"]


async def test_a_letter_without_a_file_is_plain(browser: AsyncClient, door: PostOffice) -> None:
    await browser.post("/send", data=typed(writer=STRANGER[0]), files={"file": ("", b"")})

    (kept,) = door.letters(OWN_ADDRESSES[0])
    assert message_from_bytes(kept.raw, policy=default).get_content_type() == "text/plain"


async def test_an_answer_names_the_letter_it_answers(
    browser: AsyncClient, door: PostOffice, delivered: str
) -> None:
    assert "&lt;confirmation@profman.ru&gt;" in (await browser.get(delivered)).text

    await browser.post(
        "/send", data=typed(in_reply_to="<confirmation@profman.ru>\r\nBcc: a@b.example")
    )

    (kept,) = door.letters(OWN_ADDRESSES[0])
    letter = message_from_bytes(kept.raw, policy=default)
    assert letter["In-Reply-To"].startswith("<confirmation@profman.ru>")
    assert letter["Bcc"] is None


async def test_when_support_is_away_the_text_is_kept_in_the_form(
    browser: AsyncClient, door: PostOffice
) -> None:
    door.disturb(lambda _: "451 4.3.0 busy")

    answer = await browser.post("/send", data=typed(text="Долгий рассказ"))

    assert answer.status_code == 422
    assert "451" in answer.text
    assert "Долгий рассказ" in answer.text


async def test_nobody_can_write_as_one_of_us(browser: AsyncClient, door: PostOffice) -> None:
    answer = await browser.post("/send", data=typed(writer="sokol@support.example"))

    assert answer.status_code == 422
    assert door.letters(OWN_ADDRESSES[0]) == []


async def test_a_foreign_page_can_neither_send_nor_read(
    browser: AsyncClient, door: PostOffice
) -> None:
    sent = await browser.post("/send", data=typed(), headers={"Origin": "http://evil.example"})
    read = await browser.get("/", headers={"Host": "evil.example"})

    assert (sent.status_code, read.status_code) == (403, 400)
    assert door.letters(OWN_ADDRESSES[0]) == []


async def test_a_letter_that_is_gone_is_said_to_be_gone(browser: AsyncClient) -> None:
    answer = await browser.get(f"/letters/{ANNA}/nothing")

    assert answer.status_code == 404
    assert "Такого письма нет" in answer.text
