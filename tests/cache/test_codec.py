from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from kwip.cache import codec

_UNSIGNED = st.integers(0, 2**63 - 1)


@given(
    generation=st.binary(min_size=12, max_size=12),
    epoch=_UNSIGNED,
    version=_UNSIGNED,
    payload=st.none() | st.binary(),
)
def test_what_is_packed_is_unpacked(generation, epoch, version, payload):
    entry = codec.Entry(codec.Generation(generation), epoch, version, payload)

    packed = codec.pack(entry)

    assert codec.unpack(packed) == entry
    assert codec.payload(packed) == payload
    assert not codec.is_miss(packed)


def test_an_empty_payload_is_not_known_empty():
    entry = codec.Entry(codec.Generation(b"g" * 12), 1, 1, b"")

    assert codec.payload(codec.pack(entry)) == b""
    assert codec.payload(codec.pack(entry._replace(payload=None))) is None


def test_lua_finds_generation_and_epoch_at_fixed_places():
    packed = codec.pack(codec.Entry(codec.Generation(b"g" * 12), 7, 9, b"text"))

    assert packed[:12] == b"g" * 12
    assert packed[12:20] == codec.pack_epoch(7)
    assert packed.endswith(b"text")
