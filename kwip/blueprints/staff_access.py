"""What the site asks of its staff before they may act, and as whom they act."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import flash, redirect, request, url_for

from kwip.blueprints import http
from kwip.domain.errors import ForbiddenError
from kwip.text.translation import gettext

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as BaseResponse

    from kwip.blueprints.table import Policy
    from kwip.domain.accounts.audit_log import Order
    from kwip.domain.accounts.roles import Permission
    from kwip.domain.accounts.users import Viewer


def to_two_factor(policy: Policy, viewer: Viewer | None) -> BaseResponse | None:
    """Redirect staff who have to set up two-factor authentication first.

    Raises:
        ForbiddenError: They do, and a redirect would lose what was sent.
    """
    if policy.permission is None or viewer is None:
        return None
    if not http.services().two_factor.is_lacking(viewer):
        return None
    message = gettext(
        "Staff of this site need two-factor authentication. Set it up first."
    )
    is_page = policy.auth == "staff" and request.method in http.SAFE_METHODS
    if not is_page or http.is_script():
        raise ForbiddenError(message, rule="two_factor")
    flash(message)
    return redirect(url_for("web.two_factor_settings"), 303)


def by_viewer(permission: Permission, reason: str = "") -> Order:
    """Return an order in the viewer's name, for the audit log; one query.

    Raises:
        ForbiddenError: The viewer's role does not have the permission.
    """
    return http.services().staff.order(http.signed_in(), permission, reason)
