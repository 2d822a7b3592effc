"""What every endpoint needs from its request and for its response.

The only module that uses `current_app`: endpoints get the services, the viewer, the
request's loader, its fields and its page from here, and answer through it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from http import HTTPStatus
from typing import IO, TYPE_CHECKING, Any, TypeVar, cast
from urllib.parse import quote, urlencode

from flask import (
    Response,
    current_app,  # noqa: TID251 - this is the one place
    g,
    request,
)

from kwip.blueprints import bodies
from kwip.domain.errors import NotAuthenticatedError
from kwip.schemas.dumping import to_text
from kwip.schemas.pages import PageQuery
from kwip.schemas.timelines.feed_formats import FORMATS
from kwip.text.translation import gettext

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from kwip.blueprints.assets import Assets
    from kwip.blueprints.table import Policy
    from kwip.domain.accounts.users import User, Viewer
    from kwip.domain.errors import RateLimitedError
    from kwip.domain.timelines.pages import Page, PageRequest
    from kwip.schemas.body import BodySchema
    from kwip.schemas.dumping import DumpSchema
    from kwip.schemas.site import SiteInfo
    from kwip.schemas.urls import Urls
    from kwip.services.accounts.authentication import Credential
    from kwip.services.bundle import Services
    from kwip.services.coherence.probes import Probe
    from kwip.services.maintenance.site_status import Status
    from kwip.services.reading.loader import Loader, Lookup
    from kwip.services.reading.rate_limits import RequestCharge

T = TypeVar("T")

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_CURSORS = frozenset({"max_id", "since_id", "min_id", "as_of"})
#: Parameters that stay when one pages on: how a timeline is shown.
_WAYS = frozenset({("order", "active"), ("repeats", "fold"), ("repeats", "show")})
#: Endings of the addresses of feeds.
_FEEDS = tuple(f".{ending}" for ending in FORMATS)
_EXTENSION = "kwip"
#: Where `PageCache` leaves what it has begun.
BEGUN = "kwip.begun"


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """What the endpoints of an app share; `create_app` makes it once.

    `probes` check each server, by its name; `policies` is the route table by endpoint
    name; `live_origin` is where pages poll, "" for this site's own origin, None for
    nowhere; `is_live` is true in a live process, `is_proxied` behind a proxy of ours,
    and `is_media_by_proxy` if nginx sends private files; `status` reads how the site is
    doing; `log_client` returns the log's field of an address; `max_upload_bytes` is the
    longest body of a route that takes files; `dumpers` fills as schemas are first used.
    """

    services: Services
    urls: Urls
    info: SiteInfo
    assets: Assets
    has_styleguide: bool
    probes: Mapping[str, Callable[[], Probe]]
    policies: Mapping[str, Policy]
    live_origin: str | None
    is_live: bool
    is_proxied: bool
    is_media_by_proxy: bool
    status: Callable[[], Status]
    log_client: Callable[[str | None], Mapping[str, str]]
    max_upload_bytes: int
    dumpers: dict[tuple[type[DumpSchema], bool], DumpSchema] = field(
        default_factory=dict
    )


@dataclass(frozen=True, slots=True)
class Begun:
    """What `PageCache` has begun for a request, before it looks for its page.

    `page` is its key, to cache the answer under; `first` is what it begins with.
    """

    started_s: float
    request_id: str
    request_charge: RequestCharge
    loader: Loader
    page: str
    first: tuple[Lookup[Any, Any], ...]
    refusal: RateLimitedError | None = None


def install(app_extensions: dict[str, object], site: Site) -> None:
    """Store the site where `site()` finds it."""
    app_extensions[_EXTENSION] = site


def site() -> Site:
    """Return what this app's endpoints share."""
    return cast("Site", current_app.extensions[_EXTENSION])


def services() -> Services:
    """Return the services."""
    return site().services


def loader() -> Loader:
    """Return the request's loader; its lease is taken at the first call.

    An endpoint that writes and then reads must not call this before the write.
    """
    if "loader" not in g:
        known = begun()
        g.loader = _begin_read() if known is None else known.loader
    return cast("Loader", g.loader)


