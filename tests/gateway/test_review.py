"""What a machine cannot decide waits for people, with a way out for each: Q8, Q9, R28, R64."""

from domain.terms import Channel
from storage import filing, raw_letters, review_items
from storage.messages import ClientMessage
from storage.raw_letters import Arrival, RawState
from tests.gateway.conftest import Api
from tests.gateway.test_correspondence import close


async def test_a_matter_for_people_is_settled_once(api: Api) -> None:
    with api.parts.database.transaction() as connection:
        id_ = review_items.add(connection, "unreadable", reason="не письмо")

    listed = await api.get("ops", "/api/review")
    settled = await api.post("ops", f"/api/review/{id_}/settle")
    again = await api.post("ops", f"/api/review/{id_}/settle")

    assert [item["id"] for item in listed.json()] == [id_]
    assert settled.status_code == 200
    assert again.status_code == 409


async def test_thanks_that_were_more_than_thanks_open_a_linked_ticket(api: Api) -> None:  # Q8 R64
    number = await api.file()
    close(api, number)
    thanks = ClientMessage(
        number=number, key="t", channel=Channel.EMAIL, at=api.clock(), text="Спасибо, но опять"
    )
    with api.parts.database.transaction() as connection:
        message = filing.keep_message(connection, thanks)
        id_ = review_items.add(
            connection,
            "thanks",
            reason="благодарность",
            number=number,
            message_id=message,
        )

    opened = (await api.post("sveta", f"/api/review/{id_}/open")).json()["opened"]

    shown = (await api.get("alla", f"/api/tickets/{opened}")).json()
    assert shown["follow_up_of"] == number
    assert shown["request"]["description"] == "Спасибо, но опять"


DEEP = b"From: Anna <a@alpha.example>\r\nSubject: deep\r\nMessage-ID: <d@c>\r\n" + b"".join(
    b'Content-Type: multipart/mixed; boundary="%d"\r\n\r\n--%d\r\n' % (depth, depth)
    for depth in range(40)
)


def keep_unreadable(api: Api) -> tuple[int, int]:
    with api.parts.database.transaction() as connection:
        arrival = Arrival(
            content=DEEP, door="lmtp", received_at=api.clock(), envelope_from="a@alpha.example"
        )
        raw_id = raw_letters.keep(connection, arrival)
        claimed = filing.claim(connection, 0)
        assert claimed is not None
        settlement = api.parts.desk.file(connection, claimed)
        raw_letters.settle(connection, raw_id, settlement.state, settlement.reason)
        (item,) = review_items.list_open(connection)
    return item.id, raw_id


async def test_an_unreadable_letter_can_be_taken_away_as_it_came(api: Api) -> None:  # R28
    id_, _ = keep_unreadable(api)

    taken = await api.get("sveta", f"/api/review/{id_}/letter")

    assert taken.content == DEEP
    assert taken.headers["content-disposition"].startswith("attachment")
    assert "sandbox" in taken.headers["content-security-policy"]


async def test_words_of_clients_are_not_for_operations(api: Api) -> None:
    id_, _ = keep_unreadable(api)

    assert (await api.get("ops", f"/api/review/{id_}/letter")).status_code == 403


async def test_an_unreadable_letter_becomes_a_ticket_by_hand_with_itself_as_a_file(
    api: Api,
) -> None:  # R28 R33
    id_, raw_id = keep_unreadable(api)

    opened = (await api.post("sveta", f"/api/review/{id_}/open")).json()["opened"]

    shown = (await api.get("sveta", f"/api/tickets/{opened}")).json()
    (message,) = shown["messages"]
    assert shown["subject"] == "deep"
    assert message["files"][0]["size"] == len(DEEP)
    assert (await api.post("sveta", f"/api/review/{id_}/open")).status_code == 409
    with api.parts.database.transaction() as connection:
        kept = raw_letters.find(connection, raw_id)
    assert kept is not None
    assert kept.state is RawState.FILED


async def test_the_list_can_be_narrowed_and_says_what_can_be_done(api: Api) -> None:
    keep_unreadable(api)

    unreadable = (await api.get("sveta", "/api/review?kind=unreadable")).json()
    thanks = (await api.get("sveta", "/api/review?kind=thanks")).json()

    assert unreadable[0]["kind_name"] == "письмо не удалось прочитать"
    assert "open" in unreadable[0]["way_out"]
    assert thanks == []


async def test_a_person_cannot_open_a_ticket_by_what_is_no_letter(api: Api) -> None:
    with api.parts.database.transaction() as connection:
        id_ = review_items.add(connection, "to_post", reason="PS-000001/1/confirmation")

    refused = await api.post("sveta", f"/api/review/{id_}/open")

    assert refused.status_code == 422
    with api.parts.database.transaction() as connection:
        assert len(review_items.list_open(connection)) == 1
