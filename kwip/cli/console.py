"""`kwip console`: a Python console with the services ready, which only reads."""

from __future__ import annotations

import code
import sys
from typing import TYPE_CHECKING, Any

import click

from kwip import __version__
from kwip.cli.running import connected
from kwip.domain.accounts.users import Viewer
from kwip.domain.errors import KwipError
from kwip.domain.timelines.pages import PageRequest
from kwip.services.reading.loader import Loader
from kwip.services.reading.rate_limits import FREE
from kwip.store.read_only import only_reading
from kwip.wiring import Options

if TYPE_CHECKING:
    from config.settings import Settings
    from kwip.domain.accounts.users import User
    from kwip.wiring import Wiring

_BANNER = """\
Kwip {version}. This console only reads: MongoDB and the media folder refuse writes.
Reading as {viewer}.

  services        what Kwip does, such as services.timelines
  viewer          who reads; None for a visitor
  loader()        a new loader, which each read needs
  user("name")    a user
  stores          what is read from MongoDB

  services.timelines.home(viewer, loader(), PageRequest())
"""


class _Console(code.InteractiveConsole):
    """Shows our own errors in a line."""

    def showtraceback(self) -> None:
        """Show the error that was raised; all of it, if it is not ours."""
        error = sys.exc_info()[1]
        if isinstance(error, KwipError):
            self.write(f"{type(error).__name__}: {error.message}\n")
        else:
            super().showtraceback()


@click.command("console")
@click.option("--as", "name", help="Read as this user; as a visitor without it.")
@click.option("--run", "source", help="Run this instead of asking, and exit.")
@click.pass_obj
def command(settings: Settings, *, name: str | None, source: str | None) -> None:
    """Open a Python console that reads the site as a viewer.

    It cannot write: every command to MongoDB that may change something is refused, and
    so are changes of media files. Nothing is read from the cache or put into it.
    """
    # Who is looked at must not seem to have been there.
    quiet = Options(enqueue=lambda *_: True, signal=lambda _: None)
    with connected(settings, quiet) as wiring, only_reading():
        names = _names(wiring, name)
        if source is not None:
            exec(compile(source, "--run", "exec"), names)  # noqa: S102 -- its purpose
            sys.stdout.flush()
            return
        viewer = f"@{names['viewer'].username}" if name else "a visitor"
        banner = _BANNER.format(version=__version__, viewer=viewer)
        _Console(names).interact(banner=banner, exitmsg="")


def _names(wiring: Wiring, name: str | None) -> dict[str, Any]:
    services = wiring.services

    def user(name: str) -> User:
        return services.members.user(name.removeprefix("@").lower())

    viewer = None
    if name:
        found = user(name)
        viewer = Viewer.without_session(found.id, found.username)
    return {
        "services": services,
        "stores": wiring.stores,
        "viewer": viewer,
        # Without a lease, nothing is read from the cache or put into it.
        "loader": lambda: Loader(services.loaders, None, FREE, None),
        "user": user,
        "PageRequest": PageRequest,
    }