def _begin_read() -> Loader:
    reader_id, policy = g.get("reader_id"), site().policies.get(request.endpoint or "")
    is_allowed = policy and policy.reads_secondaries(is_visitor=reader_id is None)
    return services().loaders.begin_read(
        reader_id, g.request_charge, from_secondaries=bool(is_allowed)
    )


def begin_loader() -> None:
    """Discard the request's loader: the next call of `loader` begins a new one."""
    request.environ.pop(BEGUN, None)
    g.pop("loader", None)


def begun() -> Begun | None:
    """Return what was done for this request before Flask got it."""
    return cast("Begun | None", request.environ.get(BEGUN))


def viewer() -> Viewer | None:
    """Return the viewer, if the route's policy asks for one."""
    return cast("Viewer | None", g.get("viewer"))


def signed_in() -> Viewer:
    """Return the viewer, on routes for signed-in users only.

    Raises:
        NotAuthenticatedError: Nobody is signed in.
    """
    found = viewer()
    if found is None:
        raise NotAuthenticatedError(gettext("Log in to continue."))
    return found


def identify(credential: Credential | None) -> Viewer | None:
    """Find the viewer of a credential: in the cache for a read, else in MongoDB.

    A read also warms the post or the user that its path names, and charges the request:
    1 round trip to Redis.

    Raises:
        RateLimitedError: A read exceeds its limit.
    """
    if credential is None:
        return None
    g.reader_id = credential.user_id
    if request.method in SAFE_METHODS:
        return _identify_reader(credential)
    return _identify_writer(credential)


def _identify_reader(credential: Credential) -> Viewer | None:
    first: tuple[Lookup[Any, Any], ...] = ()
    page = begun()
    if page is None:
        g.request_charge.present(credential.user_id, credential.id.digest)
    else:  # `PageCache` has presented the credential
        first = page.first
    named = request.view_args or {}
    return services().authentication.open(
        credential,
        loader(),
        post_id=named.get("post_id"),
        username=named.get("username"),
        first=first,
    )


def _identify_writer(credential: Credential) -> Viewer | None:
    found = services().authentication.confirm(credential)
    if found is not None:
        g.request_charge.present(found.id, found.digest)
        g.request_charge.confirm()
    return found


def unread() -> int:
    """Return the number of unread notifications, on a page that its viewer reads.

    No I/O: it was read with the viewer. Error pages and responses to forms lack it.
    """
    viewer, known = g.get("viewer"), g.get("loader")
    if viewer is None or known is None or request.method not in SAFE_METHODS:
        return 0
    return services().notifications.unread(viewer, known)


def me() -> User | None:
    """Return the viewer's user, on a page that its viewer reads.

    No I/O: it was read with the viewer. Error pages and responses to forms lack it.
    """
    viewer, known = g.get("viewer"), g.get("loader")
    if viewer is None or known is None or request.method not in SAFE_METHODS:
        return None
    return services().users.me(viewer, known)


def load_body(schema: BodySchema[T]) -> T:
    """Read the request's fields in any format.

    Raises:
        InvalidError: Fields are missing or wrong.
        BadRequest: The body cannot be read at all.
    """
    return schema.parse(bodies.read(request))


def load_form(schema: BodySchema[T]) -> T:
    """Read a form of our own pages, without its form token; `name[]` is a list.

    Raises:
        InvalidError: Fields are missing, wrong or unknown.
    """
    values = bodies.unnest(bodies.pairs_of(request.form))
    values.pop("csrf_token", None)
    return schema.parse(values)


def upload(name: str) -> IO[bytes] | None:
    """Return an uploaded file; None if the form's field was left empty."""
    sent = request.files.get(name)
    if sent is None:
        return None
    is_empty = not sent.stream.read(1)
    sent.stream.seek(0)
    return None if is_empty and not sent.filename else sent.stream


def load_query(schema: BodySchema[T]) -> T:
    """Read the query; `id[]=1&id[]=2` is a list.

    Raises:
        InvalidError: Parameters are missing or wrong.
    """
    return schema.parse(bodies.unnest(bodies.pairs_of(request.args)))


def page_request() -> PageRequest:
    """Read which page of a timeline is asked for.

    Raises:
        InvalidError: A cursor is not an id, or the limit is not a number.
    """
    return load_query(PageQuery())


