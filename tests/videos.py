"""Videos and sounds as people send them, made by the encoders of PyAV."""

from __future__ import annotations

import array
import io
import math
import os
from fractions import Fraction

import av
from av.stream import Disposition
from PIL import Image

from tests.pictures import BLUE, RED, SECRET

RATE = 48_000
#: Which encoders make a file fast.
_FAST = {
    "libx264": {"preset": "ultrafast"},
    "libx265": {"preset": "ultrafast", "x265-params": "log-level=none"},
    "libvpx-vp9": {"deadline": "realtime", "cpu-used": "8"},
    "libsvtav1": {"preset": "13", "svtav1-params": "lp=1"},
    "vorbis": {"strict": "experimental"},
}


def media(muxer, video=None, sound=None, *, seconds=1.0, options=None, **shown):
    """Make a file; its video is red, and blue on the left, as it is stored.

    Its title, comment and place are `SECRET`. `shown` is what `_add_video` takes.
    """
    target = io.BytesIO()
    with av.open(target, "w", format=muxer, container_options=options or {}) as output:
        for name in ("title", "comment", "location", "artist"):
            output.metadata[name] = SECRET
        tracks = []
        if video:
            tracks.append(_add_video(output, video, seconds, **shown))
        if sound:
            tracks.append(_add_sound(output, sound, seconds))
        for stream, _ in tracks:
            stream.metadata["title"] = SECRET
        for stream, frames in tracks:
            for frame in (*frames, None):
                output.mux(stream.encode(frame))
    if video == "libsvtav1":
        # For root it makes this thread, and all it starts later, a real-time one.
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
    return target.getvalue()


def _add_video(
    output,
    encoder,
    seconds,
    *,
    size=(160, 90),
    rate=10,
    every=1,
    rotation=0,
    pixels="yuv420p",
    **colours,
):
    stream = output.add_stream(encoder, rate=rate, options=_FAST.get(encoder, {}))
    stream.width, stream.height, stream.pix_fmt = *size, pixels
    for name, value in colours.items():
        setattr(stream.codec_context, name, value)
    if rotation:
        stream.set_display_rotation(rotation)
    return stream, _frames(size, seconds, rate, every)


def _add_sound(output, encoder, seconds):
    stream = output.add_stream(encoder, rate=RATE, options=_FAST.get(encoder, {}))
    stream.layout = "stereo"
    stream.codec_context.open()
    return stream, _sounds(stream.codec_context, seconds)


def _frames(size, seconds, rate, every):
    width, height = size
    picture = Image.new("RGB", size, RED)
    picture.paste(BLUE, (0, 0, width // 4, height))
    for number in range(0, max(round(seconds * rate), 1), every):
        frame = av.VideoFrame.from_image(picture)
        frame.pts, frame.time_base = number, Fraction(1, rate)
        yield frame


def _sounds(context, seconds):
    resampler = av.AudioResampler(
        context.format, "stereo", RATE, context.frame_size or 1_024
    )
    wave = [int(9_000 * math.sin(n / 20)) for n in range(round(seconds * RATE))]
    frame = av.AudioFrame("s16", "stereo", len(wave))
    frame.planes[0].update(array.array("h", (s for s in wave for _ in "lr")).tobytes())
    frame.sample_rate, frame.pts, frame.time_base = RATE, 0, Fraction(1, RATE)
    yield from resampler.resample(frame)
    yield from resampler.resample(None)


def mp4(**options):
    """Make what phones and cameras make."""
    return media("mp4", "libx264", "aac", **options)


def frames_at(content, seconds):
    """Make an MP4 with a frame at each of the times."""
    target = io.BytesIO()
    with av.open(target, "w", format="mp4") as output:
        stream = output.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 32, 32, "yuv420p"
        stream.codec_context.time_base = Fraction(1, 10)
        for second in seconds:
            frame = av.VideoFrame.from_image(Image.new("RGB", (32, 32), content))
            frame.pts, frame.time_base = second * 10, Fraction(1, 10)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return target.getvalue()


def with_cover():
    """Make a song with a cover, which is a video of one picture to FFmpeg."""
    target = io.BytesIO()
    with av.open(target, "w", format="mp3") as output:
        sound, sounds = _add_sound(output, "libmp3lame", 1.0)
        cover, [picture] = _add_video(output, "png", 1.0, rate=1, pixels="rgb24")
        cover.disposition = Disposition.attached_pic
        for stream, frame in [(cover, picture), (cover, None)]:
            output.mux(stream.encode(frame))
        for frame in (*sounds, None):
            output.mux(sound.encode(frame))
    return target.getvalue()
