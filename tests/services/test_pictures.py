"""What becomes of files that people upload as pictures."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps

from kwip.domain.errors import InvalidError, StoreUnavailableError
from kwip.domain.media import AVATAR, BANNER
from kwip.services import pictures
from kwip.services.pictures import Pictures
from tests.pictures import (
    BLUE,
    HOSTILE,
    ODD_EXIF,
    ORIENTATION,
    RED,
    claiming,
    encoded,
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


@pytest.fixture(scope="module")
def drawing():
    return Pictures(MAX_BYTES)


def draw(drawing, content, kind=AVATAR):
    return {width: opened(c) for width, c in drawing.draw(kind, content).items()}


def is_near(pixel, colour):
    return all(abs(a - b) < 12 for a, b in zip(pixel, colour, strict=False))


def why(drawing, content):
    with pytest.raises(InvalidError) as caught:
        drawing.draw(AVATAR, content)
    assert list(caught.value.fields) == ["avatar"]
    return caught.value.fields["avatar"]


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP"])
def test_each_format_becomes_webp_in_each_size(drawing, kind):
    content = plain(kind)

    for wanted in (AVATAR, BANNER):
        drawn = draw(drawing, content, wanted)

        assert tuple(image.size for image in drawn.values()) == wanted.sizes
        assert {image.format for image in drawn.values()} == {"WEBP"}
        assert all(is_near(i.getpixel((9, 9)), RED) for i in drawn.values())


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
@pytest.mark.parametrize("size", [(1, 1), (1, 900), (900, 3), (1600, 1500)])
def test_each_kind_of_pixels_is_drawn_in_each_shape(drawing, mode, size):
    white = plain(mode="L", size=size, colour=(255, 255, 255))
    image = opened(white)
    if mode.startswith("I"):
        image = image.convert("I").point(lambda value: value * 256)
    content = pictures.io.BytesIO()
    image.convert(mode).save(content, "PNG")

    drawn = draw(drawing, content.getvalue())

    assert all(is_near(i.getpixel((60, 60)), (255,) * 3) for i in drawn.values())


def test_four_colours_of_print_become_three(drawing):
    drawn = draw(drawing, plain("JPEG", mode="CMYK"))

    assert is_near(drawn[400].getpixel((9, 9)), RED)


def test_what_was_seen_through_still_is(drawing):
    drawn = draw(drawing, see_through())

    assert drawn[400].mode == "RGBA"
    assert is_near(drawn[400].getpixel((20, 200)), (*RED, 255))
    assert drawn[400].getpixel((380, 200))[3] == 0


def test_of_a_moving_picture_the_first_stays(drawing):
    drawn = draw(drawing, moving())

    assert is_near(drawn[120].getpixel((60, 60)), RED)
    assert not getattr(drawn[120], "is_animated", False)


def test_a_photograph_is_turned_upright_and_tells_nothing(drawing):
    content = on_its_side()
    assert b"camera" in content

    for kind in (AVATAR, BANNER):
        drawn = drawing.draw(kind, content)

        for made in drawn.values():
            assert not opened(made).getexif()
            assert opened(made).info.keys() & {"exif", "icc_profile", "xmp"} == set()
            assert b"camera" not in made
    top = opened(drawing.draw(AVATAR, content)[400])
    assert is_near(top.getpixel((200, 10)), BLUE)
    assert is_near(top.getpixel((200, 390)), RED)


@pytest.mark.parametrize("orientation", range(10))
def test_each_orientation_is_turned_as_cameras_mean_it(drawing, orientation):
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    content = encoded(quarters(), "JPEG", exif=exif, quality=95, subsampling=0)
    meant = ImageOps.exif_transpose(opened(content)).resize((400, 400))

    drawn = draw(drawing, content)[400]

    for place in ((50, 50), (350, 50), (50, 350), (350, 350)):
        assert is_near(drawn.getpixel(place), meant.getpixel(place))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("name", ODD_EXIF)
def test_odd_exif_keeps_no_picture_out(drawing, kind, name):
    drawn = draw(drawing, with_exif(ODD_EXIF[name], kind))

    assert is_near(drawn[400].getpixel((200, 200)), RED)


@pytest.mark.parametrize("error", [AttributeError, RuntimeError, RecursionError])
def test_whatever_a_decoder_stumbles_over_is_a_broken_picture(
    drawing, monkeypatch, error
):
    def stumble(*_):
        raise error

    monkeypatch.setattr(pictures, "_fitted", stumble)

    assert "broken" in why(drawing, plain())


def test_a_large_photograph_is_drawn_and_one_of_many_passes_up_to_less():
    large = Pictures(5_000_000)
    once = with_thumbnail((6_000, 3_000))
    passes = plain("JPEG", size=(3_000, 3_000), progressive=True)

    for content in (once, passes):
        assert draw(large, content)[400].size == (400, 400)


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_no_picture_is_refused_with_the_reason(drawing, name):
    content, word = HOSTILE[name]

    assert word in why(drawing, content)


def test_a_file_that_is_too_large_is_told_the_limit(drawing):
    assert why(drawing, bytes(MAX_BYTES + 1)) == (
        "This file has 0.1 MB; 0.1 MB are the most."
    )


def test_nothing_too_large_is_decoded(drawing, monkeypatch):
    monkeypatch.setattr(pictures, "_fitted", None)

    assert "16 are the most" in why(drawing, claiming(4_001, 4_000))


@given(
    st.sampled_from([plain(), plain("JPEG"), plain("WEBP"), moving(), on_its_side()]),
    st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), max_size=8),
    st.integers(20, 5_000),
)
@settings(max_examples=60)
def test_damage_is_either_drawn_or_refused(content, damage, length):
    broken = bytearray(content)
    for place, value in damage:
        broken[place % len(broken)] = value
    drawn = {}
    with suppress(InvalidError):
        drawn = Pictures(MAX_BYTES).draw(AVATAR, bytes(broken[:length]))

    assert [opened(c).size for c in drawn.values()] in ([], list(AVATAR.sizes))


def test_one_picture_at_a_time_is_drawn(monkeypatch):
    monkeypatch.setattr(pictures, "PATIENCE_S", 0.0)
    busy = Pictures(MAX_BYTES)
    with busy._slot, pytest.raises(StoreUnavailableError):
        busy.draw(AVATAR, plain())

    assert busy.draw(AVATAR, plain())


def test_a_broken_picture_does_not_keep_the_next_one_waiting(drawing):
    why(drawing, HOSTILE["a PNG cut off"][0])

    assert drawing.draw(AVATAR, plain())
