"""People, kwips and addresses that show every page with something on it."""

from __future__ import annotations

import datetime as dt
import re

from kwip.blueprints import web
from kwip.domain.accounts.audit_log import BY_KWIP
from kwip.domain.administration.announcements import TypedAnnouncement

#: Whatever people may type that is no text to a careless page.
ATTACKS = [
    "<script>alert(1)</script>",
    "</title></textarea></script><script>alert(2)</script>",
    '"><img src=x onerror=alert(3)>',
    "' autofocus onfocus=alert(4) x='",
    "<svg/onload=alert(5)>",
    "javascript:alert(6)",
    'https://evil.example/"onmouseover=alert(7)//',
    "{{ 7*7 }}${7*7}#{7*7}",
    "<style>@import 'https://evil.example/x.css';body{display:none}</style>",
    '<base href="https://evil.example/"><meta http-equiv=refresh content=0;url=//x.y>',
    '<!--<img src="--><img src=x onerror=alert(8)//">',
    "\u202egnp.exe <a href=data:text/html,<script>alert(9)</script>>x</a>",
    "&lt;img src=x onerror=alert(10)&gt; &#x3C;script&#x3E;",
    "#<b>tag</b> @<i>name</i> ]]> <iframe srcdoc='<script>alert(11)</script>'>",
    "Z" + "\u0301\u0323" * 60,
]


def staff_places(wiring, reporter, person):
    """Report somebody, announce something; give each page for staff."""
    typed = TypedAnnouncement(text=f"**Tea**\n\n- at *five*\n\n{ATTACKS[0]}")
    announced = wiring.services.announcements.add(typed, BY_KWIP, is_published=True)
    made = reporter.post("/api/v1/reports", json={"account_id": person.id}).json
    known = {
        "username": person.user.username,
        "name": "about",
        "page_name": "about",
        "report_id": made["id"],
        "announcement_id": str(announced.id),
    }
    return {
        row.rule: re.sub(r"<(?:.+?:)?(\w+)>", lambda m: known[m[1]], row.rule)
        for row in web.ROUTES
        if row.method == "GET"
        and row.policy.auth == "staff"
        and not row.rule.endswith(".csv")
    }


def fill(author, other):
    """Let two people say things of every kind; give each page's address by its name."""
    first = author.say("A thing worth saying, with https://example.org and #lamps.")
    author.say("Behind a warning.", spoiler_text="Plums")
    answer = other.say("@alice Is it?", in_reply_to_id=first["id"])
    author.say("It is.", in_reply_to_id=answer["id"])
    author.say("For followers only.", visibility="private")
    author.say("A quote.", quoted_status_id=answer["id"])
    other.say("Quoted.", quoted_status_id=first["id"])
    other.post(f"/api/v1/statuses/{first['id']}/favourite")
    author.post(f"/api/v1/statuses/{answer['id']}/favourite")
    author.post(f"/api/v1/statuses/{answer['id']}/bookmark")
    author.post(f"/api/v1/statuses/{answer['id']}/reblog")
    author.post(f"/api/v1/accounts/{other.id}/follow")
    other.post(f"/api/v1/accounts/{author.id}/follow")
    made = author.post("/api/v1/lists", json={"title": "Lamps and plums"}).json["id"]
    members = {"account_ids": [other.id]}
    author.post(f"/api/v1/lists/{made}/accounts", json=members)
    # Else the page to catch up begins by itself, and is loaded again.
    author.post("/api/v1/markers", json={"home": {"last_read_id": "1"}})
    name = author.user.username
    return {
        "home": "/home",
        "active": "/home?order=active",
        "public": "/",
        "profile": f"/@{name}",
        "with replies": f"/@{name}/with-replies",
        "media": f"/@{name}/media",
        "statistics": f"/@{name}/stats",
        "archive": f"/@{name}/{dt.datetime.now(dt.UTC):%Y/%m}",
        "other's profile": f"/@{other.user.username}",
        "thread": f"/@{name}/{first['id']}",
        "history": f"/@{name}/{first['id']}/history",
        "quotes": f"/@{name}/{first['id']}/quotes",
        "edit": f"/@{name}/{first['id']}/edit",
        "delete": f"/@{name}/{first['id']}/delete",
        "lists": "/lists",
        "list": f"/lists/{made}",
        "list edit": f"/lists/{made}/edit",
        "list members": f"/lists/{made}/members",
        "lists with": f"/@{other.user.username}/lists",
        "compose": "/compose",
        "tag": "/tags/lamps",
        "search": "/search?q=lamps",
        "search tips": "/search",
        "people to follow": "/explore/people",
        "welcome": "/welcome",
        "favourites": "/favourites",
        "bookmarks": "/bookmarks",
        "notifications": "/notifications",
        "mentions": "/notifications/mentions",
        "direct": "/notifications/direct",
        "followers": f"/@{name}/followers",
        "following": f"/@{name}/following",
        "settings": "/settings",
        "profile settings": "/settings/profile",
        "privacy": "/settings/privacy",
        "catch-up": "/home/catch-up",
        "reading": "/settings/reading",
        "password": "/settings/password",
        "sessions": "/settings/sessions",
        "email address": "/settings/email",
        "email notifications": "/settings/notifications",
        "feeds": "/settings/feeds",
        "guests": "/settings/guests",
        "replies by guests": f"/@{name}/{first['id']}/guests",
        "your data": "/settings/data",
        "delete account": "/settings/delete",
        "appearance": "/settings/appearance",
        "language": "/settings/language",
        "tokens": "/settings/tokens",
        "muted": "/settings/muted",
        "follow requests": "/follow-requests",
        "mute": f"/@{other.user.username}/mute",
        "invite": f"/@{name}/{first['id']}/invite",
        "note": f"/@{other.user.username}/note",
        "blocked": "/settings/blocked",
        "widgets": "/widgets",
        "frame of a widget": f"/widgets?kind=thread&of={first['id']}&way=frame",
        "style guide": "/styleguide",
        "forgotten password": "/password/forgot",
        "nothing": "/nowhere",
    }
