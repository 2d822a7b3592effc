from __future__ import annotations

import io
from dataclasses import replace
from functools import partial

import pytest

from config.settings import load
from kwip.app import create_app
from kwip.blueprints import web
from kwip.domain.accounts.audit_log import BY_KWIP
from kwip.domain.accounts.setup import LIFETIME
from kwip.domain.accounts.users import ProfileChange, ProfileField, Viewer
from kwip.domain.clock import at, system_clock_ms
from kwip.domain.mail.mails import MailKind
from kwip.domain.moderation.guest_replies import GuestReply, GuestReplyState
from kwip.domain.moderation.strikes import Act, Decision
from kwip.domain.posting.posts import Draft
from kwip.services.accounts.users import SignUp
from kwip.store.accounts.setup import SetupStore
from kwip.text.emails import read_email
from tests.people import PASSWORD, sign_in
from tests.pictures import plain
from tests.web.pages import Page, Visitor, check
from tests.wired import viewer_of

HOSTILE = (
    "</title><script>alert(1)</script> </textarea></script></style> "
    "\"'><img src=x onerror=alert(2)><b>{{ 7*7 }} javascript:alert(3)"
)


@pytest.fixture
def mallory(people, wiring, app):
    """Return somebody whose every word is hostile."""
    made = people("mallory")
    viewer = wiring.services.authentication.confirm(
        wiring.services.authentication.begin_session(made.user.id, "mallory", HOSTILE)
    )
    wiring.services.users.update_profile(
        viewer,
        ProfileChange(
            display_name=HOSTILE[:60],
            bio=HOSTILE[:400],
            fields=(ProfileField(HOSTILE[:200], HOSTILE[:200]),),
            is_discoverable=True,
        ),
    )
    wiring.services.authentication.create_token(
        viewer, HOSTILE[60:110], frozenset({"read"})
    )
    return made


@pytest.fixture
def at_mallory(browser_of, mallory):
    return browser_of(mallory)


@pytest.fixture
def visitors(anybody, at_alice, at_mallory):
    return {"nobody": anybody, "a stranger": at_alice, "the author": at_mallory}


