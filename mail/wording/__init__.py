r"""The words of every letter: one text file for each kind and language, set in one common frame.

A wording file opens with `Subject: …`. Lines at the margin flow together into paragraphs; indented
lines, headings in capitals and lines of the files named `_…` stay as they are written.
R3, R44, R51; Q2, Q9.
"""

import re
import textwrap
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path

from jinja2 import FileSystemLoader, StrictUndefined, pass_context
from jinja2.ext import Extension
from jinja2.runtime import Context
from jinja2.sandbox import SandboxedEnvironment
from typing_extensions import override

from domain.account_letters import AccountFacts, AccountLetterKind
from domain.letters import Language, LetterFacts, LetterKind, for_recipient, is_internal
from mail.wording import moments

FOLDER = Path(__file__).parent
WIDTH = 71
QUOTED_LINES = 12
QUOTED_CHARACTERS = 800
LONGEST_VALUE = 160
MARKERS = {
    Language.RU: "Ответьте выше этой линии, чтобы дополнить заявку",
    Language.EN: "Reply above this line to add to your ticket",
}

_BREAKS = re.compile(r"\r\n|[\r\n\v\f\x1c-\x1e\x85\u2028\u2029]")
_EXPRESSION = re.compile(r"\{\{.*\}\}")
_LEAD = re.compile(r"> |\s*(?:[·-] |\d+\. )|\s+[^\s:]+(?: [^\s:]+)?: {2,}(?=\S)|\s*")
_SHORT_WORD = re.compile(r"(?<!\S)([А-Яа-яЁё]{1,2}|\(?(?:пункт|item)) ")
_TIE = "\ue000"  # a private sign that no value can carry: `_is_visible` drops it


@dataclass(frozen=True)
class Wording:
    """A letter in words, before it becomes bytes."""

    subject: str
    body: str


def render(kind: LetterKind, facts: LetterFacts) -> Wording:
    """Put a letter into words, with its frame; lines are shorter than 72 unless a link is longer.

    An unverified address reads nothing that the sender wrote.
    """
    environment = _environment(facts.language)
    known = {
        "facts": for_recipient(kind, facts),
        "is_internal": is_internal(kind),
        "marker": MARKERS[facts.language],
    }
    return _framed(environment, "", kind, known)


def render_account(kind: AccountLetterKind, facts: AccountFacts) -> Wording:
    """Put a letter about an account into words; it has no marker, for it belongs to no ticket."""
    return _framed(_environment(facts.language), "account/", kind, {"facts": facts})


def one_line(value: str, longest: int = LONGEST_VALUE) -> str:
    """Make a value safe inside a line or a header: no breaks, no control or invisible signs."""
    spaced = _BREAKS.sub(" ", value)
    joined = " ".join("".join(filter(_is_visible, spaced.replace("\t", " "))).split())
    return joined if len(joined) <= longest else f"{joined[: longest - 1].rstrip()}…"


def several_lines(value: str) -> str:
    """Keep the lines of a text and drop its control and invisible signs."""
    lines = _BREAKS.sub("\n", value).replace("\t", "    ").split("\n")
    return "\n".join("".join(filter(_is_visible, line)).rstrip() for line in lines).strip("\n")


def quoted(value: str) -> str:
    """Quote the beginning of the client's own words."""
    text = several_lines(value[: 4 * QUOTED_CHARACTERS])  # a book is not cleaned to show a page
    lines = text[:QUOTED_CHARACTERS].split("\n")
    shown = [f"> {line}" for line in islice(lines, QUOTED_LINES)]
    is_short = len(value) <= 4 * QUOTED_CHARACTERS and len(text) <= QUOTED_CHARACTERS
    whole = is_short and len(lines) <= QUOTED_LINES
    return "\n".join(shown if whole else [*shown, "> …"])


def indented(value: str) -> str:
    """Set a text off from the margin by two spaces."""
    return textwrap.indent(several_lines(value), "  ")


class _Flowing(Extension):
    """Joins the hard lines of a wording file, so that a paragraph is wrapped after it is filled."""

    @override
    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
        """Join the lines at the margin."""
        if name is not None and name.rpartition("/")[2].startswith("_"):
            return source
        lines: list[str] = []
        for line in source.split("\n"):
            if lines and _flows(lines[-1]) and _flows(line):
                lines[-1] += f" {line}"
            else:
                lines.append(line)
        return "\n".join(lines)


def _framed(
    environment: SandboxedEnvironment, folder: str, kind: str, known: Mapping[str, object]
) -> Wording:
    head, _, body = environment.get_template(f"{folder}{kind}.txt").render(known).partition("\n")
    framed = environment.get_template(f"{folder}_frame.txt").render(known, body=body.strip("\n"))
    return Wording(one_line(head.removeprefix("Subject:")), _set_in_lines(framed))


@cache
def _environment(language: Language) -> SandboxedEnvironment:
    environment = SandboxedEnvironment(
        loader=FileSystemLoader(FOLDER / language),
        undefined=StrictUndefined,
        autoescape=False,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=[_Flowing],
    )
    environment.filters |= {
        "moment": pass_context(lambda context, at: moments.moment(at, *_place(context))),
        "on": pass_context(lambda context, at: moments.on(at, *_place(context))),
        "since": pass_context(lambda context, at: moments.since(at, *_place(context))),
        "size": lambda size_bytes: moments.size(size_bytes, language),
        "plural": moments.plural,
        "line": one_line,
        "lines": several_lines,
        "quoted": quoted,
        "indented": indented,
    }
    environment.globals["words"] = environment.get_template("_words.txt").module
    return environment


def _place(context: Context) -> tuple[Language, int]:
    facts: LetterFacts | AccountFacts = context["facts"]
    at = facts.at if isinstance(facts, AccountFacts) else facts.received_at
    return facts.language, at.astimezone(moments.MOSCOW).year


def _flows(line: str) -> bool:
    stands_alone = line.startswith((" ", "{%", "Subject:")) or _EXPRESSION.fullmatch(line)
    return bool(line) and not line.isupper() and not stands_alone


def _set_in_lines(text: str) -> str:
    lines = [_wrapped(line) for line in text.split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n") + "\n"


def _wrapped(line: str) -> str:
    """Wrap a line under its own lead; a short Russian word never ends it, a link never breaks."""
    if line == "-- ":
        return line
    if len(line) <= WIDTH or ("://" in line and len(line.split()) == 1):
        return line.rstrip()
    lead = _LEAD.match(line)
    hang = lead.group() if lead else ""
    return textwrap.fill(
        _SHORT_WORD.sub(rf"\1{_TIE}", line),
        WIDTH,
        subsequent_indent=hang if hang == "> " else " " * len(hang),
        break_long_words="://" not in line,
        break_on_hyphens=False,
    ).replace(_TIE, " ")


def _is_visible(character: str) -> bool:
    return unicodedata.category(character) not in {"Cc", "Cf", "Cs", "Co"}
