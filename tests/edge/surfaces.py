"""Every address that shows something to somebody, worked out from the route table."""

from __future__ import annotations

import datetime as dt
import re
from itertools import product
from typing import NamedTuple

from kwip.blueprints import routes

#: Areas whose answers are made of what people write.
AREAS = ("api", "web", "widgets")
#: What some addresses have to be asked with, to show anything; posts by `{post_ids}`.
QUERIES = {
    "statuses": "?{post_ids}",
    "accounts": "?{user_ids}",
    "lookup_account": "?acct=alice",
    "search_accounts": "?q=al",
    "search": "?q=tea",
    "suggestions": "?type=accounts&q=al",
    "search_widget": "?q=tea",
    "search_feed": "?q=tea",
    "oembed": "?url=http://127.0.0.1:8000/@alice",
    "follow_intent": "?name=alice",
    "relationships": "?{user_ids}",
    "familiar_followers": "?{user_ids}",
    "markers": "?timeline[]=home",
    "new_in_public": "?since_id=0",
    "new_in_home": "?since_id=0",
    "new_notifications": "?since_id=0",
}
_NOW = dt.datetime.now(dt.UTC)
#: The parts of an archive in which everything is that was just written.
TODAY = {
    "year": f"{_NOW.year}",
    "month": f"{_NOW.month:02}",
    "day": f"{_NOW.day:02}",
}
_PARAMETER = re.compile(r"<(?:[^<>]+:)?(\w+)>")


class Surface(NamedTuple):
    """One address, and by what it knows who asks."""

    path: str
    auth: str

    @property
    def takes_token(self):
        return self.auth in {"token", "optional_token"}


def surfaces(values, queries):
    """Give every surface, with each of the `values` that an address can have.

    `values` has for each parameter what it may be; a post comes with its author, as
    both are in its address. `queries` fills those of `QUERIES`.
    """
    values = {name: [value] for name, value in TODAY.items()} | values
    return [
        Surface(path + QUERIES.get(row.endpoint.__name__, "").format(**queries), auth)
        for area in AREAS
        for row in routes.AREAS[area]
        if row.method == "GET"
        for path, auth in _paths(row, values)
    ]


def _paths(row, values):
    names = _PARAMETER.findall(row.rule)
    wanted = [n for n in names if n != "username"] if "post_id" in names else names
    for chosen in product(*(values[name] for name in wanted)):
        known = {}
        for name, value in zip(wanted, chosen, strict=True):
            known |= value if isinstance(value, dict) else {name: value}
        yield (
            _PARAMETER.sub(lambda m, known=known: str(known[m[1]]), row.rule),
            row.policy.auth,
        )
