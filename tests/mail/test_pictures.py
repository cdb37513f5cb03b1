"""Only a picture that decodes to its last pixel is shown, and only its pixels: R42, Q14."""

import struct
import zlib
from collections.abc import Callable
from contextlib import suppress
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin
from PIL.ImageFile import ImageFile

from mail.pictures import MOST_FRAMES, Copy, NotShownError, drawn_anew

SECRET = b"55.7558N 37.6173E of my house"
ORIENTATION = 0x0112
NOISE = Image.effect_noise((99, 99), 9)


def saved(picture: Image.Image, kind: str, **options: Any) -> bytes:  # noqa: ANN401 - Pillow's own
    written = BytesIO()
    picture.save(written, kind, **options)
    return written.getvalue()


def screen(mode: str = "RGB", size: tuple[int, int] = (64, 48)) -> Image.Image:
    return Image.linear_gradient("L").resize(size).convert(mode)


def opened(copy: Copy) -> ImageFile:
    return Image.open(BytesIO(copy.content))


def moving(frames: int, size: tuple[int, int] = (8, 8)) -> bytes:
    pictures = [Image.new("P", size, colour % 256) for colour in range(frames)]
    for picture in pictures:
        picture.putpalette(list(range(256)) * 3)
    first, *rest = pictures
    return saved(first, "GIF", save_all=True, append_images=rest, duration=80, loop=0)


def chunk(name: bytes, content: bytes) -> bytes:
    end = struct.pack(">I", zlib.crc32(name + content))
    return struct.pack(">I", len(content)) + name + content + end


def bomb() -> bytes:
    header = struct.pack(">IIBBBBB", 50_000, 50_000, 1, 0, 0, 0, 0)
    start = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header)
    return start + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")


HOSTILE: dict[str, tuple[Callable[[], bytes], str]] = {
    "HTML by the name of a PNG": (lambda: b"<html><script>alert(1)</script>", "не картинка"),
    "SVG": (lambda: b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "не картинка"),
    "a script that begins as a GIF": (
        lambda: b"GIF89a/*" + b" " * 40 + b"*/=1;alert(1)",
        "картинка",
    ),
    "a program": (lambda: b"MZ\x90\x00" + b"\0" * 500, "не картинка"),
    "WEBP": (lambda: saved(screen(), "WEBP"), "не картинка"),
    "TIFF by the name of a JPEG": (lambda: saved(screen(), "TIFF"), "не картинка"),
    "BMP": (lambda: saved(screen(), "BMP"), "не картинка"),
    "a JPEG cut in the middle": (lambda: saved(screen(size=(640, 480)), "JPEG")[:2000], "поврежд"),
    "a PNG cut in the middle": (
        lambda: saved(NOISE, "PNG")[:-5000],
        "поврежд",
    ),
    "a PNG whose bytes were changed": (
        lambda: saved(NOISE, "PNG").replace(b"IDAT", b"IDAT\xff", 1),
        "поврежд",
    ),
    "a bomb": (bomb, "слишком велика"),
    "nothing": (lambda: b"", "не картинка"),
    "only a signature": (lambda: b"\x89PNG\r\n\x1a\n", "картинка"),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_what_is_no_whole_picture_is_not_shown(what: str) -> None:  # R42
    make, reason = HOSTILE[what]

    with pytest.raises(NotShownError, match=reason):
        drawn_anew(make())


@pytest.mark.parametrize(
    ("kind", "mode"),
    [
        *(("PNG", mode) for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16")),
        *(("JPEG", mode) for mode in ("L", "RGB", "CMYK")),
        *(("GIF", mode) for mode in ("L", "P", "RGB")),
    ],
)
def test_every_kind_of_picture_that_the_regulation_names_is_shown(kind: str, mode: str) -> None:
    picture = Image.new(mode, (64, 48)) if mode == "I;16" else screen(mode)

    copy = drawn_anew(saved(picture, kind))

    assert copy.content_type == f"image/{kind.lower()}"
    assert opened(copy).size == (64, 48)


def test_a_screenshot_keeps_every_pixel() -> None:  # R42
    picture = screen("RGB", (300, 200))

    copy = drawn_anew(saved(picture, "PNG"))

    assert opened(copy).tobytes() == picture.tobytes()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF"])
def test_nothing_beside_the_pixels_is_left(kind: str) -> None:
    exif = Image.Exif()
    exif[0x010E] = SECRET.decode()
    notes = PngImagePlugin.PngInfo()
    notes.add_text("Comment", SECRET.decode())
    beside: dict[str, dict[str, Any]] = {}
    beside |= {"JPEG": {"exif": exif, "comment": SECRET, "icc_profile": SECRET}}
    beside |= {"PNG": {"exif": exif, "pnginfo": notes, "icc_profile": SECRET}}
    beside |= {"GIF": {"comment": SECRET}}
    original = saved(screen(), kind, **beside[kind]) + b"PK\x03\x04" + SECRET

    copy = drawn_anew(original)

    assert SECRET in original
    assert SECRET not in copy.content
    assert set(opened(copy).info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density", *GIF_OWN}


GIF_OWN = ("version", "background", "duration", "extension", "transparency")


def test_a_picture_that_lies_on_its_side_stands_upright() -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = 6

    copy = drawn_anew(saved(screen(size=(64, 48)), "JPEG", exif=exif))

    assert opened(copy).size == (48, 64)
    assert ORIENTATION not in opened(copy).getexif()


def test_damaged_notes_beside_whole_pixels_do_not_hide_them() -> None:
    damaged = saved(screen(), "JPEG", exif=b"Exif\0\0MM\0\x2a\xff\xff\xff\xff")

    assert opened(drawn_anew(damaged)).size == (64, 48)


@settings(max_examples=150)
@given(
    st.sampled_from(["PNG", "JPEG", "GIF"]),
    st.integers(0, 5000),
    st.binary(min_size=1, max_size=8),
)
def test_damage_anywhere_is_a_refusal_or_a_picture(kind: str, place: int, damage: bytes) -> None:
    whole = saved(NOISE, kind)
    place %= len(whole)
    damaged = whole[:place] + damage + whole[place + len(damage) :]

    with suppress(NotShownError):
        opened(drawn_anew(damaged)).load()


def test_a_short_recording_goes_on_moving() -> None:
    copy = drawn_anew(moving(5))

    assert getattr(opened(copy), "n_frames", 1) == 5
    assert opened(copy).info["duration"] == 80


@pytest.mark.parametrize("endless", [(MOST_FRAMES + 1, (8, 8)), (45, (1000, 1000))])
def test_a_recording_without_measure_becomes_its_first_frame(
    endless: tuple[int, tuple[int, int]],
) -> None:
    frames, size = endless

    copy = drawn_anew(moving(frames, size))

    assert getattr(opened(copy), "n_frames", 1) == 1
    assert opened(copy).size == size
