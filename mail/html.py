"""HTML letters as plain text, quotations marked by `>` as in plain letters, in bounded time."""

import html as entities
import re
from collections.abc import Iterator

from inscriptis import Inscriptis
from inscriptis.css_profiles import CSS_PROFILES
from inscriptis.model.config import ParserConfig
from lxml import etree  # type: ignore[import-untyped] # it has no types
from lxml.html import HtmlElement, HTMLParser, document_fromstring  # type: ignore[import-untyped] # as above

_LARGEST = 2 * 2**20
_OPEN, _CLOSE = "\ue000", "\ue001"  # stand where a quotation begins and ends until it is marked
_QUOTING = re.compile(r"(?:^|\s)(?:gmail_quote|yahoo_quoted|moz-cite|protonmail_quote)(?:\s|$)")
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ue000\ue001]")
_TAG_NAME = re.compile(r"/?[a-z][a-z0-9]{0,15}", re.IGNORECASE)
_HIDDEN = {"script", "style", "head", "title", "template"}
_BREAKS = {"br", "/p", "/div", "/tr", "/li", "/h1", "/h2", "/h3", "/table", "/blockquote"}
_CONFIG = ParserConfig(css=CSS_PROFILES["strict"], display_links=False, display_images=False)


def to_text(html: str) -> str:
    """Give the text of an HTML letter; never raises."""
    clean = _CONTROLS.sub("", html)
    if not clean.strip() or len(clean) > _LARGEST:
        return _stripped(clean)
    try:
        return _rendered(clean)
    except (etree.LxmlError, ValueError, TypeError, LookupError, AttributeError, RecursionError):
        return _stripped(clean)


def _rendered(html: str) -> str:
    parser = HTMLParser(recover=True, remove_comments=True, remove_pis=True, encoding="utf-8")
    tree = document_fromstring(html.encode("utf-8", "replace"), parser=parser)
    for quotation in list(_quotations(tree)):
        _enclose(quotation)
    text = Inscriptis(tree, _CONFIG).get_text()
    return _tidy("\n".join(_marked(text.splitlines())))


def _quotations(tree: HtmlElement) -> Iterator[HtmlElement]:
    """Find what mailers mark as quoted; a bare blockquote may be the writer's own indent."""
    for element in tree.iter("blockquote", "div"):
        cited = element.tag == "blockquote" and element.get("type") == "cite"
        classed = element.tag == "blockquote" and _QUOTING.search(element.get("class") or "")
        if cited or classed:
            yield element


def _enclose(element: HtmlElement) -> None:
    element.text = f"{_OPEN}{element.text or ''}"
    if len(element):
        element[-1].tail = f"{element[-1].tail or ''}{_CLOSE}"
    else:
        element.text += _CLOSE


def _marked(lines: list[str]) -> Iterator[str]:
    depth = 0
    for line in lines:
        opened = depth + line.count(_OPEN)
        depth = max(0, opened - line.count(_CLOSE))
        clean = line.replace(_OPEN, "").replace(_CLOSE, "")
        yield f"{'>' * opened} {clean.strip()}" if opened else clean


def _stripped(html: str) -> str:
    """Take the tags out, in one pass, when there is too much or too odd HTML to render."""
    return _tidy(entities.unescape("".join(_outside_tags(html))))


def _outside_tags(html: str) -> Iterator[str]:
    first, *pieces = html.split("<")
    yield first
    hidden = ""
    for piece in pieces:
        found = _TAG_NAME.match(piece)
        name = found[0].lower() if found else ""
        if hidden:
            hidden = "" if name == f"/{hidden}" else hidden
        elif name in _HIDDEN:
            hidden = name
        if not hidden:
            yield ("\n" if name in _BREAKS else "") + piece.partition(">")[2]


def _tidy(text: str) -> str:
    lines = (line.rstrip() for line in text.replace("\xa0", " ").splitlines())
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
