"""What apps request first: which site this is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwip.blueprints import http
from kwip.blueprints.api import policies
from kwip.blueprints.table import Route
from kwip.domain.errors import GoneError, NotFoundError
from kwip.schemas.accounts.users import AccountSchema
from kwip.schemas.site import (
    ExtendedDescriptionSchema,
    InstanceV1Schema,
    InstanceV2Schema,
    PrivacyPolicySchema,
    SiteText,
    SiteView,
    TermsOfServiceSchema,
    rules_json,
)
from kwip.text.translation import gettext

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flask import Response

    from kwip.domain.accounts.site import PageName
    from kwip.schemas.dumping import DumpSchema


def instance_v1() -> Response:
    """Describe the site, in the format for older apps."""
    return http.answer_dumped(InstanceV1Schema, _with_contact())


def instance_v2() -> Response:
    """Describe the site."""
    return http.answer_dumped(InstanceV2Schema, _with_contact())


def _with_contact() -> SiteView:
    """Return the site; with the account of its contact, if one is named."""
    info = http.site().info
    username = info.settings().contact_username
    if not username:
        return SiteView(info)
    try:
        found = http.services().users.by_name(None, http.loader(), username)
    except (NotFoundError, GoneError):
        return SiteView(info)
    return SiteView(info, http.dump(AccountSchema, found.user))


def rules() -> Response:
    """Return the rules of the site."""
    return http.answer(rules_json(http.site().info.settings()))


def extended_description() -> Response:
    """Return the text about the site; the short description if there is none."""
    return http.answer_dumped(ExtendedDescriptionSchema, SiteView(http.site().info))


def instance_privacy_policy() -> Response:
    """Return the privacy policy.

    Raises:
        NotFoundError: The site has not published one.
    """
    return _text("privacy")


def instance_terms() -> Response:
    """Return the terms of service.

    Raises:
        NotFoundError: The site has not published any.
    """
    return _text("terms")


_TEXTS: Mapping[str, type[DumpSchema]] = {
    "privacy": PrivacyPolicySchema,
    "terms": TermsOfServiceSchema,
}


def _text(name: PageName) -> Response:
    settings = http.site().info.settings()
    text = str(getattr(settings, name))
    if not text:
        raise NotFoundError(gettext("This site hasn't published this page yet."))
    view = SiteText(text, settings.changed_at.get(name))
    return http.answer_dumped(_TEXTS[name], view)


ROUTES = (
    Route("GET", "/api/v1/instance", instance_v1, policies.ANYBODY),
    Route("GET", "/api/v2/instance", instance_v2, policies.ANYBODY),
    Route("GET", "/api/v1/instance/rules", rules, policies.ANYBODY),
    Route(
        "GET",
        "/api/v1/instance/privacy_policy",
        instance_privacy_policy,
        policies.ANYBODY,
    ),
    Route("GET", "/api/v1/instance/terms_of_service", instance_terms, policies.ANYBODY),
    Route(
        "GET",
        "/api/v1/instance/extended_description",
        extended_description,
        policies.ANYBODY,
    ),
)
