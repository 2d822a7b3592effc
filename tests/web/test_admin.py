"""The pages for staff: members, what is done about them, and the audit log."""

from __future__ import annotations

import csv
import io

from kwip.domain.accounts.audit_log import Action, Actor, AuditQuery, Order
from kwip.domain.accounts.members import MemberQuery
from kwip.domain.accounts.roles import Role
from kwip.domain.accounts.two_factor import Passkey, TwoFactor
from kwip.domain.accounts.users import ProfileChange, Viewer
from kwip.domain.clock import at, system_clock_ms
from kwip.schemas.accounts.members import ACTION_NAMES
from tests.browser.world import staff_places
from tests.pictures import plain
from tests.web.pages import check

HOSTILE = "</title><script>alert(1)</script> \"'><img src=x onerror=alert(2)> {{ 7*7 }}"


def links(page):
    return [link["href"] for link in page.all("a") if link.get("href")]


def log(wiring, **only):
    found = wiring.services.audit_log.page(AuditQuery(**only))
    return [(e.actor.name, e.action.value, e.subject, e.reason) for e in found]


def user_of(wiring, person):
    return wiring.stores.users.get_many([person.user.id])[person.user.id]


def test_every_page_for_staff_is_sound(appointed, wiring, alice, bob, settings):
    viewer = Viewer(id=alice.user.id, username="alice", digest="")
    change = ProfileChange(display_name=HOSTILE[:60], bio=HOSTILE)
    wiring.services.users.update_profile(viewer, change)
    order = Order(Actor("staff", "boss"), HOSTILE)
    wiring.services.moderation.silence(alice.user.id, order)
    browser = appointed(Role.OWNER)
    for place in staff_places(wiring, bob, alice).values():
        check(browser.get(place), settings.origin)


def test_the_menu_leads_staff_to_what_they_may_open(appointed, at_moderator, at_bob):
    places = links(at_moderator.get("/admin"))
    home = links(at_moderator.get("/home"))

    assert "/admin" in home
    assert {"/admin/members", "/admin/audit"} <= set(places)
    assert "/admin/status" not in places
    assert "/admin/status" in links(appointed(Role.ADMINISTRATOR).get("/admin"))
    assert "/admin" not in links(at_bob.get("/home"))


def test_charts_have_their_numbers_in_a_table(at_moderator, wiring, alice):
    alice.say("hello")
    before = at_moderator.get("/admin")
    wiring.counting._hours.add(
        wiring.counting._hour(),
        {"deliveries": 1200, "delivered": 2, "lag_ms": 500, "hits": 3, "lookups": 4},
        {"waiting": 7},
        {"active": 5, "stored_bytes": 2_500_000},
    )

    assert len(before.with_class("status-chart")) == 3
    assert before.words.count("No measurements yet.") == 6
    row = ["5", "2", "1", "0", "1,200", "0.25 s", "75.0%", "7", "2.5 MB"]
    for period, parts in {"day": 24, "week": 7, "month": 30}.items():
        page = at_moderator.get(f"/admin?period={period}")
        charts = page.with_class("status-chart")
        bars = [len([b for b in page.all("rect") if c in b.inside]) for c in charts]
        numbers = [cell.words for cell in page.all("td")][4:]
        table = at_moderator._browser.get(
            f"/admin/analysis/activity.csv?period={period}"
        )

        assert bars == [parts] * 9
        assert numbers[:18] == [*row, "–", "0", "0", "0", *"–––––"]
        assert [cell.words for cell in page.with_class("chart-whole")] == row
        last = list(csv.reader(io.StringIO(table.text)))[-1][1:]
        assert last == ["5", "2", "1", "0", "1200", "0.250", "75.0", "7", "2500000"]
        assert page.all("rect")[parts - 1].text.endswith(": 5")


def test_members_are_found_by_name_address_role_and_state(
    appointed, at_moderator, wiring, alice, bob
):
    at_admin = appointed(Role.ADMINISTRATOR)
    wiring.services.moderation.suspend(bob.user.id)

    def found(query, browser=at_admin):
        page = browser.get(f"/admin/members?{query}")
        shown = [each for each in links(page) if each.startswith("/admin/members/")]
        return [each.rpartition("/")[2] for each in shown]

    address = wiring.stores.credentials.mailbox(alice.user.id).email
    assert set(found("")) == {"alice", "bob", "boss", "mod"}
    assert found("order=oldest") == found("")[::-1]
    assert found("q=ali") == found("q=@Alice") == found(f"q={address}") == ["alice"]
    assert found(f"q={address}", at_moderator) == []
    # Only the one who learned whose address it is.
    seen = wiring.services.audit_log.page(AuditQuery(subject="@alice"))
    assert [(e.actor.name, e.action) for e in seen] == [("boss", Action.SEE_EMAIL)]
    assert found("role=moderator") == ["mod"]
    assert found("state=suspended") == found("q=bo&state=suspended") == ["bob"]
    assert found("state=silenced") == []
    assert "alice" in found("state=unconfirmed")
    assert "bob" not in found("state=active")


