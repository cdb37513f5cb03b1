"""Every string that people read is in the catalogues, whole in both languages."""

import ast
import re
from collections.abc import Iterator

import pytest
from babel.messages.catalog import Message
from jinja2 import nodes

from docs import catalogues
from docs.catalogues import GATEWAY, LANGUAGES, Id
from domain.letters import Language
from gateway.files import NOT_SHOWN
from gateway.pages.rendering import environment
from gateway.pages.translation import _, marked, ngettext, present
from tests.gateway.conftest import Api

CYRILLIC = re.compile("[А-Яа-яЁё]")
WORD = re.compile("[А-Яа-яЁё]+")
PLACEHOLDERS = re.compile(r"\{[^{}]*\}|%\(\w+\)[sd]")
TRANSLATING = frozenset({"_", "gettext", "ngettext", "marked"})
DOCUMENTING = frozenset({"summary", "description", "examples", "tags", "title"})
OF_OPENAPI = "the description of the API is written in Russian, as its document is"
KEPT = "kept in the register as it was when it happened, for staff"
RUSSIAN_IN_CODE = {
    "app.py": OF_OPENAPI,
    "commands.py": OF_OPENAPI,
    "files.py": OF_OPENAPI,
    "intake.py": OF_OPENAPI,
    "tickets.py": OF_OPENAPI,
    "cases.py": KEPT,
    "clamd.py": KEPT,
    "filing.py": KEPT,
    "incoming.py": KEPT,
    "review.py": KEPT,
    "scanning.py": KEPT,
    "operations.py": "reasons for programmers: the answer names the field in words of its own",
    "console/replies.py": "a sample ticket in each language, for a reply to be seen with",
    "pages/day_reasons.py": "how the official calendar writes a day off in Russian",
    "pages/moments.py": "days, months and units stand there in both languages",
}
RUSSIAN_IN_TEMPLATES = {("parts.html", "Русский"): "a language is chosen by its own name"}
RUSSIAN_TEMPLATES = {"reference.html": OF_OPENAPI}
RUSSIAN_IN_ENGLISH: dict[Id, str] = {}


def kept(language: str) -> dict[Id, Message]:
    return catalogues.messages(catalogues.read(language))


def texts(message: Message) -> list[str]:
    told = message.string or ""
    return [told] if isinstance(told, str) else list(told)


def untranslated(node: ast.AST) -> Iterator[str]:
    """Return the Russian strings of the code outside of translating calls and documentation."""
    match node:
        case ast.Call(func=ast.Name(id=name)) if name in TRANSLATING:
            return
        case ast.keyword(arg=name) if name in DOCUMENTING:
            return
        case ast.Expr(value=ast.Constant()):
            return
        case ast.Constant(value=str() as text) if CYRILLIC.search(text):
            yield text
    for child in ast.iter_child_nodes(node):
        yield from untranslated(child)


def unwrapped(node: nodes.Node) -> Iterator[str]:
    """Return the Russian text of a template outside of `trans` and `_( )`."""
    if isinstance(node, nodes.Call) and getattr(node.node, "name", "") in TRANSLATING:
        return
    text = getattr(node, "data", None) or getattr(node, "value", None)
    if isinstance(text, str) and CYRILLIC.search(text):
        yield text
    for child in node.iter_child_nodes():
        yield from unwrapped(child)


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_catalogue_has_exactly_what_is_said(language: str) -> None:
    said, known = catalogues.said(), set(kept(language))

    assert (said - known, known - said) == (set(), set()), "run .venv/bin/poe words"


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_catalogue_is_written_as_the_tool_writes_it(language: str) -> None:
    text = catalogues.path(language).read_text(encoding="utf-8")

    assert catalogues.written(catalogues.renewed(language)) == text, "run .venv/bin/poe words"


def test_no_message_hides_from_the_catalogues() -> None:
    calls = {
        node.args[0].value
        for file in GATEWAY.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_bytes()))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in {"_", "marked"}
        if isinstance(node.args[0], ast.Constant)
    }

    assert calls - catalogues.said() == set(), "inside an f-string no message is found"


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_message_lacks_its_words(language: str) -> None:
    left = [id_ for id_, one in kept(language).items() if catalogues.needs_words(one, language)]

    assert left == []


