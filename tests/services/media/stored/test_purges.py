"""Deleted public files: a CDN is asked to forget them until it has."""

from __future__ import annotations

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from kwip.domain.clock import at
from kwip.domain.media.attachments import AttachmentChange
from kwip.domain.posting.posts import Draft, Visibility
from kwip.services.media.stored import purges
from kwip.services.media.stored.cdn import Cdn
from tests.pictures import plain, sent
from tests.servers import settings_in


@pytest.fixture(scope="module")
def cdn():
    """Return a server that answers what its list `statuses` says, and else 200."""

    class Handler(BaseHTTPRequestHandler):
        def answer(self):
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            told = (self.command, self.path, self.headers.get("Authorization"), body)
            self.server.asked.append(told)
            statuses = self.server.statuses
            self.send_response(statuses.pop(0) if statuses else 200)
            self.end_headers()

        do_POST = do_PURGE = answer  # noqa: N815

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.origin = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(autouse=True)
def _silent(cdn):
    cdn.asked, cdn.statuses = [], []


@pytest.fixture
def settings(tmp_path, cdn):
    hook = cdn.origin.replace("//", "//:to%2Fken@") + "/hook?zone=1"
    return settings_in(
        tmp_path / "home",
        KWIP_MEDIA_URL="https://cdn.example.org/files",
        KWIP_MEDIA_PURGE_URI=hook,
    )


@pytest.fixture
def publish(kwip, alice):
    """Return a function that posts a picture; it is always the same one."""

    def publish(visibility=Visibility.PUBLIC):
        upload = kwip.services.attachments.upload(
            alice, sent(plain()), AttachmentChange()
        )
        draft = Draft(text="", attachment_ids=(upload.id,), visibility=visibility)
        return kwip.services.posts.publish(alice.id, draft)

    return publish


def pass_time(kwip):
    """Let the pause after a failure be over."""
    past = at(kwip.sweeper.clock() - 1_000)
    kwip.store.database["purges"].update_many(
        {"due_at": {"$ne": None}}, {"$set": {"due_at": past}}
    )


def test_a_file_that_nobody_uses_any_more_is_purged_until_it_works(
    kwip, alice, publish, cdn, rings
):
    posts = kwip.services.posts
    private, first, last = publish(Visibility.FOLLOWERS), publish(), publish()
    file = last.media[0].file
    posts.delete(alice, private.id)
    posts.delete(alice, first.id)
    rings.run()
    assert cdn.asked == []
    cdn.statuses = [503]

    posts.delete(alice, last.id)
    assert ("purge", "due") in rings.waiting
    rings.run()
    (failed, _) = kwip.services.attachments.files.purges.store.listed(
        is_dead=False, limit=9
    )
    assert (failed.attempts, failed.problem) == (1, "127.0.0.1 answered 503")
    assert kwip.sweeper.sweep() == 0
    pass_time(kwip)
    kwip.sweeper.sweep()
    rings.run()

    assert len(cdn.asked) == 2
    method, path, authorization, body = cdn.asked[-1]
    assert (method, path, authorization) == (
        "POST",
        "/hook?zone=1",
        "Bearer to/ken",
    )
    address = f"https://cdn.example.org/files/{file[:2]}/{file}"
    assert sorted(json.loads(body)["files"]) == [
        f"{address}-large.webp",
        f"{address}-small.webp",
    ]
    assert kwip.store.database["purges"].count_documents({}) == 0


def test_a_purge_that_never_works_is_a_dead_letter_to_be_replayed(
    kwip, alice, publish, cdn, rings, monkeypatch, quiet_log
):
    monkeypatch.setattr(purges, "MOST_ATTEMPTS", 2)
    cdn.statuses = [401, 401]
    kwip.services.posts.delete(alice, publish().id)
    rings.run()
    pass_time(kwip)
    kwip.services.attachments.files.purges.send()

    store = kwip.services.attachments.files.purges.store
    dead = store.listed(is_dead=True, limit=9)
    assert [each.attempts for each in dead] == [2, 2]
    assert "purge_given_up" in [line["event"] for line in quiet_log]
    kwip.sweeper.sweep()
    rings.run()
    assert len(cdn.asked) == 2
    assert store.replay(at(kwip.sweeper.clock())) == 2
    kwip.sweeper.sweep()
    rings.run()

    assert len(cdn.asked) == 3
    assert kwip.store.database["purges"].count_documents({}) == 0


def test_each_address_is_purged_where_no_webhook_is(cdn):
    urls = [f"{cdn.origin}/media/{name}" for name in "abc"]
    cdn.statuses = [200, 405, 404]

    wrong = Cdn("purge").purge(urls)

    assert [(method, path) for method, path, *_ in cdn.asked] == [
        ("PURGE", "/media/a"),
        ("PURGE", "/media/b"),
        ("PURGE", "/media/c"),
    ]
    assert wrong == {urls[1]: "127.0.0.1 answered 405"}


def test_after_one_address_that_does_not_answer_no_other_is_tried(monkeypatch):
    asked = []

    def refuse(connection, *_):
        asked.append(connection)
        raise ConnectionRefusedError("refused")

    monkeypatch.setattr("http.client.HTTPConnection.request", refuse)
    urls = ["http://cdn.example.org/a", "http://cdn.example.org/b"]

    wrong = Cdn("purge").purge(urls)

    assert wrong == dict.fromkeys(urls, "no answer from cdn.example.org: refused")
    assert len(asked) == 1
