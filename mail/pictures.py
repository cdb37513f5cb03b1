"""Pictures that may be shown: JPG, GIF and PNG proved by a full decode, and drawn anew.

Carries out R42, Q14. The copy carries the pixels alone: no place of shooting, no comment, no bytes
behind the end. A decoder fed by strangers belongs into a child process with limits.
"""

import warnings
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO

from PIL import Image, ImageOps, ImageSequence, UnidentifiedImageError

FORMATS = {"JPEG": "image/jpeg", "GIF": "image/gif", "PNG": "image/png"}
MOST_PIXELS = 40_000_000  # of one picture, and of all frames together where they move
MOST_FRAMES = 500
LARGEST_COPY = 30 * 2**20
QUALITY = 90
_KEPT_MODES = {
    "JPEG": frozenset({"L", "RGB"}),
    "GIF": frozenset({"1", "L", "P", "RGB", "RGBA"}),
    "PNG": frozenset({"1", "L", "LA", "P", "RGB", "RGBA", "I;16"}),
}
_ADAPTIVE = Image.Palette.ADAPTIVE
_KEPT_OF_FRAME = frozenset({"transparency", "duration"})


class NotShownError(Exception):
    """The bytes are no picture that may be shown; the text says why, to people."""


@dataclass(frozen=True)
class Copy:
    """A picture drawn anew."""

    content: bytes
    content_type: str


def drawn_anew(content: bytes) -> Copy:
    """Decode the whole picture and draw it anew, upright.

    A GIF that moves for too long becomes its first frame.

    Raises:
        NotShownError: when it is none of the three formats, damaged or too large.

    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            return _drawn(content)
        except UnidentifiedImageError:
            raise NotShownError("это не картинка JPG, GIF или PNG") from None
        except (Image.DecompressionBombError, Image.DecompressionBombWarning, MemoryError):
            raise NotShownError("картинка слишком велика, чтобы её показать") from None
        except Exception:  # noqa: BLE001 - a decoder fails on damage in ways nobody has listed
            raise NotShownError("картинка повреждена") from None


def _drawn(content: bytes) -> Copy:
    Image.MAX_IMAGE_PIXELS = MOST_PIXELS
    drawn = BytesIO()
    with Image.open(BytesIO(content), formats=tuple(FORMATS)) as picture:
        kind = picture.format or ""
        if kind == "GIF" and _moves(picture):
            first, *rest = _frames(picture)
            first.save(drawn, kind, save_all=True, append_images=rest, loop=0)
        else:
            _still(picture, kind).save(drawn, kind, quality=QUALITY)
    if drawn.tell() > LARGEST_COPY:
        raise MemoryError
    return Copy(drawn.getvalue(), FORMATS[kind])


def _moves(picture: Image.Image) -> bool:
    """Tell whether the frames are several and few enough to draw each of them."""
    most = min(MOST_FRAMES, MOST_PIXELS // (picture.width * picture.height))
    with suppress(EOFError):
        for frame in range(1, most + 1):
            picture.seek(frame)  # reads up to the frame, so that no count of them is believed
        picture.seek(0)
        return False
    is_moving = picture.tell() > 0
    picture.seek(0)
    return is_moving


def _frames(picture: Image.Image) -> Iterator[Image.Image]:
    for frame in ImageSequence.Iterator(picture):
        is_ready = frame.mode == "P"
        yield _bare(frame.copy() if is_ready else frame.convert("P", palette=_ADAPTIVE))


def _still(picture: Image.Image, kind: str) -> Image.Image:
    picture.load()
    with suppress(Exception):  # damage in a note beside the pixels is none of theirs
        ImageOps.exif_transpose(picture, in_place=True)
    is_kept = picture.mode in _KEPT_MODES[kind]
    return _bare(picture if is_kept else picture.convert("RGB"))


def _bare(picture: Image.Image) -> Image.Image:
    """Leave nothing beside the pixels that an encoder would write."""
    picture.info = {key: picture.info[key] for key in _KEPT_OF_FRAME & picture.info.keys()}
    return picture