@pytest.fixture
def places(alice, mallory, at_mallory, people, wiring):
    """Return the address of each page that there is, by its endpoint."""
    invitation = _join(wiring, mallory)
    liked = alice.say(HOSTILE)["id"]
    named = people("carol").say(f"@mallory {HOSTILE}")["id"]
    fanout = wiring.services.fanout
    fanout.deliver(fanout.begin(int(named)))
    fanout.deliver(fanout.begin(int(liked)))
    end = at(system_clock_ms()) + LIFETIME
    assert SetupStore(wiring.store).offer("a digest", end)
    first = mallory.say(HOSTILE)["id"]
    at_mallory.send(f"/@mallory/{first}/edit", text=f"{HOSTILE} again")
    reply = mallory.say(f"@mallory {HOSTILE}", in_reply_to_id=first)["id"]
    mallory.say(HOSTILE, in_reply_to_id=reply, spoiler_text=HOSTILE)
    mallory.say(f"{HOSTILE} #tea", quoted_status_id=first)
    options = [HOSTILE[at : at + 30] for at in (0, 30)]
    mallory.say(HOSTILE, poll={"options": options, "expires_in": 300})
    alice.say(f"{HOSTILE} #tea", poll={"options": options, "expires_in": 300})
    for number, visibility in enumerate(("public", "private")):
        file = (io.BytesIO(plain(size=(90 + number, 60))), HOSTILE[:100])
        described = {"file": file, "description": HOSTILE[:1_500]}
        media = mallory.post("/api/v2/media", data=described).json
        fields = {"visibility": visibility, "media_ids": [media["id"]]}
        mallory.say(HOSTILE, **fields)
    for path in (
        f"statuses/{reply}/favourite",
        f"statuses/{reply}/bookmark",
        f"statuses/{reply}/reblog",
        f"statuses/{first}/pin",
        f"statuses/{liked}/favourite",
        f"accounts/{alice.id}/follow",
        f"accounts/{alice.id}/endorse",
        f"accounts/{alice.id}/mute",
    ):
        assert mallory.post(f"/api/v1/{path}").status_code == 200
    filtering = _filter(mallory, liked)
    today = at(system_clock_ms())
    made = at_mallory.send("/lists", title=HOSTILE[:100], replies_policy="list")
    at_mallory.send(f"{made}/add/alice")
    return {
        "landing": "/",
        "home": "/home",
        "profile": "/@mallory",
        "profile_with_replies": "/@mallory/with-replies",
        "profile_media": "/@mallory/media",
        "statistics": "/@mallory/stats",
        "featured_people": "/@mallory/featured",
        "archive_year": f"/@mallory/{today:%Y}",
        "archive_month": f"/@mallory/{today:%Y/%m}",
        "archive_day": f"/@mallory/{today:%Y/%m/%d}",
        "followers": "/@alice/followers",
        "following": "/@mallory/following",
        "tag": "/tags/Tea",
        "search": f"/search?q={HOSTILE} tea",
        "explore": "/explore",
        "explore_tags": "/explore/hashtags",
        "explore_links": "/explore/links",
        "explore_people": "/explore/people",
        "directory": "/directory?order=new",
        "welcome": "/welcome",
        "welcome_people": "/welcome/people",
        "welcome_kwip": "/welcome/kwip",
        "featured_tag_settings": "/settings/hashtags",
        "drafts": "/drafts",
        "held_draft": f"{_draft(wiring, mallory)}/held",
        "continue_draft": _draft(wiring, mallory),
        "filter_settings": "/settings/filters",
        "new_filter": "/settings/filters/new",
        "edit_filter": f"/settings/filters/{filtering}",
        "delete_filter": f"/settings/filters/{filtering}/delete",
        "filter_post": f"/@alice/{liked}/filter",
        "profile_tagged": "/@mallory/tagged/Tea",
        "favourites": "/favourites",
        "bookmarks": "/bookmarks",
        "muted": "/settings/muted",
        "follow_requests": "/follow-requests",
        "mute_terms": "/@alice/mute",
        "note": "/@alice/note",
        "guest_replies": f"/@mallory/{first}/guests",
        "invite_to_post": f"/@mallory/{first}/invite",
        "blocked": "/settings/blocked",
        "lists": "/lists",
        "list_timeline": made,
        "edit_list": f"{made}/edit",
        "delete_list": f"{made}/delete",
        "list_members": f"{made}/members",
        "user_lists": "/@alice/lists",
        "sign_up": "/signup",
        "invitation": f"/invite/{invitation.code}",
        "invitations": "/settings/invitations",
        "waiting_list": _link(wiring, mallory, "waiting_list", "/waiting-list"),
        "about": "/about",
        "site_rules": "/rules",
        "privacy_policy": "/privacy",
        "terms": "/terms",
        "setup": "/setup",
        "login": f"/login?next={HOSTILE}",
        "forgot_password": "/password/forgot",
        "password_sent": "/password/sent",
        "new_password": _link(wiring, mallory, "password_reset", "/password/reset"),
        "email_link": _link(wiring, mallory, "confirm_email", "/email/confirm"),
        "undo_link": _link(wiring, mallory, "email_changed", "/email/undo"),
        "email_settings": "/settings/email",
        "two_factor_settings": "/settings/two-factor",
        "app_settings": "/settings/two-factor/app",
        "recovery_settings": "/settings/two-factor/codes",
        "new_passkey": "/settings/two-factor/passkeys/new",
        "off_settings": "/settings/two-factor/off",
        "notification_settings": "/settings/notifications",
        "unsubscribe": f"/email/unsubscribe?key={_key(wiring, mallory)}",
        "settings": "/settings",
        "blogs": "/settings/feeds",
        "waiting_guests": "/settings/guests",
        "guest_link": _guest(wiring, mallory, first),
        "data_settings": "/settings/data",
        "delete_account": "/settings/delete",
        "profile_settings": "/settings/profile",
        "token_settings": "/settings/tokens",
        "privacy_settings": "/settings/privacy",
        "catch_up": "/home/catch-up",
        "reading_settings": "/settings/reading",
        "password_settings": "/settings/password",
        "session_settings": "/settings/sessions",
        "appearance_settings": "/settings/appearance",
        "language_settings": "/settings/language",
        "compose": "/compose",
        "builder": f"/widgets?kind=search&of={HOSTILE[:300]}",
        "thread": f"/@mallory/{reply}",
        "history": f"/@mallory/{first}/history",
        "post_quotes": f"/@mallory/{first}/quotes",
        "edit": f"/@mallory/{first}/edit",
        "delete": f"/@mallory/{first}/delete",
        "embed_code": f"/@mallory/{first}/embed",
        "share": f"/share?text={HOSTILE}",
        "follow_intent": "/follow?name=mallory",
        "report_post": f"/@mallory/{first}/report",
        "report_user": "/@mallory/report",
        "report_sent": "/@mallory/report/sent",
        "strike_settings": "/settings/strikes",
        "appeal_link": _appeal(wiring, mallory),
        "notifications": "/notifications",
        "some_notifications": "/notifications/mentions",
    }


def _filter(person, post_id):
    """Make a filter of a word and a kwip, and give its id."""
    places = ["public", "account", "thread"]
    fields = {"title": HOSTILE[:100], "context": places}
    fields |= {"keywords_attributes": [{"keyword": HOSTILE[:100]}]}
    made = person.post("/api/v2/filters", json=fields).json["id"]
    filtered = {"status_id": post_id}
    person.post(f"/api/v2/filters/{made}/statuses", json=filtered)
    return made


