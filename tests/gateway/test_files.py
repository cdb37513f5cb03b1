"""A file comes back to those who may see it: to download, or drawn anew; never to run: R41, R42."""

from dataclasses import dataclass, replace
from io import BytesIO
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from PIL import Image

from domain.terms import Channel
from gateway.app import create_app
from gateway.parts import Parts
from storage import files, messages, pictures, scans
from storage.files import Attachment
from storage.messages import ClientMessage
from storage.scans import Scan, ScanState
from tests.gateway.conftest import MONDAY, Api

PAGE = b"<html><script>alert(1)</script>"
SECRET = b"55.7558N 37.6173E"


@dataclass(frozen=True)
class Carried:
    """A file in a ticket, as the ticket lists it."""

    number: str
    shown: dict[str, Any]

    @property
    def address(self) -> str:
        """Return where it is downloaded."""
        return f"/api/files/{self.shown['digest']}?ticket={self.number}"

    @property
    def picture(self) -> str:
        """Return where it would be shown, whether or not the ticket says so."""
        return f"/api/files/{self.shown['digest']}/picture?ticket={self.number}"


def picture(kind: str = "PNG", size: tuple[int, int] = (64, 48)) -> bytes:
    written = BytesIO()
    Image.linear_gradient("L").resize(size).save(written, kind)
    return written.getvalue() + SECRET


async def carry(api: Api, name: str, content: bytes, who: str = "alla") -> Carried:
    """File a request with a file."""
    form = {"subject": "Сбой", "description": "Файл приложен."}
    key = {"Idempotency-Key": quote(name)}
    sent = {"files": (name, content, "text/html")}
    response = await api.post(who, "/api/requests", data=form, files=sent, headers=key)
    assert response.status_code == 201, response.text
    return await listed(api, response.json()["number"], who)


async def listed(api: Api, number: str, who: str = "alla") -> Carried:
    shown = (await api.get(who, f"/api/tickets/{number}")).json()
    return Carried(number, shown["messages"][0]["files"][0])


def with_scanner(api: Api) -> Api:
    """Return the same API in a house that has a scanner."""
    settings = api.parts.settings.model_copy(update={"clamd_host": "127.0.0.1"})
    return with_parts(api, replace(api.parts, settings=settings))


def with_parts(api: Api, parts: Parts) -> Api:
    """Return the API of these parts, with the same people."""
    transport = httpx.ASGITransport(create_app(parts), raise_app_exceptions=False)
    http = httpx.AsyncClient(transport=transport, base_url="http://support.test")
    return Api(http, parts, api.clock, api.tokens)


def say(api: Api, digest: str, said: Scan) -> None:
    """Settle a file as a scanner would."""
    with api.parts.database.transaction() as connection:
        scans.settle(connection, digest, said, MONDAY)


async def test_a_file_comes_back_as_an_attachment_that_can_do_nothing(api: Api) -> None:  # Q14
    carried = await carry(api, "отчёт.html", PAGE)

    file = await api.get("alla", carried.address)

    assert file.content == PAGE
    assert file.headers["content-type"] == "application/octet-stream"
    assert file.headers["content-disposition"].startswith("attachment; ")
    assert file.headers["x-content-type-options"] == "nosniff"
    assert file.headers["content-security-policy"].startswith("sandbox")
    assert file.headers["cache-control"] == "private, no-store"


@pytest.mark.parametrize(
    ("name", "plain", "whole"),
    [
        ("отчёт.html", "_____.html", "отчёт.html"),
        ('a"; filename="b.exe', "a_; filename=_b.exe", 'a"; filename="b.exe'),
        ("a\r\nSet-Cookie: x=1", "aSet-Cookie: x=1", "aSet-Cookie: x=1"),
        ("счёт\u202egnp.exe", "____gnp.exe", "счётgnp.exe"),
        ("../../etc/passwd", "passwd", "passwd"),
        ("100%25.txt", "100_25.txt", "100%25.txt"),
        ("", "file", "file"),
    ],
)
async def test_the_name_of_a_file_says_no_more_than_a_name(
    api: Api, name: str, plain: str, whole: str
) -> None:
    number, digest = await api.file(), api.parts.files.put(PAGE)
    message = ClientMessage(number=number, key=name, channel=Channel.EMAIL, at=MONDAY, text="Вот")
    with api.parts.database.transaction() as connection:
        id_, _ = messages.add_client_message(connection, message)
        files.add(connection, id_, [Attachment(name, "text/html", digest, len(PAGE))])

    file = await api.get("alla", f"/api/files/{digest}?ticket={number}")

    disposition = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(whole, safe='')}"
    assert file.headers["content-disposition"] == disposition


async def test_a_file_is_not_given_through_a_ticket_that_does_not_carry_it(api: Api) -> None:  # R2
    carried = await carry(api, "a.png", picture())
    own = await api.file("bogdan")

    for way in ("", "/picture"):
        address = f"/api/files/{carried.shown['digest']}{way}"
        by_own = await api.get("bogdan", address, params={"ticket": own})
        by_others = await api.get("bogdan", address, params={"ticket": carried.number})
        assert (by_own.status_code, by_others.status_code) == (404, 404)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF"])
async def test_a_picture_is_shown_as_a_copy_without_what_it_hid(api: Api, kind: str) -> None:  # R42
    carried = await carry(api, "снимок", picture(kind))

    shown = await api.get("alla", carried.shown["picture"])

    assert shown.status_code == 200
    assert shown.headers["content-type"] == f"image/{kind.lower()}"
    assert SECRET not in shown.content
    assert Image.open(BytesIO(shown.content)).size == (64, 48)
    assert shown.headers["content-disposition"].startswith("inline; ")
    assert shown.headers["x-content-type-options"] == "nosniff"
    assert shown.headers["content-security-policy"].startswith("sandbox")


