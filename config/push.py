"""The settings of Web Push."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

from config import secret_keys as keys
from config import values
from config.mail import MailSettings
from config.rules import Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class PushSettings(MailSettings):
    """How Kwip tells devices of notifications; the key is not in the representation."""

    push_key: Annotated[
        str | None,
        Rule(
            "KWIP_PUSH_KEY",
            keys.only,
            None,
            shown="`secrets/push` in `KWIP_HOME`, created on the first start",
            allowed="a random text of 32 characters or more",
            doc="What the key pair is made from by which push services know this site "
            "(VAPID). Use the same on [every "
            "machine](scaling.md#what-machines-must-share). With another one, every "
            "browser and app has to turn notifications on again.",
        ),
    ] = field(repr=False)
    push_allow: Annotated[
        frozenset[tuple[str, int]],
        Rule(
            "KWIP_PUSH_ALLOW",
            values.places,
            frozenset(),
            shown="none",
            allowed="hosts with ports, comma-separated: push.example.org:8443",
            doc="For tests and intranets: hosts with ports of push services that may "
            "be in your own network, on another port than 443, or without TLS. Anyone "
            "with an account can make Kwip post to any address on these.",
        ),
    ]
