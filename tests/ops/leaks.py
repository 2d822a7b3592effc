"""Go through what makes secrets on a running site, and look for them in its logs."""

from __future__ import annotations

import gzip
import json
import re
from contextlib import suppress
from urllib.parse import quote, quote_plus

import requests
from itsdangerous import BadData, URLSafeSerializer

#: It is written in another way in JSON, in a form and in an address.
PASSWORD, NEW, WRONG = "hörse & 1 «old»", "hörse & 2 «new»", "hörse & 3 «wrong»"


class Visit:
    """Somebody's browser, which remembers each secret that it was given."""

    def __init__(self, origin):
        self._origin = origin
        self._browser = requests.Session()
        self.secrets = {PASSWORD, NEW, WRONG}
        self.token = ""

    def send(self, path, **fields):
        """Fill in the form of a page; give the page that follows, and its status."""
        page = self._browser.get(self._origin + path).text
        token = re.search(r'name="csrf_token" value="([^"]+)"', page)[1]
        sent = {"csrf_token": token, **fields}
        answer = self._browser.post(self._origin + path, data=sent)
        self.secrets.add(token)
        for cookie in self._browser.cookies:
            self.secrets |= {cookie.value, *signed_in(cookie.value)}
        return answer

    def ask(self, token, path, headers=(), **options):
        """Post to the API with a token."""
        headers = {"Authorization": f"Bearer {token}", **dict(headers)}
        url = self._origin + path
        return requests.post(url, headers=headers, timeout=20, **options)

    def make_everything(self):
        """Sign up and in, make a token and use it, change the password."""
        about = {"username": "leaky", "email": "leaky@example.org"}
        assert self.send("/signup", **about, password="short").status_code == 422
        assert self.send("/signup", **about, password=PASSWORD).ok
        assert not self.send("/login", login="leaky", password=WRONG).ok
        assert self.send("/login", login="leaky", password=PASSWORD).ok
        made = self.send("/settings/tokens", name="app", read="on", write="on").text
        self.token = token = re.search(r'class="secret"[^>]*>([^<]+)<', made)[1]
        self.secrets |= {token, token.partition(".")[2]}
        assert self.ask(token, "/api/v1/statuses", json={"status": "Hello"}).ok
        for odd in (b"\xff", b'{"status": 1e999', b"[" * 9_000):
            assert not self.ask(token, "/api/v1/statuses", data=odd).ok
        assert not self.ask(f"{token}x", f"/api/v1/statuses?access_token={token}").ok
        passwords = {"old_password": WRONG, "new_password": NEW}
        assert not self.send("/settings/password", **passwords).ok
        passwords["old_password"] = PASSWORD
        assert self.send("/settings/password", **passwords).ok
        assert self.send("/login", login="leaky", password=NEW).ok


def signed_in(cookie):
    """Give the texts that a cookie signs: ids of sessions, and what is behind them."""
    with suppress(BadData):
        signed = URLSafeSerializer("").load_payload(cookie.rsplit(".", 2)[0].encode())
        for text in signed.values():
            if isinstance(text, str):
                yield from (text, text.rpartition(".")[2])


def leaked(folder, secrets):
    """Give the log and the secret for each that is in a log, however it is written."""
    found = []
    for log in sorted(folder.iterdir()):
        raw = log.read_bytes()
        text = (gzip.decompress(raw) if log.suffix == ".gz" else raw).decode()
        for secret in secrets:
            written = {secret, quote(secret), quote_plus(secret), repr(secret)[1:-1]}
            written |= {json.dumps(secret)[1:-1]}
            found += [(log.name, secret)] if any(w in text for w in written) else []
    return found