async def test_a_copy_is_made_once_and_made_anew_when_it_is_lost(api: Api) -> None:
    carried = await carry(api, "a.png", picture())
    first = await api.get("alla", carried.shown["picture"])
    with api.parts.database.transaction() as connection:
        known = pictures.find(connection, carried.shown["digest"])
    assert known is not None
    kept = api.parts.files.folder / known.copy[:2] / known.copy[2:4] / known.copy
    made_at = kept.stat().st_mtime_ns

    again = await api.get("sveta", carried.shown["picture"])
    kept_at = kept.stat().st_mtime_ns
    kept.unlink()
    anew = await api.get("sveta", carried.shown["picture"])

    assert first.content == again.content == anew.content
    assert made_at == kept_at
    assert kept.exists()


async def test_a_browser_that_has_the_picture_only_asks_whether_it_may_still_show_it(
    api: Api,
) -> None:
    carried = await carry(api, "a.png", picture())
    first = await api.get("alla", carried.shown["picture"])
    tag = {"If-None-Match": first.headers["etag"]}

    again = await api.get("alla", carried.shown["picture"], headers=tag)
    others = await api.get("bogdan", carried.shown["picture"], headers=tag)

    assert first.headers["cache-control"] == "private, no-cache"
    assert (again.status_code, again.content) == (304, b"")
    assert others.status_code == 404


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (PAGE, "не картинка JPG, GIF или PNG"),
        (picture()[:80], "повреждена"),
        (b"GIF89a/*" + b" " * 40 + b"*/=1;alert(1)", "картинка"),
        (picture("WEBP"), "не картинка JPG, GIF или PNG"),
    ],
)
async def test_what_is_no_picture_says_why_and_offers_the_download(  # R42 Q14
    api: Api, content: bytes, reason: str
) -> None:
    carried = await carry(api, "снимок.png", content)

    refused = await api.get("alla", carried.shown["picture"])
    afterwards = await listed(api, carried.number)

    assert (refused.status_code, refused.json()["code"]) == (415, "not_a_picture")
    assert reason in refused.json()["detail"]
    assert "Скачайте" in refused.json()["way_out"]
    assert afterwards.shown["picture"] is None
    assert (await api.get("alla", carried.address)).content == content


async def test_only_what_may_be_a_picture_is_offered_as_one(api: Api) -> None:
    assert (await carry(api, "журнал.txt", b"text")).shown["picture"] is None
    assert (await carry(api, "снимок", picture())).shown["picture"] is not None


@pytest.mark.parametrize("who", ["alla", "sveta", "head", "ops"])
async def test_a_held_file_is_given_to_nobody(api: Api, who: str) -> None:  # Q14
    house = with_scanner(api)
    carried = await carry(house, "a.png", picture())

    file = await house.get(who, carried.address)
    shown = await house.get(who, carried.picture)

    assert (file.status_code, file.json()["code"]) == (409, "held")
    assert "проверяется" in file.json()["detail"]
    assert shown.status_code == 409
    assert (carried.shown["check"], carried.shown["check_name"]) == ("held", "проверяется")
    assert carried.shown["picture"] is None


async def test_staff_are_told_why_a_file_waits_and_operations_how_many_do(api: Api) -> None:
    house = with_scanner(api)
    carried = await carry(house, "a.png", picture())
    with api.parts.database.transaction() as connection:
        scans.explain_held(connection, "сканер не отвечает")

    by_client = await listed(house, carried.number)
    by_staff = await listed(house, carried.number, "sveta")
    health = (await house.get("ops", "/api/health/details")).json()

    assert (by_client.shown["check_name"], by_client.shown["check_reason"]) == ("проверяется", "")
    assert by_staff.shown["check_reason"] == "сканер не отвечает"
    assert health["held_files"] == 1


async def test_a_cleared_file_is_given(api: Api) -> None:
    house = with_scanner(api)
    carried = await carry(house, "a.png", picture())
    say(house, carried.shown["digest"], Scan(ScanState.CLEAN))

    cleared = await listed(house, carried.number)

    assert cleared.shown["check"] == "clean"
    assert (await house.get("alla", cleared.address)).status_code == 200
    assert (await house.get("alla", cleared.shown["picture"])).status_code == 200


@pytest.mark.parametrize("who", ["alla", "sveta", "head", "ops"])
async def test_an_infected_file_is_given_to_nobody_with_or_without_a_scanner(
    api: Api, who: str
) -> None:  # Q14
    carried = await carry(api, "a.png", picture())
    say(api, carried.shown["digest"], Scan(ScanState.INFECTED, "Test.Signature"))

    for house in (api, with_scanner(api)):
        file = await house.get(who, carried.address)
        shown = await house.get(who, carried.picture)
        found = await listed(house, carried.number)

        assert (file.status_code, file.json()["code"]) == (403, "infected")
        assert "Test.Signature" in file.json()["detail"]
        assert shown.status_code == 403
        assert (found.shown["check"], found.shown["picture"]) == ("infected", None)


async def test_a_house_without_a_scanner_waits_for_none(api: Api) -> None:
    carried = await carry(api, "a.html", PAGE)

    assert (carried.shown["check"], carried.shown["check_name"]) == (None, "")
    assert (await api.get("alla", carried.address)).status_code == 200
