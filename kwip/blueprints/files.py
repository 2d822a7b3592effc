"""Assets, pictures, icons, and what browsers and crawlers request on their own."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from flask import Response, request
from werkzeug.exceptions import RequestedRangeNotSatisfiable
from werkzeug.wsgi import wrap_file

from kwip.blueprints import assets, http, languages
from kwip.blueprints.answers import compression, ranges
from kwip.blueprints.table import Cache, Policy, Route
from kwip.domain.errors import ForbiddenError, NotFoundError
from kwip.domain.ids import PostId, parse_id
from kwip.domain.media.attachments import AttachmentFile, media_type
from kwip.domain.media.link_previews import PREVIEW_FILE
from kwip.domain.media.media import INTERNAL_PATH
from kwip.schemas import avatars
from kwip.text.translation import gettext

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kwip.blueprints.assets import Asset
    from kwip.domain.ids import AttachmentId
    from kwip.domain.media.media import OpenFile

#: The backgrounds of the two themes, as in `tokens.css`: browsers paint their own bars
#: with them.
GROUNDS = {"light": "#fdfcfa", "dark": "#14181a"}
_NOTHING_RUNS = "default-src 'none'; sandbox"
_FOR_OTHER_SITES = {
    "Access-Control-Allow-Origin": "*",
    "Cross-Origin-Resource-Policy": "cross-origin",
}
#: What crawlers should leave alone: forms, settings, and private pages.
_PRIVATE = (
    "/compose",
    "/share",
    "/follow",
    "/home",
    "/settings/",
    "/setup",
    "/login",
    "/signup",
    "/invite/",
    "/waiting-list",
    "/api/",
)


def asset(name: str) -> Response:
    """Return a file by its fingerprinted name; its content never changes."""
    found = http.site().assets.files.get(name)
    if found is None:
        raise NotFoundError(gettext("File not found."))
    return _shared(_send(found))


def widget_script(name: str) -> Response:
    """Return a script for other sites by the address that stays the same.

    `Content-Location` names the file whose content never changes.
    """
    found = http.site().assets
    served = found.names.get(f"widgets/{name}")
    if served is None:
        raise NotFoundError(gettext("File not found."))
    response = _shared(_send(found.files[served]))
    response.headers["Content-Location"] = f"/assets/{served}"
    response.set_etag(served)
    return response


def widget_words(code: str) -> Response:
    """Return the texts of web components in a language, else in that of the site.

    `code` is what a page names. The answer has the `tag` that browsers take for numbers
    and times, and `own`, that for those within our texts.
    """
    tag, code = languages.of_widget(code)
    own = tag if tag.partition("-")[0].lower() == code else code
    texts = assets.texts_of_widgets(code)
    return _shared(http.answer({"tag": tag, "own": own, "texts": texts}))


def picture(name: str) -> Response:
    """Return an uploaded file of a profile or of an open kwip.

    Nothing in it can run, wherever it is opened.
    """
    services = http.services()
    if AttachmentFile.parse(name):
        return _shared(stream(services.attachments.files.read_open(name)))
    return _shared(stream(services.media.open(name)))


def private_file(attachment_id: AttachmentId, variant: str) -> Response:
    """Return a file that not everybody may see, by a signed address."""
    attachments = http.services().attachments
    expires_s = parse_id(request.args.get("expires", "")) or 0
    signature = request.args.get("signature", "")
    if not attachments.signer.is_valid(attachment_id, variant, expires_s, signature):
        raise ForbiddenError(
            gettext("This link has expired. Open the kwip again."), rule="signature"
        )
    if variant == PREVIEW_FILE:
        file = http.services().previews.read_private(PostId(attachment_id))
    else:
        file = attachments.read_private(attachment_id, variant)
    return _left_to_nginx(file) if http.site().is_media_by_proxy else stream(file)


def _left_to_nginx(file: OpenFile) -> Response:
    """Respond with the name of a file, for nginx to send it; parts are its business."""
    file.content.close()
    response = _sent((), file.path)
    response.headers["X-Accel-Redirect"] = f"{INTERNAL_PATH}/{file.path}"
    return response


def _shared(response: Response) -> Response:
    """Let pages of other sites load it, even those that isolate themselves."""
    response.headers.update(_FOR_OTHER_SITES)
    return response


def stream(file: OpenFile) -> Response:
    """Respond with a file, or with the part of it that a browser asks for."""
    etag = file.path.rpartition("/")[2]
    try:
        part = ranges.wanted(request, etag, file.size)
    except RequestedRangeNotSatisfiable:
        file.content.close()
        raise
    if part is None:
        response = _sent(wrap_file(request.environ, file.content), file.path)
        response.content_length = file.size
    else:
        response = _sent(ranges.Part(file.content, part), file.path)
        response.status_code = HTTPStatus.PARTIAL_CONTENT
        response.content_length = len(part)
        response.content_range.set(part.start, part.stop, file.size)
    response.set_etag(etag)
    response.make_conditional(request)
    if request.method == "HEAD" or response.status_code == HTTPStatus.NOT_MODIFIED:
        file.content.close()  # Werkzeug does not close what it does not send
    return response


def _sent(body: Iterable[bytes], path: str) -> Response:
    kind = media_type(path)
    response = Response(body, content_type=kind, direct_passthrough=True)
    response.accept_ranges = "bytes"
    response.headers["Content-Security-Policy"] = _NOTHING_RUNS
    return response


def default_avatar(name: str) -> Response:
    """Return the profile picture of users who have uploaded none."""
    drawn = avatars.draw(name)
    if drawn is None:
        raise NotFoundError(gettext("File not found."))
    return _shared(Response(drawn, content_type="image/svg+xml; charset=utf-8"))


def favicon() -> Response:
    """Return the icon to clients that request it without having read a page."""
    found = http.site().assets
    return _send(found.files[found.names["favicon.ico"]])


def robots() -> Response:
    """Allow crawlers on profiles and posts, but not on forms."""
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in _PRIVATE)]
    return Response("\n".join(lines) + "\n", mimetype="text/plain")


def service_worker() -> Response:
    """Return the script that shows notifications; it is for all pages."""
    found = http.site().assets
    return _send(found.files[found.names["service_worker.js"]])


def manifest() -> Response:
    """Describe the site as an app for phones."""
    site = http.site()
    icons = [
        {"src": site.assets.address(name), "sizes": sizes, "type": kind, "purpose": use}
        for name, sizes, kind, use in (
            ("favicon.svg", "any", "image/svg+xml", "any"),
            ("icon-192.png", "192x192", "image/png", "any"),
            ("icon-512.png", "512x512", "image/png", "any"),
            ("icon-maskable.png", "512x512", "image/png", "maskable"),
        )
    ]
    response = http.answer(
        {
            "id": "/",
            "name": site.info.title,
            "short_name": site.info.title,
            "description": gettext("Short posts from people you choose, newest first."),
            "start_url": "/home",
            "scope": "/",
            "display": "standalone",
            "theme_color": GROUNDS["light"],
            "background_color": GROUNDS["light"],
            "icons": icons,
        }
    )
    response.mimetype = "application/manifest+json"
    return response


def _send(found: Asset) -> Response:
    is_gzipped = found.gzipped is not None and compression.takes_gzip()
    body = found.gzipped if is_gzipped else found.content
    response = Response(body, content_type=found.content_type)
    if found.gzipped is not None:
        response.vary.add("Accept-Encoding")
    if is_gzipped:
        response.content_encoding = "gzip"
    return response


def _policy(cache: Cache) -> Policy:
    return Policy(auth="none", scope=None, quota="none", cache=cache, csrf="none")


ROUTES = (
    Route("GET", "/assets/<path:name>", asset, _policy("immutable")),
    Route("GET", "/widgets/v1/<name>", widget_script, _policy("static")),
    Route(
        "GET",
        "/widgets/v1/words/<string(maxlength=35):code>",
        widget_words,
        _policy("static"),
    ),
    Route("GET", "/media/<path:name>", picture, _policy("immutable")),
    Route(
        "GET",
        "/media/private/<id:attachment_id>/<variant>",
        private_file,
        _policy("signed"),
    ),
    Route("GET", "/avatars/<name>", default_avatar, _policy("immutable")),
    Route("GET", "/favicon.ico", favicon, _policy("static")),
    Route("GET", "/robots.txt", robots, _policy("static")),
    Route("GET", "/service-worker.js", service_worker, _policy("static")),
    Route("GET", "/manifest.webmanifest", manifest, _policy("static")),
)
