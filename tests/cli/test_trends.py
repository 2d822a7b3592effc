"""`kwip trends`: what trends, and computing it now."""

from __future__ import annotations

from kwip.domain.posting.posts import Draft
from tests.wired import sign_up


def test_trends_are_computed_and_shown(kwip, wiring):
    assert kwip("trends", "show").out.startswith("computed: never\ntags: none\n")
    for name in ("alice", "bob"):
        user = sign_up(wiring, name)
        wiring.services.posts.publish(user.id, Draft(text="More #bread"))

    assert kwip("trends", "recompute").out == "trending: 1 hashtag, 0 kwips, 0 links\n"
    found = kwip("trends", "show", "--json").json
    assert (found["tags"], found["posts"], found["links"]) == (["bread"], [], [])
    assert kwip("trends", "recompute", "--json").json["tags"] == 1
