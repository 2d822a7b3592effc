"""Pictures as people send them, and files that only say they are some."""

from __future__ import annotations

import io
import struct
import zlib

from PIL import Image

RED, BLUE = (200, 30, 30), (30, 30, 200)
ORIENTATION, GPS, CAMERA = 0x0112, 0x8825, 0x0110


def encoded(image, kind, **options):
    target = io.BytesIO()
    image.save(target, kind, **options)
    return target.getvalue()


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


def moving():
    frames = [Image.new("P", (40, 40), colour) for colour in (1, 2, 3)]
    for frame in frames:
        frame.putpalette([0, 0, 0, *RED, *BLUE, 9, 9, 9])
    return encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])


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


#: What is refused, each with a word of the reason.
HOSTILE = {
    "an SVG": (b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", "no JPEG"),
    "a page": (b"<!doctype html><script>alert(1)</script>", "no JPEG"),
    "a page behind a GIF's first bytes": (b"GIF89a<script>alert(1)</script>", ""),
    "nothing": (b"", "empty"),
    "zeros": (bytes(1_000), "no JPEG"),
    "a TIFF": (plain("TIFF"), "no JPEG"),
    "a BMP": (plain("BMP"), "no JPEG"),
    "a PNG cut off": (plain(size=(300, 300))[:200], "broken"),
    "a JPEG cut off": (plain("JPEG", size=(300, 300))[:400], ""),
    "a WebP cut off": (plain("WEBP", size=(300, 300))[:60], ""),
    "a PNG of 20,000 by 20,000": (claiming(20_000, 20_000), "400 megapixels"),
    "a PNG of the largest size": (claiming(2**31 - 1, 2**31 - 1), ""),
    "a PNG without pixels": (claiming(0, 0), ""),
    "a PNG with too few bytes for its size": (claiming(3_000, 3_000), "broken"),
    "a WebP of 16,383 by 16,383": (claiming_webp(16_383, 16_383), ""),
    "a JPEG of 200 passes": (
        plain("JPEG") + b"\xff\xda\0\x08\x01\x01\0\0\x3f\0" * 200,
        "passes",
    ),
}
