"""What becomes of files that people upload as pictures."""

from __future__ import annotations

import io
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps

from kwip.domain.errors import InvalidError
from kwip.domain.media.media import AVATAR, BANNER
from kwip.services.media.child import picture_child as decoding
from kwip.services.media.converting.isolated import Isolated, Limits
from kwip.services.media.converting.pictures import Pictures
from tests.pictures import (
    BLUE,
    HOSTILE,
    ODD_EXIF,
    ORIENTATION,
    RED,
    claiming,
    encoded,
    gif_of,
    moving,
    on_its_side,
    opened,
    plain,
    quarters,
    see_through,
    with_exif,
    with_thumbnail,
)

MAX_BYTES = 100_000
#: What needs most to be decoded, of each sort that is taken.
LARGEST = {
    "a JPEG of one pass": lambda: with_thumbnail((8_000, 6_000)),
    "a JPEG of many passes": lambda: plain(
        "JPEG", size=(4_000, 4_000), progressive=True
    ),
    "a JPEG in colours of print": lambda: plain(
        "JPEG", "CMYK", (4_000, 4_000), progressive=True
    ),
    "a WebP": lambda: plain("WEBP", "RGBA", (4_000, 4_000)),
    "a PNG": lambda: plain("PNG", "RGBA", (4_000, 4_000)),
    "a GIF": lambda: plain("GIF", "P", (4_000, 4_000)),
}


@pytest.fixture(scope="module")
def pictures():
    made = Pictures(MAX_BYTES)
    yield made
    made.close()


def draw(pictures, content, kind=AVATAR):
    drawn = pictures.draw(kind, io.BytesIO(content))
    return {width: opened(c) for width, c in drawn.items()}


def is_near(pixel, colour):
    return all(abs(a - b) < 12 for a, b in zip(pixel, colour, strict=False))


def why(pictures, content):
    with pytest.raises(InvalidError) as caught:
        pictures.draw(AVATAR, io.BytesIO(content))
    assert list(caught.value.fields) == ["avatar"]
    return caught.value.fields["avatar"]


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP", "AVIF", "HEIF"])
def test_each_format_becomes_webp_in_each_size(pictures, kind):
    content = plain(kind)

    for wanted in (AVATAR, BANNER):
        drawn = draw(pictures, content, wanted)

        assert tuple(image.size for image in drawn.values()) == wanted.sizes
        assert {image.format for image in drawn.values()} == {"WEBP"}
        assert all(is_near(i.getpixel((9, 9)), RED) for i in drawn.values())


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
@pytest.mark.parametrize("size", [(1, 1), (1, 900), (900, 3), (1600, 1500)])
def test_each_kind_of_pixels_is_drawn_in_each_shape(pictures, mode, size):
    white = plain(mode="L", size=size, colour=(255, 255, 255))
    image = opened(white)
    if mode.startswith("I"):
        image = image.convert("I").point(lambda value: value * 256)
    content = io.BytesIO()
    image.convert(mode).save(content, "PNG")

    drawn = draw(pictures, content.getvalue())

    assert all(is_near(i.getpixel((60, 60)), (255,) * 3) for i in drawn.values())


def test_four_colours_of_print_become_three(pictures):
    drawn = draw(pictures, plain("JPEG", mode="CMYK"))

    assert is_near(drawn[400].getpixel((9, 9)), RED)


def test_what_was_seen_through_still_is(pictures):
    drawn = draw(pictures, see_through())

    assert drawn[400].mode == "RGBA"
    assert is_near(drawn[400].getpixel((20, 200)), (*RED, 255))
    assert drawn[400].getpixel((380, 200))[3] == 0


def test_of_a_moving_picture_the_first_stays(pictures):
    drawn = draw(pictures, moving())

    assert is_near(drawn[120].getpixel((60, 60)), RED)
    assert not getattr(drawn[120], "is_animated", False)


def test_of_thousands_of_frames_the_first_stays(pictures):
    assert is_near(draw(pictures, gif_of(3_000))[120].getpixel((60, 60)), RED)


