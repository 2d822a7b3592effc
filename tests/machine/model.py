"""Who sees what where: the rules in few words, without a timeline or a cache."""

from __future__ import annotations

from dataclasses import dataclass, field

#: From the widest audience to the narrowest.
VISIBILITIES = ("public", "unlisted", "followers", "direct")
OPEN = {"public", "unlisted"}


@dataclass
class Kwip:
    """A post; `author` and `names` are people, `parent` and `original` posts."""

    id: int
    author: str
    visibility: str = "public"
    text: str = ""
    names: frozenset = frozenset()
    tags: frozenset = frozenset()
    parent: Kwip | None = None
    original: Kwip | None = None
    is_gone: bool = False
    #: Who chose what in its poll; None if it has none.
    votes: dict | None = None
    quoted: Kwip | None = None
    is_revoked: bool = False
    #: The attachment and the title of the link preview, if it has them.
    picture: object = None
    card: str | None = None

    @property
    def root(self):
        """The post that the conversation begins with."""
        return self.parent.root if self.parent else self

    def says(self):
        """Give what a post says and to whom; None where nothing can be a repeat."""
        if self.is_gone or self.original or self.visibility == "direct":
            return None
        others = [each.id if each else 0 for each in (self.parent, self.quoted)]
        shown = self.picture and self.picture.file
        return self.author, self.visibility, self.text, self.names, *others, shown


@dataclass
class List:
    """Somebody's list of people; `replies` says which answers it shows."""

    members: set = field(default_factory=set)
    replies: str = "list"
    is_exclusive: bool = False


