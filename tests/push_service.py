"""A real push service on this machine, with devices that decrypt what they get."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import http_ece
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from kwip.domain.push import PushTarget
from kwip.services.push.encryption import from_base64, to_base64


@dataclass
class Device:
    """A browser or an app, with its keys; `got` has its messages as JSON values."""

    endpoint: str
    key: ec.EllipticCurvePrivateKey
    secret: bytes
    got: list = field(default_factory=list)
    headers: list = field(default_factory=list)

    def target(self, *, is_standard=True):
        point = self.key.public_key().public_bytes(
            serialization.Encoding.X962,
            serialization.PublicFormat.UncompressedPoint,
        )
        return PushTarget(
            endpoint=self.endpoint,
            p256dh=to_base64(point),
            auth=to_base64(self.secret),
            is_standard=is_standard,
        )

    def receive(self, headers, body):
        self.headers.append(headers)
        known = {"private_key": self.key, "auth_secret": self.secret}
        encoding = headers["Content-Encoding"]
        if encoding == "aesgcm":
            crypto = _parameters(headers["Crypto-Key"])
            known["dh"] = from_base64(crypto["dh"])
            known["salt"] = from_base64(_parameters(headers["Encryption"])["salt"])
        content = http_ece.decrypt(body, version=encoding, **known)
        self.got.append(json.loads(content))


@dataclass
class PushService:
    """Takes every message, unless told what to answer.

    `answers` are the answers to the next messages, each a status and headers.
    `on_message` is called before each is taken.
    """

    port: int = 0
    devices: dict = field(default_factory=dict)
    answers: list = field(default_factory=list)
    asked: int = 0

    def forget(self):
        self.devices, self.answers, self.asked = {}, [], 0
        self.on_message = lambda: None

    @property
    def place(self):
        return f"127.0.0.1:{self.port}"

    def device(self):
        """Make a device; its endpoint is a number."""
        path = f"/{len(self.devices) + 1}"
        device = Device(
            endpoint=f"http://{self.place}{path}",
            key=ec.generate_private_key(ec.SECP256R1()),
            secret=bytes(range(16)),
        )
        self.devices[path] = device
        return device


def claims_of(token, public_key):
    """Return what a token of the site says, if the site signed it."""
    signed, _, signature = token.rpartition(".")
    numbers = from_base64(signature)
    halves = [int.from_bytes(half, "big") for half in (numbers[:32], numbers[32:])]
    point = from_base64(public_key)
    key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    ecdsa = ec.ECDSA(hashes.SHA256())
    key.verify(encode_dss_signature(*halves), signed.encode(), ecdsa)
    return json.loads(from_base64(signed.partition(".")[2]))


def _parameters(text):
    pairs = (each.strip().partition("=") for each in text.split(";"))
    return {name: value for name, _, value in pairs}


@contextmanager
def push_service():
    """Run one until the end of the block."""
    service = PushService()
    service.forget()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            service.asked += 1
            body = self.rfile.read(int(self.headers["Content-Length"]))
            service.on_message()
            status, headers = service.answers.pop(0) if service.answers else (201, {})
            if status == 201:
                service.devices[self.path].receive(dict(self.headers), body)
            self.send_response(status)
            for name, value in {"Content-Length": "0", **headers}.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    service.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield service
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture(scope="session")
def one_push_service():
    """Return a push service for all tests of this process."""
    with push_service() as service:
        yield service


@pytest.fixture
def push(one_push_service):
    """Return a push service without devices."""
    one_push_service.forget()
    return one_push_service
