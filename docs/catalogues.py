"""The catalogues of the pages' words, brought up to date with the code and the templates.

`python -m docs.catalogues` adds what is new, drops what is no longer said and keeps every
translation; messages stand in the order of their letters, without places, so that a change of
code moves nothing else. Russian needs words of its own only where it counts something.
"""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).parent.parent
GATEWAY = ROOT / "gateway"
CATALOGUES = GATEWAY / "locale"
LANGUAGES = ("en", "ru")
KEYWORDS: dict[str, Any] = {"_": None, "gettext": None, "marked": None, "ngettext": (1, 2)}
OPTIONS = {
    "extensions": "jinja2.ext.do",
    "trim_blocks": "true",
    "lstrip_blocks": "true",
    "silent": "false",
}
Id = str | tuple[str, ...]


def said() -> set[Id]:
    """Return every message of the code and the templates; one that is counted has two forms."""
    return {*_in_files("py", "python"), *_in_files("html", "jinja2.ext:babel_extract")}


def path(language: str) -> Path:
    """Return where the catalogue of a language is kept."""
    return CATALOGUES / language / "LC_MESSAGES" / "messages.po"


def read(language: str) -> Catalog:
    """Return the catalogue as it is kept."""
    with path(language).open("rb") as file:
        return read_po(file, locale=language)


def messages(catalogue: Catalog) -> dict[Id, Message]:
    """Return the messages of a catalogue without its header."""
    return {_id(message.id): message for message in catalogue if message.id}


def renewed(language: str) -> Catalog:
    """Return the catalogue with what is said now, translated as far as it is known."""
    known = messages(read(language))
    new = Catalog(locale=language, fuzzy=False)
    for one in sorted(said(), key=str):
        new.add(one, known[one].string if one in known else "")
    return new


def written(catalogue: Catalog) -> str:
    """Return the catalogue as its file has it."""
    file = BytesIO()
    write_po(file, catalogue, width=100, omit_header=True, no_location=True, sort_output=False)
    return f"{_header(catalogue)}\n{file.getvalue().decode().strip()}\n"


def update(language: str) -> list[Id]:
    """Write the catalogue anew and return what has no words in this language yet."""
    new = renewed(language)
    path(language).write_text(written(new), encoding="utf-8")
    return [one for one, message in messages(new).items() if needs_words(message, language)]


def needs_words(message: Message, language: str) -> bool:
    """Tell whether the message still lacks words; what Russian does not count is its own text."""
    if isinstance(message.id, tuple):
        return not message.string or not all(message.string)
    return language != "ru" and not message.string


def _header(catalogue: Catalog) -> str:
    # Only what a reader of the file needs: dates and versions would change with every run.
    lines = (
        f"Language: {catalogue.locale_identifier}",
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=utf-8",
        "Content-Transfer-Encoding: 8bit",
        f"Plural-Forms: {catalogue.plural_forms}",
    )
    told = "".join(f'"{line}\\n"\n' for line in lines)
    return f'msgid ""\nmsgstr ""\n{told}'


def _in_files(suffix: str, method: str) -> Iterator[Id]:
    for file in sorted(GATEWAY.rglob(f"*.{suffix}")):
        options = OPTIONS if suffix == "html" else {}
        for _, found, _, _ in extract_from_file(method, file, KEYWORDS, options=options):
            yield _id(found)


def _id(found: Any) -> Id:  # noqa: ANN401 - as Babel has it
    return found if isinstance(found, str) else tuple(found)


def main() -> None:
    """Bring every catalogue up to date and name what is to be translated."""
    for language in LANGUAGES:
        left = update(language)
        print(f"{path(language).relative_to(ROOT)}: {len(left)} without words")
        for one in left:
            print(f"  {one}")


if __name__ == "__main__":
    main()
