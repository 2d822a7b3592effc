"""A process that sends mail to a real server."""

from __future__ import annotations

import pytest

from tests.mail_server import mailbox, one_server
from tests.servers import settings_in

__all__ = ["mailbox", "one_server"]


@pytest.fixture
def settings(tmp_path, mailbox):
    return settings_in(
        tmp_path / "home",
        KWIP_ORIGIN="https://kwip.example.org",
        KWIP_SMTP_URI=mailbox.uri.replace("//", "//kwip:se%2Fcret@"),
    )