def _draft(wiring, person):
    """Save a draft, and give its address."""
    viewer = Viewer(id=person.user.id, username="mallory", digest="")
    content = Draft(text=HOSTILE, warning=HOSTILE)
    return f"/drafts/{wiring.services.drafts.save(viewer, content).draft.id}"


def _join(wiring, person):
    """Fill the pages about the site, and the waiting list; give an invitation."""
    texts = dict.fromkeys(("about", "privacy", "rules", "description"), HOSTILE)
    texts |= {"contact_username": "mallory", "members_invite": "yes"}
    services, viewer = wiring.services, viewer_of(person.user)
    services.site.change(texts, BY_KWIP)
    made = services.invitations.create(viewer, max_uses=1, days=1)
    read_address = read_email("mallory@example.org")
    services.wait_list.store.add(read_address, *[at(system_clock_ms()) + LIFETIME] * 2)
    return made


def _link(wiring, person, kind, path):
    """Return the address in a mail to somebody."""
    mails = wiring.services.mails
    mail = mails.draft(MailKind(kind), person.user.id, "mallory@example.org")
    mails.post(mail)
    return f"{path}?link={mails.link_of(mail)}"


def _appeal(wiring, person):
    """Give somebody a warning; return the address in the mail about it."""
    asked = Decision(act=Act.WARN, text=HOSTILE)
    actor = Viewer(id=person.user.id, username="mallory", digest="")
    decisions = wiring.services.decisions
    strike = decisions.act_on(actor, BY_KWIP, person.user.id, asked)
    wiring.services.strikes.appeal(person.user.id, strike.id, HOSTILE)
    decisions.act_on(actor, BY_KWIP, person.user.id, asked)
    return _link_of(wiring, MailKind.STRIKE, "/appeal")


def _link_of(wiring, kind, path):
    mail_id = wiring.store.database["mails"].find_one({"kind": kind.value})["_id"]
    mails = wiring.services.mails
    return f"{path}?link={mails.link_of(mails.store.find(mail_id))}"


def _guest(wiring, person, post_id):
    """Have a guest reply to somebody; return the address in the mail."""
    services = wiring.services
    reply = GuestReply(
        id=1,
        post_id=int(post_id),
        author_id=person.user.id,
        name=HOSTILE[:60],
        text=HOSTILE,
        sender="",
        created_at=at(system_clock_ms()),
    )
    details = {"reply_id": str(reply.id), "author": "mallory"}
    mail = services.mails.draft(MailKind.GUEST_REPLY, 0, "a@example.org", details)
    later = at(system_clock_ms()) + LIFETIME
    also = partial(services.mails.store.add, mail, mail.created_at)
    services.guest_replies.store.add(reply, later, also, most=9)
    waiting = replace(reply, id=2, state=GuestReplyState.WAITING)
    shown = replace(reply, id=3, state=GuestReplyState.SHOWN)
    for each in (waiting, shown):
        services.guest_replies.store.add(each, later, lambda _: None, most=9)
    return f"/guest-reply?link={services.mails.link_of(mail)}"


def _key(wiring, person):
    return wiring.services.mails.digests.key_of(person.user.id)


#: Parts of pages, that a script puts into one.
PARTS = {
    "new_in_public": "/new?since_id=0",
    "new_in_home": "/home/new?since_id=0",
    "new_notifications": "/notifications/new?since_id=0",
}
#: The same of a kwip, behind its address.
PARTS_OF_A_KWIP = {"article": "/article", "reply": "/reply"}
#: The same of a person.
CARD = {"card": "/@mallory/card"}
#: What completes the beginning of a name.
COMPLETION = {"suggestions": "/suggestions?type=accounts&q=mallory"}
#: Without kwips.
SIDE = {"explore_side": "/explore/side", "familiar": "/@mallory/familiar"}


def test_every_page_is_among_those_that_are_checked(places):
    found = [r for r in web.ROUTES if r.method == "GET" and r.policy.auth != "staff"]
    pages = {r.endpoint.__name__ for r in found}

    parts = PARTS.keys() | PARTS_OF_A_KWIP.keys() | CARD.keys() | COMPLETION.keys()
    # What a script asks about a file is no page.
    parts |= SIDE.keys()
    # These are only pages in the middle of something: tests/web/accounts.
    pages -= {"app_key", "second_step", "removal"}
    downloads = {"download_export", "download_report", "download_table"}
    others = {"styleguide", "file_state"} | downloads
    assert pages - others == places.keys() | parts