def dump(schema: type[DumpSchema], view: object, *, many: bool = False) -> object:
    """Turn a view, or many, into JSON values for this viewer."""
    return _dumper(schema).dump(view, many=many)


def _dumper(schema: type[DumpSchema]) -> DumpSchema:
    key = (schema, viewer() is not None)
    dumpers = site().dumpers
    if key not in dumpers:
        dumpers[key] = schema(site().urls, is_signed_in=key[1])
    return dumpers[key]


def answer(value: object, status: int = 200) -> Response:
    """Respond with JSON."""
    return _json(to_text(value), status)


def _json(text: str, status: int = 200) -> Response:
    return Response(text, status, content_type="application/json; charset=utf-8")


def answer_nothing() -> Response:
    """Respond without content (204)."""
    return Response(status=HTTPStatus.NO_CONTENT)


def answer_dumped(schema: type[DumpSchema], view: object) -> Response:
    """Respond with one view as JSON."""
    return answer(dump(schema, view))


def answer_list(schema: type[DumpSchema], views: Sequence[object]) -> Response:
    """Respond with a list of views."""
    return _json(_dumper(schema).write(views))


def answer_lists(schema: type[DumpSchema], **lists: Sequence[object]) -> Response:
    """Respond with lists of views, each under its name."""
    dumper = _dumper(schema)
    written = (f'"{name}":{dumper.write(views)}' for name, views in lists.items())
    return _json(f"{{{','.join(written)}}}")


def answer_page(schema: type[DumpSchema], page: Page[T]) -> Response:
    """Respond with a page of views, and its neighbours in `Link`, next first."""
    response = _json(_dumper(schema).write(page.items))
    then = {} if page.as_of is None else {"as_of": str(page.as_of)}
    links = [
        f'<{page_url(**{cursor: str(value)}, **then)}>; rel="{rel}"'
        for rel, cursor, value in (
            ("next", "max_id", page.next_max_id),
            ("prev", "min_id", page.prev_min_id),
        )
        if value is not None
    ]
    if links:
        response.headers["Link"] = ", ".join(links)
    return response


def page_url(**cursor: str) -> str:
    """Return the address of this request with another cursor."""
    kept = [
        (key, value)
        for key, value in request.args.items(multi=True)
        if key not in _CURSORS | cursor.keys()
    ]
    # Paths and arguments may contain anything that a client sent: always quote them.
    query = urlencode([*kept, *cursor.items()], errors="replace")
    path = quote(request.path.rstrip("/"), safe="/@")
    return f"{site().urls.origin}{path}?{query}"


def ways() -> dict[str, str]:
    """Return the parameters that say how this timeline is shown."""
    return {k: v for k, v in request.args.items() if (k, v) in _WAYS}


def query(**words: object) -> str:
    """Return the query of another page of the same timeline, shown the same way.

    Empty parameters are left out.
    """
    both = {key: word for key, word in (ways() | words).items() if word != ""}
    return f"?{urlencode(both)}" if both else ""


def here(**words: object) -> str:
    """Return the path and the cursors of this request, as a link back to it.

    Nothing else of the query: what others put into it would be compressed together with
    content that only the viewer may read. Two slashes at the start would name a host.
    """
    cursors = {k: v for k, v in request.args.items() if v.isascii() and v.isdigit()}
    return quote("/" + request.path.lstrip("/"), safe="/@") + query(**cursors | words)


def is_script() -> bool:
    """Return whether a page's script sent the request; it gets data, not a page."""
    accepted = request.accept_mimetypes
    return accepted["application/json"] > accepted["text/html"]


def is_feed(path: str) -> bool:
    """Return whether an address is a feed's: no page, no cookie, for any origin."""
    return path.rstrip("/").endswith(_FEEDS) and not path.startswith("/api/")


def problem(message: str, fields: Mapping[str, str], number: int) -> Response:
    """Respond with a JSON problem: the message and the wrong fields."""
    body: dict[str, object] = {"error": str(message)}
    if fields:
        body["details"] = {
            name: [{"error": "ERR_INVALID", "description": str(text)}]
            for name, text in fields.items()
        }
    return answer(body, number)
