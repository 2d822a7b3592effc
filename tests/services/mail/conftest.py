"""A process that sends mail to a real server."""

from __future__ import annotations

import re

import pytest

from tests.mail_server import mailbox, one_server, parts_of
from tests.servers import settings_in

__all__ = ["mailbox", "one_server"]


@pytest.fixture
def settings_with(tmp_path, mailbox):
    """Return a function that gives settings with a server of mail."""

    def settings_with(**environ):
        return settings_in(
            tmp_path / "home",
            KWIP_ORIGIN="https://kwip.example.org",
            KWIP_SMTP_URI=mailbox.uri.replace("//", "//kwip:se%2Fcret@"),
            **environ,
        )

    return settings_with


@pytest.fixture
def settings(settings_with):
    return settings_with()


@pytest.fixture
def link_in():
    """Return a function that gives what the link of a message carries."""

    def link_in(message):
        text, html = parts_of(message)
        links = set(re.findall(r"link=([0-9a-f]+)", text + html))
        assert len(links) == 1
        return links.pop()

    return link_in
