"""What happens to every request before and after its endpoint.

Before: an id, and the policy of the route table. After: charges, headers and the final
body, one log line and the HTTP metrics.
"""

from __future__ import annotations

import time
from hashlib import blake2b
from http import HTTPStatus
from typing import TYPE_CHECKING, cast

import structlog
from flask import Response, g, redirect, request, session, url_for
from structlog.contextvars import bind_contextvars, clear_contextvars
from werkzeug.exceptions import HTTPException

from kwip.blueprints import (
    appearance,
    bodies,
    errors,
    http,
    languages,
    login,
    page_cache,
    rate_limits,
    staff_access,
)
from kwip.blueprints.answers import (
    compression,
    cors,
    framing,
    placeholders,
    surrogate_keys,
)
from kwip.blueprints.answers.page_copies import FOR_NGINX, until_this_second_ends
from kwip.blueprints.appearance import Appearance
from kwip.blueprints.report import report, request_id
from kwip.blueprints.table import Policy
from kwip.domain.accounts.roles import Role, may
from kwip.domain.clock import system_clock_ms
from kwip.domain.errors import (
    ForbiddenError,
    KwipError,
    NotAuthenticatedError,
    NotFoundError,
    RateLimitedError,
)
from kwip.domain.text import has_controls
from kwip.schemas.urls import origin_of
from kwip.services.accounts.authentication import Credential
from kwip.text import translation
from kwip.text.translation import gettext

if TYPE_CHECKING:
    from flask import Flask
    from werkzeug.wrappers import Response as BaseResponse

    from kwip.blueprints.bodies import KwipRequest
    from kwip.domain.accounts.users import Viewer

log = structlog.get_logger()

#: These files have no version in their name, so caches ask again soon.
STATIC_MAX_AGE_S = 3_600
#: For addresses without a route: their page still knows who is signed in.
UNMATCHED = Policy(
    auth="optional", scope=None, quota="pages", cache="never", csrf="none"
)
UNMATCHED_API = Policy(auth="none", scope=None, quota="api", cache="never", csrf="none")