def test_a_photograph_is_turned_upright_and_tells_nothing(pictures):
    content = on_its_side()
    assert b"camera" in content

    for kind in (AVATAR, BANNER):
        drawn = pictures.draw(kind, io.BytesIO(content))

        for made in drawn.values():
            assert not opened(made).getexif()
            assert opened(made).info.keys() & {"exif", "icc_profile", "xmp"} == set()
            assert b"camera" not in made
    top = draw(pictures, content)[400]
    assert is_near(top.getpixel((200, 10)), BLUE)
    assert is_near(top.getpixel((200, 390)), RED)


@pytest.mark.parametrize("orientation", range(10))
def test_each_orientation_is_turned_as_cameras_mean_it(pictures, orientation):
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    content = encoded(quarters(), "JPEG", exif=exif, quality=95, subsampling=0)
    meant = ImageOps.exif_transpose(opened(content)).resize((400, 400))

    drawn = draw(pictures, content)[400]

    for place in ((50, 50), (350, 50), (50, 350), (350, 350)):
        assert is_near(drawn.getpixel(place), meant.getpixel(place))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("name", ODD_EXIF)
def test_odd_exif_keeps_no_picture_out(pictures, kind, name):
    drawn = draw(pictures, with_exif(ODD_EXIF[name], kind))

    assert is_near(drawn[400].getpixel((200, 200)), RED)


@pytest.mark.parametrize("error", [AttributeError, RuntimeError, RecursionError])
def test_whatever_a_decoder_stumbles_over_is_a_broken_picture(monkeypatch, error):
    def stumble(*_):
        raise error

    monkeypatch.setattr(decoding, "_scaled", stumble)

    answer, drawn = decoding.answer({"sizes": AVATAR.sizes}, plain())
    assert "damaged" in answer["refused"][0]
    assert drawn == []


@pytest.mark.parametrize("content", LARGEST.values(), ids=LARGEST)
def test_the_largest_pictures_fit_into_the_memory_of_the_child(content):
    large = Pictures(5_000_000)

    assert draw(large, content())[400].size == (400, 400)
    large.close()


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_no_picture_is_refused_with_the_reason(pictures, name):
    content, word = HOSTILE[name]

    assert word in why(pictures, content)


def test_a_file_that_is_too_large_is_told_the_limit(pictures):
    assert why(pictures, bytes(MAX_BYTES + 1)) == (
        "This file has 0.1 MB. The limit is 0.1 MB."
    )


def test_nothing_too_large_is_decoded(monkeypatch):
    monkeypatch.setattr(decoding, "_scaled", None)
    answer, _ = decoding.answer({"sizes": AVATAR.sizes}, claiming(4_001, 4_000))

    assert answer["refused"][1] == {"number": "16", "limit": "16"}


@given(
    st.sampled_from([plain(), plain("JPEG"), plain("WEBP"), moving(), on_its_side()]),
    st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), max_size=8),
    st.integers(20, 5_000),
)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_damage_is_either_drawn_or_refused(pictures, content, damage, length):
    broken = bytearray(content)
    for place, value in damage:
        broken[place % len(broken)] = value
    drawn = {}
    with suppress(InvalidError):
        drawn = draw(pictures, bytes(broken[:length]))

    assert [image.size for image in drawn.values()] in ([], list(AVATAR.sizes))


def test_a_picture_that_its_child_does_not_survive_is_refused():
    pictures = Pictures(MAX_BYTES)
    pictures._child = Isolated("tests.services.nothing", Limits(memory_bytes=10**9))

    assert "can't be processed" in why(pictures, plain())


def test_a_picture_for_which_there_is_too_little_memory_is_refused():
    pictures = Pictures(MAX_BYTES, Limits(memory_bytes=60_000_000))

    assert "can't be processed" in why(pictures, plain("PNG", size=(4_000, 4_000)))
    assert draw(pictures, plain())
    pictures.close()


def test_a_broken_picture_does_not_keep_the_next_one_waiting(pictures):
    why(pictures, HOSTILE["a PNG cut off"][0])

    assert draw(pictures, plain())
