"""The settings that keep others out of accounts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

from config import secret_keys as keys
from config import values
from config.quotas import QuotaSettings
from config.rules import Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class SecuritySettings(QuotaSettings):
    """How cookies are signed and passwords hashed.

    Keys of None stand for those that Kwip makes for itself. Keys are no part of the
    representation.
    """

    secret_keys: Annotated[
        tuple[str, ...] | None,
        Rule(
            "KWIP_SECRET_KEY",
            keys.parse,
            None,
            shown="those in `KWIP_SECRET_KEY_FILE`",
            allowed="random keys of 32 characters or more, with spaces between them",
            doc="What signs session cookies and form tokens; the same on [every "
            "machine](scaling.md#what-machines-must-share). The first key signs, and "
            "older ones after it still open what they signed ([how to change "
            "it](runbook.md#change-the-secret-key)).",
        ),
    ] = field(repr=False)
    secret_keys_in_file: Annotated[
        tuple[str, ...] | None,
        Rule(
            "KWIP_SECRET_KEY_FILE",
            keys.read,
            None,
            shown="`secrets/flask` in `KWIP_HOME`, made on the first start",
            allowed="the path of a text file with such keys",
            doc="A file with the keys instead, one on each line.",
        ),
    ] = field(repr=False)

    password_hashes: Annotated[
        int,
        Rule(
            "KWIP_PASSWORD_HASHES",
            values.number(1, 64),
            1,
            shown="1",
            allowed="a number from 1 to 64",
            doc="Passwords that each web process hashes at once; one takes 40 ms of a "
            "core and 19 MiB. Half of the process's threads may hash or wait to; more "
            "sign-ins at the same time get 503.",
        ),
    ]
