"""What becomes of pictures that people attach to a post."""

from __future__ import annotations

import io
import struct
import zlib

import blurhash
import pytest
from PIL import Image

from kwip.domain.errors import StoreUnavailableError
from kwip.services.media.child import picture_child as decoding
from tests.pictures import (
    BLUE,
    HOSTILE,
    RED,
    SECRET,
    claiming,
    encoded,
    in_wide_colours,
    is_near,
    opened,
    phone_photo,
    plain,
    see_through,
)

FORMATS = ["JPEG", "PNG", "GIF", "WEBP", "AVIF", "HEIF"]
#: Formats with EXIF, XMP and a profile.
TELLING = ["JPEG", "PNG", "WEBP", "AVIF", "HEIF"]


@pytest.mark.parametrize("kind", FORMATS)
def test_a_large_picture_is_scaled_down_whole(attach, kind):
    made = attach(plain(kind, size=(2_100, 1_400)))

    assert (made.width, made.height) == (1_920, 1_280)
    assert (made.small_width, made.small_height) == (800, 533)
    assert list(made.files) == ["large.webp", "small.webp"]
    large, small = map(opened, made.files.values())
    assert large.size == (1_920, 1_280)
    assert small.size == (800, 533)
    assert {large.format, small.format} == {"WEBP"}
    assert is_near(large.getpixel((9, 9)), RED)
    assert (made.kind, made.duration_s) == ("image", None)


@pytest.mark.parametrize("size", [(1, 1), (1, 3), (500, 300), (801, 799)])
def test_a_small_picture_is_not_enlarged(attach, size):
    made = attach(plain(size=size))

    assert (made.width, made.height) == size
    assert max(made.small_width, made.small_height) <= 800


def test_a_line_keeps_a_pixel_of_its_width(attach):
    made = attach(plain(size=(9_000, 1)))

    assert (made.width, made.height) == (1_920, 1)
    assert (made.small_width, made.small_height) == (800, 1)


@pytest.mark.parametrize("kind", TELLING)
def test_nothing_that_a_phone_tells_survives(attach, kind):
    content = phone_photo(kind)
    assert SECRET.encode() in content

    made = attach(content)

    for stored in made.files.values():
        assert SECRET.encode() not in stored
        assert not opened(stored).getexif()
        assert opened(stored).info.keys().isdisjoint({"exif", "icc_profile", "xmp"})


@pytest.mark.parametrize("kind", TELLING)
def test_a_photo_is_turned_upright(attach, kind):
    made = attach(phone_photo(kind, orientation=6))

    large = opened(made.files["large.webp"])
    assert (made.width, made.height) == large.size == (400, 600)
    assert is_near(large.getpixel((200, 20)), BLUE)
    assert is_near(large.getpixel((200, 580)), RED)


def test_a_tiled_heic_of_a_phone_is_attached(attach):
    made = attach(phone_photo("HEIF", tile_size=256))

    assert (made.width, made.height) == (600, 400)
    assert is_near(opened(made.files["large.webp"]).getpixel((20, 20)), BLUE)


def test_what_follows_a_picture_in_its_file_is_left_out(attach):
    made = attach(plain("JPEG") + b"<script>alert(1)</script>PK\x03\x04")

    assert all(b"script" not in stored for stored in made.files.values())


def test_colours_are_converted_by_the_profile(attach):
    made = attach(in_wide_colours())

    red, green, blue = opened(made.files["large.webp"]).getpixel((9, 9))
    assert blue > 150
    assert red < 100
    assert green < 100


@pytest.mark.parametrize("mode", ["L", "RGBA", "P"])
def test_a_profile_that_does_not_fit_changes_no_colour(attach, mode):
    made = attach(plain(mode=mode, icc_profile=b"no profile at all"))
    without = attach(plain(mode=mode))

    assert made.files == without.files


def test_what_is_transparent_stays_so(attach):
    large = opened(attach(see_through()).files["large.webp"])

    assert large.mode == "RGBA"
    assert is_near(large.getpixel((5, 30)), (*RED, 255))
    assert large.getpixel((60, 30))[3] == 0


