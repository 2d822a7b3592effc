"""Take one's data along, and bring it from elsewhere."""

from __future__ import annotations

from dataclasses import replace

from flask import Response, request, url_for

from kwip.blueprints import files, http
from kwip.blueprints.table import Route
from kwip.blueprints.web.pages import SECRET, Form, form_policy, go, page, page_again
from kwip.domain.accounts.transfers import ARCHIVE
from kwip.domain.errors import ConflictError, InvalidError, RateLimitedError
from kwip.schemas.accounts.data import ImportForm
from kwip.schemas.forms import ActForm
from kwip.text.translation import gettext


def data_settings() -> Response:
    """Show the viewer's archive and import, and what can be downloaded."""
    return page("settings_data.html", form=Form({"kind": ARCHIVE}), **_known())


def _known() -> dict[str, object]:
    viewer, services = http.signed_in(), http.services()
    export = services.exports.find(viewer)
    return {
        "export": export,
        "next_at": services.exports.next_at(export),
        "found": services.imports.find(viewer),
        "most_bytes": http.site().max_upload_bytes,
    }


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


def request_import() -> Response:
    """Have a file imported."""
    try:
        kind, file = http.load_form(ImportForm()), http.upload("file")
        name = request.files["file"].filename if file else None
        http.services().imports.request(http.signed_in(), file, kind, name or "")
    except (InvalidError, ConflictError, RateLimitedError) as error:
        return page_again("settings_data.html", error, **_known())
    return go(url_for("web.data_settings"), gettext("We're importing your file."))


def cancel_import() -> Response:
    """Stop the viewer's import."""
    http.load_form(ActForm())
    was_waiting = http.services().imports.cancel(http.signed_in())
    message = gettext("Import cancelled. What it has added stays.")
    done = gettext("The import had already ended.")
    return go(url_for("web.data_settings"), message if was_waiting else done)


def download_report() -> Response:
    """Download what the viewer's last import left out, and why."""
    report = files.stream(http.services().imports.report(http.signed_in()))
    return _saved(report, "import-report.csv")


def _saved(response: Response, name: str) -> Response:
    """Let browsers save a file instead of showing it."""
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


_FORM = form_policy("pages")
#: It posts and follows, so it needs what these need.
_UPLOAD = replace(form_policy("posts"), takes_files=True)

ROUTES = (
    Route("GET", "/settings/data", data_settings, SECRET),
    Route("POST", "/settings/data/export", request_export, _FORM),
    Route("GET", "/settings/data/archive.zip", download_export, SECRET),
    Route("GET", "/settings/data/<table>.csv", download_table, SECRET),
    Route("POST", "/settings/data/import", request_import, _UPLOAD),
    Route("POST", "/settings/data/import/cancel", cancel_import, _FORM),
    Route("GET", "/settings/data/import/report.csv", download_report, SECRET),
)
