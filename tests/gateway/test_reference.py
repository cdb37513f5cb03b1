"""The open page: what a newcomer sees first."""

from tests.gateway.conftest import Api


async def test_the_open_page_names_every_door_of_the_api_and_runs_no_script(api: Api) -> None:
    document = (await api.http.get("/api/openapi.json")).json()

    page = await api.http.get("/api")

    assert page.status_code == 200
    assert [path for path in document["paths"] if path not in page.text] == []
    assert "<script" not in page.text
    assert page.headers["Content-Security-Policy"].startswith("default-src 'none'")
