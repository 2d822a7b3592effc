"""Every query of every store is explained; a new method must be added to `CALLS`."""

from __future__ import annotations

import importlib
import inspect
import itertools
import pkgutil
import re
from collections import defaultdict
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial

import pytest

import kwip.store
from kwip.domain.accounts import statistics
from kwip.domain.accounts.audit_log import BY_KWIP, AuditQuery
from kwip.domain.accounts.members import MemberQuery, MemberState
from kwip.domain.accounts.roles import Role
from kwip.domain.accounts.site import SiteChange
from kwip.domain.accounts.transfers import TransferState
from kwip.domain.accounts.users import FeaturedTag, ProfileField
from kwip.domain.administration.announcements import Announcement
from kwip.domain.errors import ConflictError
from kwip.domain.ids import MAX_ID
from kwip.domain.mail.bounces import BounceKind
from kwip.domain.mail.mails import MailKind
from kwip.domain.mail.preferences import MailPreferences, StaffTopic
from kwip.domain.media.attachments import UploadState
from kwip.domain.media.emojis import Emoji
from kwip.domain.moderation.reports import Category, Event, ReportEvent, ReportFilter
from kwip.domain.moderation.strikes import Appeal, StrikeState
from kwip.domain.posting.drafts import SavedDraft
from kwip.domain.posting.polls import Poll
from kwip.domain.posting.posts import Draft, QuotePolicy, ReplyPolicy
from kwip.domain.posting.reactions import Act, Reaction, Span, span_of
from kwip.domain.posting.repeats import Said
from kwip.domain.push import PushPolicy
from kwip.domain.social.nudges import NudgeKind
from kwip.domain.social.relationships import FollowOptions
from kwip.domain.text import Hashtag
from kwip.domain.timelines.id_lists import Between
from kwip.domain.timelines.lists import ListChange, UserList
from kwip.domain.timelines.notifications import (
    EVERY_KIND,
    EVERYTHING,
    SPOKEN_TO,
    Notification,
    NotificationKind,
    Selection,
)
from kwip.domain.timelines.pushdown import Pushdown
from kwip.domain.timelines.search import Sought
from kwip.domain.timelines.trends import Trend
from kwip.store.delivery.outbox import pending
from kwip.store.indexes import INDEXES
from kwip.store.jobs import Job
from kwip.store.maintenance.attachment_audit import Pair
from kwip.store.maintenance.migrating import BEGINNING
from kwip.store.maintenance.personal_audit import OWNERS
from kwip.store.maintenance.processes import Process
from kwip.store.moderation.reports import resolved
from kwip.store.posting.claims import Claim
from kwip.store.posting.counters import count
from kwip.store.present_indexes import _model
from kwip.store.social.edges import Edge
from kwip.store.social.list_edges import ListEdge
from kwip.store.timelines.buckets import bucket_document, home_of
from kwip.store.upgrades import schema_of
from kwip.text.emails import read_email
from tests.store.population import HOT, PREVIEW, list_id, posts_of, token, uploads_of
from tests.store.stores import (
    LATER,
    NOW,
    NOW_MS,
    application,
    audited,
    blog,
    closure,
    conversion,
    guest_reply,
    invitation,
    mail,
    nudge,
    post,
    post_id,
    reported,
    struck,
    transfer,
    upload,
    user,
)
from tests.thorough import part

HOMES = [home_of(n) for n in range(1, 41)]
FANOUT = pending(NOW, LATER)
DRAFT = SavedDraft(
    id=5,
    owner_id=1,
    version=1,
    content=Draft(text="half a"),
    updated_at=NOW,
    scheduled_at=NOW,
)
CLAIM = Claim(post_id(1), "nonce", "digest")
LIKED = Reaction(
    user_id=1,
    act=Act.FAVOURITE,
    post_id=posts_of(4)[0],
    author_id=4,
    reply_to_author_id=None,
    seq=7,
)
VOTED = replace(LIKED, act=Act.VOTE, ballot=17)
TOLD = Notification(
    recipient_id=4,
    kind=NotificationKind.FAVOURITE,
    actor_id=1,
    seq=post_id(4_000),
    post_id=posts_of(4)[0],
)
REPOSTED = replace(LIKED, act=Act.REPOST, post_id=posts_of(6)[0], author_id=6)
PARTS = (
    Between(0, MAX_ID, 3),
    Between(5, MAX_ID, 3, ascending=True),
    Between(0, 10, 3),
)
TEA, GREEN = frozenset({"tea", "en=tea"}), frozenset({"green", "~1:green"})
ANYWHERE = Between(0, MAX_ID, 60)
LOAF = Emoji("loaf", "0" * 32, "0" * 32, 128, 96)
WAITING = read_email("w9@example.org")
CHANGED = SiteChange(
    id=1, at=NOW, actor=BY_KWIP.actor, name="name", before=None, after="Bakers"
)
ANNOUNCED = Announcement(id=1, text="Tea", updated_at=NOW)
JOB = Job(
    id="reindex:timelines",
    state="running",
    cursor=0,
    counts={},
    detail={},
    started_at=NOW,
    updated_at=NOW,
)
PROCESS = Process(
    id="a process",
    roles=("web",),
    host="one",
    pid=1,
    version="0.1.0",
    skew_ms=0,
    shared={},
    started_at=NOW,
    seen_at=NOW,
    expires_at=LATER,
)
APPEALED = Appeal(text="No.", at=NOW)
NOTED = ReportEvent(event=Event.NOTE, by_id=1, at=NOW)
#: A post as the version before wrote it.
OLDER = {"_id": post_id(1), "schema": schema_of("posts") - 1}


def _claim_twice(s):
    s.claims.claim(1, "key", CLAIM, LATER)
    s.claims.claim(1, "key", CLAIM, LATER)


def _insert_thrice(s):
    """Insert a post, and once more: nothing; then another one: a conflict."""
    s.posts.insert(post(9_000, 1), "nonce", FANOUT)
    s.posts.insert(post(9_000, 1), "nonce", FANOUT)
    with pytest.raises(ConflictError):
        s.posts.insert(post(9_000, 1), "another", FANOUT)


def _import_twice(s):
    """Import a post and a reply to it, and once more: a conflict."""
    first = post(9_001, 1)
    both = [first, post(9_002, 1, to=first)]
    nonces = {each.id: "nonce" for each in both}
    s.imported.insert_many(both, nonces, FANOUT)
    with pytest.raises(ConflictError):
        s.imported.insert_many(both, nonces, FANOUT)


def _lease(s, number=1):
    return s.outbox.lease(posts_of(number)[4], "holder", NOW, LATER, 1_000)


def _home_compaction(s, n):
    return s.timelines.take(home_of(n), "holder", NOW, LATER)


def _settle_both(s):
    s.edges.settle(s.edges.find_edge(1, 2))
    s.edges.settle(s.edges.find_edge(1, 3))


def _replace_open(s):
    lease = _home_compaction(s, 10)
    new = replace(lease.bucket, entries=(1, 2), epoch=2)
    return s.timelines.replace_open(lease.bucket, new, holder="holder")


def _insert_sealed_twice(s):
    documents = [bucket_document(home_of(9), 1, [5, 6]) for _ in range(2)]
    s.timelines.insert_sealed(documents)


def _in_transaction(s):
    s.store.transact(
        lambda session: [
            count(s.store.database, each, 1, session)
            for each in (
                post(100, 1, to=post(200, 2)),
                post(101, 1, repost_of_id=post_id(200)),
            )
        ]
    )


def _use_the_code(s):
    with suppress(ConflictError):  # there is an administrator, so no code
        s.store.transact(partial(s.setup.use, "digest"))


def _apply_and_take(s):
    s.applications.add(application(905), lambda _: None)
    s.applications.take_and(905, lambda _: None)


def _move_the_fence(s):
    s.fence.ensure("deployment")
    s.fence.resume(s.fence.suspend("me"))


def _own_the_fence(s):
    s.fence.ensure("deployment")
    state = s.fence.suspend("me")
    s.fence.beat(state)
    s.fence.take_over(s.fence.read(), "you")


def _follow_changes(s):
    with s.changes.follow(["users"], None) as feed:
        feed.take(1)


def _vote(s):
    with suppress(ConflictError):  # the post has no poll
        s.votes.vote(VOTED)


def _app(user_id):
    """Return the id of the subscription of a user's app."""
    return f"{user_id}:{'a' * 64}"


