"""The open page of the service: what it is, how to sign in, every door of the API in words.

Made from the OpenAPI document itself, without scripts or anything from outside.
"""

from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

router = APIRouter(include_in_schema=False)
PAGES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
)
SHUT_IN = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
}


@router.get("/api")
async def reference(request: Request) -> HTMLResponse:
    """Show what the service offers."""
    document: dict[str, Any] = request.app.openapi()
    page = PAGES.get_template("reference.html").render(
        title=document["info"]["title"], groups=groups_of(document), site=str(request.base_url)
    )
    return HTMLResponse(page, headers=SHUT_IN)


def groups_of(document: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Return the doors by their group, in the order in which the application has them."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for path, methods in document["paths"].items():
        for method, door in methods.items():
            group = groups.setdefault(door["tags"][0], [])
            group.append({"method": method.upper(), "path": path, **_told(door)})
    return groups


def _told(door: dict[str, Any]) -> dict[str, Any]:
    return {
        "summary": door.get("summary", ""),
        "description": door.get("description", ""),
        "body": ", ".join(door.get("requestBody", {}).get("content", {})),
        "needs": [one["name"] for one in door.get("parameters", []) if one.get("required")],
    }
