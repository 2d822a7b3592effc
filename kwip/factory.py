"""What the web application and the live application have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from kwip import __version__
from kwip.blueprints import bodies, gate, http, login
from kwip.blueprints.report import CLIENTS
from kwip.domain.media.attachments import MAX_IMAGES, VIDEO_MAX_BYTES
from kwip.schemas.site import SiteInfo
from kwip.schemas.urls import Urls

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import TracebackType

    from flask import Request
    from werkzeug.routing import MapAdapter

    from config.settings import Settings
    from kwip.blueprints.assets import Assets
    from kwip.blueprints.table import Policy
    from kwip.wiring import Wiring


class KwipFlask(Flask):
    """Flask, with unexpected errors in Kwip's own log."""

    own_host = ""
    request_class = bodies.KwipRequest

    def create_url_adapter(self, request: Request | None) -> MapAdapter | None:
        """Match routes by our own host, whatever the request's Host says.

        An invalid Host would leave the request without a map, and its error page
        without links.
        """
        if request is None:
            return super().create_url_adapter(None)
        return self.url_map.bind(
            self.own_host,
            path_info=request.path,
            default_method=request.method,
            query_args=request.query_string.decode(errors="replace"),
        )

    def log_exception(
        self,
        exc_info: tuple[type, BaseException, TracebackType | None]
        | tuple[None, None, None],
    ) -> None:
        """Write the traceback to the log; the user gets an error page without it."""
        gate.log.error("request_failed", exc_info=exc_info)


def make_app(
    wiring: Wiring,
    settings: Settings,
    policies: Mapping[str, Policy],
    assets: Assets,
    *,
    is_live: bool = False,
) -> tuple[KwipFlask, http.Site]:
    """Make an app without routes, and what its endpoints share."""
    app = KwipFlask("kwip", static_folder=None if is_live else "static")
    urls = Urls(
        settings.origin,
        settings.media_url,
        wiring.services.attachments.signer,
        wiring.services.emojis.current,
    )
    app.own_host = urls.host
    app.config.from_mapping(_configuration(wiring.endpoints.secret_keys, urls))
    info = SiteInfo(
        version=__version__,
        post_max_chars=settings.post_max_chars,
        media_max_bytes=settings.media_max_bytes,
        settings=wiring.services.site.current,
        push_key=lambda: wiring.services.push_subscriptions.public_key,
    )
    site = http.Site(
        services=wiring.services,
        urls=urls,
        info=info,
        assets=assets,
        has_styleguide=settings.styleguide,
        probes=wiring.probes,
        policies=policies,
        live_origin=_live_origin(settings),
        is_live=is_live,
        is_proxied=settings.trusted_proxies > 0,
        is_media_by_proxy=settings.media_by_proxy,
        status=wiring.status.read,
        log_client=CLIENTS[settings.log_clients],
        # Room for all pictures or a video, and a form, so that an error can name a file
        # that is too large.
        max_upload_bytes=bodies.MAX_BODY_BYTES
        + max(MAX_IMAGES * settings.media_max_bytes, VIDEO_MAX_BYTES),
    )
    http.install(app.extensions, site)
    login.install(app)
    gate.install(app)
    return app, site


def believe_proxies(app: Flask, settings: Settings) -> None:
    """Take the address of the client from the headers of our own proxies.

    Only that is taken from these headers: the origin is a setting.
    """
    if settings.trusted_proxies:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign] # Flask's own way
            app.wsgi_app,
            x_for=settings.trusted_proxies,
            x_proto=0,
            x_host=0,
        )


def _live_origin(settings: Settings) -> str | None:
    """Return where pages poll; "" for the site's own origin."""
    found = settings.live_origin
    return "" if found in {"same", settings.origin} else found


def _configuration(keys: Sequence[str], urls: Urls) -> dict[str, object]:
    return {
        **login.cookie_settings(urls.origin, keys),
        "WTF_CSRF_TIME_LIMIT": None,  # as long as the cookie that it belongs to
        "MAX_CONTENT_LENGTH": bodies.MAX_BODY_BYTES,
        "MAX_FORM_MEMORY_SIZE": bodies.MAX_BODY_BYTES,
        "MAX_FORM_PARTS": bodies.MAX_FIELDS,
        "PROPAGATE_EXCEPTIONS": False,  # the boundary is here, in tests too
    }
