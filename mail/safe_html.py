"""The HTML of a letter made safe to show: nothing in it runs, loads, sends or leaves its frame.

Carries out R41, R42, Q14. Sanitizing takes time that grows with the square of the nesting, so
`safe_html` belongs into a child process with a limit of time.
"""

import html as entities
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote

import nh3

from mail.html import to_text

LARGEST_HTML = 2 * 2**20
LARGEST_TEXT = 500_000
MOST_EMBEDDED = 20 * 2**20  # the same picture may be referred to a thousand times
LONGEST_STYLE = 4_000
LONGEST_ALT = 100

_TAGS = """
a abbr address b bdi bdo big blockquote br caption center cite code col colgroup dd del dfn div dl
dt em figcaption figure font h1 h2 h3 h4 h5 h6 hr i img ins kbd li mark ol p pre q s samp small span
strike strong sub sup table tbody td tfoot th thead tr tt u ul var
"""
_REMOVED_WHOLE = """
applet audio button canvas embed frameset iframe math noembed noframes noscript object option
plaintext script select style svg template textarea title video xmp
"""
_ATTRIBUTES = {
    "*": {"align", "bgcolor", "dir", "height", "lang", "style", "title", "valign", "width"},
    "a": {"href"},
    "font": {"color", "face", "size"},
    "img": {"alt", "src"},
    "li": {"value"},
    "ol": {"start", "type"},
    "ul": {"type"},
    "table": {"border", "cellpadding", "cellspacing"},
    "td": {"colspan", "nowrap", "rowspan"},
    "th": {"colspan", "nowrap", "rowspan"},
}
_PROPERTIES = """
background background-color border border-bottom border-collapse border-color border-left
border-right border-spacing border-style border-top border-width clear color direction display
float font font-family font-size font-style font-variant font-weight height letter-spacing
line-height list-style-type margin margin-bottom margin-left margin-right margin-top max-height
max-width min-height min-width padding padding-bottom padding-left padding-right padding-top
text-align text-decoration text-indent text-transform vertical-align white-space width word-break
word-spacing word-wrap
"""
_HARMLESS_PROPERTIES = frozenset(_PROPERTIES.split())
# A colour is the only function; without `:`, `\`, `*`, `/` and `@` a value can load nothing.
_VALUE = re.compile(r"""(?:[\w\s#%.,'"!+-]|\b(?:rgb|hsl)a?\([\d\s.,%]{1,40}\))+""")
_LINK = re.compile(r"(?:https?://|mailto:|tel:)[^\x00-\x20\\]+", re.IGNORECASE)
_CID = re.compile(r"cid:(.+)", re.IGNORECASE | re.DOTALL)
_IMAGE = re.compile(r'<img(?: [^<>"]+="[^"]*")*>')  # as nh3 writes it: < > " are escaped in values
_ATTRIBUTE = re.compile(r' ([^<>"=]+)="([^"]*)"')
_DOT = re.compile(r"[0-2](?:px)?")  # such a small image only tells its sender of the reading

Filter = Callable[[str, str, str], str | None]


def safe_html(html: str, pictures: Mapping[str, str]) -> str:
    """Return what of a letter's HTML can be shown, as the inside of a `<body>`.

    `pictures` gives the data URIs of verified pictures by their Content-IDs; every other picture
    becomes words that say so. HTML beyond 2 MB is shown as its text.
    """
    if len(html) > LARGEST_HTML:
        return as_text(html)
    characters = html.encode(errors="replace").decode()  # half a surrogate pair is none
    marked = _cleaned(characters, _Marking(pictures))
    return _cleaned(_IMAGE.sub(_shown_image, marked), _embedding(pictures))


def as_text(html: str) -> str:
    """Return the text of a letter's HTML, to be shown where the HTML itself cannot be."""
    text = to_text(html)
    rest = "\n[…]" if len(text) > LARGEST_TEXT else ""
    return f"<pre>{entities.escape(text[:LARGEST_TEXT] + rest)}</pre>"


def referred_pictures(html: str) -> frozenset[str]:
    """Return the Content-IDs that the HTML may refer to."""
    found = re.finditer(r"""cid:([^\s"'<>)]{1,500})""", html[:LARGEST_HTML], re.IGNORECASE)
    named = (_content_id(entities.unescape(one[0])) for one in found)
    return frozenset(filter(None, named))


def _cleaned(html: str, attribute_filter: Filter) -> str:
    return nh3.clean(
        html,
        tags=set(_TAGS.split()),
        clean_content_tags=set(_REMOVED_WHOLE.split()),
        attributes=_ATTRIBUTES,
        attribute_filter=attribute_filter,
        set_tag_attribute_values={"a": {"target": "_blank"}},
        link_rel="noopener noreferrer nofollow",
        url_schemes={"cid", "http", "https", "mailto", "tel"},
    )


@dataclass
class _Marking:
    """Leaves of each picture's source only the Content-ID of a verified one, within the budget."""

    pictures: Mapping[str, str]
    embedded: int = field(default=0, init=False)

    def __call__(self, tag: str, attribute: str, value: str) -> str | None:
        if attribute != "src":
            return _harmless(tag, attribute, value)
        content_id = _content_id(value)
        self.embedded += len(self.pictures.get(content_id, ""))
        is_shown = content_id in self.pictures and self.embedded <= MOST_EMBEDDED
        return f"cid:{content_id}" if is_shown else None


def _embedding(pictures: Mapping[str, str]) -> Filter:
    """Return the filter that puts pictures in place of the Content-IDs that were left."""

    def embed(tag: str, attribute: str, value: str) -> str | None:
        if attribute == "src":
            return pictures.get(_content_id(value)) if tag == "img" else None
        return _harmless(tag, attribute, value)

    return embed


def _harmless(tag: str, attribute: str, value: str) -> str | None:
    if attribute == "href":
        return value.strip() if tag == "a" and _LINK.fullmatch(value.strip()) else None
    if attribute == "style":
        return "; ".join(_declarations(value)) or None
    return value


def _declarations(style: str) -> Iterable[str]:
    for declaration in style[:LONGEST_STYLE].split(";"):
        name, _, value = (part.strip() for part in declaration.partition(":"))
        if name.lower() in _HARMLESS_PROPERTIES and _VALUE.fullmatch(value):
            yield f"{name.lower()}: {value}"


def _content_id(source: str) -> str:
    """Return the Content-ID of a `cid:` address (RFC 2392), empty for any other address."""
    found = _CID.fullmatch(source.strip())
    return unquote(found[1]).strip() if found else ""


def _shown_image(image: re.Match[str]) -> str:
    """Leave a picture that will be embedded; say of another that it is not shown."""
    attributes = dict(_ATTRIBUTE.findall(image[0]))
    if "src" in attributes:
        return image[0]
    if any(_DOT.fullmatch(attributes.get(side, "")) for side in ("width", "height")):
        return ""
    words = entities.unescape(attributes.get("alt", "")).strip()[:LONGEST_ALT]
    named = f": {entities.escape(words)}" if words else ""
    return f"<span>[картинка не показана{named}]</span>"
