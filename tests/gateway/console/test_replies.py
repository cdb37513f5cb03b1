"""Saved replies are kept by staff: written once, tried out, changed, put away and taken out."""

import pytest

from storage import saved_replies
from storage.saved_replies import KeptReply
from tests.gateway.conftest import Api
from tests.gateway.test_ticket_page import Browser

FORM = {"title": "Проверьте отбор", "text": "{name}, откройте «Отбор»: {что выбрать}.", "key": "k1"}


def kept(api: Api) -> list[KeptReply]:
    with api.parts.database.transaction() as connection:
        return [one for one in saved_replies.list_all(connection) if one.title == FORM["title"]]


async def test_the_replies_of_the_product_are_there_from_the_first_look(api: Api) -> None:  # U7
    page = (await Browser(api, "sveta").get("/replies")).text

    assert "Не хватает сведений" in page
    assert "Information is missing" in page


async def test_one_form_is_one_reply_however_often_it_is_sent(api: Api) -> None:  # law 2 U7
    sveta = Browser(api, "sveta")

    for _ in range(2):
        assert (await sveta.post("/replies/new", **FORM)).status_code == 303

    assert [one.text for one in kept(api)] == [FORM["text"]]


async def test_a_reply_can_be_tried_changed_put_away_and_taken_out(api: Api) -> None:  # U7
    sveta = Browser(api, "sveta")
    await sveta.post("/replies/new", **FORM)
    (reply,) = kept(api)
    path = f"/replies/{reply.id}"

    tried = (await sveta.post(path, **{**FORM, "try": "1"})).text
    await sveta.post(path, **{**FORM, "text": "Иначе."})
    changed = kept(api)
    await sveta.post(path, archive="yes")
    put_away = kept(api)
    await sveta.post(path, archive="no")

    assert "Анна Сергеевна, откройте «Отбор»" in tried
    assert "что выбрать" in tried
    assert [one.text for one in changed] == ["Иначе."]
    assert put_away[0].archived_at is not None
    assert kept(api)[0].archived_at is None


async def test_a_form_with_a_flaw_comes_back_as_it_was_typed(api: Api) -> None:
    answer = await Browser(api, "sveta").post("/replies/new", **{**FORM, "title": ""})

    assert answer.status_code == 422
    assert "откройте «Отбор»" in answer.text
    assert not kept(api)


async def test_a_language_that_nobody_writes_is_a_flaw_like_any_other(api: Api) -> None:  # law 10
    answer = await Browser(api, "sveta").post("/replies/new", **{**FORM, "language": "xx"})

    assert answer.status_code == 422
    assert "откройте «Отбор»" in answer.text


@pytest.mark.parametrize("who", ["alla", "dev", "ops"])
async def test_only_those_who_write_to_clients_keep_replies(api: Api, who: str) -> None:  # R2
    assert (await Browser(api, who).get("/replies")).status_code == 403
