"""Check that the ports of a start are free."""

from __future__ import annotations

import errno
import socket

from kwip.embedded.errors import CannotStartError

LOOPBACK = "127.0.0.1"


def check_port(variable: str, bind: str, port: int) -> None:
    """Fail if the port cannot be listened on.

    Raises:
        CannotStartError: It cannot; names the variable.
    """
    family = socket.AF_INET6 if ":" in bind else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((bind, port))
            probe.listen()
        except OSError as error:
            raise CannotStartError(_why_not(variable, bind, port, error)) from error


def _why_not(variable: str, bind: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"{variable}={port}: port {port} on {bind} is in use by another program:"
            f" stop it or set another {variable}"
        )
    if error.errno == errno.EACCES:
        return f"{variable}={port}: no permission to use this port: use one above 1023"
    return (
        f"KWIP_BIND={bind}: cannot listen on this address ({error.strerror}):"
        " use an address of this machine"
    )
