"""Pictures as people send them, and files that only say they are some."""

from __future__ import annotations

import io
import struct
import zlib

import pillow_heif
from PIL import Image, ImageCms

pillow_heif.register_heif_opener()

RED, BLUE = (200, 30, 30), (30, 30, 200)
ORIENTATION, GPS, CAMERA = 0x0112, 0x8825, 0x0110
#: What nobody else may find in a stored file.
SECRET = "a place that nobody knows"
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def encoded(image, kind, **options):
    if kind == "HEIF":
        options.setdefault("enc_params", {"preset": "ultrafast"})
    target = io.BytesIO()
    image.save(target, kind, **options)
    return target.getvalue()


def sent(content):
    """Give a picture as it comes with a request."""
    return io.BytesIO(content)


def opened(content):
    image = Image.open(io.BytesIO(content))
    image.load()
    return image


def plain(kind="PNG", mode="RGB", size=(64, 48), colour=RED, **options):
    return encoded(Image.new("RGB", size, colour).convert(mode), kind, **options)


def see_through():
    """Make a picture that is red on the left and nothing on the right, in a palette."""
    image = Image.new("RGBA", (64, 64), (0, 0, 0, 0))
    image.paste((*RED, 255), (0, 0, 32, 64))
    return encoded(image.quantize(8), "PNG")


def on_its_side():
    """Make a photograph whose top is blue, as a camera held upright stores it."""
    upright = Image.new("RGB", (300, 400), RED)
    upright.paste(BLUE, (0, 0, 300, 100))
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    exif[CAMERA] = "A camera of mine"
    exif.get_ifd(GPS)[2] = (52.0, 31.0, 12.0)
    stored = upright.transpose(Image.Transpose.ROTATE_90)
    return encoded(stored, "JPEG", exif=exif, quality=95)


def phone_photo(kind="JPEG", orientation=1, **options):
    """Make a photograph as phones do: 600 by 400, a camera, a place, a profile.

    It is red, and blue on the left, as it is stored.
    """
    image = Image.new("RGB", (600, 400), RED)
    image.paste(BLUE, (0, 0, 150, 400))
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    exif[CAMERA] = SECRET
    exif.get_ifd(GPS)[2] = (52.0, 31.0, 12.0)
    xmp = f"<x:xmpmeta xmlns:x='adobe:ns:meta/'>{SECRET}</x:xmpmeta>".encode()
    profile = SRGB
    told = {
        "exif": exif.tobytes(),
        "xmp": xmp,
        "icc_profile": profile,
        "comment": SECRET,
    }
    return encoded(image, kind, quality=95, **told, **options)


def in_wide_colours():
    """Make a picture whose profile swaps red and blue."""
    profile = bytearray(SRGB)
    red, blue = profile.index(b"rXYZ"), profile.index(b"bXYZ")
    profile[red : red + 4], profile[blue : blue + 4] = b"bXYZ", b"rXYZ"
    return plain(icc_profile=bytes(profile))


def with_exif(exif, kind="JPEG", **options):
    """Make a picture whose EXIF is some bytes, whatever they are."""
    return plain(kind, exif=b"Exif\0\0" + exif, **options)


#: EXIF of which nothing, or nothing but other things, can be read.
ODD_EXIF = {
    "a rational number as the name of the camera": (
        b"II*\0\x08\0\0\0\x01\0\x10\x01\x05\0\x01\0\0\0\x1a\0\0\0"
        b"\0\0\0\0\x01\0\0\0\x02\0\0\0"
    ),
    "a floating point number as the text of a note": (
        b"II*\0\x08\0\0\0\x02\0"
        b"\x12\x01\x03\0\x01\0\0\0\x06\0\0\0"
        b"\x31\x01\x0b\0\x01\0\0\0\0\0\xc0\x3f\0\0\0\0"
    ),
    "an orientation that is a text": (
        b"II*\0\x08\0\0\0\x01\0\x12\x01\x02\0\x04\0\0\0abc\0\0\0\0\0"
    ),
    "several orientations": (
        b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x02\0\0\0\x06\0\x03\0\0\0\0\0"
    ),
    "no directory": b"II*\0\xff\xff\xff\0",
    "another format": b"what is this?",
    "nothing": b"",
}


def with_thumbnail(size):
    """Make a photograph with a small picture in its EXIF, as cameras do."""
    directory = b"II*\0\x08\0\0\0\0\0\0\0\0\0"
    return with_exif(directory + plain("JPEG", size=(160, 120)), size=size)


