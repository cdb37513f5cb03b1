"""One fingerprint for one letter, by whatever road and however often it came (law 1).

Carriers write their marks into the header: the same letter to two of our addresses differs in
those alone. Another text under the same Message-ID is another letter.
"""

import re
from hashlib import sha256

from mail.mime import LARGEST_HEADER

_MARKS = re.compile(
    rb"(?:return-path|received|x-received|delivered-to|x-original-to|x-delivered-to"
    rb"|(?:x-)?envelope-(?:to|from)|authentication-results|received-spf|arc-[a-z-]+"
    rb"|x-(?:spam|virus|yandex|mailru|google|gm)-[a-z0-9-]+)[ \t]*:",
    re.IGNORECASE,
)
_OWN_MOMENT = re.compile(rb"^(?:message-id|date)[ \t]*:", re.IGNORECASE | re.MULTILINE)
_FOLDED = (b" ", b"\t")


def fingerprint(raw: bytes) -> str:
    """Return the digest of what the sender wrote.

    A letter with neither Message-ID nor Date keeps the carriers' marks: two of them may be two. So
    does one whose header is beyond reading. Time and memory are linear in the letter.
    """
    header, gap, body = raw.replace(b"\r\n", b"\n").partition(b"\n\n")
    if len(header) > LARGEST_HEADER or not _OWN_MOMENT.search(header):
        return sha256(raw).hexdigest()
    return sha256(_without_marks(header) + gap + body.rstrip(b"\n")).hexdigest()


def _without_marks(header: bytes) -> bytes:
    kept: list[bytes] = []
    is_mark = False
    for line in header.split(b"\n"):
        is_mark = is_mark if line.startswith(_FOLDED) else bool(_MARKS.match(line))
        if not is_mark:
            kept.append(line)
    return b"\n".join(kept)
