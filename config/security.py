"""The settings that protect accounts."""

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

    None stands for keys that Kwip generates itself. Keys are not part of the
    representation.
    """

    secret_keys: Annotated[
        tuple[str, ...] | None,
        Rule(
            "KWIP_SECRET_KEY",
            keys.parse,
            None,
            shown="the keys in `KWIP_SECRET_KEY_FILE`",
            allowed="random keys of 32 characters or more, separated by spaces",
            doc="The keys that sign session cookies and form tokens. Use the same on "
            "[every machine](scaling.md#what-machines-must-share). Kwip signs with the "
            "first key, and still accepts the others ([how to change "
            "it](runbook.md#change-the-secret-key)).",
        ),
    ] = field(repr=False)
    secret_keys_in_file: Annotated[
        tuple[str, ...] | None,
        Rule(
            "KWIP_SECRET_KEY_FILE",
            keys.read,
            None,
            shown="`secrets/flask` in `KWIP_HOME`, created on the first start",
            allowed="the path of a text file with such keys",
            doc="A file with the keys, one per line, instead of `KWIP_SECRET_KEY`.",
        ),
    ] = field(repr=False)

    staff_two_factor: Annotated[
        bool,
        Rule(
            "KWIP_STAFF_TWO_FACTOR",
            values.flag,
            default=False,
            shown="0",
            allowed="1 or 0",
            doc="Whether moderators, administrators and owners need two-factor "
            "authentication to open pages below `/admin` and to act there.",
        ),
    ]
    password_hashes: Annotated[
        int,
        Rule(
            "KWIP_PASSWORD_HASHES",
            values.number(1, 64),
            1,
            shown="1",
            allowed="a number from 1 to 64",
            doc="How many passwords each web process hashes at once. One takes 40 ms "
            "of a core and 19 MiB. At most half of the process's threads hash or wait "
            "to hash; more logins at the same time get 503.",
        ),
    ]
