"""Reports: taken in once, with what the kwips said, and only about what one sees."""

from __future__ import annotations

import pytest

from kwip.domain.accounts.roles import Role
from kwip.domain.accounts.site import SiteRule, SiteSettings
from kwip.domain.errors import InvalidError, NotFoundError
from kwip.domain.ids import NOBODY
from kwip.domain.mail.preferences import StaffTopic
from kwip.domain.moderation.reports import Category, NewReport, ReportFilter
from kwip.domain.posting.posts import Draft, Edit, Visibility
from kwip.domain.timelines.pages import PageRequest


@pytest.fixture
def reports(kwip):
    return kwip.services.reports


def said(kwip, viewer, text, **fields):
    return kwip.services.posts.publish(viewer.id, Draft(text=text, **fields))


def stored(kwip):
    return kwip.services.reports.store.page(ReportFilter(), limit=10)


def test_a_report_keeps_what_a_kwip_said_when_it_is_edited_and_deleted(
    kwip, reports, alice, bob
):
    post = said(kwip, bob, "Buy my bread!", warning="ad")
    reports.create(alice, NewReport(target_id=bob.id, post_ids=(post.id,)))
    kwip.services.posts.edit(bob, post.id, Edit(text="Hello"))
    kwip.services.posts.delete(bob, post.id)

    [report] = stored(kwip)
    assert [(p.text, p.warning) for p in report.posts] == [("Buy my bread!", "ad")]
    assert (report.reporter_id, report.target_id) == (alice.id, bob.id)


def test_reporting_again_adds_to_the_open_report(kwip, reports, alice, bob):
    first, second = (said(kwip, bob, text) for text in ("one", "two"))
    asked = NewReport(
        target_id=bob.id,
        post_ids=(first.id,),
        comment="Every hour.",
        category=Category.SPAM,
    )
    for each in (asked, asked):
        reports.create(alice, each)
    once = stored(kwip)
    more = NewReport(target_id=bob.id, post_ids=(first.id, second.id), comment="Again.")
    reports.create(alice, more)

    assert [report.version for report in once] == [1]
    [report] = stored(kwip)
    assert report.post_ids == (first.id, second.id)
    assert report.comment == "Every hour.\n\nAgain."
    assert report.category is Category.SPAM


def test_nobody_reports_a_kwip_that_they_cannot_see_or_that_is_not_theirs(
    kwip, reports, alice, bob, carol
):
    hidden = said(kwip, bob, "for followers", visibility=Visibility.FOLLOWERS)
    others = said(kwip, carol, "hello")
    for post in (hidden, others):
        with pytest.raises(NotFoundError):
            reports.create(alice, NewReport(target_id=bob.id, post_ids=(post.id,)))
    with pytest.raises(InvalidError, match="can't be sent") as error:
        reports.create(alice, NewReport(target_id=alice.id, comment="x" * 1_001))

    assert set(error.value.fields) == {"account_id", "comment"}
    assert stored(kwip) == []


def test_a_report_names_rules_of_the_site_and_no_others(
    kwip, reports, alice, bob, monkeypatch
):
    rules = SiteSettings(rules=(SiteRule(3, "Be kind."),))
    monkeypatch.setattr(type(kwip.services.site), "current", lambda _: rules)
    with pytest.raises(InvalidError) as error:
        reports.create(alice, NewReport(target_id=bob.id, rule_ids=(3, 4)))
    reports.create(alice, NewReport(target_id=bob.id, rule_ids=(3, 3)))

    assert error.value.fields == {"rule_ids": "This site has no such rule."}
    [report] = stored(kwip)
    assert (report.rule_ids, report.category) == ((3,), Category.VIOLATION)


def test_moderators_get_a_mail_about_a_new_report_unless_they_turned_it_off(
    kwip, reports, alice, bob, new_user
):
    moderators = [new_user(name) for name in ("dan", "eve", "fay")]
    for each in moderators:
        kwip.services.moderation.set_role(each.id, Role.MODERATOR)
    dan, eve, fay = moderators
    kwip.services.staff_mail.choose(eve, {StaffTopic.APPLICATIONS})
    for _ in "12":
        reports.create(alice, NewReport(target_id=fay.id))

    found = kwip.store.database["mails"].find({"kind": "new_report"})
    assert [(m["user_id"], m["details"]["target"]) for m in found] == [(dan.id, "fay")]
    assert kwip.services.staff_mail.wants(dan) == set(StaffTopic)
    assert kwip.services.staff_mail.wants(eve) == {StaffTopic.APPLICATIONS}


def test_moderators_who_are_reported_do_not_see_who_reported_them(kwip, alice, mod):
    queue, reports = kwip.services.queue, kwip.services.reports
    asked = NewReport(target_id=mod.id, comment="Rude.")
    made = reports.create(alice, asked).report
    page = PageRequest(limit=9)

    seen = queue.get(mod, made.id)
    assert (seen.reporter, seen.report.reporter_id) == (None, NOBODY)
    assert alice.id not in queue.detail(mod, made.id).people
    by_alice = ReportFilter(reporter_id=alice.id)
    assert queue.page(mod, by_alice, page).items == ()
    assert queue.page(mod, ReportFilter(), page).items[0].reporter is None
    assert queue.page(alice, by_alice, page).items[0].reporter.id == alice.id
