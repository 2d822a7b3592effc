from __future__ import annotations

from kwip.cache import keys


def test_two_entities_never_share_a_key():
    names = [
        keys.post(1),
        keys.user(1),
        keys.handle("1"),
        keys.relations(1),
        keys.session(1, "ab"),
        keys.token(1, "ab"),
        keys.home(1),
        keys.user_timeline(1),
        keys.media_timeline(1),
        keys.thread(1),
        keys.public(),
    ]

    assert len(set(names)) == len(names)


def test_a_key_stands_in_braces_behind_its_installation():
    assert keys.full("d1", keys.post(7)) == "kw:d1:{post:7}"
