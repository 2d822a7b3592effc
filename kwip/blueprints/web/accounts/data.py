"""Take one's data along: an archive of everything, and tables."""

from __future__ import annotations

from flask import Response, url_for

from kwip.blueprints import files, http
from kwip.blueprints.table import Route
from kwip.blueprints.web.pages import SECRET, form_policy, go, page
from kwip.schemas.forms import ActForm
from kwip.text.translation import gettext


def data_settings() -> Response:
    """Show the viewer's archive, and what can be downloaded."""
    viewer, exports = http.signed_in(), http.services().exports
    export = exports.find(viewer)
    return page("settings_data.html", export=export, next_at=exports.next_at(export))


def request_export() -> Response:
    """Ask for an archive of everything that is the viewer's."""
    http.load_form(ActForm())
    http.services().exports.request(http.signed_in())
    message = gettext("We're preparing your archive. We'll email you when it's ready.")
    return go(url_for("web.data_settings"), message)


def download_export() -> Response:
    """Download the viewer's archive, or a part of it."""
    viewer = http.signed_in()
    return _saved(
        files.stream(http.services().exports.open(viewer)),
        f"kwip-{viewer.username}.zip",
    )


def download_table(table: str) -> Response:
    """Download a table in the format of Mastodon."""
    rows = http.services().csv_exports.table(http.signed_in(), table)
    response = Response(rows, content_type="text/csv; charset=utf-8")
    return _saved(response, f"{table}.csv")


def _saved(response: Response, name: str) -> Response:
    """Let browsers save a file instead of showing it."""
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


_FORM = form_policy("pages")

ROUTES = (
    Route("GET", "/settings/data", data_settings, SECRET),
    Route("POST", "/settings/data/export", request_export, _FORM),
    Route("GET", "/settings/data/archive.zip", download_export, SECRET),
    Route("GET", "/settings/data/<table>.csv", download_table, SECRET),
)
