"""Bytes of a letter become text whatever their charset is called, or when it is not called at all.

A declared charset is believed unless the bytes contradict it; undeclared Cyrillic is told apart by
how well each candidate reads as Russian: letters common in Russian, capitals only at word starts.
"""

import codecs
import re
from collections.abc import Iterator
from functools import lru_cache

_ALIASES = {
    "iso-8859-1": "cp1252",
    "iso8859-1": "cp1252",
    "latin1": "cp1252",
    "latin-1": "cp1252",
    "us-ascii": "cp1252",
    "ascii": "cp1252",
    "windows-874": "cp874",
    "tis-620": "cp874",
    "gbk": "gb18030",
    "gb2312": "gb18030",
    "iso-gb2312": "gb18030",
    "gb-2312": "gb18030",
    "ks-c-5601": "cp949",
    "ks-c-5601-1987": "cp949",
    "euc-kr": "cp949",
    "windows-31j": "cp932",
    "shift-jis": "cp932",
    "sjis": "cp932",
    "iso-8859-8-i": "iso-8859-8",
    "iso-8859-9": "cp1254",
    "win-1251": "cp1251",
    "win1251": "cp1251",
    "windows1251": "cp1251",
    "cp-1251": "cp1251",
    "cp-866": "cp866",
    "dos-866": "cp866",
    "koi-8-r": "koi8-r",
    "koi8r": "koi8-r",
    "koi8": "koi8-r",
    "utf8mb4": "utf-8",
    "utf-8mb4": "utf-8",
    "unicode-1-1-utf-8": "utf-8",
    "unicode-1-1-utf-7": "utf-7",
}
_NOT_TEXT = {"idna", "punycode", "undefined", "unicode-escape", "raw-unicode-escape", "mbcs", "oem"}
_CYRILLIC = ("cp1251", "koi8-r", "cp866", "iso-8859-5")
_UNSURE = {"cp1252", "cp1254"}  # names that software writes when it does not know
_MULTIBYTE = re.compile("^(?:utf|gb|big5|cp9|euc|iso2022|iso-2022|hz|shift|johab)")
_WORD = re.compile(rb"[A-Za-z\x80-\xff]+")
_HIGH_RUN = re.compile(rb"[\x80-\xff]+")
_UTF8_RUN = re.compile(
    rb"(?:[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}"
    rb"|[\xf0-\xf4][\x80-\xbf]{3})+"
)
_SAMPLE = 20_000

# Occurrences of each letter in a thousand letters of Russian text, rounded; Ukrainian ones added.
_FREQUENCY = dict(
    zip(
        "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфъёіїєґ",
        (
            110,
            85,
            80,
            74,
            67,
            63,
            55,
            47,
            45,
            44,
            35,
            32,
            30,
            28,
            26,
            20,
            19,
            17,
            17,
            16,
            16,
            14,
            12,
            10,
            9,
            7,
            6,
            5,
            4,
            3,
            3,
            2,
            4,
            8,
            4,
            4,
            1,
        ),
        strict=True,
    )
)


def decode(data: bytes, declared: str | None = None) -> str:
    """Read bytes as text by their declared charset, or by what they look like; never raises."""
    return _decoded(data, codec_for(data, declared)).removeprefix("\ufeff")


def codec_for(data: bytes, declared: str | None = None) -> str:
    """Name the codec these bytes are best read with."""
    codec = known_codec(declared)
    if codec and _MULTIBYTE.match(codec) and codec != "utf-8":
        return codec if _is_valid(data, codec) or not _is_valid(data, "utf-8") else "utf-8"
    if data.isascii():
        return codec or "utf-8"
    if codec is None or codec == "utf-8" or _reads_as_utf8(data):
        return "utf-8" if _reads_as_utf8(data) else guess(data)
    return guess(data) if codec in _UNSURE and _is_cyrillic(data) else codec


def guess(data: bytes) -> str:
    """Name the single-byte codec of bytes that nobody declared: a Cyrillic one or cp1252."""
    if not _is_cyrillic(data):
        return "cp1252"
    sample = b" ".join(_words_of(data))[:_SAMPLE]
    return max(_CYRILLIC, key=lambda codec: _russianness(sample.decode(codec, "replace")))


@lru_cache(maxsize=256)
def known_codec(declared: str | None) -> str | None:
    """Translate a charset's name in a letter into a codec of Python, if there is one."""
    name = re.sub(r"[^a-z0-9-]", "", (declared or "").lower().replace("_", "-"))[:40]
    name = re.sub(r"^(?:x-(?!mac)|cs(?=iso))", "", name)
    name = _ALIASES.get(name, name)
    if not name or name in _NOT_TEXT:
        return None
    return _codec_of_text(name)


def _codec_of_text(name: str) -> str | None:
    try:
        codec = codecs.lookup(name).name
        b"text of some length".decode(codec, "replace")
    except (LookupError, ValueError, UnicodeError):
        return None
    codec = _ALIASES.get(codec, codec)
    return codec if codec not in _NOT_TEXT else None


def _decoded(data: bytes, codec: str) -> str:
    try:
        text = data.decode(codec, "replace")
    except (LookupError, ValueError):  # a multibyte codec may give up even when told to replace
        return data.decode("latin-1")
    return _without_halves(text) if codec == "utf-7" else text


def _without_halves(text: str) -> str:
    """Join the halves of characters that UTF-7 may leave, and mark those that stand alone."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _is_valid(data: bytes, codec: str) -> bool:
    try:
        data.decode(codec)
    except (UnicodeError, ValueError):
        return False
    return True


def _reads_as_utf8(data: bytes) -> bool:
    """Tell UTF-8, a cut or slightly damaged one included."""
    if _is_valid(data, "utf-8"):
        return True
    high = sum(map(len, _HIGH_RUN.findall(data[:_SAMPLE])))
    valid = sum(map(len, _UTF8_RUN.findall(data[:_SAMPLE])))
    return valid * 10 > high * 7


def _words_of(data: bytes) -> Iterator[bytes]:
    return (word for word in data[:_SAMPLE].split() if not word.isascii())


def _is_cyrillic(data: bytes) -> bool:
    """Tell Cyrillic words, all of them above ASCII, from Western words with accents in them."""
    cyrillic = other = 0
    for word in _WORD.findall(data[:_SAMPLE]):
        high = sum(map(len, _HIGH_RUN.findall(word)))
        if high == len(word) > 1:
            cyrillic += high
        else:
            other += high
    return cyrillic * 10 > (cyrillic + other) * 6


def _russianness(text: str) -> int:
    score, before = 0, " "
    for letter in text:
        if letter > "\x7f":
            score += _weight(letter, before)
        before = letter
    return score


def _weight(letter: str, before: str) -> int:
    frequency = _FREQUENCY.get(letter.lower())
    if frequency is None:
        return 0 if letter in "№«»—–…\xa0“”„’" else -150
    if letter.isupper() and before.islower():
        return -100
    return frequency + (5 if letter.islower() else 0)
