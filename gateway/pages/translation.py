"""The words of pages and problems in the reader's language: Russian as written, or English.

A message is its Russian text. The catalogues are kept as text beside the code and read at the
first use; nothing is built.
"""

from contextvars import ContextVar
from functools import cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from domain.letters import Language

CATALOGUES = Path(__file__).parent.parent / "locale"

present: ContextVar[Language] = ContextVar("language", default=Language.RU)


def _(message: str) -> str:
    """Return the message in the language of the present request."""
    # To gettext the empty message means the catalogue's own header.
    return translations(present.get()).gettext(message) if message else ""


def marked(message: str) -> str:
    """Return the message as it is, known to the catalogues: `_` translates it where it is used."""
    return message


def ngettext(one: str, many: str, number: int) -> str:
    """Return the form of the message that stands with this number."""
    return translations(present.get()).ngettext(one, many, number)


@cache
def translations(language: Language) -> NullTranslations:
    """Return the catalogue of a language."""
    with (CATALOGUES / language / "LC_MESSAGES" / "messages.po").open("rb") as file:
        catalogue = read_po(file, locale=language.value)
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return GNUTranslations(compiled)
