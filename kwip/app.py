"""Make the Flask app from what the wiring has built."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from kwip import __version__
from kwip.blueprints import (
    appearance,
    assets,
    bodies,
    files,
    gate,
    http,
    login,
    page_cache,
    routes,
)
from kwip.blueprints.answers import placeholders
from kwip.blueprints.report import CLIENTS
from kwip.blueprints.toolbar import Toolbar
from kwip.blueprints.web.accounts.announcements import announced
from kwip.blueprints.web.admin import shell
from kwip.domain.media.attachments import MAX_IMAGES, VIDEO_MAX_BYTES
from kwip.domain.posting.replies import without_name
from kwip.schemas import emojis
from kwip.schemas.accounts.members import STATE_NAMES, action_name, actions
from kwip.schemas.accounts.roles import role_name
from kwip.schemas.discovery.trends import short_address
from kwip.schemas.posting.sources import source_label
from kwip.schemas.site import SiteInfo
from kwip.schemas.timelines import cards
from kwip.schemas.urls import Urls
from kwip.text import dates, translation
from kwip.text.agents import browser_in_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from types import TracebackType
    from wsgiref.types import StartResponse, WSGIEnvironment

    from flask import Request
    from werkzeug.routing import MapAdapter

    from config.settings import Settings
    from kwip.services.delivery.long_polls import Live
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


def create_app(wiring: Wiring, settings: Settings, *, is_live: bool = False) -> Flask:
    """Make the app: the route table, the gate in front of it, errors and cookies.

    A live app answers long polls and nothing else, a few requests at a time.

    Raises:
        UndeclaredRouteError: A route has no row in the table.
    """
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
        assets=replace(assets.load(), url=settings.static_url),
        has_styleguide=settings.styleguide,
        probes=wiring.probes,
        policies=routes.POLICIES,
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
    _prepare_templates(app, site)
    login.install(app)
    gate.install(app)
    routes.register(app, is_live=is_live)
    routes.check(app)
    if not is_live:
        app.wsgi_app = page_cache.PageCache(app, site)  # type: ignore[method-assign]
        if settings.toolbar:
            app.wsgi_app = Toolbar(  # type: ignore[method-assign]
                app.wsgi_app,
                app,
                site.assets.address("toolbar.css"),
                wiring.plan_of,
            )
    if settings.trusted_proxies:
        # Only the address is taken from these headers: the origin is a setting.
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign] # Flask's own way
            app.wsgi_app,
            x_for=settings.trusted_proxies,
            x_proto=0,
            x_host=0,
        )
    if is_live:
        _let_wait(app, wiring.services.live)
    return app


def _live_origin(settings: Settings) -> str | None:
    """Return where pages poll; "" for the site's own origin."""
    found = settings.live_origin
    return "" if found in {"same", settings.origin} else found


def _let_wait(app: Flask, live: Live) -> None:
    """Give each request one of the turns, which it gives up while it waits."""
    inner = app.wsgi_app

    def with_turn(
        environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] not in http.SAFE_METHODS:
            # A body that never arrives would hold the turn as long.
            start_response("405 Method Not Allowed", [("Connection", "close")])
            return []
        with live.turns:
            return inner(environ, start_response)

    app.wsgi_app = with_turn  # type: ignore[method-assign] # as Flask's manual has it
    live.open()


def _configuration(keys: Sequence[str], urls: Urls) -> dict[str, object]:
    return {
        **login.cookie_settings(urls.origin, keys),
        "WTF_CSRF_TIME_LIMIT": None,  # as long as the cookie that it belongs to
        "MAX_CONTENT_LENGTH": bodies.MAX_BODY_BYTES,
        "MAX_FORM_MEMORY_SIZE": bodies.MAX_BODY_BYTES,
        "MAX_FORM_PARTS": bodies.MAX_FIELDS,
        "PROPAGATE_EXCEPTIONS": False,  # the boundary is here, in tests too
    }


def _prepare_templates(app: Flask, site: http.Site) -> None:
    """Give templates the site, the viewer, our texts, and filters for users' texts."""
    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.newstyle_gettext = True  # type: ignore[attr-defined] # the extension's
    app.jinja_env.policies["ext.i18n.trimmed"] = True
    app.jinja_env.globals.update(
        _=translation.gettext_markup,
        gettext=translation.gettext_markup,
        ngettext=translation.ngettext_markup,
        language=translation.language,
        languages=translation.LANGUAGES,
        language_choices=[(c, x.name) for c, x in translation.LANGUAGES.items()],
        direction=translation.direction,
        site=site.info,
        urls=site.urls,
        here=http.here,
        query=http.query,
        ways=http.ways,
        asset=site.assets.address,
        absolute=partial(urljoin, site.urls.origin),
        grounds=files.GROUNDS,
        post_card=partial(cards.post_card_url, urls=site.urls),
        user_card=partial(cards.user_card_url, urls=site.urls),
        tag_card=partial(cards.tag_card_url, urls=site.urls),
        live_origin=site.live_origin,
        admin_places=shell.places,
        admin_allowed=shell.allowed,
        admin_permissions=shell.permissions,
        admin_role_names=shell.role_names,
        states=STATE_NAMES,
        actions=actions,
        waiting_at=shell.waiting_at,
        announced=announced,
    )
    app.jinja_env.filters["without_name"] = without_name
    app.jinja_env.filters["post_html"] = partial(emojis.post_markup, urls=site.urls)
    app.jinja_env.filters["bio_html"] = partial(emojis.bio_markup, urls=site.urls)
    app.jinja_env.filters["emojis"] = partial(emojis.plain_markup, urls=site.urls)
    app.jinja_env.filters["short_address"] = short_address
    for write in (
        *(dates.calendar_day, dates.calendar_month, dates.day, dates.month),
        *(dates.day_of_year, dates.month_of_year),
        *(dates.time, dates.whole_time, dates.number, dates.file_size),
    ):
        app.jinja_env.filters[write.__name__] = write
    app.jinja_env.filters["translated"] = translation.translated
    app.jinja_env.filters["browser"] = browser_in_words
    app.jinja_env.filters["role"] = role_name
    app.jinja_env.filters["action"] = action_name
    app.jinja_env.filters["source"] = source_label
    app.jinja_env.filters["ago"] = placeholders.time_ago
    app.jinja_env.filters["ago_in_words"] = placeholders.time_ago_in_words
    app.context_processor(
        lambda: (
            {"viewer": http.viewer(), "unread": http.unread(), "me": http.me()}
            | appearance.for_templates()
        )
    )
