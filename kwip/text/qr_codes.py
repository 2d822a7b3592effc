"""QR codes as SVG, which a page contains without a style or a script."""

from __future__ import annotations


def qr_code(text: str) -> str:
    """Draw a QR code, black on white in any theme."""
    import segno  # noqa: PLC0415 -- few processes draw one

    code = segno.make_qr(text, error="m")
    drawn: str = code.svg_inline(
        omitsize=True, border=4, dark="#000", light="#fff", svgclass="qr", lineclass=""
    )
    return drawn
