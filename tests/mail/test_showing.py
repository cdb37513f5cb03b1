"""A hostile picture or page costs a child and its seconds, and nothing else: R42, Q14."""

import time
from io import BytesIO

import pytest
from PIL import Image

from mail.pictures import NotShownError
from mail.showing import Showroom


def picture(size: tuple[int, int]) -> bytes:
    written = BytesIO()
    Image.new("RGB", size, "red").save(written, "PNG")
    return written.getvalue()


def test_a_picture_is_drawn_in_a_child() -> None:  # R42
    copy = Showroom().drawn_anew(picture((640, 480)))

    assert copy.content_type == "image/png"
    assert Image.open(BytesIO(copy.content)).size == (640, 480)


def test_the_largest_picture_fits_into_the_memory_of_a_child() -> None:
    copy = Showroom().drawn_anew(picture((8000, 5000)))

    assert Image.open(BytesIO(copy.content)).size == (8000, 5000)


def test_a_refusal_comes_back_with_its_reason() -> None:
    with pytest.raises(NotShownError, match="не картинка JPG, GIF или PNG"):
        Showroom().drawn_anew(b"<html>")


def test_html_is_cleaned_in_a_child() -> None:
    shown = Showroom().safe_html(
        "<p>Привет \ud800<script>1</script><img src='cid:a'>", {"a": "data:b"}
    )

    assert shown == '<p>Привет ?<img src="data:b"></p>'


@pytest.mark.parametrize("html", ["<div>" * 200_000, "&" * 2_000_000])
def test_html_that_takes_too_long_is_given_up(html: str) -> None:
    begun = time.monotonic()

    with pytest.raises(NotShownError, match="времени"):
        Showroom(cpu_seconds=1).safe_html(html, {})

    assert time.monotonic() - begun < 10


def test_a_picture_beyond_the_memory_is_given_up() -> None:
    with pytest.raises(NotShownError, match="слишком"):
        Showroom(megabytes=150).drawn_anew(picture((8000, 5000)))
