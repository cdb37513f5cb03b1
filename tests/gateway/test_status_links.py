"""The links of letters open the ticket's page, until they are revoked (R46)."""

from datetime import timedelta

from gateway.status_links import link, opened
from mail.status_links import LIFETIME, Opening
from storage.status_links import revoke_links
from tests.gateway.conftest import Api


async def test_a_link_opens_until_it_is_revoked(api: Api) -> None:
    number = await api.file()
    with api.parts.database.transaction() as connection:
        given = link(api.parts, connection, number, api.clock()).rpartition("/")[2]

        before = opened(api.parts, connection, number, given)
        revoke_links(connection, number)
        after = opened(api.parts, connection, number, given)
        anew = link(api.parts, connection, number, api.clock()).rpartition("/")[2]

        assert (before, after) == (Opening.OPEN, Opening.UNKNOWN)
        assert opened(api.parts, connection, number, anew) is Opening.OPEN


async def test_a_ticket_that_is_not_there_looks_like_a_forged_link(api: Api) -> None:
    with api.parts.database.transaction() as connection:
        given = link(api.parts, connection, "PS-999999", api.clock()).rpartition("/")[2]

        assert opened(api.parts, connection, "PS-999999", given) is Opening.UNKNOWN


async def test_a_genuine_link_may_learn_that_its_time_is_over(api: Api) -> None:
    number = await api.file()
    at = api.clock() - LIFETIME - timedelta(seconds=1)
    with api.parts.database.transaction() as connection:
        given = link(api.parts, connection, number, at).rpartition("/")[2]

        assert opened(api.parts, connection, number, given) is Opening.EXPIRED
