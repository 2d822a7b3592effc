"""What becomes of videos and sounds that people attach to a post."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace

import av
import pytest

from kwip.domain.errors import InvalidError, StoreUnavailableError
from kwip.services.media.converting.videos import LIMITS, Videos
from tests.pictures import BLUE, RED, SECRET, opened, phone_photo, plain
from tests.servers import wait_until
from tests.thorough import part
from tests.videos import frames_at, media, mp4, with_cover

HDR = {"color_trc": 18, "color_primaries": 9, "colorspace": 9, "color_range": 1}
COPIED = {
    "MP4": mp4,
    "MOV": lambda: media("mov", "libx264", "aac"),
    "Matroska with H.264": lambda: media("matroska", "libx264", "aac"),
    "WebM with VP9": lambda: media("webm", "libvpx-vp9", "libopus"),
    "WebM with VP8": lambda: media("webm", "libvpx", "libopus"),
    "WebM with AV1": lambda: media("webm", "libsvtav1", "libopus"),
}
ENCODED = {
    "HEVC": lambda: media("mov", "libx265", "aac"),
    "HEVC with ten bits": lambda: media("mov", "libx265", pixels="yuv420p10le"),
    "HEVC in high dynamic range": lambda: media(
        "mov", "libx265", pixels="yuv420p10le", **HDR
    ),
    "H.264 in 4:4:4": lambda: mp4(pixels="yuv444p"),
    "120 frames a second": lambda: mp4(rate=120),
    "AVI": lambda: media("avi", "mpeg4", "libmp3lame"),
    "Motion JPEG": lambda: media("mov", "mjpeg", "pcm_s16le", pixels="yuvj422p"),
    "odd sides": lambda: media("avi", "mpeg4", size=(161, 91)),
}
SOUNDS = {
    "MP3": ("mp3", "libmp3lame", "audio.mp3", "mp3float"),
    "M4A": ("ipod", "aac", "audio.m4a", "aac"),
    "AAC": ("adts", "aac", "audio.m4a", "aac"),
    "Opus": ("ogg", "libopus", "audio.ogg", "opus"),
    "Vorbis": ("ogg", "vorbis", "audio.ogg", "vorbis"),
    "Vorbis in WebM": ("webm", "vorbis", "audio.ogg", "vorbis"),
    "FLAC": ("flac", "flac", "audio.m4a", "aac"),
    "FLAC in Ogg": ("ogg", "flac", "audio.m4a", "aac"),
    "WAV": ("wav", "pcm_s16le", "audio.m4a", "aac"),
}


@pytest.fixture(scope="module")
def videos():
    # One child for all tests, as its start takes longer than they do.
    made = Videos(5_000_000, replace(LIMITS, idle_s=30.0))
    yield made
    made.close()


@pytest.fixture
def limited():
    """Return a function that makes one with other limits."""
    made = []

    def limited(**limits):
        made.append(Videos(limits=replace(LIMITS, **limits)))
        return made[-1]

    yield limited
    for each in made:
        each.close()


@pytest.fixture
def transcode(videos, tmp_path):
    """Return a function that transcodes the content of a file."""

    def transcode(content, by=videos):
        source, folder = tmp_path / "upload", tmp_path / "made"
        source.write_bytes(content)
        folder.mkdir(exist_ok=True)
        return by.transcode(source, folder)

    return transcode


@pytest.fixture
def why(transcode):
    """Return a function that says why a file is refused."""

    def why(content, **by):
        with pytest.raises(InvalidError) as caught:
            transcode(content, **by)
        assert list(caught.value.fields) == ["file"]
        return caught.value.fields["file"]

    return why


def is_near(pixel, colour, by=25):
    return all(abs(a - b) < by for a, b in zip(pixel, colour, strict=False))


def streams(path):
    with av.open(str(path)) as played:
        return [stream.codec_context.name for stream in played.streams]


def shown(path):
    """Return the frames of a video."""
    with av.open(str(path)) as played:
        return list(played.decode(video=0))


def assert_tells_nothing(made):
    for path in made.files.values():
        assert SECRET.encode() not in path.read_bytes()
        if path.suffix != ".webp":
            with av.open(str(path)) as played:
                told = [played.metadata, *(s.metadata for s in played.streams)]
            assert SECRET not in str(told)


@pytest.mark.parametrize("name", COPIED)
def test_what_every_browser_plays_is_copied_and_tells_nothing(transcode, name):
    content = COPIED[name]()
    assert SECRET.encode() in content

    made = transcode(content)

    suffix = "video.webm" if "WebM" in name else "video.mp4"
    assert (made.kind, list(made.files)) == (
        "video",
        [suffix, "large.webp", "small.webp"],
    )
    assert (made.width, made.height) == (160, 90)
    assert (made.small_width, made.small_height) == (160, 90)
    assert made.duration_s == pytest.approx(1.0, abs=0.1)
    assert len(shown(made.files[suffix])) == 10
    assert_tells_nothing(made)


@pytest.mark.parametrize("name", part(ENCODED, of=2, first=1))
def test_everything_else_becomes_h264_and_aac(transcode, name):
    made = transcode(ENCODED[name]())

    [video, *sound] = streams(made.files["video.mp4"])
    assert (video, sound) in [("h264", ["aac"]), ("h264", [])]
    first, *frames = shown(made.files["video.mp4"])
    assert (first.width, first.height) == (made.width, made.height) == (160, 90)
    assert first.format.name == "yuv420p"
    assert (first.colorspace, first.color_trc, first.color_primaries) == (1, 1, 1)
    assert 9 <= len(frames) <= 60
    assert made.duration_s == pytest.approx(1.0, abs=0.15)
    assert_tells_nothing(made)


def test_the_index_of_a_video_comes_first(transcode):
    content = transcode(mp4()).files["video.mp4"].read_bytes()

    assert content.index(b"moov") < content.index(b"mdat")


def test_what_cameras_note_in_a_video_is_left_out(transcode):
    content = mp4()
    assert b"x264 - core" in content, "the encoder notes its settings, as cameras do"

    assert b"x264" not in transcode(content).files["video.mp4"].read_bytes()


def test_sound_that_does_not_belong_into_its_file_is_encoded(transcode):
    webm = transcode(media("webm", "libvpx", "vorbis"))
    assert streams(webm.files["video.webm"]) == ["vp8", "opus"]
    assert_tells_nothing(webm)

    made = transcode(media("matroska", "libx264", "libmp3lame"))
    assert streams(made.files["video.mp4"]) == ["h264", "aac"]


@pytest.mark.parametrize("encoder", ["libx264", "libx265"])
@pytest.mark.parametrize("rotation", [90, 180, -90])
def test_a_video_stays_turned_as_it_was_held(transcode, encoder, rotation):
    made = transcode(media("mov", encoder, "aac", rotation=rotation))

    size = (160, 90) if rotation == 180 else (90, 160)
    assert (made.width, made.height) == size
    assert shown(made.files["video.mp4"])[0].rotation % 360 == rotation % 360
    poster = opened(made.files["large.webp"].read_bytes())
    assert poster.size == size
    middle, edge = 45, 12
    at = {90: (middle, 160 - edge), 180: (160 - edge, middle), -90: (middle, edge)}
    assert is_near(poster.getpixel(at[rotation]), BLUE)
    assert is_near(poster.getpixel((size[0] // 2, size[1] // 2)), RED)


def test_a_large_video_is_scaled_down(transcode):
    made = transcode(mp4(size=(2_048, 1_024), rate=3))

    assert (made.width, made.height) == (1_280, 640)
    assert (made.small_width, made.small_height) == (800, 400)
    assert opened(made.files["large.webp"].read_bytes()).size == (1_920, 960)


def test_sound_and_picture_begin_together(transcode):
    late = {"output_ts_offset": "100"}
    made = transcode(media("matroska", "libx265", "libmp3lame", options=late))

    with av.open(str(made.files["video.mp4"])) as played:
        starts = [s.start_time * s.time_base for s in played.streams]
    assert starts == [pytest.approx(0, abs=0.05)] * 2
    assert made.duration_s == pytest.approx(1.0, abs=0.1)


def test_a_recording_that_does_not_say_how_long_it_is_gets_its_length(transcode):
    recording = media("webm", "libvpx", "libopus", options={"live": "1"})

    made = transcode(recording)
    assert made.duration_s == pytest.approx(1.0, abs=0.1)
    with av.open(str(made.files["video.webm"])) as played:
        assert played.duration / av.time_base == pytest.approx(1.0, abs=0.1)


def test_a_recording_is_copied_whatever_rate_it_claims(transcode):
    recording = media("webm", "libvpx", "libopus", rate=1_000, every=100)
    with av.open(io.BytesIO(recording)) as played:
        assert played.streams.video[0].average_rate > 60

    made = transcode(recording)
    assert "video.webm" in made.files
    assert len(shown(made.files["video.webm"])) == 10


@pytest.mark.parametrize("name", SOUNDS)
def test_sound_is_copied_or_becomes_aac(transcode, name):
    muxer, encoder, suffix, codec = SOUNDS[name]
    content = media(muxer, sound=encoder)

    made = transcode(content)

    assert (made.kind, list(made.files)) == ("audio", [suffix])
    assert streams(made.files[suffix]) == [codec]
    assert (made.width, made.small_width, made.blurhash) == (0, 0, None)
    assert made.duration_s == pytest.approx(1.0, abs=0.1)
    with av.open(str(made.files[suffix])) as played:
        samples = sum(frame.samples for frame in played.decode(audio=0))
    assert samples / 48_000 == pytest.approx(1.0, abs=0.1)
    assert_tells_nothing(made)


def test_the_cover_of_a_song_is_left_out(transcode):
    content = with_cover()
    assert b"PNG" in content

    made = transcode(content)
    assert (made.kind, list(made.files)) == ("audio", ["audio.mp3"])
    assert streams(made.files["audio.mp3"]) == ["mp3float"]


@pytest.mark.parametrize("make", [mp4, lambda: media("mov", "libx265", "pcm_s16le")])
def test_the_same_file_becomes_the_same_bytes(transcode, make):
    content = make()
    first, second = (
        {name: path.read_bytes() for name, path in transcode(content).files.items()}
        for _ in range(2)
    )

    assert first == second


PLAYLIST = b"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nfile:///etc/passwd\n"


#: Made when a test wants it: together they take seconds and much memory.
REFUSED = {
    "nothing": (lambda: b"", "empty"),
    "text": (lambda: b"text " * 50, "isn't"),
    "a playlist": (lambda: PLAYLIST, "isn't"),
    "a list of files": (lambda: b"ffconcat version 1.0\nfile /etc/passwd\n", "isn't"),
    "an address": (
        lambda: b"v=0\no=- 0 0 IN IP4 127.0.0.1\nm=video 9 RTP/AVP 96\n",
        "isn't",
    ),
    "an SVG": (lambda: b"<svg xmlns='http://www.w3.org/2000/svg'/>", "isn't"),
    "a PNG": (plain, "isn't"),
    "a HEIC": (lambda: phone_photo("HEIF"), "isn't"),
    "an MP4 cut off": (lambda: mp4()[:3_000], "damaged"),
    "a playlist that begins as an MP4": (
        lambda: b"\0\0\0\x20ftypisom" + PLAYLIST,
        "damaged",
    ),
    "a playlist that begins as a WebM": (
        lambda: b"\x1aE\xdf\xa3" + PLAYLIST,
        "damaged",
    ),
    "an empty Ogg": (lambda: b"OggS" + bytes(500), "damaged"),
    "an empty MP3": (lambda: b"ID3\4\0\0\0\0\0\0" + bytes(5_000), ""),
    "an empty WAV": (lambda: b"RIFF\xff\xff\xff\xffWAVEfmt " + bytes(60), ""),
    "a codec of old": (lambda: media("mov", "qtrle", pixels="rgb24"), "isn't"),
    "twelve minutes": (
        lambda: frames_at("red", [0, 700]),
        "12 minutes long. The limit is 10",
    ),
    "8K": (lambda: media("avi", "mpeg4", size=(4_100, 2_200), rate=1), "4100 by 2200"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_used_is_refused_with_the_reason(why, name):
    make, word = REFUSED[name]

    assert word in why(make())


@pytest.mark.parametrize("options", [{}, {"live": "1"}])
def test_a_recording_is_not_longer_than_the_limit_either(why, options):
    long = {"rate": 1, "seconds": 605, "size": (32, 32)}

    assert "The limit is 10 minutes." in why(
        media("matroska", "libx264", options=options, **long)
    )


def test_a_file_that_is_too_large_is_told_the_limit(why):
    assert why(bytes(5_000_001)) == "This file has 5.0 MB. The limit is 5.0 MB."


@pytest.mark.parametrize("name", ["MP4", "WebM with VP8"])
def test_damage_is_either_left_out_or_refused(transcode, name):
    content = COPIED[name]()
    for place in range(40, len(content), len(content) // 12):
        broken = bytearray(content)
        broken[place : place + 40] = bytes(range(40))
        with suppress(InvalidError):
            made = transcode(bytes(broken))
            assert made.width > 0


def test_what_takes_too_much_time_or_memory_is_refused(why, limited):
    content = media("mov", "libx265", size=(1_920, 1_080), pixels="yuv420p10le", **HDR)

    for limits in ({"cpu_s": 0}, {"memory_bytes": 180_000_000}):
        assert "too much time or memory" in why(content, by=limited(**limits)), limits


def test_what_becomes_too_large_is_refused(why, limited):
    assert "too large when converted" in why(mp4(), by=limited(file_bytes=2_000))


def test_a_second_file_has_to_wait(videos, transcode):
    with videos._child._turn, ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(transcode, mp4())
        wait_until(lambda: videos._child._places._value == 0)
        with pytest.raises(StoreUnavailableError):
            transcode(mp4())
        videos._child._turn.release()
        assert waiting.result().kind == "video"
        videos._child._turn.acquire()