#: How each public method is called; several calls where it has several ways.
CALLS = {
    "AccessKeyStore.create": lambda s: s.authentication.create(token(1, "c")),
    "AccessKeyStore.find": lambda s: s.authentication.find(2, "a"),
    "AccessKeyStore.find_usable": lambda s: s.authentication.find_usable(2, "a"),
    "ChangeStore.follow": _follow_changes,
    "ChangeStore.lease": lambda s: s.changes.lease("me", NOW, NOW),
    "ChangeStore.save": lambda s: s.changes.save("me", None, NOW),
    "AccessKeyStore.end_all": lambda s: s.authentication.end_all(4, NOW),
    "AccessKeyStore.end_oldest": lambda s: s.authentication.end_oldest(
        5, 1, NOW, but="a"
    ),
    "AccessKeyStore.forget": lambda s: s.authentication.forget(4, ["a"]),
    "AccessKeyStore.of_user": lambda s: s.authentication.of_user(2),
    "AccessKeyStore.delete": lambda s: s.authentication.delete(3, "a"),
    "AuditLogStore.append": lambda s: s.audit_log.append(audited(900)),
    "AuditLogStore.page": lambda s: [
        s.audit_log.page(AuditQuery(limit=3, **only))
        for only in ({}, {"subject": "@u7"}, {"actor": "ann"}, {"action": "set_role"})
    ],
    "ReportStore.add": lambda s: [s.reports.add(reported(n)) for n in (900, 900)],
    "ReportStore.find_open": lambda s: s.reports.find_open(7, 8),
    "ReportStore.extend": lambda s: s.reports.extend(reported(8), reported(8), NOTED),
    "ReportStore.find": lambda s: s.reports.find(reported(9).id),
    "ReportStore.change": lambda s: s.reports.change(
        reported(10), resolved(NOTED), NOTED
    ),
    "ReportStore.change_and": lambda s: s.reports.change_and(
        reported(11), resolved(NOTED), NOTED, lambda _: None
    ),
    "ReportStore.page": lambda s: [
        s.reports.page(wanted, limit=3)
        for wanted in (
            ReportFilter(is_open=True),
            ReportFilter(is_open=True, category=Category.SPAM),
            ReportFilter(is_open=True, assigned_id=7),
            ReportFilter(target_id=7),
            ReportFilter(reporter_id=7),
        )
    ],
    "ReportStore.open_counts": lambda s: s.reports.open_counts(),
    "ReportStore.assigned_count": lambda s: s.reports.assigned_count(7),
    "ModerationAuditStore.strays_after": lambda s: [
        s.audit.moderation.strays_after(kind, 0, 9) for kind in ("reports", "strikes")
    ],
    "ModerationAuditStore.overdue": lambda s: s.audit.moderation.overdue(NOW, 9),
    "StrikeStore.add": lambda s: s.strikes.add(struck(900), NOW, lambda _: None),
    "StrikeStore.find": lambda s: s.strikes.find(struck(7).id),
    "StrikeStore.of_user": lambda s: s.strikes.of_user(7, 3),
    "StrikeStore.named": lambda s: s.strikes.named(3, [1, 2]),
    "StrikeStore.of_report": lambda s: s.strikes.of_report(struck(7).id, 3),
    "StrikeStore.settle": lambda s: s.strikes.settle(
        struck(8).id, StrikeState.PENDING, StrikeState.DONE
    ),
    "StrikeStore.undo": lambda s: s.strikes.undo(
        struck(9).id, BY_KWIP, NOW, lambda _: None
    ),
    "StrikeStore.appeal": lambda s: s.strikes.appeal(
        struck(20).id, 20, APPEALED, lambda _: None
    ),
    "StrikeStore.reject": lambda s: s.strikes.reject(
        struck(11).id, APPEALED, lambda _: None
    ),
    "StrikeStore.appealed": lambda s: s.strikes.appealed(limit=2),
    "StrikeStore.appealed_count": lambda s: s.strikes.appealed_count(),
    "StatisticsStore.of_spans": lambda s: s.statistics.of_spans(
        [statistics.Span(2, NOW.toordinal() - 30, NOW.toordinal() + 30, "open")]
    ),
    "VerificationStore.attempts": lambda s: s.verification.attempts(1),
    "VerificationStore.finish": lambda s: s.verification.finish(
        user(1), [ProfileField("A", "https://a.example")], LATER, 0
    ),
    "VerificationStore.take_due": lambda s: s.verification.take_due(
        NOW, LATER, 5, bool
    ),
    "StrikeStore.take_due": lambda s: s.strikes.take_due(NOW, LATER, 5, bool),
    "MarkStore.mark": lambda s: s.marks.mark(posts_of(3)[:2]),
    "MarkStore.unmark": lambda s: s.marks.unmark(posts_of(3)[:2]),
    "EmailDomainStore.block": lambda s: s.domains.block(
        "d7.example", NOW, lambda _: None
    ),
    "EmailDomainStore.unblock": lambda s: s.domains.unblock(
        "d8.example", lambda _: None
    ),
    "EmailDomainStore.find_any": lambda s: s.domains.find_any(
        ["d9.example", "example"]
    ),
    "EmailDomainStore.listed": lambda s: s.domains.listed(),
    "AttachmentStore.insert": lambda s: s.attachments.insert(upload(90_000, 2), NOW),
    "AttachmentStore.of_owner": lambda s: s.attachments.of_owner(2, uploads_of(2)),
    "AttachmentStore.after": lambda s: s.attachments.after(uploads_of(2)[0], 9),
    "AttachmentStore.owned_by": lambda s: s.attachments.owned_by(2, 9),
    "AttachmentStore.find": lambda s: s.attachments.find(uploads_of(2)[2]),
    "AttachmentStore.bytes_of": lambda s: s.attachments.bytes_of(2),
    "AttachmentStore.describe": lambda s: s.attachments.describe(
        2, upload(250, 2).attachment
    ),
    "AttachmentStore.hold": lambda s: s.attachments.hold(2, uploads_of(2), LATER),
    "AttachmentStore.discard": lambda s: s.attachments.discard(
        2, uploads_of(2)[0], NOW
    ),
    "AttachmentStore.used": lambda s: s.attachments.used(
        [f"{n:032x}" for n in (252, 352)], is_open=True
    ),
    "AttachmentStore.hidden": lambda s: s.attachments.hidden(upload(450, 4), NOW),
    "AttachmentStore.remove": lambda s: s.attachments.remove(upload(550, 5)),
    "WithheldStore.withhold_private": lambda s: s.withheld.withhold_private(2),
    "WithheldStore.opened": lambda s: s.withheld.opened(2),
    "WithheldStore.withhold": lambda s: s.withheld.withhold(2, uploads_of(2)),
    "WithheldStore.restore": lambda s: s.withheld.restore(2, uploads_of(2)),
    "WithheldStore.restore_private": lambda s: s.withheld.restore_private(2),
    "PurgeStore.add": lambda s: s.purges.add(["ab/x"], NOW),
    "PurgeStore.has_due": lambda s: s.purges.has_due(NOW),
    "PurgeStore.begin": lambda s: s.purges.begin(NOW, LATER, 9),
    "PurgeStore.done": lambda s: s.purges.done(["ab/1"], NOW),
    "PurgeStore.failed": lambda s: s.purges.failed(["ab/2"], NOW, None, "busy"),
    "PurgeStore.listed": lambda s: s.purges.listed(is_dead=True, limit=9),
    "PurgeStore.dead_count": lambda s: s.purges.dead_count(),
    "PurgeStore.replay": lambda s: s.purges.replay(NOW),
    "CredentialStore.mailbox": lambda s: s.credentials.mailbox(2),
    "CredentialStore.arrive": lambda s: s.credentials.arrive(2),
    "CredentialStore.confirm": lambda s: s.credentials.confirm(2, NOW),
    "CredentialStore.note_problem": lambda s: s.credentials.note_problem(
        3, "u3@example.org", "550 gone"
    ),
    "CredentialStore.set_email": lambda s: s.credentials.set_email(
        4, read_email("new4@example.org"), NOW, lambda _: None
    ),
    "TwoFactorStore.find": lambda s: s.two_factor.find(2),
    "TwoFactorStore.change": lambda s: s.two_factor.change(
        2, lambda before: (replace(before, mark="m"), None)
    ),
    "TwoFactorStore.sealed_otherwise": lambda s: s.two_factor.sealed_otherwise(
        "k", 2, 5
    ),
    "MailPreferenceStore.find": lambda s: s.mail_preferences.find(2),
    "MailPreferenceStore.save": lambda s: s.mail_preferences.save(
        900, MailPreferences(), None
    ),
    "MailPreferenceStore.without": lambda s: s.mail_preferences.without(
        StaffTopic.REPORTS, [2, 3]
    ),
    "MailPreferenceStore.choose_topics": lambda s: s.mail_preferences.choose_topics(
        901, ()
    ),
    "MailPreferenceStore.postpone": lambda s: s.mail_preferences.postpone(3, LATER),
    "MailPreferenceStore.advance": lambda s: s.mail_preferences.advance(
        4, 1, 2, LATER, lambda _: None
    ),
    "MailPreferenceStore.take_due": lambda s: s.mail_preferences.take_due(
        NOW, LATER, 9, bool
    ),
    "PushSubscriptionStore.save": lambda s: s.push.save(
        replace(s.push.find(_app(2)), digest="b" * 64, holder="session"), NOW, LATER
    ),
    "PushSubscriptionStore.find": lambda s: s.push.find(_app(2)),
    "PushSubscriptionStore.choose": lambda s: s.push.choose(
        _app(2), EVERY_KIND, PushPolicy.ALL
    ),
    "PushSubscriptionStore.move": lambda s: s.push.move(
        "https://push.example/3", "auth", s.push.find(_app(3)).target
    ),
    "PushSubscriptionStore.drop": lambda s: s.push.drop(_app(4)),
    "PushSubscriptionStore.wake": lambda s: s.push.wake([5, 6], NOW),
    "PushSubscriptionStore.begin": lambda s: s.push.begin(_app(7), "w", NOW, LATER),
    "PushSubscriptionStore.pushed": lambda s: s.push.pushed(_app(7), "w", 1),
    "PushSubscriptionStore.rest": lambda s: s.push.rest(
        _app(7), "w", above=1, until=LATER, now=NOW, due_at=LATER
    ),
    "PushSubscriptionStore.failed": lambda s: s.push.failed(
        _app(8), "w", NOW, LATER, "503"
    ),
    "PushSubscriptionStore.count": lambda s: s.push.count(),
    "PushSubscriptionStore.failing": lambda s: s.push.failing(9),
    "PushSubscriptionStore.take_due": lambda s: s.push.take_due(NOW, LATER, 9, bool),
    "MailStore.bounced": lambda s: s.mails.bounced(mail(3).id, BounceKind.SOFT),
    "MailStore.soft_count": lambda s: s.mails.soft_count(2, "u2@example.org", NOW),
    "TransferStore.find": lambda s: s.exports.find(2),
    "TransferStore.request": lambda s: s.exports.request(transfer(2), before=NOW),
    "TransferStore.begin": lambda s: s.exports.begin(3, "worker", NOW, LATER),
    "TransferStore.note": lambda s: s.exports.note(transfer(4), {"done": 1}, LATER),
    "TransferStore.end": lambda s: s.exports.end(transfer(5), {"done": 1}, None),
    "TransferStore.cancel": lambda s: s.exports.cancel(6, NOW),
    "TransferStore.settled": lambda s: s.exports.settled(
        transfer(7), TransferState.EXPIRED
    ),
    "TransferStore.remove": lambda s: s.exports.remove(8),
    "TransferStore.take_due": lambda s: [
        each.take_due(NOW, LATER, 9, bool) for each in (s.exports, s.imports)
    ],
    "ClosureStore.find": lambda s: s.closures.find(2),
    "ClosureStore.locks_out": lambda s: s.closures.locks_out(2, is_suspended=True),
    "ClosureStore.add": lambda s: s.closures.add(closure(900), None),
    "ClosureStore.note_suspension": lambda s: s.closures.note_suspension(3, None),
    "ClosureStore.take_back": lambda s: s.closures.take_back(4, lambda _: None),
    "ClosureStore.unsuspend": lambda s: s.closures.unsuspend(5, lambda _: None),
    "ClosureStore.remind": lambda s: s.closures.remind(
        closure(6), LATER, lambda _: None
    ),
    "ClosureStore.begin_deletion": lambda s: s.closures.begin_deletion(7, NOW, LATER),
    "ClosureStore.remove": lambda s: s.closures.remove(8),
    "ClosureStore.take_due": lambda s: s.closures.take_due(NOW, LATER, 9, bool),
    "MailStore.add": lambda s: s.mails.add(mail(900), NOW),
    "MailStore.add_handed_over": lambda s: s.mails.add_handed_over(mail(901)),
    "MailStore.begin": lambda s: [
        s.mails.begin(f"m{n}", "worker", NOW, LATER) for n in (2, 3, 4)
    ],
    "MailStore.address_to": lambda s: s.mails.address_to("m2", "worker", 2, "a@b.org"),
    "MailStore.sent": lambda s: s.mails.sent("m3", "worker"),
    "MailStore.failed": lambda s: s.mails.failed("m4", "worker", None, "451 busy"),
    "MailStore.drop": lambda s: s.mails.drop("m5"),
    "MailStore.find": lambda s: s.mails.find("m6"),
    "MailStore.use": lambda s: s.mails.use(mail(6)),
    "MailStore.use_up": lambda s: s.mails.use_up(7, list(MailKind), None),
    "MailStore.listed": lambda s: s.mails.listed(is_dead=False, limit=9),
    "MailStore.waiting_count": lambda s: s.mails.waiting_count(),
    "MailStore.dead_count": lambda s: s.mails.dead_count(),
    "MailStore.retry": lambda s: s.mails.retry(NOW),
    "MailStore.take_due": lambda s: s.mails.take_due(NOW, LATER, 9, bool),
    "AttachmentStore.take_due": lambda s: s.attachments.take_due(NOW, LATER, 9, bool),
    "ProcessingStore.begin": lambda s: s.processing.begin(
        2, uploads_of(2)[0], "worker", NOW, LATER
    ),
    "ProcessingStore.renew": lambda s: s.processing.renew(conversion(250, 2), LATER),
    "ProcessingStore.note": lambda s: s.processing.note(
        conversion(250, 2), upload(250, 2)
    ),
    "ProcessingStore.end": lambda s: s.processing.end(
        conversion(250, 2), UploadState.READY, LATER
    ),
    "ProcessingStore.take_due": lambda s: s.processing.take_due(NOW, LATER, 9, bool),
    "AttachmentStore.unsettled": lambda s: s.attachments.unsettled(
        2, uploads_of(2), LATER
    ),
    "AttachmentAuditStore.attached_after": lambda s: s.audit.attachments.attached_after(
        20, 20
    ),
    "AttachmentAuditStore.shown_after": lambda s: s.audit.attachments.shown_after(
        20, 20
    ),
    "AttachmentAuditStore.wrong_among": lambda s: s.audit.attachments.wrong_among(
        [Pair(posts_of(2)[0], each) for each in uploads_of(2)]
    ),
    "AttachmentAuditStore.confirm": lambda s: s.audit.attachments.confirm(
        Pair(posts_of(2)[0], uploads_of(2)[0])
    ),
    "AttachmentAuditStore.repair": lambda s: s.audit.attachments.repair(
        Pair(posts_of(2)[0], uploads_of(2)[2]), NOW
    ),
    "PersonalAuditStore.pages": lambda s: [
        list(s.audit.personal.pages(name, 20)) for name in OWNERS
    ],
    "PersonalAuditStore.drop": lambda s: [
        s.audit.personal.drop(*place) for place in (("blogs", "2"), ("notes", "2:3"))
    ],
    "PersonalAuditStore.overdue": lambda s: s.audit.personal.overdue(NOW, NOW, 9),
    "GuestAuditStore.lost_after": lambda s: s.audit.guests.lost_after(0, 20),
    "RequestAuditStore.asked_after": lambda s: s.audit.requests.asked_after("20:", 40),
    "RequestAuditStore.asking_after": lambda s: s.audit.requests.asking_after(
        "20:", 20
    ),
    "RequestAuditStore.one_sided": lambda s: s.audit.requests.one_sided(["1:22"]),
    "RequestAuditStore.repair": lambda s: s.audit.requests.repair(1, 22, NOW),
    "AuditStore.sizes": lambda s: s.audit.sizes(),
    "AuditStore.follows_after": lambda s: s.audit.follows_after("20:", 40),
    "AuditStore.followers_after": lambda s: s.audit.followers_after("20:", 40),
    "AuditStore.without_followers": lambda s: s.audit.without_followers(["1:2", "1:3"]),
    "AuditStore.without_follows": lambda s: s.audit.without_follows(["1:2", "1:3"]),
    "AuditStore.confirm_edge": lambda s: s.audit.confirm_edge("1:2"),
    "AuditStore.blocks_after": lambda s: s.audit.blocks_after("20:", 40),
    "AuditStore.without_other_side": lambda s: s.audit.without_other_side(
        ["1:out:32", "32:in:1"]
    ),
    "AuditStore.homes_after": lambda s: s.audit.homes_after("home:20", 20),
    "AuditStore.posts_among": lambda s: s.audit.posts_among(posts_of(1)),
    "CounterStore.users_after": lambda s: s.audit.counters.users_after(20, 20),
    "CounterStore.counted_between": lambda s: s.audit.counters.counted_between(20, 30),
    "CounterStore.settle_user": lambda s: s.audit.counters.settle_user(
        20, repairs=True
    ),
    "CounterStore.answers_after": lambda s: s.audit.counters.answers_after(
        (posts_of(20)[0], 0), 100
    ),
    "CounterStore.reacted_on": lambda s: s.audit.counters.reacted_on(posts_of(1)),
    "CounterStore.votes_on": lambda s: s.audit.counters.votes_on(
        dict.fromkeys(posts_of(1), Poll(options=(), expires_at=NOW))
    ),
    "CounterStore.settle_post": lambda s: s.audit.counters.settle_post(
        posts_of(1)[0], repairs=True
    ),
    "ReactionAuditStore.reactions_after": lambda s: s.audit.reactions.reactions_after(
        "20:", 20
    ),
    "ReactionAuditStore.wrong_among": lambda s: s.audit.reactions.wrong_among(
        s.audit.reactions.reactions_after("20:", 20)
    ),
    "ReactionAuditStore.confirm_reaction": lambda s: s.audit.reactions.confirm_reaction(
        f"1:favourite:{posts_of(2)[0]}"
    ),
    "ReactionAuditStore.tagged_after": lambda s: s.audit.reactions.tagged_after(20, 20),
    "ReactionAuditStore.mistagged_among": lambda s: s.audit.reactions.mistagged_among(
        posts_of(1)
    ),
    "ReactionAuditStore.pins_after": lambda s: s.audit.reactions.pins_after(20, 20),
    "ReactionAuditStore.not_by": lambda s: s.audit.reactions.not_by(1, posts_of(1)),
    "RepairStore.repair_edge": lambda s: [
        s.repairs.repair_edge(1, other, NOW, "nonce") for other in (2, 47)
    ],
    "RepairStore.repair_block": lambda s: s.repairs.repair_block("1:out:32"),
    "RepairStore.drop_claim": lambda s: s.repairs.drop_claim("handle:u1"),
    "RepairStore.drop_reaction": lambda s: s.repairs.drop_reaction("1:favourite:17"),
    "RepairStore.make_due": lambda s: s.repairs.make_due(posts_of(1)[4], NOW),
    "ActivityStore.bump": lambda s: s.activity.bump(posts_of(1)[0], posts_of(1)[3]),
    "ActivityStore.listed": lambda s: [
        s.activity.listed(0, part, as_of) for part in PARTS for as_of in (None, HOT)
    ],
    "ActivityStore.tagged": lambda s: [
        s.activity.tagged("tea", part, as_of) for part in PARTS for as_of in (None, 1)
    ],
    "ActivityStore.by_author": lambda s: [
        s.activity.by_author(1, part, as_of) for part in PARTS for as_of in (None, 1)
    ],
    "ActivityStore.places": lambda s: s.activity.places([posts_of(1)[0]], MAX_ID),
    "RepeatStore.link": lambda s: s.repeats.link(post(9_999, 1)),
    "RepeatStore.link_many": lambda s: s.repeats.link_many(
        [post(9_998, 1), post(9_999, 1)]
    ),
    "RepeatStore.later": lambda s: s.repeats.later(1, posts_of(1)[4]),
    "RepeatStore.by_author": lambda s: s.repeats.by_author(1, posts_of(1)[4], 20),
    "RepeatStore.rewrite": lambda s: s.repeats.rewrite(
        post(100, 1), Said(post_id(100), 5, None)
    ),
    "RetagStore.after": lambda s: s.retags.after(20, 20),
    "RetagStore.tags_of": lambda s: s.retags.tags_of(posts_of(1)[0]),
    "RetagStore.rewrite": lambda s: s.retags.rewrite(post(100, 1), post(100, 1)),
    "AuditStore.pending_since": lambda s: s.audit.pending_since(NOW, 7),
    "AuditStore.claims_after": lambda s: [
        s.audit.claims_after(kind, "", 40) for kind in ("handle", "email")
    ],
    "AuditStore.without_user": lambda s: s.audit.without_user(["handle:u1"]),
    "AuditStore.users_among": lambda s: s.audit.users_among([1, 2]),
    "ClaimStore.claim": _claim_twice,
    "ClaimStore.expire": lambda s: s.claims.expire(1, "key", LATER),
    "ClaimStore.move": lambda s: s.claims.move(1, "key", CLAIM, post_id(2)),
    "DeletionStore.sizes": lambda s: s.deletion.sizes(1),
    "DeletionStore.muted_by": lambda s: s.deletion.muted_by(2),
    "DeletionStore.featured_by": lambda s: s.deletion.featured_by(2),
    "DeletionStore.dismissed_by": lambda s: s.deletion.dismissed_by(2),
    "DeletionStore.forget": lambda s: s.deletion.forget(30),
    "DeletionStore.remove": lambda s: s.deletion.remove(user(31)),
    "EdgeStore.followees": lambda s: s.edges.followees(1),
    "EdgeStore.merged_followees": lambda s: s.edges.merged_followees([1, 2]),
    "HibernationStore.touch": lambda s: s.hibernation.touch(30, NOW, NOW),
    "HibernationStore.find": lambda s: s.hibernation.find(30),
    "HibernationStore.date_undated": lambda s: s.hibernation.date_undated(NOW, 5),
    "HibernationStore.idle_since": lambda s: s.hibernation.idle_since(LATER, 5),
    "HibernationStore.unfinished": lambda s: s.hibernation.unfinished(NOW, 5),
    "HibernationStore.begin_hibernation": lambda s: s.hibernation.begin_hibernation(
        _home_compaction(s, 31), NOW, 9
    ),
    "HibernationStore.set_active": lambda s: s.hibernation.set_active(
        32, 9, is_active=False
    ),
    "HibernationStore.remove": lambda s: s.hibernation.remove(
        _home_compaction(s, 33), LATER
    ),
    "HibernationStore.create": lambda s: s.hibernation.create(34, NOW, 9),
    "HibernationStore.finish": lambda s: s.hibernation.finish(_home_compaction(s, 35)),
    "EdgeStore.followers": lambda s: s.edges.followers(9, above=2, upto=50, limit=3),
    "EdgeStore.followers_among": lambda s: s.edges.followers_among(9, [3, 4, 5]),
    "EdgeStore.subscribers": lambda s: s.edges.subscribers(9, above=0, limit=40),
    "EdgeStore.follower_bounds": lambda s: s.edges.follower_bounds(9),
    "EdgeStore.find_edge": lambda s: s.edges.find_edge(1, 2),
    "EdgeStore.settle": _settle_both,
    "EdgeStore.take_due": lambda s: s.edges.take_due(NOW, LATER, 7, bool),
    "EdgeStore.waiting_count": lambda s: s.edges.waiting_count(),
    "EdgeStore.load_edges": lambda s: s.edges.load_edges([(1, 40), (2, 40)], NOW),
    "EdgeStore.recount": lambda s: s.edges.recount({1: (3, 4), 2: (5, 6)}),
    "EmojiStore.read": lambda s: s.emojis.read(),
    "EmojiStore.replace": lambda s: s.emojis.replace(s.emojis.read(), [LOAF]),
    "ApplicationStore.add": lambda s: s.applications.add(
        application(903), lambda _: None
    ),
    "ApplicationStore.take": _apply_and_take,
    "ApplicationStore.take_and": _apply_and_take,
    "ApplicationStore.find": lambda s: s.applications.find("u1"),
    "ApplicationStore.get": lambda s: s.applications.get(1),
    "ApplicationStore.newest_at": lambda s: s.applications.newest_at(),
    "ApplicationStore.oldest": lambda s: s.applications.oldest(20),
    "ApplicationStore.count": lambda s: s.applications.count(20),
    "InvitationStore.of_user": lambda s: s.invitations.of_user(3),
    "InvitationStore.add": lambda s: s.invitations.add(invitation(903)),
    "InvitationStore.add_and": lambda s: s.invitations.add_and(
        invitation(904), lambda _: None
    ),
    "InvitationStore.find": lambda s: s.invitations.find("i1"),
    "InvitationStore.use": lambda s: s.store.transact(
        partial(s.invitations.use, "i2", 904, NOW)
    ),
    "InvitationStore.end": lambda s: s.invitations.end("i3", NOW),
    "InvitationStore.remove": lambda s: s.invitations.remove("i9"),
    "InvitationStore.of_creator": lambda s: s.invitations.of_creator(4, 20),
    "InvitationStore.newest": lambda s: s.invitations.newest(20),
    "InvitationStore.invited_by": lambda s: s.invitations.invited_by(["i1", "i2"]),
    "WaitListStore.add": lambda s: s.wait_list.add(WAITING, NOW, LATER),
    "WaitListStore.confirm": lambda s: s.wait_list.confirm(WAITING, NOW, LATER),
    "WaitListStore.has": lambda s: s.wait_list.has(WAITING),
    "WaitListStore.remove": lambda s: s.wait_list.remove(WAITING),
    "WaitListStore.oldest": lambda s: s.wait_list.oldest(20),
    "WaitListStore.take": lambda s: s.wait_list.take("w1", lambda *_: None),
    "JoiningAuditStore.miscounted": lambda s: s.joining.miscounted(),
    "JoiningAuditStore.unclaimed": lambda s: list(s.joining.unclaimed()),
    "AnnouncementStore.published": lambda s: s.announcements.published(NOW),
    "AnnouncementStore.newest": lambda s: s.announcements.newest(20),
    "AnnouncementStore.find": lambda s: s.announcements.find(1),
    "AnnouncementStore.save": lambda s: s.announcements.save(ANNOUNCED),
    "AnnouncementStore.remove": lambda s: s.announcements.remove(2),
    "AnnouncementStore.dismiss": lambda s: s.announcements.dismiss(1, 2),
    "DiscoveryRuleStore.read": lambda s: s.discovery_rules.read(),
    "DiscoveryRuleStore.replace": lambda s: s.discovery_rules.replace(
        s.discovery_rules.read(), []
    ),
    "FiguresStore.made_between": lambda s: s.figures.made_between(
        "posts", NOW_MS, NOW_MS + 60_000, most=1_000
    ),
    "FiguresStore.joined_between": lambda s: s.figures.joined_between(0, NOW_MS, 5),
    "FiguresStore.authors_between": lambda s: s.figures.authors_between(
        [1, 2, 3], NOW_MS, NOW_MS + 60_000
    ),
    "FiguresStore.readers_between": lambda s: s.figures.readers_between(NOW, LATER),
    "FiguresStore.resolved_between": lambda s: s.figures.resolved_between(NOW, LATER),
    "FiguresStore.stored_bytes": lambda s: s.figures.stored_bytes(),
    "HourlyFigureStore.add": lambda s: s.hours.add(NOW, {"hits": 1}, {}, {}),
    "HourlyFigureStore.add_last": lambda s: s.hours.add_last(NOW, {"hits": 1}),
    "HourlyFigureStore.since": lambda s: s.hours.since(NOW),
    "FiguresStore.made_with": lambda s: s.figures.made_with(0, NOW_MS, 50),
    "FiguresStore.most_answered": lambda s: s.figures.most_answered(NOW_MS, 50, 5),
    "SiteStore.read": lambda s: s.site.read(),
    "SiteStore.change": lambda s: s.site.change(s.site.read(), [CHANGED]),
    "SiteStore.newest": lambda s: s.site.newest(20),
    "SiteStore.find": lambda s: s.site.find(1),
    "FenceStore.read": lambda s: s.fence.read(),
    "FenceStore.ensure": lambda s: s.fence.ensure("deployment"),
    "FenceStore.suspend": _move_the_fence,
    "FenceStore.resume": _move_the_fence,
    "FenceStore.beat": _own_the_fence,
    "FenceStore.beat_stream": lambda s: s.fence.beat_stream(),
    "FenceStore.end_stream": lambda s: s.fence.end_stream(s.fence.read()),
    "FenceStore.take_over": _own_the_fence,
    "JobStore.find": lambda s: s.jobs.find("reindex:timelines"),
    "JobStore.running": lambda s: s.jobs.running("reindex:"),
    "JobStore.save": lambda s: s.jobs.save(JOB),
    "MigrationStore.size": lambda s: s.migrating.size("posts"),
    "MigrationStore.page": lambda s: s.migrating.page("posts", BEGINNING, 40),
    "MigrationStore.older": lambda s: s.migrating.older("posts", posts_of(1)),
    "MigrationStore.upgrade": lambda s: s.migrating.upgrade("posts", [OLDER]),
    "ProcessStore.save": lambda s: s.processes.save(PROCESS),
    "ProcessStore.running": lambda s: s.processes.running(NOW),
    "ProcessStore.remove": lambda s: s.processes.remove("another process"),
    "TrendStore.recent": lambda s: s.trends.recent(post_id(0), 40),
    "TrendStore.reactions_to": lambda s: s.trends.reactions_to(posts_of(1), 40),
    "TrendStore.replies_to": lambda s: s.trends.replies_to(posts_of(1), 40),
    "TrendStore.save": lambda s: s.trends.save(
        NOW, {"tags": [Trend("tea", ())]}, {"active": [1, 2]}
    ),
    "TrendStore.computed_at": lambda s: s.trends.computed_at(),
    "TrendStore.trends": lambda s: s.trends.trends(["tags", "posts"]),
    "TrendStore.people": lambda s: s.trends.people(["active"]),
    "SuggestionStore.of_users": lambda s: s.suggestions.of_users([1, 2]),
    "SuggestionStore.dismiss": lambda s: s.suggestions.dismiss(1, 9),
    "SuggestionStore.newest": lambda s: s.suggestions.newest(2, 5),
    "EndorsementStore.endorse": lambda s: s.endorsements.endorse(1, 2),
    "EndorsementStore.unendorse": lambda s: s.endorsements.unendorse(1, 2),
    "FeaturedTagStore.add": lambda s: s.featured_tags.add(1, FeaturedTag(5, "tea")),
    "FeaturedTagStore.remove": lambda s: s.featured_tags.remove(1, 5),
    "FeaturedTagStore.uses": lambda s: s.featured_tags.uses(2, ["tea", "t1"]),
    "FeaturedTagStore.recent": lambda s: s.featured_tags.recent(2),
    "FollowedTagStore.follow": lambda s: s.followed_tags.follow(1, "tea"),
    "MutedConversationStore.mute": lambda s: s.muted_conversations.mute(1, 7),
    "MutedConversationStore.unmute": lambda s: s.muted_conversations.unmute(1, 7),
    "FollowedConversationStore.follow": lambda s: s.followed_conversations.follow(1, 7),
    "FollowedConversationStore.unfollow": lambda s: s.followed_conversations.unfollow(
        1, 7
    ),
    "FollowedConversationStore.followers": lambda s: s.followed_conversations.followers(
        [posts_of(3)[0]]
    ),
    "MutedConversationStore.muting": lambda s: s.muted_conversations.muting([1], [7]),
    "BlogStore.add": lambda s: s.blogs.add(blog(99), NOW),
    "BlogStore.of_owner": lambda s: s.blogs.of_owner(1),
    "BlogStore.find": lambda s: s.blogs.find(5),
    "BlogStore.change": lambda s: s.blogs.change(1, 5, {"is_paused": False}),
    "BlogStore.take_due": lambda s: s.blogs.take_due(NOW, NOW, 5, lambda _: True),
    "BlogStore.begin": lambda s: s.blogs.begin(5, "w", NOW, NOW),
    "BlogStore.note": lambda s: s.blogs.note(blog(5), {"title": "x"}, seen=["a"]),
    "BlogStore.holds": lambda s: s.blogs.holds(blog(5)),
    "BlogStore.posted": lambda s: s.blogs.posted(5, "a", "2026-11-24"),
    "BlogStore.end": lambda s: s.blogs.end(blog(5), {}, NOW),
    "BlogStore.posted_before": lambda s: s.blogs.posted_before(1, "x"),
    "BlogStore.remove": lambda s: s.blogs.remove(1, 7),
    "BlogStore.delete": lambda s: s.blogs.delete(1, 6),
    "GuestReplyStore.add": lambda s: s.guest_replies.add(
        guest_reply(99), LATER, lambda _: None, 3
    ),
    "GuestReplyStore.confirm": lambda s: s.guest_replies.confirm(
        guest_reply(3), LATER, TOLD, 20
    ),
    "GuestReplyStore.approve": lambda s: s.guest_replies.approve(4, 4),
    "GuestReplyStore.remove": lambda s: s.guest_replies.remove(5, 5),
    "GuestReplyStore.forget_post": lambda s: s.guest_replies.forget_post(6),
    "GuestReplyStore.find": lambda s: s.guest_replies.find(7),
    "GuestReplyStore.shown": lambda s: s.guest_replies.shown(8, 9),
    "GuestReplyStore.by": lambda s: s.guest_replies.by(10, 0, 9),
    "GuestReplyStore.waiting": lambda s: s.guest_replies.waiting(10, 9),
    "GuestReplyStore.waiting_for": lambda s: s.guest_replies.waiting_for(9),
    "NudgeStore.add": lambda s: s.nudges.add(nudge(99), None),
    "NudgeStore.count": lambda s: s.nudges.count(1, NudgeKind.BUZZ, NOW),
    "DraftStore.insert": lambda s: s.drafts.insert(DRAFT),
    "DraftStore.replace": lambda s: s.drafts.replace(DRAFT, 1),
    "DraftStore.find": lambda s: s.drafts.find(1, 5),
    "DraftStore.of_owner": lambda s: s.drafts.of_owner(1),
    "DraftStore.upcoming": lambda s: s.drafts.upcoming(1),
    "DraftStore.holds": lambda s: s.drafts.holds(1, [7]),
    "DraftStore.take_due": lambda s: s.drafts.take_due(NOW, NOW, 5, lambda _: True),
    "DraftStore.begin": lambda s: s.drafts.begin(1, 5, NOW),
    "DraftStore.fail": lambda s: s.drafts.fail(DRAFT, "no", NOW),
    "DraftStore.finish": lambda s: s.drafts.finish(DRAFT),
    "DraftStore.delete": lambda s: s.drafts.delete(1, 6),
    "FilterStore.find": lambda s: s.filters.find(1),
    "FilterStore.replace": lambda s: s.filters.replace(1, (), 0),
    "FollowedTagStore.unfollow": lambda s: s.followed_tags.unfollow(2, "tea"),
    "ListStore.create": lambda s: s.lists.create(
        UserList(id=9_999, owner_id=1, title="New")
    ),
    "ListStore.of_owners": lambda s: s.lists.of_owners([1, 2]),
    "ListStore.merged": lambda s: s.lists.merged([1, 2]),
    "ListStore.get_many": lambda s: s.lists.get_many([(1, list_id(1, 1))]),
    "ListStore.find": lambda s: s.lists.find(list_id(1, 1)),
    "ListStore.owners": lambda s: s.lists.owners([list_id(1, 1), list_id(2, 1)]),
    "ListStore.containing": lambda s: s.lists.containing(1, 5),
    "ListStore.holding": lambda s: s.lists.holding([1, 2], 5),
    "ListStore.change": lambda s: s.lists.change(
        3, list_id(3, 1), ListChange(title="Other", is_exclusive=True)
    ),
    "ListStore.add": lambda s: s.lists.add(
        [ListEdge(list_id(1, 2), 1, other, "merging", "n") for other in (7, 8)], NOW
    ),
    "ListStore.remove": lambda s: s.lists.remove(2, list_id(2, 2), [6], NOW),
    "ListStore.delete": lambda s: s.lists.delete(4, list_id(4, 2), NOW),
    "ListStore.remove_deleted": lambda s: s.lists.remove_deleted(5, list_id(5, 0)),
    "ListStore.take_due": lambda s: s.lists.take_due(NOW, LATER, 3, bool),
    "ListEdgeStore.lists_with": lambda s: s.list_edges.lists_with(9, above=0, limit=3),
    "ListEdgeStore.find": lambda s: s.list_edges.find(4, list_id(1, 1)),
    "ListEdgeStore.settle": lambda s: [
        s.list_edges.settle(s.list_edges.find(member_id, list_id(10, 1)))
        for member_id in (13, 14)
    ],
    "ListEdgeStore.take_due": lambda s: s.list_edges.take_due(NOW, LATER, 7, bool),
    "LoadStore.has_follows": lambda s: s.loading.has_follows(),
    "LoadStore.follows_among": lambda s: s.loading.follows_among([(1, 2), (1, 60)]),
    "LoadStore.followers_among": lambda s: s.loading.followers_among([(1, 2), (1, 60)]),
    "LoadStore.add_followers": lambda s: s.loading.add_followers([(1, 50), (1, 2)]),
    "LoadStore.add_follows": lambda s: s.loading.add_follows(
        [(1, 50), (1, 2)], [], NOW
    ),
    "LoadStore.authors_among": lambda s: s.loading.authors_among([1, 2, 900]),
    "LoadStore.recount": lambda s: s.loading.recount([1, 2, 3]),
    "LoadStore.entries_count": lambda s: s.loading.entries_count(),
    "LoadStore.published": lambda s: s.loading.published([(1, "key"), (2, "none")]),
    "MarkerStore.of_users": lambda s: s.markers.of_users([1, 2]),
    "MarkerStore.save": lambda s: s.markers.save(1, {"home": 5}, NOW),
    "MarkerStore.advance": lambda s: s.markers.advance(
        1, {"notifications": post_id(2_900)}, NOW
    ),
    "NotificationStore.add_many": lambda s: [
        s.notifications.add_many(told) for told in ([], [TOLD], [TOLD])
    ],
    "NotificationStore.add": lambda s: s.store.transact(
        partial(s.notifications.add, TOLD)
    ),
    "NotificationStore.page": lambda s: [
        s.notifications.page(1, wanted, below=below, above=above, limit=9)
        for below, above in ((MAX_ID, 0), (MAX_ID, post_id(900)), (post_id(2_000), 0))
        for wanted in (
            EVERYTHING,
            Selection(SPOKEN_TO),
            Selection(frozenset({NotificationKind.FOLLOW})),
            Selection(EVERY_KIND, 7),
        )
    ],
    "NotificationStore.unread": lambda s: s.notifications.unread([1, 2]),
    "NotificationStore.dismiss": lambda s: s.notifications.dismiss(3, post_id(203)),
    "NotificationStore.withdraw": lambda s: [
        s.notifications.withdraw(post_id(203), each) for each in ([], [3, 4])
    ],
    "NotificationStore.clear": lambda s: s.notifications.clear(4),
    "NotificationStore.forget": lambda s: s.notifications.forget(post(5, 5)),
    "OutboxStore.lease": _lease,
    "OutboxStore.advance": lambda s: s.outbox.advance(_lease(s, 2), LATER, cursor=1),
    "OutboxStore.attempts": lambda s: s.outbox.attempts(_lease(s, 8)),
    "OutboxStore.finish": lambda s: s.outbox.finish(_lease(s, 3)),
    "OutboxStore.give_up": lambda s: s.outbox.give_up(_lease(s, 4), "dead", NOW),
    "OutboxStore.take_due": lambda s: s.outbox.take_due(NOW, LATER, 7, bool),
    "OutboxStore.oldest_pending_at": lambda s: s.outbox.oldest_pending_at(),
    "OutboxStore.state_of": lambda s: s.outbox.state_of(posts_of(5)[6]),
    "OutboxStore.pending_count": lambda s: s.outbox.pending_count(),
    "OutboxStore.dead_count": lambda s: s.outbox.dead_count(),
    "OutboxStore.oldest_pending": lambda s: s.outbox.oldest_pending(7),
    "OutboxStore.dead": lambda s: s.outbox.dead(7),
    "OutboxStore.replay": lambda s: s.outbox.replay([posts_of(5)[6]], NOW),
    "OutboxStore.iter_dead": lambda s: list(s.outbox.iter_dead(batch=40)),
    "PostStore.insert": _insert_thrice,
    "PostStore.get_many": lambda s: s.posts.get_many(posts_of(1)),
    "PostStore.find": lambda s: s.posts.find(posts_of(1)[0], "nonce"),
    "ImportedPostStore.insert_many": _import_twice,
    "ImportedPostStore.nonces": lambda s: s.imported.nonces([post_id(100)]),
    "PostStore.history": lambda s: s.posts.history(posts_of(1)[0]),
    "PostStore.entries": lambda s: s.posts.entries(posts_of(1)),
    "PostStore.entries_by": lambda s: [
        s.posts.entries_by(
            authors,
            below=post_id(9_999),
            limit=2,
            ascending=ascending,
            only_media=only_media,
        )
        for authors in ([7], list(range(1, 61)))
        for ascending in (False, True)
        for only_media in (False, True)
    ],
    "PostStore.pushed_by": lambda s: [
        s.posts.pushed_by(authors, at_least=post_id(0), limit=30)
        for authors in ([7], list(range(1, 61)))
    ],
    "PostStore.all_delivered_by": lambda s: [
        s.posts.all_delivered_by(authors) for authors in ([7], list(range(1, 61)))
    ],
    "PostStore.written_by": lambda s: s.posts.written_by(
        1, [*posts_of(1), *posts_of(2)]
    ),
    "PostStore.listed": lambda s: [
        s.posts.listed(below=post_id(9_999), limit=10, ascending=ascending)
        for ascending in (False, True)
    ],
    "PostStore.tagged": lambda s: [
        s.posts.tagged("tea", below=post_id(9_999), limit=10, ascending=ascending)
        for ascending in (False, True)
    ],
    "PostStore.thread": lambda s: s.posts.thread(posts_of(1)[0], limit=100),
    "PostStore.edit": lambda s: s.posts.edit(
        post(100, 1), replace(post(100, 1), text="New"), NOW, [TOLD]
    ),
    "PostStore.delete": lambda s: s.posts.delete(posts_of(6)[1], 6, NOW),
    "PullAuthorStore.active_followers": lambda s: s.pull_authors.active_followers(
        9, 30
    ),
    "PullAuthorStore.is_pulled": lambda s: s.pull_authors.is_pulled(9),
    "PullAuthorStore.raise_last_pull": lambda s: s.pull_authors.raise_last_pull(
        9, post_id(1)
    ),
    "PullAuthorStore.last_pulls": lambda s: s.pull_authors.last_pulls(2),
    "ReactionStore.add": lambda s: [s.reactions.add(LIKED, TOLD) for _ in range(2)],
    "VoteStore.vote": _vote,
    "PreviewAuditStore.mismatched_after": lambda s: s.audit.previews.mismatched_after(
        0, 50
    ),
    "PreviewAuditStore.drop": lambda s: s.audit.previews.drop(posts_of(5)[1], NOW),
    "LinkPreviewStore.claim": lambda s: [
        s.previews.claim(PREVIEW.url, "me", NOW, LATER - NOW) for _ in range(2)
    ],
    "LinkPreviewStore.finish": lambda s: s.previews.finish(
        PREVIEW.url, "me", PREVIEW, NOW
    ),
    "LinkPreviewStore.postpone": lambda s: s.previews.postpone(
        PREVIEW.url, "me", NOW, counts=False
    ),
    "LinkPreviewStore.uses": lambda s: s.previews.uses("f1"),
    "LinkPreviewStore.files": lambda s: s.previews.files(),
    "LinkPreviewStore.take_due": lambda s: s.previews.take_due(
        NOW, NOW, 5, lambda _: True
    ),
    "LinkPreviewStore.expire": lambda s: s.previews.expire("p1", NOW),
    "LinkPreviewStore.forget": lambda s: s.previews.forget("https://b.example/"),
    "PostPreviewStore.settle": lambda s: s.of_posts.settle(post(100, 1), PREVIEW),
    "PostPreviewStore.postpone": lambda s: s.of_posts.postpone(posts_of(4)[0], NOW),
    "PostPreviewStore.waits": lambda s: s.of_posts.waits(posts_of(4)[0]),
    "PostPreviewStore.uses": lambda s: s.of_posts.uses("f1"),
    "PostPreviewStore.files": lambda s: s.of_posts.files(),
    "PostPreviewStore.take_due": lambda s: s.of_posts.take_due(
        NOW, NOW, 5, lambda _: True
    ),
    "PollEndStore.take_due": lambda s: s.poll_ends.take_due(
        NOW, NOW, 5, lambda _: True
    ),
    "PollEndStore.voters": lambda s: s.poll_ends.voters(
        posts_of(4)[0], above=0, limit=5
    ),
    "PollEndStore.settle": lambda s: [
        s.poll_ends.settle(posts_of(4)[0], end) for end in (None, NOW)
    ],
    "QuoteStore.of_post": lambda s: [s.quotes.of_post(HOT, part) for part in PARTS],
    "QuoteStore.revoke": lambda s: s.quotes.revoke(
        replace(post(110, 1), quote_of_id=HOT, is_quote=True)
    ),
    "QuoteStore.set_policies": lambda s: s.quotes.set_policies(
        posts_of(1)[0], QuotePolicy.NOBODY, ReplyPolicy.FOLLOWERS
    ),
    "ReactionStore.remove": lambda s: s.reactions.remove(
        1, Act.FAVOURITE, posts_of(5)[1]
    ),
    "ReactionStore.repost": lambda s: [
        s.reactions.repost(REPOSTED, post(9_100 + n, 1), "nonce", FANOUT)
        for n in (1, 2)
    ],
    "ReactionStore.repost_of": lambda s: s.reactions.repost_of(1, posts_of(3)[0]),
    "ReactionStore.release_repost": lambda s: s.reactions.release_repost(
        3, posts_of(5)[0], post_id(9_000)
    ),
    "ReactionStore.of_spans": lambda s: [
        s.reactions.of_spans([(2, span)]) for span in (span_of(HOT), Span(0))
    ],
    "ReactionStore.by_user": lambda s: [
        s.reactions.by_user(Act.FAVOURITE, 2, part) for part in PARTS
    ],
    "ReactionStore.on_post": lambda s: [
        s.reactions.on_post(Act.FAVOURITE, HOT, part) for part in PARTS
    ],
    "RelationshipStore.followers": lambda s: [
        s.relationships.followers(9, part) for part in PARTS
    ],
    "RelationshipStore.refusing_notifications_from": lambda s: [
        (
            s.roles.silence(1, lambda _: None, is_set=is_silenced),
            s.relationships.refusing_notifications_from(1, [2, 31, 32]),
        )
        for is_silenced in (True, False)
    ],
    "FollowRequestStore.of_user": lambda s: [
        s.follow_requests.of_user(9, part) for part in PARTS
    ],
    "FollowRequestStore.pending": lambda s: s.follow_requests.pending(5, 3),
    "FollowRequestStore.accept": lambda s: s.follow_requests.accept(
        Edge(2, 23, "merging", "nonce"), NOW
    ),
    "FollowRequestStore.end": lambda s: s.follow_requests.end(3, 24, NOW),
    "RelationshipStore.follow": lambda s: s.relationships.follow(
        Edge(1, 50, "merging", "n"), NOW, replace(TOLD, kind=NotificationKind.FOLLOW)
    ),
    "RelationshipStore.change_options": lambda s: s.relationships.change_options(
        2, 6, FollowOptions(notify=True)
    ),
    "RelationshipStore.unfollow": lambda s: s.relationships.unfollow(1, 5, NOW),
    "RelationshipStore.block": lambda s: s.relationships.block(7, 8, NOW, "n"),
    "RelationshipStore.unblock": lambda s: s.relationships.unblock(7, 8),
    "NoteStore.write": lambda s: [s.notes.write(1, 2, text) for text in ("A", "")],
    "NoteStore.by_user": lambda s: s.notes.by_user(3, [4, 5]),
    "MuteStore.mute": lambda s: s.mutes.mute(1, 2, expires_at=LATER),
    "MuteStore.unmute": lambda s: s.mutes.unmute(1, 2),
    "MuteStore.end_expired": lambda s: s.mutes.end_expired(4, 34, NOW),
    "MuteStore.take_due": lambda s: s.mutes.take_due(NOW, LATER, 7, lambda _: True),
    "RelationshipStore.relations": lambda s: s.relationships.relations([1, 2]),
    "PushdownStore.entries": lambda s: [
        s.pushdown.entries(
            where, authors, below=post_id(9_999), above=0, limit=9, ascending=ascending
        )
        for where, authors in (
            (Pushdown(authors=frozenset({7, 8}), has_reposts=False), [7, 8]),
            (Pushdown(is_listed=True, hidden=frozenset({2})), []),
            (Pushdown(tag="tea", hidden=frozenset({2})), []),
        )
        for ascending in (False, True)
    ],
    "SearchAuditStore.count": lambda s: s.audit.search.count(),
    "SearchAuditStore.posts_after": lambda s: s.audit.search.posts_after(20, 20),
    "SearchAuditStore.stored": lambda s: s.audit.search.stored(posts_of(1)),
    "SearchAuditStore.ids_after": lambda s: s.audit.search.ids_after(20, 20),
    "SearchAuditStore.without_post": lambda s: s.audit.search.without_post(posts_of(1)),
    "SearchAuditStore.outdated_after": lambda s: s.audit.search.outdated_after(20, 20),
    "SearchAuditStore.outdated_among": lambda s: s.audit.search.outdated_among(
        posts_of(1)
    ),
    "SearchAuditStore.settled": lambda s: s.audit.search.settled(posts_of(1)),
    "PeopleStore.named": lambda s: s.people.named(["u1", "u2"], 20),
    "PeopleStore.prefixed": lambda s: s.people.prefixed("u1", 20),
    "PeopleStore.misnamed_after": lambda s: s.people.misnamed_after(20, 20),
    "PeopleStore.rename": lambda s: s.people.rename({1: ["u1"]}),
    "SearchStore.put_tags": lambda s: s.search.put_tags(
        [post(1, 1, hashtags=(Hashtag(0, 4, "tea"),))]
    ),
    "SearchStore.tags_from": lambda s: s.search.tags_from("te", 20),
    "SearchStore.used_among": lambda s: s.search.used_among(["tea", "t3"]),
    "SearchStore.uses": lambda s: s.search.uses(["tea", "t3"], posts_of(1)[0]),
    "SearchStore.remove": lambda s: s.search.remove(7),
    "SearchStore.put": lambda s: s.search.put(
        [{"_id": posts_of(1)[0], "version": 2, "terms": ["tea"]}]
    ),
    "SearchStore.reaches": lambda s: s.search.reaches([TEA, GREEN], ANYWHERE),
    "SearchStore.hits": lambda s: [
        s.search.hits(Sought(GREEN, (TEA,), frozenset({"coffee"})), part)
        for part in PARTS
    ],
    "SearchStore.end": lambda s: s.search.end(TEA, ANYWHERE),
    "SearchStore.library": lambda s: s.search.library(1, Between(0, MAX_ID, 60)),
    "SearchStore.among": lambda s: s.search.among(
        posts_of(1), Sought(frozenset(), (TEA,), frozenset({"coffee"}))
    ),
    "SearchStore.take_due": lambda s: s.search.take_due(NOW, LATER, 5, lambda _: True),
    "SearchStore.settle": lambda s: s.search.settle(posts_of(1)[8], 1),
    "MemberStore.page": lambda s: [
        s.members.page(MemberQuery(limit=3, **only))
        for only in (
            {"beyond": 20},
            *({"state": state} for state in MemberState),
            {"role": Role.OWNER},
        )
    ],
    "RoleStore.set_role": lambda s: [
        s.roles.set_role(n, Role.OWNER, lambda _: None) for n in (1, 2)
    ],
    "RoleStore.silence": lambda s: s.roles.silence(1, lambda _: None, is_set=True),
    "RoleStore.require_other_owner": lambda s: s.roles.require_other_owner(2),
    "RoleStore.suspend": lambda s: s.roles.suspend(2, lambda _: None),
    "SetupStore.offer": lambda s: s.setup.offer("digest", LATER),
    "SetupStore.has_admin": lambda s: s.setup.has_admin(),
    "SetupStore.digest": lambda s: s.setup.digest(NOW),
    "SetupStore.use": _use_the_code,
    "Store.hello": lambda s: s.store.hello(),
    "Store.transact": _in_transaction,
    "TimelineStore.push": lambda s: [
        s.timelines.push(HOMES, ids) for ids in ([post_id(1)], [post_id(2), post_id(3)])
    ],
    "TimelineStore.seal_full": lambda s: s.timelines.seal_full(HOMES),
    "TimelineStore.insert_sealed": _insert_sealed_twice,
    "TimelineStore.find_open": lambda s: s.timelines.find_open(HOMES[0]),
    "TimelineStore.stored_many": lambda s: s.timelines.stored_many(HOMES),
    "TimelineStore.stored": lambda s: s.timelines.stored(HOMES[0]),
    "TimelineStore.sizes": lambda s: s.timelines.sizes(HOMES),
    "TimelineStore.take": lambda s: _home_compaction(s, 20),
    "TimelineStore.add": lambda s: s.timelines.add(home_of(20), [9], holder="holder"),
    "TimelineStore.raise_floor": lambda s: s.timelines.raise_floor(
        home_of(20), 200, holder="holder"
    ),
    "TimelineStore.release": lambda s: s.timelines.release(home_of(20), "holder"),
    "TimelineStore.replace_open": _replace_open,
    "TimelineStore.expire_buckets": lambda s: s.timelines.expire_buckets(
        s.timelines.find_open(home_of(20)), LATER
    ),
    "UserStore.create": lambda s: s.users.create(
        user(900), read_email("x@example.org"), "hash"
    ),
    "UserStore.create_many": lambda s: s.users.create_many([user(901), user(1)]),
    "UserStore.with_credentials": lambda s: s.users.with_credentials([1, 2, 900]),
    "UserStore.get_many": lambda s: s.users.get_many([1, 2, 3]),
    "UserStore.ids_of": lambda s: s.users.ids_of(["u1", "u2", "nobody"]),
    "UserStore.credentials_of": lambda s: [
        s.users.credentials_of(login)
        for login in (
            *("u1", "nobody"),
            *map(read_email, ("u1@example.org", "ß@example.org")),
        )
    ],
    "UserStore.shown_among": lambda s: s.users.shown_among([1, 2, 900]),
    "CredentialStore.set_password": lambda s: s.credentials.set_password(1, "hash"),
    "UserStore.update_profile": lambda s: s.users.update_profile(1, {"bio": ""}),
    "UserStore.pin": lambda s: [s.users.pin(1, posts_of(1)[i]) for i in (0, 0, 1)],
    "UserStore.unpin": lambda s: s.users.unpin(1, posts_of(1)[:1]),
    "UserStore.is_empty": lambda s: s.users.is_empty(),
    "UserStore.count": lambda s: s.users.count(),
    "UserStore.pictures_after": lambda s: s.users.pictures_after(20, 7),
    "UserStore.iter_ids": lambda s: list(s.users.iter_ids(batch=40)),
}
#: Methods that ask nothing.
SILENT = {"Store.close", "Store.is_reachable", "FenceStore.close"}
#: They read or write whole collections, because a backup or an audit has all of them.
WHOLE = {
    *("TransferStore.paths", "ClosureAuditStore.shown"),
    *("DumpStore.collections", "DumpStore.batches", "RestoreStore.has_people"),
    *(f"RestoreStore.{name}" for name in ("clear", "load", "apply", "settle", "index")),
}