def test_a_blurhash_has_the_colours_of_the_picture(attach):
    made = attach(phone_photo())

    pixels = blurhash.decode(made.blurhash, 60, 40)
    assert is_near(pixels[20][5], BLUE, by=60)
    assert is_near(pixels[20][50], RED, by=60)


def test_a_blurhash_has_more_patches_along_the_longer_side(attach):
    wide = attach(plain(size=(300, 100))).blurhash
    tall = attach(plain(size=(100, 300))).blurhash

    assert blurhash.components(wide) == (4, 3)
    assert blurhash.components(tall) == (3, 4)


def test_transparency_is_white_in_a_blurhash(attach):
    content = encoded(Image.new("RGBA", (40, 40), (0, 0, 0, 0)), "PNG")

    assert is_near(blurhash.decode(attach(content).blurhash, 4, 4)[2][2], (255,) * 3)


def test_the_same_file_becomes_the_same_bytes(attach):
    assert attach(phone_photo()) == attach(phone_photo())


def png_bomb():
    """Make a PNG of 16 megapixels in 16 KB, and another one in its text."""
    header = struct.pack(">IIBBBBB", 4_000, 4_000, 8, 2, 0, 0, 0)
    text = b"Comment\0\0" + zlib.compress(bytes(50_000_000))
    data = zlib.compress(bytes(4_000 * (4_000 * 3 + 1)))
    chunks = [(b"IHDR", header), (b"zTXt", text), (b"IDAT", data), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(each)) + name + each + zlib.crc32(name + each).to_bytes(4)
        for name, each in chunks
    )


def test_a_text_that_unpacks_to_megabytes_is_refused(why):
    assert why(png_bomb())


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_no_picture_is_refused_with_the_reason(why, name):
    content, word = HOSTILE[name]

    assert word in why(content)


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (phone_photo("HEIF")[:-900], "save it as a JPEG"),
        (phone_photo("HEIF")[:30], "save it as a JPEG"),
        (phone_photo("AVIF")[:900], ""),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(500), "save it as a JPEG"),
        (b"\0\0\0\x18ftypavif\0\0\0\0mif1avif" + bytes(500), "save it as a JPEG"),
        (b"\0\0\0\x18ftypisom\0\0\x02\0isomiso2" + bytes(500), "isn't"),
    ],
    ids=[
        "a HEIC cut off",
        "a HEIC of 30 bytes",
        "an AVIF cut off",
        "an empty HEIC",
        "an empty AVIF",
        "a video",
    ],
)
def test_broken_files_of_phones_are_refused(why, content, word):
    assert word in why(content)


def of_many_pixels(kind, width, height):
    """Make a HEIC or AVIF whose header claims a size."""
    content = plain(kind, size=(64, 64))
    claimed = struct.pack(">II", 64, 64)
    assert claimed in content
    return content.replace(claimed, struct.pack(">II", width, height))


@pytest.mark.parametrize(("kind", "limit"), [("HEIF", 26), ("AVIF", 16)])
def test_formats_of_phones_are_limited_in_pixels(why, kind, limit):
    content = of_many_pixels(kind, 8_000, 6_000)

    assert f"The limit for its format is {limit}." in why(content)


def test_a_header_that_lies_about_the_size_is_refused(why):
    assert "damaged" in why(of_many_pixels("HEIF", 4_000, 3_000))


@pytest.mark.parametrize("kind", ["JPEG", "HEIF", "AVIF"])
def test_photos_of_a_phone_fit_into_the_memory_of_the_child(attach, kind):
    made = attach(plain(kind, size=(4_032, 3_024)))

    assert (made.width, made.height) == (1_920, 1_440)


def test_nothing_too_large_is_decoded(monkeypatch):
    monkeypatch.setattr(decoding, "_scaled", None)
    answer, _ = decoding.answer({"edges": [9]}, claiming(4_001, 4_000))

    assert answer["refused"][1] == {"number": "16", "limit": "16"}


def test_a_picture_waits_for_those_before_it(pictures):
    with pictures._child._turn:
        pictures._child._places.acquire()
        pictures._child._places.acquire()
        pictures._child._places.acquire()
        pictures._child._places.acquire()
        with pytest.raises(StoreUnavailableError):
            pictures.attach(io.BytesIO(plain()))
        pictures._child._places.release(4)
