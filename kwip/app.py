"""Make the web application from what the wiring has built."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from kwip.blueprints import (
    appearance,
    assets,
    files,
    http,
    page_cache,
    routes,
)
from kwip.blueprints.answers import placeholders
from kwip.blueprints.toolbar import Toolbar
from kwip.blueprints.web.accounts.announcements import announced
from kwip.blueprints.web.admin import shell
from kwip.domain.posting.replies import without_name
from kwip.factory import believe_proxies, make_app
from kwip.schemas import emojis
from kwip.schemas.accounts.members import STATE_NAMES, action_name, actions
from kwip.schemas.accounts.roles import role_name
from kwip.schemas.discovery.trends import short_address
from kwip.schemas.posting.sources import source_label
from kwip.schemas.timelines import cards
from kwip.text import dates, translation
from kwip.text.agents import browser_in_words

if TYPE_CHECKING:
    from flask import Flask

    from config.settings import Settings
    from kwip.wiring import Wiring


def create_app(wiring: Wiring, settings: Settings) -> Flask:
    """Make the web app: the route table, the gate in front of it, errors and cookies.

    Raises:
        UndeclaredRouteError: A route has no row in the table.
    """
    found = replace(assets.load(), url=settings.static_url)
    app, site = make_app(wiring, settings, routes.POLICIES, found)
    _prepare_templates(app, site)
    routes.register(app)
    routes.check(app)
    app.wsgi_app = page_cache.PageCache(app, site)  # type: ignore[method-assign]
    if settings.toolbar:
        app.wsgi_app = Toolbar(  # type: ignore[method-assign]
            app.wsgi_app,
            app,
            site.assets.address("toolbar.css"),
            wiring.plan_of,
        )
    believe_proxies(app, settings)
    return app


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