def public_methods():
    """Name every public method of every class called a store."""
    for module in pkgutil.walk_packages(kwip.store.__path__, "kwip.store."):
        loaded = importlib.import_module(module.name)
        for name, kind in inspect.getmembers(loaded, inspect.isclass):
            if name.endswith("Store") and kind.__module__ == loaded.__name__:
                for method, _ in inspect.getmembers(kind, inspect.isfunction):
                    if not method.startswith("_"):
                        yield f"{name}.{method}"


def ask(explained, methods):
    """Call methods, and give the plans of all their queries."""
    stores, explainer = explained
    explainer.plans.clear()
    for method in methods:
        with explainer.listening(method):
            CALLS[method](stores)
    return list(explainer.plans)


#: Every index that a query needs, with its collection.
NEEDED = [
    (collection, index)
    for collection, declared in INDEXES.items()
    for index in declared
    if "expireAfterSeconds" not in index.options
]


def needed_by(index):
    """Give the methods that an index's declaration names."""
    return re.findall(r"[A-Z]\w+Store\.\w+", index.needed_by)


@contextmanager
def without(database, collection, index):
    database[collection].drop_index(index.name)
    try:
        yield
    finally:
        # `ensure_indexes` would look at every other collection, too.
        database[collection].create_indexes([_model(index)])


def test_every_public_method_of_a_store_is_called_here():
    assert set(public_methods()) == set(CALLS) | SILENT | WHOLE


def test_no_query_scans_or_looks_at_too_much_and_each_index_is_used(explained):
    plans = ask(explained, CALLS)
    used = defaultdict(set)
    for plan in plans:
        for place in itertools.product(plan.collections, plan.indexes):
            used[place].add(plan.method)

    assert [problem for plan in plans if (problem := plan.problem())] == []
    assert explained[1].methods == set(CALLS)
    for collection, index in NEEDED:
        named = set(needed_by(index))
        assert named, index
        assert named <= used[collection, index.name], index


def test_every_index_is_missed(explained):
    database = explained[0].store.database
    missed, tried = [], part(NEEDED, of=4)
    for collection, index in tried:
        with without(database, collection, index):
            plans = ask(explained, needed_by(index)[:1])
        if any(plan.problem() for plan in plans):
            missed.append((collection, index))

    assert missed == tried