def test_what_is_counted_has_three_forms_in_russian() -> None:
    counted = {id_: texts(one) for id_, one in kept("ru").items() if isinstance(id_, tuple)}

    assert {id_: len(forms) for id_, forms in counted.items() if len(forms) != 3} == {}


def test_english_is_english() -> None:
    russian = {
        id_: text
        for id_, one in kept("en").items()
        for text in texts(one)
        if CYRILLIC.search(text) and id_ not in RUSSIAN_IN_ENGLISH
    }

    assert russian == {}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_translation_says_what_its_message_leaves_open(language: str) -> None:
    for id_, one in kept(language).items():
        open_ = set(PLACEHOLDERS.findall("".join(id_)))

        for text in filter(None, texts(one)):
            assert set(PLACEHOLDERS.findall(text)) == open_, text


def test_no_template_says_anything_outside_of_the_catalogues() -> None:
    folder = GATEWAY / "templates"
    found = {
        (file.relative_to(folder).as_posix(), " ".join(WORD.findall(text)))
        for file in folder.rglob("*.html")
        if file.name not in RUSSIAN_TEMPLATES
        for text in unwrapped(environment().parse(file.read_text(encoding="utf-8")))
    }

    assert found - set(RUSSIAN_IN_TEMPLATES) == set()


def test_the_code_says_nothing_to_people_outside_of_the_catalogues() -> None:
    found = {
        file.relative_to(GATEWAY).as_posix(): list(untranslated(ast.parse(file.read_bytes())))
        for file in sorted(GATEWAY.rglob("*.py"))
    }

    assert {
        name: texts for name, texts in found.items() if texts and name not in RUSSIAN_IN_CODE
    } == {}


def test_no_excuse_outlives_its_reason() -> None:
    for name in RUSSIAN_IN_CODE:
        assert list(untranslated(ast.parse((GATEWAY / name).read_bytes()))), name


def test_every_reason_why_a_picture_is_not_shown_has_its_words() -> None:  # R42
    told = {
        text
        for file in (GATEWAY.parent / "mail").glob("*.py")
        for text in re.findall(r'NotShownError\("([^"]+)"\)', file.read_text(encoding="utf-8"))
    }

    assert told
    assert told <= NOT_SHOWN


def test_a_message_is_its_own_text_in_russian() -> None:
    assert _("Очередь пуста.") == marked("Очередь пуста.") == "Очередь пуста."
    assert not _("")


def test_the_language_is_that_of_the_present_request() -> None:
    before = present.set(Language.EN)
    try:
        assert _("Очередь пуста.") == "The queue is empty."
        assert ngettext("{n} no such message", "{n} no such messages", 2) == "{n} no such messages"
    finally:
        present.reset(before)


async def test_programs_are_refused_in_the_language_they_ask_for(api: Api) -> None:  # law 10
    english = {"Accept-Language": "en"}

    refused = await api.post("alla", "/api/queue/take-next", headers=english)
    unknown = await api.get("alla", "/api/tickets/PS-000999", headers=english)
    russian = await api.get("alla", "/api/tickets/PS-000999")

    assert refused.json()["detail"] == "Your role may not do this."
    assert refused.json()["way_out"] == "Ask those who may: support specialist, head of support."
    assert unknown.json()["detail"] == "Ticket: not found, or not available to you."
    assert unknown.json()["title"] == "Not found"
    assert russian.json()["detail"] == "Заявка: не найдено или недоступно вам."


async def test_a_form_is_faulted_in_the_language_it_was_asked_for(api: Api) -> None:  # R36
    headers = {"Accept-Language": "en", "Idempotency-Key": "k"}

    response = await api.post("alla", "/api/requests", data={"subject": "A"}, headers=headers)

    (flaw,) = response.json()["errors"]
    assert flaw == {"field": "description", "reason": "not filled in"}
    assert not CYRILLIC.search(response.text)


async def test_a_ticket_is_told_to_programs_in_their_language(api: Api) -> None:  # R44 R47
    number = await api.file()

    response = await api.get("alla", f"/api/tickets/{number}", headers={"Accept-Language": "en"})

    told = response.json()
    words = [told["status_name"], *(step["sentence"] for step in told["timeline"])]
    words += [text for clock in told["clocks"] for text in (clock["title"], clock["sentence"])]
    assert words
    assert not CYRILLIC.search(" ".join(words))
