"""What moderators do: once, undoable, in the log, and only to people below them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kwip.domain.accounts.audit_log import Actor, AuditQuery, Order
from kwip.domain.accounts.roles import Role
from kwip.domain.errors import ConflictError, ForbiddenError, GoneError, InvalidError
from kwip.domain.moderation.reports import Event
from kwip.domain.moderation.strikes import Act, Decision, StrikeState
from kwip.domain.posting.posts import Edit


def users(kwip, viewer):
    return kwip.stores.users.get_many([viewer.id])[viewer.id]


def posts(kwip, post):
    return kwip.stores.posts.get_many([post.id])[post.id]


def logged(kwip, username):
    """Give what was done to somebody, by whom and why, the oldest first."""
    asked = AuditQuery(subject=f"@{username}", limit=20)
    entries = kwip.services.audit_log.page(asked)[::-1]
    return [(e.action.value, e.actor.name, e.reason) for e in entries]


def mailed(kwip, viewer):
    found = kwip.store.database["mails"].find({"user_id": viewer.id})
    return [(mail["kind"], mail["details"].get("text")) for mail in found]


def test_each_act_holds_and_is_told_logged_and_undone(
    kwip, mod, order, bob, report, post
):
    decisions = kwip.services.decisions
    for act in (Act.SUSPEND, Act.SILENCE, Act.SENSITIVE, Act.WARN):
        asked = Decision(act=act, text="Read rule 1.", post_ids=(post.id,))
        strike = decisions.act(mod, order("Rule 1"), report.id, asked)
        user, now = users(kwip, bob), posts(kwip, post)
        held = (user.is_suspended, user.is_silenced, now.is_sensitive)
        decisions.undo(mod, order(), strike.id)
        user, now = users(kwip, bob), posts(kwip, post)

        is_set = (act is Act.SUSPEND, act is Act.SILENCE, act is Act.SENSITIVE)
        assert (act, held) == (act, is_set)
        ended = (user.is_suspended, user.is_silenced, now.is_sensitive)
        assert ended == (False, False, False)
        with pytest.raises(ConflictError):
            decisions.undo(mod, order(), strike.id)

    assert [entry[0] for entry in logged(kwip, "bob") if entry[0] != "lift_strike"] == [
        *("suspend_user", "unsuspend_user", "silence_user", "unsilence_user"),
        *("mark_posts", "unmark_posts", "warn_user"),
    ]
    assert ("suspend_user", "mod", "Rule 1") in logged(kwip, "bob")
    told = [("strike", "Read rule 1."), ("strike_lifted", None)] * 4
    assert sorted(map(str, mailed(kwip, bob))) == sorted(map(str, told))


def test_deleted_kwips_are_gone_and_the_report_is_resolved(
    kwip, mod, order, bob, report, post
):
    asked = Decision(act=Act.DELETE, post_ids=(post.id,), version=report.version)
    kwip.services.decisions.act(mod, order(), report.id, asked)

    with pytest.raises(GoneError):
        kwip.services.posts.get(None, kwip.services.loaders.begin(), post.id)
    detail = kwip.services.queue.detail(mod, report.id)
    assert (detail.view.report.is_open, detail.view.resolved_by.id) == (False, mod.id)
    assert [event.act for event in detail.view.report.events] == ["delete"]
    assert detail.strikes[0].posts[0].text == "Buy my bread!"


def test_the_second_of_two_moderators_sees_what_the_first_one_did(
    kwip, mod, order, report, bob
):
    kwip.services.queue.change(mod, order(), report.id, Event.ASSIGN, report.version)
    asked = Decision(act=Act.SUSPEND, version=report.version)

    with pytest.raises(ConflictError, match="Someone else changed this report"):
        kwip.services.decisions.act(mod, order(), report.id, asked)

    assert not users(kwip, bob).is_suspended
    assert kwip.store.database["strikes"].count_documents({}) == 0


def test_a_strike_whose_process_dies_is_carried_out_once(
    kwip, rings, mod, order, report, bob, monkeypatch
):
    execution = kwip.services.execution
    with monkeypatch.context() as patched:
        patched.setattr(type(execution), "_do", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            kwip.services.decisions.act(
                mod, order("Rule 1"), report.id, Decision(act=Act.SUSPEND, text="Why")
            )
    strike = execution.store.of_report(report.id, 9)[0]
    assert (strike.state, users(kwip, bob).is_suspended) == (StrikeState.PENDING, False)

    for _ in "12":
        rings.jobs["strike"](str(strike.id))

    assert users(kwip, bob).is_suspended
    assert execution.store.find(strike.id).state is StrikeState.DONE
    assert logged(kwip, "bob") == [("suspend_user", "mod", "Rule 1")]

    by_operator = Order(Actor("command line", "root"), "A mistake")
    with monkeypatch.context() as patched:
        patched.setattr(type(execution), "_undo", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            kwip.services.decisions.undo(mod, by_operator, strike.id)
    rings.jobs["strike"](str(strike.id))

    assert not users(kwip, bob).is_suspended
    acts = ["suspend_user", "lift_strike", "unsuspend_user"]
    assert [act for act, _, _ in logged(kwip, "bob")] == acts
    assert {by[1:] for by in logged(kwip, "bob")[1:]} == {("root", "A mistake")}
    assert "order" not in kwip.store.database["strikes"].find_one()


def test_nobody_acts_on_equals_or_without_words_and_kwips(
    kwip, mod, order, report, bob, new_user
):
    decisions = kwip.services.decisions
    for act, field in ((Act.WARN, "text"), (Act.DELETE, "post_ids")):
        with pytest.raises(InvalidError) as error:
            decisions.act(mod, order(), report.id, Decision(act=act))
        assert list(error.value.fields) == [field]
    kwip.services.moderation.set_role(bob.id, Role.MODERATOR)
    for act in Act:
        asked = Decision(act=act, text="x", post_ids=report.post_ids)
        with pytest.raises(ForbiddenError):
            decisions.act(mod, order(), report.id, asked)

    assert kwip.store.database["strikes"].count_documents({}) == 0


def test_an_edit_does_not_uncover_what_a_moderator_has_covered(
    kwip, mod, order, bob, report, post
):
    asked = Decision(act=Act.SENSITIVE, post_ids=(post.id,))
    strike = kwip.services.decisions.act(mod, order(), report.id, asked)
    edited = kwip.services.posts.edit(bob, post.id, Edit(text="Other words"))

    history = kwip.stores.posts.history(post.id)
    covered = [edited.post, history.post, *history.revisions]
    assert [each.is_sensitive for each in covered] == [True, True, True]
    kwip.services.decisions.undo(mod, order(), strike.id)
    assert posts(kwip, post) == replace(
        history.post,
        is_sensitive=False,
        is_marked=False,
        version=history.post.version + 1,
    )


def test_two_suspensions_end_with_the_second_undo(kwip, mod, order, report, bob):
    asked = Decision(act=Act.SUSPEND)
    first, second = (
        kwip.services.decisions.act(mod, order(), report.id, asked) for _ in "12"
    )
    kwip.services.decisions.undo(mod, order(), first.id)
    held = users(kwip, bob).is_suspended
    kwip.services.decisions.undo(mod, order(), second.id)

    assert (held, users(kwip, bob).is_suspended) == (True, False)
