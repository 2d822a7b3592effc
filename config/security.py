"""The settings that keep others out of accounts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from config import values
from config.quotas import QuotaSettings
from config.rules import Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class SecuritySettings(QuotaSettings):
    """How passwords are hashed."""

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
