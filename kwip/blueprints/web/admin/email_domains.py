"""The page on which administrators block email domains and addresses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import url_for

from kwip.blueprints import http
from kwip.blueprints.staff_access import by_viewer
from kwip.blueprints.table import Route
from kwip.blueprints.web.admin.shell import form_policy, page_policy
from kwip.blueprints.web.pages import Form, go, page, page_again
from kwip.domain.accounts.roles import Permission
from kwip.domain.errors import ConflictError, InvalidError, NotFoundError
from kwip.schemas.accounts.members import DomainForm
from kwip.text.translation import gettext

if TYPE_CHECKING:
    from flask import Response


def email_domains() -> Response:
    """List the blocked email domains and addresses, with the form to block one."""
    domains = http.services().email_domains.listed()
    return page("admin_domains.html", domains=domains, form=Form())


def block_email_domain() -> Response:
    """Block an email domain or address."""
    services = http.services()
    try:
        asked = http.load_form(DomainForm())
        order = by_viewer(Permission.BLOCK_DOMAINS, asked.reason)
        domain = services.email_domains.block(asked.domain, order)
    except (InvalidError, ConflictError) as error:
        domains = services.email_domains.listed()
        return page_again("admin_domains.html", error, domains=domains)
    message = gettext("%(domain)s blocked.", domain=domain)
    return go(url_for("web.email_domains"), message)


def unblock_email_domain() -> Response:
    """Allow an email domain or address again."""
    services, asked = http.services(), http.load_form(DomainForm())
    order = by_viewer(Permission.BLOCK_DOMAINS, asked.reason)
    try:
        domain = services.email_domains.unblock(asked.domain, order)
    except NotFoundError as error:
        return go(url_for("web.email_domains"), error.message)
    message = gettext("%(domain)s is no longer blocked.", domain=domain)
    return go(url_for("web.email_domains"), message)


_PAGE = page_policy(Permission.BLOCK_DOMAINS)
_FORM = form_policy(Permission.BLOCK_DOMAINS)

ROUTES = (
    Route("GET", "/admin/domains", email_domains, _PAGE),
    Route("POST", "/admin/domains", block_email_domain, _FORM),
    Route("POST", "/admin/domains/unblock", unblock_email_domain, _FORM),
)
