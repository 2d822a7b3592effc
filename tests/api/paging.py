"""Follow the header `Link`, as apps do."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

LINK = re.compile(r'<([^>]+)>; rel="(\w+)"')


def links(answer):
    """Return the addresses of `Link` by their relation, in the order of the header."""
    return {rel: url for url, rel in LINK.findall(answer.headers.get("Link", ""))}


def walk(person, path, rel):
    """Follow a relation to its end; return the ids of each page."""
    pages = []
    while path:
        answer = person.get(path)
        pages.append([s["id"] for s in answer.json])
        parts = urlsplit(links(answer).get(rel, ""))
        path = f"{parts.path}?{parts.query}" if parts.path else None
        assert len(pages) < 20, "paging does not end"
    return pages
