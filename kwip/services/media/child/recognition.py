"""Tell video and sound from pictures, by the first bytes of a file.

Each format is read by one demuxer of FFmpeg, none of which opens other files or
addresses, as those of playlists do.
"""

from __future__ import annotations

#: How much of a file is needed.
HEAD_BYTES = 64

#: Where the bytes stand that tell a format, and its demuxer.
_FORMATS = (
    (4, b"ftyp", "mov"),
    (4, b"moov", "mov"),
    (4, b"wide", "mov"),
    (4, b"mdat", "mov"),
    (4, b"free", "mov"),
    (0, b"\x1aE\xdf\xa3", "matroska"),
    (0, b"OggS", "ogg"),
    (0, b"fLaC", "flac"),
    (0, b"ID3", "mp3"),
    (0, b"\xff\xfb", "mp3"),
    (0, b"\xff\xfa", "mp3"),
    (0, b"\xff\xf3", "mp3"),
    (0, b"\xff\xf2", "mp3"),
    (0, b"\xff\xf1", "aac"),
    (0, b"\xff\xf9", "aac"),
    (8, b"WAVE", "wav"),
    (8, b"AVI ", "avi"),
)
#: What AVIF and HEIC pictures say that they conform to, in a file like an MP4.
_BRANDS = slice(8, 48)
AVIF_BRANDS = (b"avif", b"avis")
HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"mif1", b"msf1")


def media_format(head: bytes) -> str | None:
    """Return the demuxer for a video or sound; None for a picture and all else."""
    for start, mark, format_name in _FORMATS:
        if head[start : start + len(mark)] == mark:
            is_picture = has_brand(head, *AVIF_BRANDS, *HEIC_BRANDS)
            return None if is_picture else format_name
    return None


def has_brand(head: bytes, *brands: bytes) -> bool:
    """Return whether a file like an MP4 says that it conforms to any of the brands."""
    found = head[_BRANDS]
    return head[4:8] == b"ftyp" and any(brand in found for brand in brands)