def test_the_list_goes_on_where_the_page_before_ended(appointed, wiring, people):
    browser = appointed(Role.OWNER)
    for name in ("ann", "ben"):
        people(name)
    members = wiring.services.members
    everybody = members.page(MemberQuery(), by_address=False).users
    first = members.page(MemberQuery(limit=1), by_address=False)
    page = browser.get(f"/admin/members?beyond={first.next_id}")

    assert first.users == everybody[:1]
    shown = [link for link in links(page) if link.startswith("/admin/members/")]
    assert shown == [f"/admin/members/{user.username}" for user in everybody[1:]]
    assert members.page(MemberQuery(), by_address=False).next_id is None


def test_a_suspension_asks_first_is_told_and_lifted_again(
    at_moderator, anybody, wiring, alice, mongodb
):
    page = at_moderator.get("/admin/members/alice/suspend")
    assert "lift the suspension" in page.words
    assert not user_of(wiring, alice).is_suspended
    asked = {"reason": "Spam", "text": "No advertisements, please."}
    there = at_moderator.send("/admin/members/alice/suspend", **asked)
    assert there == "/admin/members/alice"
    assert user_of(wiring, alice).is_suspended
    assert "Spam" in at_moderator.get(there).words
    [mail] = mongodb["mails"].find()
    assert mail["details"]["text"] == asked["text"]
    found = wiring.services.mails.store.find(mail["_id"])
    link = wiring.services.mails.link_of(found)
    assert asked["text"] in anybody.get(f"/appeal?link={link}").words
    at_moderator.send("/admin/members/alice/unsuspend", reason="")

    assert not user_of(wiring, alice).is_suspended
    assert log(wiring, actor="mod") == [
        ("mod", "unsuspend_user", "@alice", ""),
        ("mod", "lift_strike", "@alice", ""),
        ("mod", "suspend_user", "@alice", "Spam"),
    ]
    at_moderator.send("/admin/members/alice/silence", without_mail="1")
    assert log(wiring, actor="mod")[1][1] == "leave_out_mail"
    assert mongodb["mails"].count_documents({"kind": "strike"}) == 1


def test_a_reason_that_is_too_long_is_explained_and_nothing_is_done(
    at_moderator, wiring, alice
):
    there = "/admin/members/alice/silence"
    page = at_moderator.send(there, 422, reason="x" * 501)

    assert "500" in page.wrong("reason")
    assert not user_of(wiring, alice).is_silenced
    assert log(wiring, subject="@alice") == []


def test_staff_see_no_acts_against_their_equals(at_moderator, appointed, wiring):
    appointed(Role.MODERATOR, "other")
    page = at_moderator.get("/admin/members/other")

    assert not page.with_class("button-danger")
    at_moderator.send("/admin/members/other/silence", 403, reason="")
    assert log(wiring, actor="mod") == []


def test_whoever_is_demoted_or_suspended_has_no_access_at_once(
    appointed, wiring, people
):
    demoted, suspended = (appointed(Role.OWNER, name) for name in ("dee", "sue"))
    appointed(Role.OWNER)
    for browser in (demoted, suspended):
        browser.get("/admin/members")
    ids = wiring.stores.users.ids_of(["dee", "sue"])
    wiring.services.moderation.set_role(ids["dee"], Role.MEMBER)
    wiring.services.moderation.suspend(ids["sue"])

    for browser in (demoted, suspended):
        browser.get("/admin/members", 404)
        browser.send("/admin/members/boss/silence", 404, reason="")
    assert log(wiring, subject="@boss") == [("", "set_role", "@boss", "")]


def test_the_address_is_shown_once_and_recorded(appointed, wiring, alice):
    browser = appointed(Role.ADMINISTRATOR)
    address = wiring.stores.credentials.mailbox(alice.user.id).email
    before = browser.get("/admin/members/alice")
    shown = browser.send("/admin/members/alice/email", 200)

    assert address not in before.words
    assert address in shown.words
    assert log(wiring, actor="boss") == [("boss", "see_email", "@alice", "")]


