"""What the row `day` saw of each process's memory: kept, listed and drawn."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image, ImageDraw, ImageFont
from PIL.PngImagePlugin import PngInfo

from bench.rows import RESULTS

if TYPE_CHECKING:
    from collections.abc import Sequence

REPORT = RESULTS / "day_processes.json"
PICTURE = Path(__file__).parents[1] / "docs" / "images" / "day.png"
_WIDTH, _HEIGHT, _LEFT, _TOP, _RIGHT, _BOTTOM = 1_100, 460, 70, 50, 260, 40
_INK, _FAINT = "#22262b", "#c9ced4"
_COLOURS = (
    *("#2f7d5b", "#b5493a", "#3b6ea8", "#a0752b", "#7a4f9a", "#4a8f98"),
    *("#8a8f2f", "#b0557f", "#5b6570", "#c27d4f"),
)


@dataclass(frozen=True, slots=True)
class Growth:
    """The memory of one process.

    Attributes:
        name: Its role, and a number if it is a child of the process with that role.
        part: The kind of program.
        mb_per_hour: How fast it grew after the warm-up, by least squares.
        samples: Seconds since the start, and megabytes.
    """

    name: str
    part: str
    mb_per_hour: float
    samples: Sequence[tuple[float, float]]


def keep(growth: Sequence[Growth], *, hour_s: float, warm_up_s: float) -> None:
    """Save what a run saw, for the table and the picture."""
    processes = [asdict(each) for each in growth]
    for each in processes:
        each["samples"] = [[s, round(mb, 1)] for s, mb in each["samples"]]
    report = {"hour_s": hour_s, "warm_up_s": warm_up_s, "processes": processes}
    REPORT.write_text(json.dumps(report) + "\n", encoding="utf-8")


def report() -> dict[str, Any] | None:
    """Return what the last run saw; None if there was none."""
    if not REPORT.exists():
        return None
    found: dict[str, Any] = json.loads(REPORT.read_text(encoding="utf-8"))
    return found


def table() -> str:
    """List the memory of each process, for `docs/performance.md`."""
    found = report()
    if found is None:
        return "Not measured yet: `make bench ROW=day`.\n"
    lines = [
        "![The memory of each process during the day](images/day.png)",
        "",
        "| process | at the end of the warm-up | at the end | growth in an hour |",
        "|---|---|---|---|",
    ]
    for each in found["processes"]:
        late = [mb for s, mb in each["samples"] if s >= found["warm_up_s"]]
        lines.append(
            f"| {each['name']} | {late[0]:.0f} MB | {late[-1]:.0f} MB"
            f" | {each['mb_per_hour']:.2f} MB |"
        )
    return "\n".join(lines) + "\n"


def digest() -> str:
    """Return what a picture of the report contains."""
    found = report()
    return "" if found is None else json.dumps(found["processes"])[:10_000]


def draw(found: dict[str, Any]) -> Image.Image:
    """Draw a line for each process."""
    image = Image.new("RGB", (_WIDTH, _HEIGHT), "white")
    pen = ImageDraw.Draw(image)
    font, small = ImageFont.load_default(17), ImageFont.load_default(14)
    pen.text((20, 14), "Memory of each process, MB by minutes", _INK, font)
    every = [sample for each in found["processes"] for sample in each["samples"]]
    last_s, most = max(s for s, _ in every) or 1, max(mb for _, mb in every) * 1.1

    def at(seconds: float, mb: float) -> tuple[float, float]:
        x = _LEFT + seconds / last_s * (_WIDTH - _LEFT - _RIGHT)
        return x, _HEIGHT - _BOTTOM - mb / most * (_HEIGHT - _TOP - _BOTTOM)

    for quarter in range(5):
        mb = most * quarter / 4
        pen.line((*at(0, mb), *at(last_s, mb)), _FAINT)
        pen.text((14, at(0, mb)[1] - 9), f"{mb:.0f}", _INK, small)
        minutes = last_s * quarter / 4
        pen.text(
            (at(minutes, 0)[0] - 8, _HEIGHT - 28), f"{minutes / 60:.3g}", _INK, small
        )
    warm = at(found["warm_up_s"], 0)[0]
    pen.line((warm, _TOP, warm, _HEIGHT - _BOTTOM), _INK)
    for number, each in enumerate(found["processes"]):
        colour = _COLOURS[number % len(_COLOURS)]
        pen.line([at(*sample) for sample in each["samples"]], colour, 2)
        place = (_WIDTH - _RIGHT + 16, _TOP + 24 * number)
        text = f"{each['name']}: {each['mb_per_hour']:+.2f} MB an hour"
        pen.text(place, text, colour, small)
    return image


def main() -> None:
    """Draw the last run, if there was one."""
    found = report()
    if found is not None:
        info = PngInfo()
        info.add_text("processes", digest())
        draw(found).save(PICTURE, pnginfo=info, optimize=True)
