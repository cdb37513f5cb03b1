"""What a machine cannot decide, each with what happened and what to do; and the letter to post.

Carries out R28, R32, R33, R46, R64; Q8, Q9; F8, F13. Operations see and settle, words of clients
and their letters stay with support.
"""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Form, Path, Query, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from domain.letters import Language
from gateway import review
from gateway.auth import STAFF
from gateway.console.review_words import DONE, NOT_DONE, TOLD
from gateway.pages.rendering import Page
from gateway.pages.translation import marked
from gateway.pages.visitors import OURS, StaffPage, page_for, the_visitor
from gateway.problems import Problem, not_found
from storage import letters, requests, review_items, review_matters, worklists
from storage.database import Connection
from storage.review_items import Kind
from storage.review_matters import Matter
from storage.worklists import Asked, Worklist

router = APIRouter(include_in_schema=False)

MOST = 50
Chosen = Kind | Literal["unidentified", ""]
Item = Annotated[int, Path(ge=1, lt=2**63)]
ReviewPage = Annotated[Page, Depends(page_for(review.REVIEWERS))]


@router.get("/review")
def review_list(
    page: ReviewPage,
    kind: Chosen = "",
    done: Annotated[str, Query(max_length=20)] = "",
) -> HTMLResponse:
    """Show what waits for a person, oldest first; `kind` narrows it to one kind."""
    is_staff = the_visitor(page).bearer.role in STAFF
    strangers = Asked(list=Worklist.UNIDENTIFIED)
    with page.parts.database.transaction() as connection:
        unknown = worklists.page(connection, strangers, MOST + 1).lines if is_staff else ()
        counts = review_matters.count_open(connection)
        matters = () if kind == "unidentified" else _waiting(connection, kind)
    return page.show(
        "console/review.html",
        unknown=unknown[:MOST] if kind in {"", "unidentified"} else (),
        matters=matters[:MOST],
        has_more=len(matters) > MOST or len(unknown) > MOST,
        counts={"unidentified": len(unknown), **counts},
        kind=kind,
        is_staff=is_staff,
        told=TOLD,
        done=DONE.get(done, ""),
        not_done=NOT_DONE.get(done, ""),
    )


@router.post("/review/{item}/settle", dependencies=OURS)
def settle(
    page: ReviewPage,
    item: Item,
    kind: Annotated[Chosen, Form()] = "",
    done: Annotated[str, Form()] = "",
) -> RedirectResponse:
    """Take an item off the list; whoever comes second reads that it is off already."""
    try:
        review.settle(item, the_visitor(page), page.parts)
    except Problem as problem:
        return to_list(_already(problem), kind)
    return to_list("posted" if done == "posted" else "settled", kind)


@router.post("/review/{item}/open", dependencies=OURS)
def open_ticket(
    page: StaffPage, item: Item, kind: Annotated[Chosen, Form()] = ""
) -> RedirectResponse:
    """Open a ticket by what waits and show it; a repetition opens none."""
    try:
        opened = review.open_ticket(item, the_visitor(page), page.parts).opened
    except Problem as problem:
        return to_list(_already(problem), kind)
    return RedirectResponse(f"/tickets/{opened}", 303)


@router.get("/review/{item}/file")
def file(page: StaffPage, item: Item) -> Response:
    """Give the letter as it came, to be downloaded."""
    return review.download_letter(item, the_visitor(page), page.parts)


@router.get("/review/{item}/letter")
def letter_to_post(page: StaffPage, item: Item) -> HTMLResponse:
    """Show a letter that leaves by ordinary mail as it is printed (Q9)."""
    with page.parts.database.transaction() as connection:
        found = review_items.find(connection, item)
        is_letter = found is not None and found.kind == "to_post"
        letter = letters.find(connection, found.reason) if found and is_letter else None
        request = requests.find(connection, letter["number"]) if letter else None
    if letter is None or request is None:
        raise not_found(marked("Письмо"))
    return page.show(
        "console/review-letter.html",
        item=item,
        letter=letter,
        request=request,
        is_waiting=letter["state"] == "to_post",
        letter_language=Language(request["language"]),
    )


def _waiting(connection: Connection, kind: Kind | Literal[""]) -> tuple[Matter, ...]:
    """Return what waits, with one more than is shown where there is more."""
    return review_matters.list_open(connection, MOST + 1, kind or None)


def to_list(done: str, kind: str = "") -> RedirectResponse:
    """Lead back to the list, which says what was done."""
    narrowed = f"&kind={kind}" if kind else ""
    return RedirectResponse(f"/review?done={done}{narrowed}", 303)


def _already(problem: Problem) -> str:
    """Return what the list says of an item that is settled; any other problem is told as one.

    Raises:
        Problem: the one given.

    """
    if problem.body["code"] != "settled":
        raise problem
    return "already"