def test_a_reset_is_sent_and_sessions_end(appointed, at_bob, wiring, bob):
    browser = appointed(Role.ADMINISTRATOR)
    browser.send("/admin/members/bob/reset", reason="They called")
    browser.send("/admin/members/bob/end-sessions", reason="Stolen phone")

    assert wiring.store.database["mails"].count_documents({"kind": "password_reset"})
    assert at_bob.send_away("/home").startswith("/login")
    assert wiring.stores.tokens.of_user(bob.user.id)


def test_a_lost_second_factor_is_turned_off_for_a_reason(
    appointed, at_bob, wiring, bob, mongodb
):
    at_admin, place = appointed(Role.ADMINISTRATOR), "/admin/members/bob"
    assert "Turn off two-factor" not in at_admin.get(place).words
    key = Passkey(
        id="a", public_key="b", sign_count=0, name="c", added_at=at(system_clock_ms())
    )
    factors = wiring.services.two_factor.second_factor.store
    on = TwoFactor(mark="m", passkeys=(key,))
    factors.change(bob.user.id, lambda _: (on, None))
    assert "Turn off two-factor" in at_admin.get(place).words

    page = at_admin.send(f"{place}/reset-2fa", 422)
    assert "how you know" in page.wrong("reason")
    assert factors.find(bob.user.id).is_on
    at_admin.send(f"{place}/reset-2fa", reason="Saw his passport")
    assert not factors.find(bob.user.id).is_on
    assert at_bob.send_away("/home").startswith("/login")
    assert ("boss", "reset_two_factor", "@bob", "Saw his passport") in log(wiring)
    assert mongodb["mails"].count_documents({"kind": "two_factor"}) == 1


def test_emoji_are_added_and_removed(appointed, wiring):
    browser = appointed(Role.ADMINISTRATOR)
    emojis = wiring.services.emojis.stored
    page = browser.send("/admin/emoji", 422, shortcode="tea")
    assert "Choose a picture" in page.wrong("picture")
    file = (io.BytesIO(plain()), "tea.png")
    browser.send("/admin/emoji", shortcode=":tea:", category="Drinks", picture=file)
    assert [each.category for each in emojis()] == ["Drinks"]
    file = (io.BytesIO(plain()), "tea.png")
    page = browser.send("/admin/emoji", 422, shortcode="tea", picture=file)
    assert "This shortcode is taken." in page.words
    browser.send("/admin/emoji/remove", shortcode="tea")
    assert not list(emojis())
    browser.send("/admin/emoji/remove", shortcode="tea")

    assert "no emoji :tea:" in browser.get("/admin/emoji").words


def test_domains_are_blocked_and_allowed_again(appointed, wiring):
    browser = appointed(Role.ADMINISTRATOR)
    page = browser.send("/admin/domains", 422, domain="nothing")
    assert "example.org" in page.wrong("domain")
    browser.send("/admin/domains", domain="@Spam.example", reason="Spam")
    page = browser.send("/admin/domains", 409, domain="spam.example")
    assert "blocked already" in page.words
    browser.send("/admin/domains/unblock", domain="spam.example")

    assert wiring.services.email_domains.listed() == []
    browser.send("/admin/domains", domain="Mallory@Spam.example")
    assert "mallory@spam.example" in browser.get("/admin/domains").words


def test_every_act_in_the_audit_log_has_a_name():
    assert set(ACTION_NAMES) == set(Action)


def test_the_audit_log_is_filtered_and_pages(at_moderator, wiring, alice, bob):
    for person, who in ((alice, "ann"), (bob, "ben")):
        order = Order(Actor("staff", who), f"Because of {person.user.username}")
        wiring.services.moderation.silence(person.user.id, order)
    everything = log(wiring)
    newest = wiring.services.audit_log.page(AuditQuery(limit=1))[0]

    def words(query):
        return at_moderator.get(f"/admin/audit?{query}").words

    assert "Because of bob" in words("")
    assert "Because of alice" in words("")
    assert "Because of bob" not in words("actor=ann")
    assert "Because of bob" not in words("subject=@alice")
    assert "Because of bob" not in words("action=set_role")
    assert "Because of bob" not in words(f"before={newest.id}")
    assert [entry[1] for entry in everything] == ["silence_user"] * 2 + ["set_role"]


def test_every_action_in_the_audit_log_has_a_name_of_its_own():
    names = [str(name) for name in ACTION_NAMES.values()]

    assert set(ACTION_NAMES) == set(Action)
    assert len(set(names)) == len(names)


def test_the_log_names_people_who_close_their_own_account(at_moderator, wiring, alice):
    order = Order(Actor("user", "alice"))
    wiring.services.audit_log.record(order, Action.CLOSE_ACCOUNT, "@alice", {})
    log = at_moderator.get("/admin/audit")

    assert "Closed their account @alice @alice ·" in log.words
