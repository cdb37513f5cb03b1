"""What strangers may send to take over a reader's browser, and the watch that sees if it did."""

from dataclasses import dataclass, field
from email.message import EmailMessage
from html import escape
from io import BytesIO

from PIL import Image
from playwright.async_api import (
    BrowserContext,
    ConsoleMessage,
    Dialog,
    Error,
    Frame,
    Page,
    Request,
)

EVIL = "http://evil.example"
MARK = "OWNED"
RUN = f"window.__owned=1;console.log('{MARK}');alert(1)"
SCRIPT = f"<script>{RUN}</script>"
BREAK = f'"\'></textarea></title></script><img src=x onerror="{RUN}">{SCRIPT}{{{{7*7}}}}'
NAME = f'"><svg onload={RUN.replace(" ", "")}>.png'
HTML = f"""<!doctype html><html><head>
<base href="{EVIL}/"><meta http-equiv="refresh" content="0;url={EVIL}/refresh">
<link rel="stylesheet" href="{EVIL}/style.css"><link rel="prefetch" href="{EVIL}/prefetch">
<link rel="dns-prefetch" href="{EVIL}"><link rel="icon" href="{EVIL}/icon">
<style>@import url({EVIL}/import.css);body{{background:url({EVIL}/body.png)}}
@font-face{{font-family:f;src:url({EVIL}/font)}}p{{font-family:f}}</style>{SCRIPT}
<script src="{EVIL}/script.js"></script></head><body onload="{RUN}">
<p style="background:url('{EVIL}/css.png');position:fixed;inset:0">Здравствуйте</p>
<img src="x" onerror="{RUN}"><img src="{EVIL}/pixel.png" srcset="{EVIL}/set.png 2x">
<svg onload="{RUN}"><script>{RUN}</script><animate onbegin="{RUN}" attributeName="x"/>
<image href="{EVIL}/svg.png"/><foreignObject><iframe src="javascript:parent.{RUN}"></iframe>
</foreignObject></svg><math><mtext><table><mglyph><style><!--</style><img title="--&gt;{
    escape(SCRIPT)
}">
<iframe src="{EVIL}/frame" srcdoc="{escape(SCRIPT)}"></iframe><object data="{EVIL}/object"></object>
<embed src="{EVIL}/embed"><video src="{EVIL}/video" poster="{EVIL}/poster" autoplay></video>
<audio src="{EVIL}/audio" autoplay></audio><input autofocus onfocus="{RUN}">
<form action="{EVIL}/form"><button autofocus onfocus="{RUN}">Ok</button></form>
<a href="javascript:{RUN}">тут</a><a href="{EVIL}/away" target="_top" ping="{EVIL}/ping">там</a>
<details open ontoggle="{RUN}"><summary>ещё</summary></details><marquee onstart="{RUN}">о</marquee>
<noscript><p title="</noscript><img src=x onerror={RUN}>"></noscript>
<template>{SCRIPT}</template><xmp><img src=x onerror="{RUN}"></xmp></body></html>"""
SVG = f"""<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" onload="{RUN}">
<script>{RUN}</script><image href="{EVIL}/svg.png"/></svg>""".encode()
PDF = f"%PDF-1.4\n1 0 obj<</OpenAction<</S/JavaScript/JS({RUN})>>>>endobj\n{SCRIPT}".encode()
GIF_JS = b"GIF89a/*" + b"\x00" * 20 + f"*/=1;{RUN}//".encode()


def png_with_html() -> bytes:
    """Return a picture that is whole, with a page behind its end."""
    written = BytesIO()
    Image.new("RGB", (64, 48), "red").save(written, "PNG")
    return written.getvalue() + HTML.encode()


def files() -> tuple[tuple[str, bytes, str], ...]:
    """Return files by name, bytes and the type that they claim."""
    return (
        (NAME, png_with_html(), "text/html"),
        ("picture.svg", SVG, "image/svg+xml"),
        ("picture.png", SVG, "image/png"),
        ("moving.gif", GIF_JS, "image/gif"),
        ("act.pdf", PDF, "application/pdf"),
        ("page.html", HTML.encode(), "text/html"),
        ("\u202egnp.exe", b"MZ" + HTML.encode(), "image/png"),
    )


def letter(sender: str) -> bytes:
    """Return a letter in which everything is hostile."""
    written = EmailMessage()
    written["From"], written["To"] = (
        f'"{NAME.replace(chr(34), "")}" <{sender}>',
        "lanskov@profman.ru",
    )
    written["Subject"], written["Message-ID"] = BREAK, f"<hostile-{sender}>"
    written.set_content(f"{BREAK}\n\nhttp://evil.example/link javascript:{RUN}")
    written.add_alternative(HTML, subtype="html")
    for name, content, kind in files():
        main, __, sub = kind.partition("/")
        written.add_attachment(content, main, sub, filename=name)
    return written.as_bytes()


@dataclass
class Watch:
    """What happens in a browser that must not: something ran, something was asked for elsewhere."""

    ours: str
    seen: list[str] = field(default_factory=list)

    def over(self, context: BrowserContext) -> None:
        """Watch everything that the pages of this browser do from now on."""
        context.on("request", self._asked)
        context.on("console", self._said)
        context.on("dialog", self._opened)
        context.on("weberror", lambda error: self.seen.append(f"error: {error.error}"))

    async def marks(self, page: Page) -> list[str]:
        """Return the frames of a page in which something of a stranger ran."""
        return [f"ran in {frame.url}" for frame in page.frames if await _is_owned(frame)]

    def _asked(self, request: Request) -> None:
        if not request.url.startswith((self.ours, "data:", "blob:")):
            self.seen.append(f"asked for {request.url}")

    def _said(self, message: ConsoleMessage) -> None:
        if MARK in message.text or "Content Security Policy" in message.text:
            self.seen.append(f"said at {message.page and message.page.url}: {message.text}")

    async def _opened(self, dialog: Dialog) -> None:
        self.seen.append(f"opened a dialog: {dialog.message}")
        await dialog.dismiss()


async def _is_owned(frame: Frame) -> bool:
    try:
        return bool(await frame.evaluate("window.__owned"))
    except Error:
        if frame.is_detached():  # news redraw what is around it
            return False
        raise
