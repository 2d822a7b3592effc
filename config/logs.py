"""The log settings: what is written, and how much of it is kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from config import values
from config.rules import Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSettings:
    """What programs log, and how `kwip up` rotates the files."""

    log_level: Annotated[
        str,
        Rule(
            "KWIP_LOG_LEVEL",
            values.choice("debug", "info", "warning", "error"),
            "info",
            shown="info",
            allowed="debug, info, warning or error",
            doc="The lowest level of log lines to write.",
        ),
    ]
    log_clients: Annotated[
        str,
        Rule(
            "KWIP_LOG_CLIENTS",
            values.choice("full", "network", "none"),
            "full",
            shown="full",
            allowed="full, network or none",
            doc="Whether the log line of a request has the client's address: in full, "
            "shortened to its network (24 bits, or 64 of IPv6), or not at all.",
        ),
    ]
    slow_command_ms: Annotated[
        int,
        Rule(
            "KWIP_SLOW_COMMAND_MS",
            values.number(0, 60_000),
            250,
            shown="250",
            allowed="a number from 0 to 60000",
            doc="How many milliseconds a command to MongoDB takes before it is logged, "
            "with its shape and the id of its request. 0 logs every command.",
        ),
    ]
    log_max_bytes: Annotated[
        int,
        Rule(
            "KWIP_LOG_MAX_BYTES",
            values.number(100_000, 1_000_000_000),
            10_000_000,
            shown="10000000 (10 MB)",
            allowed="a number from 100000 to 1000000000",
            doc="The size at which a log is rotated, in bytes, while its program runs.",
        ),
    ]
    log_keep: Annotated[
        int,
        Rule(
            "KWIP_LOG_KEEP",
            values.number(0, 1_000),
            5,
            shown="5",
            allowed="a number from 0 to 1000",
            doc="How many compressed logs to keep for each program. Older ones are "
            "deleted.",
        ),
    ]