def test_the_style_guide_is_sound_and_there_only_where_it_is_asked_for(
    wiring, settings, alice, at_alice
):
    shown = load({"KWIP_HOME": str(settings.home), "KWIP_STYLEGUIDE": "1"})
    browser = sign_in(create_app(wiring, shown), wiring, alice)

    page = Visitor(browser).get("/styleguide")

    check(page, settings.origin)
    assert len(page.with_class("section-head")) > 15
    at_alice.get("/styleguide", 404)


def test_parts_of_pages_show_hostile_texts_as_texts(places, at_mallory, visitors):
    for place in PARTS.values():
        part = at_mallory.get(place)

        assert part.texts, place
        assert all("<script>alert(1)</script>" in text for text in part.texts), place
        assert not part.all("script"), place
        assert not part.all("form"), place
    for visitor in visitors.values():
        card = visitor.get(CARD["card"])

        assert "<script>alert(1)</script>" in card.one("p").words
        assert not card.all("script")
    for name in PARTS_OF_A_KWIP:
        part = at_mallory.get(f"{places['thread']}/{name}")

        assert part.with_class("name") or part.all("textarea")
        assert not part.all("script")


def test_suggestions_show_hostile_names_as_texts(mallory, at_mallory):
    part = at_mallory.get(COMPLETION["suggestions"])

    assert "<script>alert(1)</script>" in part.one("bdi").words
    assert part.one("li")["data-words"].startswith("mallory ")
    assert not part.all("script")


def test_every_page_is_sound_and_shows_hostile_texts_as_texts(
    places, visitors, settings
):
    for who, visitor in visitors.items():
        seen = []
        for name, place in places.items():
            answer = visitor._browser.get(place)
            # These are their owners' alone, and answer 404 to everybody else.
            own = ("/lists/", "/drafts/", "/settings/filters/")
            known = {200, 303, 403, 404 if place.startswith(own) else 200}
            assert answer.status_code in known, (who, place, answer.status_code)
            if answer.status_code == 303:
                continue
            check(Page(answer.text), settings.origin)
            seen.append(name)

        assert {"landing", "profile", "thread", "history"} <= set(seen), who


def test_what_somebody_wrote_is_shown_as_it_was_written(places, at_mallory):
    for place in ("/@mallory", "/@mallory/with-replies", "/home"):
        page = at_mallory.get(place)

        assert page.texts, place
        assert all("<script>alert(1)</script>" in text for text in page.texts), place


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/signup", {"username": HOSTILE, "email": HOSTILE, "password": "x"}),
        ("/login", {"login": HOSTILE, "password": "x", "next": HOSTILE}),
        ("/password/forgot", {"email": HOSTILE}),
        ("/settings/email", {"email": HOSTILE, "password": HOSTILE}),
        ("/password/reset", {"link": HOSTILE, "new_password": HOSTILE}),
        ("/compose", {"text": HOSTILE * 5, "key": HOSTILE, "visibility": HOSTILE}),
        ("/compose", {"text": HOSTILE, "in_reply_to_id": HOSTILE, "key": "k"}),
        ("/settings/profile", {"display_name": HOSTILE, "bio": HOSTILE * 5}),
        ("/settings/tokens", {"name": HOSTILE, "read": HOSTILE}),
        ("/lists", {"title": HOSTILE, "replies_policy": HOSTILE}),
        ("/settings/tokens", {"name": HOSTILE, "onerror": HOSTILE}),
        ("/@alice/follow", {"next": HOSTILE}),
        ("/nowhere", {"text": HOSTILE, '"><b>': HOSTILE}),
    ],
)
def test_hostile_fields_come_back_as_texts(at_alice, path, fields, settings):
    answer = at_alice.post(path, **fields)

    assert 400 <= answer.status_code < 500
    check(Page(answer.text), settings.origin)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/nowhere", 404),
        ("/@nobody", 404),
        ("/@alice/1", 404),
        ("/@alice/99999999999999999999", 404),
        ("/?max_id=x", 400),
        ("/logout", 405),
        (f"/{HOSTILE}", 404),
    ],
)
def test_an_error_page_is_sound_and_shows_a_way_on(anybody, path, status, settings):
    page = anybody.get(path, status)

    check(page, settings.origin)
    main = page.one("main")
    assert [e for e in page.all("a") if main in e.inside]


def test_a_page_of_nobody_sets_no_cookie(anybody, alice):
    alice.say("hello")
    for place in ("/", "/@alice"):
        answer = anybody._browser.get(place)

        assert "Set-Cookie" not in answer.headers


def test_signing_up_with_a_long_name_breaks_no_page(wiring, anybody, settings):
    wiring.services.users.sign_up(
        SignUp(
            username="n" * 30,
            email="n@example.org",
            password=PASSWORD,
            display_name="W" * 60,
        )
    )

    check(anybody.get("/@" + "n" * 30), settings.origin)
