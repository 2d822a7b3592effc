"""Dates are written in one place, for their reader's time zone and language."""

from __future__ import annotations

import re

from config.settings import PROJECT

#: What programs read: the API, headers, names of files, addresses of feeds.
FOR_PROGRAMS = {
    *("schemas/dumping.py", "schemas/discovery/tags.py", "schemas/timelines/feeds.py"),
    *("blueprints/rate_limits.py", "services/backups/kept.py"),
    *("services/backups/sources/twitter.py", "schemas/accounts/analysis.py"),
    "schemas/accounts/site_activity.py",
    *("schemas/site.py", "blueprints/web/admin/announcements.py"),
}
DATES = "text/dates.py"
#: A date in an f-string, or by a method.
WRITTEN = re.compile(r":%-?[a-zA-Z]|\bstrftime\(|\bformat_date")
#: Where a template may write one itself, because programs read it there.
IN_ATTRIBUTE = re.compile(r'(datetime|content)="\{\{[^}]*\}\}"')


def modules():
    folder = PROJECT / "kwip"
    for name in ("blueprints", "schemas", "services", "text", "domain"):
        for path in sorted((folder / name).rglob("*.py")):
            shown = path.relative_to(folder).as_posix()
            if shown not in FOR_PROGRAMS | {DATES}:
                yield shown, path.read_text(encoding="utf-8")


def test_no_module_writes_a_date_itself():
    found = {name for name, text in modules() if WRITTEN.search(text)}

    assert found == {"services/mail/messages.py"}  # the header Date


def test_no_template_writes_a_date_itself():
    found = []
    for path in sorted((PROJECT / "kwip/templates").rglob("*.html")):
        text = IN_ATTRIBUTE.sub("", path.read_text(encoding="utf-8"))
        found += [path.name for _ in re.finditer("strftime|isoformat|UTC", text)]

    # The style guide is for developers; the others say that a choice is in UTC.
    assert set(found) <= {
        *("styleguide.html", "_posts.html", "settings_language.html", "_admin.html"),
        *("_archive.html", "user_statistics.html"),
    }
