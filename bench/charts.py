"""Draw the rows of `bench/results/`: how much better than its goal each one is.

`python -m bench.charts` writes `docs/images/performance.png`. The picture contains a
digest of its data, from which a test sees whether it is up to date.
"""

from __future__ import annotations

import hashlib
import math
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw, ImageFont
from PIL.PngImagePlugin import PngInfo

from bench import memory
from bench.rows import Row, cells, kept

if TYPE_CHECKING:
    from collections.abc import Sequence

PICTURE = Path(__file__).parents[1] / "docs" / "images" / "performance.png"
_WIDTH, _LINE, _TOP, _LEFT, _RIGHT = 1_100, 44, 96, 230, 250
#: The ends of the scale: a quarter of the goal, and eight times better than it.
_LOW, _HIGH = 0.25, 8.0
_MET, _MISSED, _INK, _FAINT = "#2f7d5b", "#b5493a", "#22262b", "#c9ced4"


def margin(row: Row, figure: float) -> float:
    """Return how many times better than its goal a figure is; below 1 it misses it."""
    if row.goal is None:
        return 1.0
    if row.goal.kind == "at most" and figure <= 0:
        return math.inf
    if row.goal.value == 0:  # none was allowed, and there were some
        return 0.0
    ratio = figure / row.goal.value
    return ratio if row.goal.kind == "at least" else 1 / ratio


def digest(rows: Sequence[Row]) -> str:
    """Return the digest of the data in a picture of the rows."""
    text = "\n".join("|".join(cells(row)) for row in rows)
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def draw(rows: Sequence[Row]) -> Image.Image:
    """Draw one bar per row, on a logarithmic scale, with the spread as a line."""
    image = Image.new("RGB", (_WIDTH, _TOP + _LINE * len(rows) + 40), "white")
    pen = ImageDraw.Draw(image)
    font, small = ImageFont.load_default(17), ImageFont.load_default(14)
    pen.text((20, 20), "Each row beside its goal: further right is better", _INK, font)
    for mark in (0.25, 0.5, 1, 2, 4, 8):
        x = _x(mark)
        pen.line((x, _TOP - 12, x, image.height - 30), _INK if mark == 1 else _FAINT)
        label = "goal" if mark == 1 else f"{mark:g} x"
        pen.text((x - 14, _TOP - 34), label, _INK, small)
    for number, row in enumerate(rows):
        _bar(pen, row, _TOP + number * _LINE, (font, small))
    return image


def _x(times: float) -> float:
    share = math.log(max(_LOW, min(_HIGH, times)) / _LOW) / math.log(_HIGH / _LOW)
    return _LEFT + share * (_WIDTH - _LEFT - _RIGHT)


def _bar(
    pen: ImageDraw.ImageDraw,
    row: Row,
    y: int,
    fonts: tuple[ImageFont.FreeTypeFont | ImageFont.ImageFont, ...],
) -> None:
    best = margin(row, row.figure)
    colour = _MET if best >= 1 else _MISSED
    ends = sorted(_x(margin(row, figure)) for figure in row.figures)
    pen.text((20, y + 4), row.name, _INK, fonts[0])
    pen.rectangle((_LEFT, y + 4, max(_LEFT + 1, _x(best)), y + 24), colour)
    pen.line((ends[0], y + 14, ends[-1], y + 14), _INK, 2)
    shown = cells(row)
    # The font lacks these characters.
    goal = shown[5].replace("≥", "at least").replace("≤", "at most")
    text = f"{shown[3]}  ({goal})"
    pen.text((_WIDTH - _RIGHT + 16, y + 6), text, _INK, fonts[1])


def main() -> None:
    """Draw the latest results."""
    rows = [row for row, _ in kept() if row.goal is not None]
    info = PngInfo()
    info.add_text("rows", digest(rows))
    PICTURE.parent.mkdir(exist_ok=True)
    draw(rows).save(PICTURE, pnginfo=info, optimize=True)
    memory.main()


if __name__ == "__main__":
    main()
