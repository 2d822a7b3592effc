"""Close the viewer's account, after a check of the password and the code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import datetime as dt

    from kwip.domain.accounts.two_factor import Proof
    from kwip.domain.accounts.users import Viewer
    from kwip.services.accounts.closures import Closures
    from kwip.services.accounts.two_factor.two_factor import TwoFactorSettings


@dataclass(frozen=True, slots=True)
class AccountClosing:
    """Close accounts of people who are signed in."""

    two_factor: TwoFactorSettings
    closures: Closures

    def close(self, viewer: Viewer, proof: Proof) -> dt.datetime:
        """Close the viewer's account; return when it will be deleted.

        Raises:
            InvalidError: The password or the code is wrong.
            RateLimitedError: There were too many wrong ones.
            ConflictError: The viewer is the only owner of the site.
        """
        self.two_factor.authorise(viewer, proof)
        return self.closures.close(viewer)