_CACHE_CONTROL = {
    "never": "no-store",
    "private": "private, no-cache",
    "widget": (
        "public, max-age=0, s-maxage=30, "
        "stale-while-revalidate=60, stale-if-error=86400"
    ),
    "static": f"public, max-age={STATIC_MAX_AGE_S}",
    "immutable": "public, max-age=31536000, immutable",
    # Browsers keep what their reader has seen; no page names it when that is deleted. A
    # shared cache would show it to others, so it has to ask again.
    "card": "public, max-age=31536000, immutable, s-maxage=30",
    "signed": "private, max-age=86400",
}
_SECURITY = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin"}
#: Pictures have absolute addresses, and a page may be read under another of our hosts.
_CONTENT_SECURITY = (
    "default-src 'none'; script-src 'self'{static}; style-src 'self'{static}; "
    "img-src 'self'{static} {media}; media-src 'self' {media}; font-src 'self'; "
    "connect-src 'self'{live}; frame-src 'self'; "
    "manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


def install(app: Flask) -> None:
    """Run the gate before and after every endpoint."""
    app.before_request(begin)
    app.before_request(enforce)
    # Flask runs these in reverse: `finish` comes last.
    app.after_request(finish)
    app.after_request(finalize_response)
    app.register_error_handler(KwipError, fail)
    app.register_error_handler(HTTPException, fail)


def begin() -> None:
    """Give the request its id and its log context."""
    begun = http.begun()
    if begun is None:
        g.started_s = time.perf_counter()
        asked = request.headers.get("X-Request-Id", "")
        is_proxied = http.site().is_proxied
        g.request_id = request_id(asked, is_proxied=is_proxied)
    else:
        g.started_s, g.request_id = begun.started_s, begun.request_id
    clear_contextvars()
    bind_contextvars(request_id=g.request_id)
    languages.begin(_policy())


def enforce() -> BaseResponse | None:
    """Apply the route's policy to the request.

    Redirects people who are not signed in to the log-in page.

    Raises:
        NotAuthenticatedError: A token is missing or no longer valid.
        ForbiddenError: The token may not do this, or the form is not ours.
        NotFoundError: The address is for staff with a permission.
        RateLimitedError: The request exceeds its limit.
        MalformedError: The address is not UTF-8, or it or a form has control
            characters.
    """
    if request.method == "OPTIONS":
        return None
    policy = _policy()
    rate_limits.open_charge(policy)
    _check_address()
    viewer = g.viewer = _identify(policy)
    languages.follow(policy, viewer)
    if policy.asks_nothing:
        rate_limits.charge()
    is_write = request.method not in http.SAFE_METHODS
    if is_write:
        _read_body(policy, viewer)
    to_login = _let_in(policy, viewer)
    if to_login is not None:
        return to_login
    if is_write and policy.csrf == "form":
        login.check_form_token(request.form.get("csrf_token"))
        bodies.refuse_controls(bodies.pairs_of(request.form))
    return None


def _let_in(policy: Policy, viewer: Viewer | None) -> BaseResponse | None:
    if viewer is not None:
        bind_contextvars(viewer_id=viewer.id)
        if policy.scope and policy.scope not in viewer.scopes:
            raise ForbiddenError(
                gettext("This action is outside the authorized scopes."), rule="scope"
            )
        if policy.needs_email:
            http.services().email_address.require_confirmed(viewer)
    elif policy.auth == "token":
        raise NotAuthenticatedError(
            gettext(
                "Send an access token: Authorization: Bearer …"
                " (create one in your settings)."
            )
        )
    elif policy.auth == "user":
        return _to_login()
    _require_permission(policy, viewer)
    return staff_access.to_two_factor(policy, viewer)


def _require_permission(policy: Policy, viewer: Viewer | None) -> None:
    """Check the viewer's role; for whoever may not see a page, it does not exist."""
    if policy.permission is None:
        return
    role = Role.MEMBER
    if viewer is not None:
        is_read = request.method in http.SAFE_METHODS
        loader = http.loader() if is_read else None
        role = http.services().staff.role(viewer, loader)
    if may(role, policy.permission):
        return
    if policy.auth == "token":
        raise ForbiddenError(gettext("Your role doesn't allow this."), rule="role")
    raise NotFoundError(gettext("Page not found."))


def fail(error: KwipError | HTTPException) -> Response:
    """Charge a failed request, then answer with its error.

    Flask turns unexpected exceptions into an HTTPException.
    """
    try:
        rate_limits.pay_failure(_policy(), errors.number_of(error))
    except RateLimitedError as refusal:
        return errors.answer(refusal)
    return errors.answer(error)


def finalize_response(response: Response) -> Response:
    """Charge what is due, add the headers, and settle the body.

    The page cache keeps it, a client that has it gets a 304, placeholders are filled,
    and it is compressed.
    """
    policy = _policy()
    response = rate_limits.finish(response, policy)
    response.headers["X-Request-Id"] = g.request_id
    is_old = "loader" in g and g.loader.is_old
    if is_old:
        response.headers["Warning"] = page_cache.STALE
    _secure(response)
    cors.open_to_others(response, policy, is_api=_is_api())
    is_kept = response.status_code < errors.FIRST_ERROR
    cache = policy.cache if is_kept else "never"
    is_fresh = is_kept and not is_old
    if is_fresh and (cache in {"widget", "card"} or _is_for_all_visitors(policy)):
        # Before Cache-Control: nginx heeds the first that it meets.
        response.headers[FOR_NGINX] = ""
    if is_kept or "Cache-Control" not in response.headers:
        response.headers["Cache-Control"] = _CACHE_CONTROL[cache]
    if response.mimetype == "text/html":
        response.vary.add("Accept-Encoding")
        response.content_language.add(translation.language())
    if policy.reads_cookie:
        response.vary.add("Cookie")
    has_tag = cache in {"widget", "card"} or (response.is_json and cache != "never")
    _settle_body(response, has_tag=has_tag)
    return response


def _is_for_all_visitors(policy: Policy) -> bool:
    """Return whether everybody without cookies gets this very page."""
    is_cached = policy.auth == "optional" and policy.page_cache == "page"
    is_plain = g.get("viewer") is None and appearance.current() == Appearance()
    return is_cached and is_plain and not session.modified


def _secure(response: Response) -> None:
    """Say what a page may do and load."""
    site = http.site()
    origin = site.urls.origin
    live = f" {site.live_origin}" if site.live_origin else ""
    media = f"{origin} {site.urls.media_origin}".rstrip()
    static = f" {origin_of(site.assets.url)}".rstrip()
    content_security = (
        framing.content_security(origin, media, static)
        if framing.is_framed()
        else _CONTENT_SECURITY.format(media=media, static=static, live=live)
    )
    response.headers.setdefault("Content-Security-Policy", content_security)
    for name, value in _SECURITY.items():
        response.headers.setdefault(name, value)
    if origin.startswith("https:"):
        response.headers["Strict-Transport-Security"] = "max-age=31536000"


def _settle_body(response: Response, *, has_tag: bool) -> None:
    """Cache an answer for later requests; then complete it for this one."""
    if has_tag:
        _add_etag(response)
    page_cache.keep(response)
    if FOR_NGINX in response.headers:
        response.headers[FOR_NGINX] = until_this_second_ends()
    _answer_not_modified(response)
    placeholders.fill(response, login.form_token, system_clock_ms())
    compression.compress_page(response)


def finish(response: Response) -> Response:
    """Charge the work of a request; report it to the log and the metrics."""
    rate_limits.pay_work()
    route = request.url_rule.rule if request.url_rule else "unmatched"
    client = http.site().log_client(request.remote_addr)
    report(
        g.started_s,
        request.method,
        request.path,
        route,
        response.status_code,
        **client,
    )
    return response


def _policy() -> Policy:
    """Look up the policy of the matching route, if there is one."""
    unmatched = UNMATCHED_API if _is_api() else UNMATCHED
    return http.site().policies.get(request.endpoint or "", unmatched)


def _is_api() -> bool:
    return f"{request.path}/".startswith("/api/")


def _read_body(policy: Policy, viewer: Viewer | None) -> None:
    """Read a write's whole body, and keep files of known users only.

    The text of a form with files is read in any case: the page that asks its author to
    log in shows it.

    It is charged even if it is then rejected: MongoDB has already been asked who sent
    it.
    """
    is_upload = request.mimetype == "multipart/form-data"
    is_page = policy.auth == "user"
    if policy.takes_files and is_upload and (viewer is not None or is_page):
        request.max_content_length = http.site().max_upload_bytes
        cast("KwipRequest", request).keeps_files = viewer is not None
        take = bodies.require_whole_files
    else:
        take = bodies.require_whole
    try:
        take(request)
    finally:
        rate_limits.charge()


def _check_address() -> None:
    try:
        request.query_string.decode()
    except UnicodeDecodeError as error:  # Werkzeug may raise this at any time
        raise bodies.MalformedError(
            gettext("This address is not valid UTF-8.")
        ) from error
    if has_controls(request.path, but_spaces=False):
        raise bodies.MalformedError(
            gettext("Contains characters we can't store. Check the link and try again.")
        )
    bodies.refuse_controls(bodies.pairs_of(request.args))


def _identify(policy: Policy) -> Viewer | None:
    if policy.auth == "none":
        return None
    if policy.reads_cookie:
        return login.viewer()
    text = request.headers.get("Authorization", "")
    if not text.partition(" ")[2]:
        return None
    viewer = http.identify(Credential.from_header(text))
    if viewer is None:
        raise NotAuthenticatedError(gettext("The access token is invalid."))
    return viewer


def _to_login() -> BaseResponse:
    """Redirect to the log-in page, and from there back here if that makes sense.

    Raises:
        NotAuthenticatedError: The redirect would lose a text that was written, which
            the error page shows; or a script made the request, which cannot use a page.
    """
    if http.is_script() or errors.wants_json():
        raise NotAuthenticatedError(gettext("You're logged out. Log in to continue."))
    if request.form.get("text"):
        raise NotAuthenticatedError(
            gettext("You're logged out. Copy your text, log in, and post it again.")
        )
    is_page = request.method in http.SAFE_METHODS
    back = http.here() if is_page else None
    return redirect(url_for("web.login", next=back), 303)


def _add_etag(response: Response) -> None:
    """Add an ETag: a 128-bit BLAKE2 of the body; weak, if that may be compressed.

    With the sites that may frame it: with a 304, browsers keep the policy they have.
    """
    digest = blake2b(response.get_data(), digest_size=16)
    digest.update(framing.sites().encode())
    response.set_etag(digest.hexdigest(), weak=response.mimetype == "text/html")


def _answer_not_modified(response: Response) -> None:
    """Answer 304 without the body to a client that has it already."""
    tag, _ = response.get_etag()
    if tag and request.if_none_match.contains_weak(tag):
        response.status_code = HTTPStatus.NOT_MODIFIED
        response.set_data(b"")
        for name in surrogate_keys.HEADERS:  # a cache knows them with the body
            response.headers.remove(name)