@dataclass
class Model:
    """What people have done, and what they see because of it."""

    people: tuple
    posts: list = field(default_factory=list)
    follows: set = field(default_factory=set)
    #: Who asks to follow whom, and who approves followers.
    requests: set = field(default_factory=set)
    locked: set = field(default_factory=set)
    #: Whose reposts somebody does not see.
    no_reposts: set = field(default_factory=set)
    blocks: set = field(default_factory=set)
    mutes: set = field(default_factory=set)
    suspended: set = field(default_factory=set)
    silenced: set = field(default_factory=set)
    lists: dict = field(default_factory=dict)
    #: Who follows which hashtag, and who hides in home what says which word.
    tags: set = field(default_factory=set)
    filters: set = field(default_factory=set)

    # What people do.

    def add(self, post):
        self.posts.append(post)
        return post

    def follow(self, one, two):
        if two in self.locked and (one, two) not in self.follows:
            self.requests.add((one, two))
        else:
            self.accept(two, one)

    def accept(self, two, one):
        self.requests.discard((one, two))
        self.follows.add((one, two))

    def reject(self, two, one):
        self.requests.discard((one, two))

    def unfollow(self, one, two):
        self.requests.discard((one, two))
        self.follows.discard((one, two))
        self.no_reposts.discard((one, two))
        self.lists[one].members.discard(two)

    def block(self, one, two):
        self.blocks.add((one, two))
        self.unfollow(one, two)
        self.unfollow(two, one)

    def suspend(self, who):
        self.suspended.add(who)
        self.requests = {pair for pair in self.requests if who not in pair}

    def unsuspend(self, who):
        self.suspended.discard(who)

    def unblock(self, one, two):
        self.blocks.discard((one, two))

    def mute(self, one, two):
        self.mutes.add((one, two))

    def unmute(self, one, two):
        self.mutes.discard((one, two))

    # What they may do.

    def is_apart(self, one, two):
        """Tell whether one of two blocks the other."""
        return bool({(one, two), (two, one)} & self.blocks)

    def is_limited(self, viewer, author):
        """Tell whether somebody only comes across an author by asking for them."""
        is_known = viewer == author or (viewer, author) in self.follows
        return author in self.silenced and not is_known

    def may_follow(self, one, two):
        return not self.is_apart(one, two) and two not in self.suspended

    def may_repost(self, viewer, post):
        is_own_circle = post.author == viewer and post.visibility == "followers"
        is_open = post.visibility in OPEN
        is_original = post.original is None and (is_open or is_own_circle)
        return is_original and self.may_see(viewer, post)

    def may_quote(self, viewer, post):
        is_quotable = post.author == viewer or post.visibility in OPEN
        return not post.original and is_quotable and self.may_see(viewer, post)

    def repost_of(self, viewer, post):
        """Find the repost that somebody has made of a post."""
        for each in self.posts:
            if each.original is post and each.author == viewer and not each.is_gone:
                return each
        return None

    def may_see(self, viewer, post):
        """Tell whether somebody, None being nobody signed in, may see a post."""
        if post.is_gone or post.author in self.suspended:
            return False
        if post.original and not self.may_see(viewer, post.original):
            return False
        if post.author == viewer or viewer in post.names:
            return not self.is_apart(viewer, post.author)
        if post.visibility == "followers":
            return (viewer, post.author) in self.follows
        return post.visibility != "direct" and not self.is_apart(viewer, post.author)

    def quote(self, viewer, post):
        """Say what becomes of what a post quotes; None if it quotes nothing."""
        if post.quoted is None or post.is_revoked:
            return "revoked" if post.quoted else None
        if post.quoted.is_gone and post.quoted.visibility in OPEN:
            return "deleted"
        if not self.may_see(viewer, post.quoted):
            return "unauthorized"
        is_muted = (viewer, post.quoted.author) in self.mutes
        return "muted_account" if is_muted else "accepted"

    # What they see: rules of a post, for `shown` and `allowed`.

    def home(self, viewer, post):
        if self.hides(viewer, post.original or post):
            return False
        if post.author == viewer:
            return True
        known, mine = self._known(viewer), self.lists[viewer]
        if mine.is_exclusive and post.author in mine.members:
            return False
        is_known = post.author in known and self._speaks_to(viewer, post, known)
        is_tagged = any((viewer, tag) in self.tags for tag in post.tags)
        is_answer = post.parent and post.parent.author != post.author
        return is_known or (is_tagged and not is_answer and self.tag(viewer, post))

    def hides(self, viewer, post):
        """Tell whether a filter hides a post, which is never one's own."""
        hidden = any((viewer, word) in self.filters for word in post.text.split())
        return hidden and post.author != viewer

    def list(self, viewer, post):
        mine, known = self.lists[viewer], self._known(viewer)
        others = {"none": set(), "list": mine.members, "followed": known}[mine.replies]
        return post.author in mine.members and self._speaks_to(viewer, post, others)

    def public(self, viewer, post):
        return self.tag(viewer, post) and not post.parent and not post.original

    def tag(self, viewer, post):
        return post.visibility == "public" and self._comes_across(viewer, post)

    def search(self, viewer, post):
        is_findable = post.visibility == "public" or post.author == viewer
        return is_findable and self._comes_across(viewer, post)

    def quotes(self, quoted, viewer, post):
        is_quote = post.quoted is quoted and not post.is_revoked
        is_offered = self._comes_across(viewer, post)
        return is_quote and (viewer == quoted.author or is_offered)

    def _comes_across(self, viewer, post):
        is_muted = (viewer, post.author) in self.mutes
        return not is_muted and not self.is_limited(viewer, post.author)

    def _known(self, viewer):
        return {b for a, b in self.follows if a == viewer}

    def _speaks_to(self, viewer, post, others):
        """Tell whether a post is no answer to a stranger, nor of somebody muted."""
        answered = post.parent.author if post.parent else viewer
        if post.original and (viewer, post.author) in self.no_reposts:
            return False
        concerned = {post.author, (post.original or post).author}
        is_muted = any((viewer, each) in self.mutes for each in concerned)
        return not is_muted and answered in others | {viewer, post.author}

    def allowed(self, viewer, rule):
        """Give what a timeline may show, be it that something has not arrived yet."""
        posts = [p for p in self.posts if self.may_see(viewer, p) and rule(viewer, p)]
        return {post.id for post in posts}

    def shown(self, viewer, rule, *, is_folded):
        """List what it shows, newest first: one post or repost of each, said once."""
        shown, subjects = [], set()
        for post in self._unfolded(viewer, rule, is_folded):
            subject = (post.original or post).id
            if subject not in subjects:
                shown.append(post.id)
                subjects.add(subject)
        return shown

    def active(self, viewer, rule, *, is_folded):
        """List the conversations that it shows, the last one answered first."""
        posts = self._unfolded(viewer, rule, is_folded)
        begun = [post for post in posts if not (post.parent or post.original)]
        return [post.id for post in sorted(begun, key=lambda each: -self._place(each))]

    def _place(self, root):
        answers = [p for p in self.posts if p.root is root and p.visibility in OPEN]
        return max(post.id for post in [root, *answers])

    def _unfolded(self, viewer, rule, is_folded):
        allowed = self.allowed(viewer, rule)
        for post in sorted(self.posts, key=lambda each: -each.id):
            is_folding = is_folded and post.author != viewer and self._is_repeat(post)
            if post.id in allowed and not is_folding:
                yield post

    def _is_repeat(self, post):
        return post.says() is not None and any(
            each.id < post.id and each.says() == post.says() for each in self.posts
        )
