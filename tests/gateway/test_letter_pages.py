"""A letter's own HTML is shown shut in, to those who may read the letter: R2, R41, R42, Q14."""

import re
from base64 import b64decode
from dataclasses import replace
from email.message import EmailMessage
from io import BytesIO

import pytest
from PIL import Image

from gateway.sorting import Sorter
from mail.showing import Showroom
from storage import raw_letters, scans
from storage.raw_letters import Arrival
from storage.scans import Scan, ScanState
from tests.gateway.conftest import MONDAY, Api
from tests.gateway.test_files import with_parts, with_scanner

ALLA = "alla@alpha.example"
HTML = (
    "<html><body onload='alert(1)'><p style='color:red'>Здравствуйте, <b>отчёт</b> закрылся</p>"
    "<img src='cid:screen@alpha'><img src='http://evil.example/pixel.png'>"
    "<script>alert(1)</script></body></html>"
)


def picture() -> bytes:
    written = BytesIO()
    Image.new("RGB", (64, 48), "red").save(written, "PNG")
    return written.getvalue()


def letter(html: str = HTML, image: bytes | None = None) -> bytes:
    written = EmailMessage()
    written["From"], written["To"] = ALLA, "lanskov@profman.ru"
    written["Subject"], written["Message-ID"] = "Отчёт", "<one@alpha.example>"
    written.set_content("Здравствуйте, отчёт закрылся")
    written.add_alternative(html, subtype="html")
    if image is not None:
        body = written.get_payload()[1]  # type: ignore[index] # the alternatives are a list
        assert isinstance(body, EmailMessage)
        body.add_related(image, "image", "png", cid="<screen@alpha>", filename="screen.png")
    return written.as_bytes()


async def receive(api: Api, raw: bytes) -> str:
    """File a letter as a door would; return the address of its page."""
    with api.parts.database.transaction() as connection:
        arrival = Arrival(content=raw, door="lmtp", received_at=MONDAY, envelope_from=ALLA)
        raw_letters.keep(connection, arrival)
    await Sorter(api.parts.database, api.parts.desk).sort()
    (ticket,) = (await api.get("alla", "/api/tickets")).json()
    shown = (await api.get("alla", f"/api/tickets/{ticket['number']}")).json()
    return page_of(ticket["number"], shown["messages"][0]["id"])


def page_of(number: str, message: int) -> str:
    return f"/api/tickets/{number}/messages/{message}/html"


@pytest.mark.parametrize("who", ["alla", "sveta"])
async def test_a_letter_is_shown_as_its_sender_laid_it_out(api: Api, who: str) -> None:  # R41
    page = await api.get(who, await receive(api, letter()))

    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert '<p style="color: red">Здравствуйте, <b>отчёт</b> закрылся</p>' in page.text
    assert "alert" not in page.text
    assert "evil.example" not in page.text
    assert "[картинка не показана]" in page.text


async def test_the_page_is_shut_in(api: Api) -> None:  # Q14
    page = await api.get("sveta", await receive(api, letter()))

    policy = page.headers["content-security-policy"].split("; ")
    assert {"default-src 'none'", "img-src data:", "form-action 'none'"} <= set(policy)
    assert {"base-uri 'none'", "frame-ancestors 'self'"} <= set(policy)
    (sandbox,) = (rule for rule in policy if rule.startswith("sandbox"))
    assert "allow-scripts" not in sandbox
    assert "allow-same-origin" not in sandbox
    assert page.headers["x-content-type-options"] == "nosniff"
    assert page.headers["referrer-policy"] == "no-referrer"
    assert page.headers["cache-control"] == "private, no-store"
    assert 'http-equiv="Content-Security-Policy" content="default-src &#x27;none&#x27;' in page.text


async def test_the_letters_own_pictures_stand_in_their_places(api: Api) -> None:  # R42
    page = await api.get("alla", await receive(api, letter(image=picture())))

    (source,) = re.findall(r'<img src="data:image/png;base64,([^"]+)">', page.text)
    assert Image.open(BytesIO(b64decode(source))).size == (64, 48)


async def test_what_only_calls_itself_a_picture_is_not_embedded(api: Api) -> None:  # R42
    page = await api.get("alla", await receive(api, letter(image=b"<svg onload=alert(1)>")))

    assert "<img" not in page.text
    assert page.text.count("[картинка не показана]") == 2


async def test_a_letter_is_shown_while_its_pictures_are_held(api: Api) -> None:  # Q14
    house = with_scanner(api)
    address = await receive(house, letter(image=picture()))

    held = await house.get("alla", address)
    with api.parts.database.transaction() as connection:
        digest = scans.claim(connection, MONDAY)
        scans.settle(connection, str(digest), Scan(ScanState.CLEAN), MONDAY)
    cleared = await house.get("alla", address)

    assert "Здравствуйте" in held.text
    assert "<img" not in held.text
    assert "<img" in cleared.text


async def test_an_infected_picture_is_never_embedded(api: Api) -> None:
    address = await receive(api, letter(image=picture()))
    with api.parts.database.transaction() as connection:
        digest = scans.claim(connection, MONDAY)
        scans.settle(connection, str(digest), Scan(ScanState.INFECTED, "Test"), MONDAY)

    assert "<img" not in (await api.get("sveta", address)).text


async def test_html_that_cannot_be_cleaned_in_time_is_shown_as_its_text(api: Api) -> None:
    address = await receive(api, letter("<div>" * 100_000 + "Тонуть"))
    hasty = with_parts(api, replace(api.parts, showroom=Showroom(cpu_seconds=1)))

    page = await hasty.get("alla", address)

    assert page.status_code == 200
    assert "<pre>Здравствуйте, отчёт закрылся\n</pre>" in page.text


async def test_anothers_letter_is_not_found(api: Api) -> None:  # R2
    address = await receive(api, letter())

    assert (await api.get("bogdan", address)).status_code == 404


async def test_a_message_is_shown_only_through_its_own_ticket(api: Api) -> None:  # R2
    address = await receive(api, letter())
    message = int(address.split("/")[-2])
    own = await api.file("bogdan")

    assert (await api.get("bogdan", page_of(own, message))).status_code == 404


async def test_where_there_is_no_html_the_answer_says_so(api: Api) -> None:
    number = await api.file()
    by_form = (await api.get("alla", f"/api/tickets/{number}")).json()["messages"][0]["id"]

    page = await api.get("alla", page_of(number, by_form))

    assert (page.status_code, page.json()["code"]) == (404, "no_html")


async def test_a_letter_of_plain_text_has_no_html(api: Api) -> None:
    plain = f"From: {ALLA}\nTo: lanskov@profman.ru\nSubject: s\n\nТекст\n".encode()

    page = await api.get("alla", await receive(api, plain))

    assert (page.status_code, page.json()["code"]) == (404, "no_html")