def quarters():
    """Make a picture with another colour in each quarter."""
    image = Image.new("RGB", (64, 64))
    for place, colour in zip(
        ((0, 0), (32, 0), (0, 32), (32, 32)),
        (RED, BLUE, (30, 200, 30), (200, 200, 30)),
        strict=True,
    ):
        image.paste(colour, (*place, place[0] + 32, place[1] + 32))
    return image


def moving():
    frames = [Image.new("P", (40, 40), colour) for colour in (1, 2, 3)]
    for frame in frames:
        frame.putpalette([0, 0, 0, *RED, *BLUE, 9, 9, 9])
    return encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])


def gif_of(frames):
    """Make a GIF of many frames of one pixel."""
    header = b"GIF89a\x01\0\x01\0\x80\0\0" + bytes(RED) + bytes(BLUE)
    frame = b"!\xf9\x04\0\x01\0\0\0,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0"
    return header + frame * frames + b";"


def animated(kind="GIF", size=(64, 48), durations=(100, 50, 200)):
    """Make an animated picture, whose frames are red and blue by turns."""
    colours = [(RED, BLUE)[i % 2] for i in range(len(durations))]
    first, *others = (Image.new("RGB", size, colour) for colour in colours)
    options = {"lossless": True} if kind == "WEBP" else {}
    return encoded(
        first,
        kind,
        save_all=True,
        append_images=others,
        duration=list(durations),
        **options,
    )


def claiming(width, height):
    """Make a PNG of a few bytes whose header claims a size."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(b"\0" * 9)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data))
        + name
        + data
        + struct.pack(">I", zlib.crc32(name + data))
        for name, data in chunks
    )


def claiming_webp(width, height):
    sizes = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    chunk = b"VP8X" + struct.pack("<I", 10) + b"\x02\0\0\0" + sizes
    return b"RIFF" + struct.pack("<I", 4 + len(chunk)) + b"WEBP" + chunk


def claiming_jpeg(width, height, mode="RGB", scans=1):
    """Make a JPEG of a few bytes whose header claims a size, and many passes."""
    content = plain("JPEG", mode=mode)
    sizes = content.index(b"\xff\xc0") + 5
    claimed = content[:sizes] + struct.pack(">HH", height, width) + content[sizes + 4 :]
    return claimed + b"\xff\xda\0\x08\x01\x01\0\0\x3f\0" * (scans - 1)


#: What is refused, each with a word of the reason.
HOSTILE = {
    "an SVG": (b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", "isn't"),
    "a page": (b"<!doctype html><script>alert(1)</script>", "isn't"),
    "a page behind a GIF's first bytes": (b"GIF89a<script>alert(1)</script>", ""),
    "nothing": (b"", "empty"),
    "zeros": (bytes(1_000), "isn't"),
    "a TIFF": (plain("TIFF"), "isn't"),
    "a BMP": (plain("BMP"), "isn't"),
    "a PNG cut off": (plain(size=(300, 300))[:200], "damaged"),
    "a JPEG cut off": (plain("JPEG", size=(300, 300))[:400], ""),
    "a WebP cut off": (plain("WEBP", size=(300, 300))[:60], ""),
    "a PNG of 20,000 by 20,000": (claiming(20_000, 20_000), "400 megapixels"),
    "a PNG of the largest size": (claiming(2**31 - 1, 2**31 - 1), ""),
    "a PNG without pixels": (claiming(0, 0), ""),
    "a JPEG without pixels": (claiming_jpeg(0, 0), ""),
    "a GIF without pixels": (b"GIF89a\0\0\0\0\x80\0\0" + bytes(6) + b";", ""),
    "a PNG with too few bytes for its size": (claiming(3_000, 3_000), "damaged"),
    "a WebP of 16,383 by 16,383": (claiming_webp(16_383, 16_383), ""),
    "a JPEG of 51 megapixels": (claiming_jpeg(8_500, 6_000), "its format is 50"),
    "a JPEG of 17 megapixels in two passes": (
        claiming_jpeg(4_250, 4_000, scans=2),
        "17 megapixels. The limit for its format is 16.",
    ),
    "a JPEG of 17 megapixels in colours of print": (
        claiming_jpeg(4_250, 4_000, mode="CMYK"),
        "17 megapixels. The limit for its format is 16.",
    ),
    "a JPEG of 9 megapixels and 60 passes": (
        claiming_jpeg(3_000, 3_000, scans=60),
        "scans",
    ),
    "a JPEG of 200 passes": (claiming_jpeg(64, 48, scans=200), "scans"),
}


def is_near(pixel, colour, by=12):
    """Compare colours, of which compression changes some."""
    return all(abs(a - b) < by for a, b in zip(pixel, colour, strict=False))
