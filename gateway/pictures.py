"""Safe copies of the pictures of tickets: drawn anew at the first request, remembered for the next.

Carries out R42, Q14.
"""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import ParamSpec, TypeVar

from fastapi.concurrency import run_in_threadpool

from domain.intake import is_accepted_picture
from gateway.pages.translation import marked
from gateway.parts import Parts
from gateway.uploads import content_type
from mail.pictures import Copy, NotShownError
from storage import pictures
from storage.files import DamagedFileError, MissingFileError
from storage.pictures import PictureCopy

# What strangers made may keep its turn for a minute; the threads of all other requests stay free.
SHOWING = ThreadPoolExecutor(2, "showing")

P = ParamSpec("P")
T = TypeVar("T")

log = logging.getLogger(__name__)


async def in_turn(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Do what handles the bytes of strangers, a little at a time, and return what it returns."""
    turn = SHOWING.submit(work, *args, **kwargs)
    return await asyncio.wrap_future(turn)


async def picture_of(parts: Parts, digest: str) -> Copy:
    """Return the safe copy of a file.

    Raises:
        NotShownError: when it is no picture that may be shown, with the reason.
        MissingFileError: when the file is not in the store.
        DamagedFileError: when its bytes are others.
        ShowingUnavailableError: when the machine is not able to now.

    """
    known = await run_in_threadpool(_known, parts, digest)
    return known if known is not None else await in_turn(_drawn, parts, digest)


def _known(parts: Parts, digest: str) -> Copy | None:
    """Return the copy that was made before, None where it must be made, or made anew."""
    with parts.database.transaction() as connection:
        known = pictures.find(connection, digest)
    if known and known.reason:
        raise NotShownError(known.reason)
    with suppress(MissingFileError, DamagedFileError):
        if known:
            return Copy(parts.files.read(known.copy), known.content_type)
    return None


def _drawn(parts: Parts, digest: str) -> Copy:
    known = _known(parts, digest)  # whoever was here before us in the queue may have asked for it
    if known is not None:
        return known
    content = parts.files.read(digest)
    try:
        copy = _drawn_anew(parts, content)
    except NotShownError as refusal:
        _remember(parts, digest, PictureCopy(reason=str(refusal)))
        raise
    try:
        _remember(parts, digest, PictureCopy(parts.files.put(copy.content), copy.content_type))
    except OSError:  # a full disk hides no picture
        log.exception("the copy of a picture cannot be kept")
    return copy


def _drawn_anew(parts: Parts, content: bytes) -> Copy:
    if not is_accepted_picture(content_type(content)):
        raise NotShownError(marked("это не картинка JPG, GIF или PNG"))
    return parts.showroom.drawn_anew(content)


def _remember(parts: Parts, digest: str, made: PictureCopy) -> None:
    with parts.database.transaction() as connection:
        pictures.put(connection, digest, made)
