"""`kwip announcements`: what is announced to members."""

from __future__ import annotations


def test_announcements_are_added_edited_ended_and_deleted(kwip):
    added = kwip("announcements", "add", "Tea", "--reason", "The vote", "--json").json
    shown = kwip("announcements", "list")
    edited = kwip("announcements", "edit", added["id"], "--until", "2031-01-01")
    ended = kwip("announcements", "end", added["id"])
    again = kwip("announcements", "end", added["id"])
    gone = kwip("announcements", "delete", added["id"])
    [first, *_] = kwip("audit", "list", "--json").json["entries"][::-1]

    assert added["state"] == "shown"
    assert shown.out.splitlines() == [
        f"{added['id']}  shown      Tea",
        "1 announcement",
    ]
    assert "until 2031-01-01 00:00  Tea" in edited.out
    assert "ended" in ended.out
    assert (again.code, gone.out) == (2, f"deleted {added['id']}\n")
    assert (first["action"], first["reason"]) == ("add_announcement", "The vote")
    assert first["details"] == {"text": "Tea"}
