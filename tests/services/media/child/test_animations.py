"""What becomes of animated pictures that people attach to a post."""

from __future__ import annotations

import io

import av
import pytest
from PIL import Image

from tests.pictures import BLUE, RED, animated, encoded, gif_of, is_near, opened, plain

KINDS = ["GIF", "PNG", "WEBP"]


def frames(video):
    """Return each frame's time and picture."""
    with av.open(io.BytesIO(video)) as played:
        return [(f.time, f.to_image()) for f in played.decode(video=0)]


@pytest.mark.parametrize("kind", KINDS)
def test_an_animated_picture_becomes_a_video_with_a_poster(attach, kind):
    made = attach(animated(kind))

    assert made.kind == "gifv"
    assert list(made.files) == ["video.mp4", "large.webp", "small.webp"]
    assert (made.width, made.height) == (64, 48)
    assert (made.small_width, made.small_height) == (64, 48)
    assert opened(made.files["large.webp"]).size == (64, 48)
    assert is_near(opened(made.files["small.webp"]).getpixel((9, 9)), RED)
    assert made.blurhash


@pytest.mark.parametrize("kind", KINDS)
def test_each_frame_is_shown_in_its_colour_for_its_time(attach, kind):
    made = attach(animated(kind, durations=(100, 50, 200)))

    shown = frames(made.files["video.mp4"])
    assert [round(time, 3) for time, _ in shown] == [0, 0.1, 0.15]
    assert [is_near(i.getpixel((9, 9)), RED) for _, i in shown] == [True, False, True]
    assert is_near(shown[1][1].getpixel((9, 9)), BLUE)
    assert made.duration_s == 0.35
    with av.open(io.BytesIO(made.files["video.mp4"])) as played:
        assert played.duration / av.time_base == pytest.approx(0.35, abs=0.002)


def test_the_video_is_what_every_browser_plays_while_it_loads(attach):
    content = attach(animated()).files["video.mp4"]

    assert content.index(b"moov") < content.index(b"mdat")
    with av.open(io.BytesIO(content)) as played:
        [stream] = played.streams
        context = stream.codec_context
        assert (context.name, context.pix_fmt) == ("h264", "yuv420p")
        assert (context.colorspace, context.color_range) == (1, 1)


def test_an_odd_picture_becomes_an_even_video(attach):
    made = attach(animated(size=(65, 1)))

    assert (made.width, made.height) == (64, 2)
    assert frames(made.files["video.mp4"])[0][1].size == (made.width, made.height)


def test_a_large_animation_is_scaled_down(attach):
    made = attach(animated(size=(2_400, 1_200)))

    assert (made.width, made.height) == (1_920, 960)
    assert (made.small_width, made.small_height) == (800, 400)


def test_a_frame_without_a_time_is_shown_as_browsers_do(attach):
    assert attach(animated(durations=(0, 10, 30))).duration_s == 0.23


def test_what_is_transparent_becomes_white(attach):
    half, whole = (Image.new("RGBA", (64, 64), (*BLUE, 0)) for _ in range(2))
    half.paste((*RED, 255), (0, 0, 32, 64))
    whole.paste((*RED, 255), (0, 0, 64, 64))
    content = encoded(half, "PNG", save_all=True, append_images=[whole], duration=100)

    (_, first), (_, second) = frames(attach(content).files["video.mp4"])
    assert is_near(first.getpixel((5, 30)), RED)
    assert is_near(first.getpixel((60, 30)), (255,) * 3)
    assert is_near(second.getpixel((60, 30)), RED)


def test_an_animation_of_one_frame_is_a_picture(attach):
    made = attach(plain("GIF"))

    assert (made.kind, list(made.files)) == ("image", ["large.webp", "small.webp"])


def test_the_same_animation_becomes_the_same_bytes(attach):
    assert attach(animated()).files == attach(animated()).files


@pytest.mark.parametrize(
    "make",
    [
        lambda: gif_of(10_000),
        lambda: animated("WEBP", size=(2_100, 2_000)),
        lambda: animated("PNG", size=(1_900, 1_900), durations=(20,) * 34),
        lambda: animated(durations=(60_000, 60_000, 20)),
    ],
    ids=["10,000 frames", "large frames", "many pixels", "two minutes"],
)
def test_too_large_an_animation_is_refused(why, make):
    assert why(make()) == (
        "This animation is too long or too large. Upload it as a video instead."
    )


@pytest.mark.parametrize("kind", KINDS)
def test_a_broken_animation_is_refused(why, kind):
    noise = Image.effect_noise((200, 200), 90).convert("RGB")
    content = encoded(
        noise, kind, save_all=True, append_images=[noise.rotate(90)], duration=90
    )

    assert why(content[: len(content) * 3 // 4])


def test_pictures_are_attached_after_an_animation(attach):
    attach(animated())

    assert attach(plain()).kind == "image"
