// The elements: <kwip-timeline>, <kwip-post>, <kwip-comments> and <kwip-badge>.

const HOME = new URL(import.meta.url).origin;
// Elements load when they are nearly in sight, and ask for news only there.
const NEAR = "400px";

const sheet = new CSSStyleSheet();
sheet.replaceSync(STYLE);

// What all have in common. Each has a `source()`: the address of its JSON, that of the
// page which shows the same, and a title; it throws if the attributes name none.
class Widget extends HTMLElement {
  static observedAttributes = [
    ...["approved", "href", "lang", "limit", "list", "order", "post", "public"],
    ...["replies", "reposts", "search", "server", "tag", "thread", "user"],
  ];

  connectedCallback() {
    if (!this.shadowRoot) {
      this.attachShadow({ mode: "open" }).adoptedStyleSheets = [sheet];
      this.sight = new IntersectionObserver(
        (seen) => (seen.at(-1).isIntersecting ? this.watch() : this.rest()),
        { rootMargin: NEAR },
      );
    }
    this.begin();
  }

  disconnectedCallback() {
    this.sight.disconnect();
    this.rest();
  }

  attributeChangedCallback() {
    if (!this.shadowRoot || this.isChanging) return;
    this.isChanging = true;
    queueMicrotask(() => {
      this.isChanging = false;
      this.disconnectedCallback();
      if (this.isConnected) this.begin();
    });
  }

  get isLive() {
    return this.getAttribute("live") !== "off";
  }

  // Show that something is coming, in the room that it will need.
  begin() {
    this.words = new Words(this.closest("[lang]")?.lang);
    this.data = null;
    try {
      this.server = new URL(this.getAttribute("server") || HOME).origin;
      this.place = this.source();
    } catch {
      this.place = null;
    }
    this.frame = make("div", { class: "frame", role: "group", "aria-label": this.place?.title });
    this.shadowRoot.replaceChildren(this.frame);
    if (!this.place) {
      this.notice(gettext("This element does not say what to show."));
      return;
    }
    const bone = () => make("div", { class: "bone" }, make("i"), make("i"), make("i"));
    const bones = Array.from({ length: this.constructor.bones }, bone);
    this.frame.setAttribute("aria-busy", "true");
    this.fill(make("div", { class: "bones", role: "status", "aria-label": gettext("Loading…") }, bones));
    this.sight.observe(this);
  }

  // Replace what stands below the head.
  fill(...content) {
    this.head = this.heading();
    this.frame.replaceChildren(...[this.head, ...content].filter(Boolean));
  }

  heading() {
    return null;
  }

  watch() {
    this.feed ??= Feed.watch(this.place.json, this);
  }

  rest() {
    this.feed?.leave(this);
    this.feed = null;
  }

  tick() {
    this.words.refresh(this.shadowRoot);
  }

  show(data) {
    this.frame.removeAttribute("aria-busy");
    this.data = data;
    this.render();
    this.tick();
  }

  // What is shown stays, unless it may not be shown any more.
  fail(error) {
    if (this.data && !error.isFinal) return;
    this.data = null;
    // What the page itself has in the element may be better than a link.
    const more = [this.textContent.trim() ? make("slot") : this.way()];
    if (!error.isFinal) more.unshift(button("button", gettext("Try again"), () => this.feed?.ask()));
    const told = error.isFinal && error.message;
    this.notice(told || gettext("This couldn't be loaded."), more);
  }

  // Say why there is nothing.
  notice(text, ...more) {
    this.frame.removeAttribute("aria-busy");
    this.fill(make("div", { class: "notice", role: "status" }, make("p", {}, text), more));
  }

  // The way to the site.
  way() {
    const host = new URL(this.server).host;
    return link(this.place.page, {}, gettext("Open on %(host)s", { host }));
  }

  text(name) {
    return this.getAttribute(name)?.trim() || null;
  }

  // The id that an attribute has, by itself or at the end of an address.
  id(name) {
    const [, id] = /(\d+)\/?$/.exec(this.text(name));
    return id;
  }

  // The address of JSON, with the parameters that are given.
  json(path, parameters = {}) {
    const url = new URL(`/api/widgets/v1/${path}`, this.server);
    for (const [name, value] of Object.entries(parameters)) {
      if (value) url.searchParams.set(name, value);
    }
    return url.href;
  }
}

// A list of kwips. It may grow at its end, and new ones wait until a reader wants them.
class List extends Widget {
  begin() {
    this.posts = this.list = null;
    this.entries = new Map();
    super.begin();
  }

  notice(...parts) {
    this.list = null;
    this.entries.clear();
    super.notice(...parts);
  }

  fail(error) {
    if (error.isFinal) this.posts = null;
    super.fail(error);
  }

  // Those of a page that belong into the list.
  listed(posts) {
    return posts;
  }

  emptyText() {
    return gettext("There are no kwips here yet.");
  }

  // Show what has come: changes and deletions at once, new kwips if they are wanted.
  render(wantsNew = this.getAttribute("live") === "auto") {
    const { next, posts: all } = this.data;
    const page = this.listed(all);
    const old = this.posts;
    if (!old?.length) {
      this.isLong = false;
      this.next = next;
      this.arrange(page);
      return null;
    }
    const had = new Set(old.map((post) => post.cursor));
    const has = new Set(page.map((post) => post.cursor));
    const last = old.findLastIndex((post) => has.has(post.cursor));
    // All that was here may have moved further down, out of the first page.
    const isOther = last < 0 && next;
    let rest = old.slice(last + 1).filter((post) => !has.has(post.cursor));
    if (!next) rest = [];
    const newest = old.map((post) => BigInt(post.cursor)).reduce((a, b) => (a > b ? a : b));
    const isNew = ({ cursor }) =>
      !had.has(cursor) && (this.text("order") === "active" || BigInt(cursor) > newest);
    const count = page.filter(isNew).length;
    if (count && !wantsNew) {
      this.arrange([...page.filter((post) => !isNew(post)), ...rest]);
      this.offer(count);
      return null;
    }
    this.isLong &&= !isOther;
    if (!this.isLong) this.next = next;
    this.arrange(this.isLong ? [...page, ...rest] : page);
    this.offer(0);
    return page.find(isNew);
  }

  // Bring the list to what it should be, touching only what differs.
  arrange(posts) {
    this.posts = posts;
    if (!posts.length) {
      this.notice(this.emptyText(), this.way());
      return;
    }
    if (!this.list) this.open();
    const head = this.heading();
    if (head && head.textContent !== this.head.textContent) {
      this.head.replaceWith(head);
      this.head = head;
    }
    const below = new Map([[null, []]]);
    const known = new Set(posts.map((post) => post.id));
    for (const post of posts) {
      const parent = post.in_reply_to_id;
      const place = this.isNested && known.has(parent) ? parent : null;
      below.set(place, [...(below.get(place) ?? []), this.entry(post)]);
    }
    settle(this.list, below.get(null).map((entry) => entry.item));
    for (const post of posts) {
      const { item, article: own } = this.entries.get(post.cursor);
      const replies = below.get(post.id);
      const list = replies && (item.querySelector(":scope > ol") ?? make("ol", { class: "posts" }));
      settle(item, list ? [own, list] : [own]);
      if (replies) settle(list, replies.map((entry) => entry.item));
    }
    const more = this.next && (this.more ?? button("button more", gettext("Load more"), () => this.loadMore()));
    this.more = more || null;
    settle(this.end, more ? [more] : []);
  }

  open() {
    this.list = make("ol", { class: "posts" });
    this.news = make("div", { class: "news", role: "status" });
    this.end = make("div", { class: "end" });
    this.fill(make("div", { class: "scroll" }, this.news, this.list, this.end));
  }

  // The item of a kwip, made anew if it has changed.
  entry(post) {
    const print = printOf(post);
    const entry = this.entries.get(post.cursor) ?? { item: make("li") };
    this.entries.set(post.cursor, entry);
    if (entry.print === print) {
      const counts = countsOf(post, this.words);
      const before = entry.article.lastElementChild;
      if (before.ariaLabel !== counts.ariaLabel) before.replaceWith(counts);
      return entry;
    }
    const made = article(post, this.words, post.author.id === this.root?.author.id);
    const folds = made.querySelectorAll("details");
    entry.article?.querySelectorAll("details").forEach(({ open }, at) => {
      if (folds[at]) folds[at].open = open;
    });
    entry.article?.replaceWith(made);
    return Object.assign(entry, { print, article: made });
  }

  // A button for what is new.
  offer(count) {
    if (!this.list) return;
    const label = this.newsText(count);
    if (!count) this.news.replaceChildren();
    else if (this.news.textContent !== label) {
      this.news.replaceChildren(
        button("button main new", label, () => this.focusOn(this.render(true))),
      );
    }
  }

  async loadMore() {
    const { more, next } = this;
    more.disabled = true;
    try {
      const data = JSON.parse(await get(next));
      if (this.next !== next) return;
      const had = new Set(this.posts.map((post) => post.cursor));
      const added = this.listed(data.posts).filter((post) => !had.has(post.cursor));
      this.isLong = true;
      this.next = data.next;
      this.arrange([...this.posts, ...added]);
      this.focusOn(added[0]);
    } catch {
      more.textContent = gettext("We couldn't load more. Try again");
    }
    more.disabled = false;
  }

  focusOn(post) {
    this.entries.get(post?.cursor)?.article.focus();
  }
}

// Make these the children of an element, moving none that stays.
function settle(parent, wanted) {
  const kept = new Set(wanted);
  for (const child of [...parent.childNodes]) if (!kept.has(child)) child.remove();
  let at = parent.firstChild;
  for (const child of wanted) {
    if (child === at) at = at.nextSibling;
    else parent.insertBefore(child, at);
  }
}

class Timeline extends List {
  static bones = 5;

  source() {
    const [user, tag, list, search] = ["user", "tag", "list", "search"].map((name) => this.text(name));
    const shared = { limit: this.text("limit") ?? "10", order: this.text("order") };
    const at = (json, more, page, title) => ({
      json: this.json(json, { ...shared, ...more }),
      page: new URL(page, this.server).href,
      title,
    });
    if (user) {
      const name = user.replace(/^@/, "");
      const kinds = { replies: this.text("replies"), reposts: this.text("reposts") };
      return at(`user/${encodeURIComponent(name)}`, kinds, `/@${name}`, `@${name}`);
    }
    if (tag) {
      const name = tag.replace(/^#/, "");
      return at(`tag/${encodeURIComponent(name)}`, {}, `/tags/${name}`, `#${name}`);
    }
    if (list) return at(`list/${this.id("list")}`, {}, `/lists/${this.id("list")}`, gettext("List"));
    if (search) {
      return at("search", { q: search }, `/search?q=${encodeURIComponent(search)}`, `“${search}”`);
    }
    if (!this.hasAttribute("public")) throw new TypeError("no source");
    return at("public", {}, "/", gettext("Public kwips"));
  }

  heading() {
    const { place } = this;
    if (!place) return null;
    return make(
      "header",
      { class: "title" },
      link(place.page, { dir: "auto" }, place.title),
      make("span", { class: "quiet" }, new URL(this.server).host),
    );
  }

  newsText(count) {
    return ngettext("%(num)s new kwip", "%(num)s new kwips", count);
  }
}

class Post extends List {
  static bones = 1;

  source() {
    this.post = this.id(this.hasAttribute("href") ? "href" : "post");
    const page = this.text("href") ?? `/@kwip/${this.post}`;
    return {
      json: this.json(`thread/${this.post}`, { limit: "40" }),
      page: new URL(page, this.server).href,
      title: gettext("Kwip"),
    };
  }

  listed(posts) {
    this.next = null;
    return posts.filter((post) => post.id === this.post);
  }
}

class Comments extends List {
  static bones = 3;
  isNested = true;

  source() {
    this.post = this.id("thread");
    const approved = this.hasAttribute("approved") ? "approved" : null;
    const page = this.text("thread");
    return {
      json: this.json(`thread/${this.post}`, { limit: this.text("limit") ?? "40", replies: approved }),
      page: new URL(page === this.post ? `/@kwip/${page}` : page, this.server).href,
      title: gettext("Replies"),
    };
  }

  // The replies: what comes after the kwip that the thread is named by.
  listed(posts) {
    const at = posts.findIndex((post) => post.id === this.post);
    if (at >= 0) this.root = posts[at];
    return posts.slice(at + 1);
  }

  heading() {
    if (!this.place) return null;
    const count = this.posts?.length ?? 0;
    const number = `${this.words.short.format(count)}${this.next ? "+" : ""}`;
    const title = count
      ? ngettext("%(num)s reply", "%(num)s replies", count).replace(count, number)
      : gettext("Replies");
    const page = this.root?.url ?? this.place.page;
    return make(
      "header",
      { class: "title" },
      make("span", {}, title),
      link(page, { class: "button main reply" }, gettext("Reply on Kwip")),
    );
  }

  emptyText() {
    return gettext("No replies yet.");
  }

  newsText(count) {
    return ngettext("%(num)s new reply", "%(num)s new replies", count);
  }
}

class Badge extends Widget {
  static bones = 1;

  source() {
    const name = this.text("user").replace(/^@/, "");
    return {
      json: this.json(`user/${encodeURIComponent(name)}/profile`),
      page: new URL(`/@${name}`, this.server).href,
      title: `@${name}`,
    };
  }

  render() {
    const { user } = this.data;
    const { short } = this.words;
    const count = (number, one, many) => ngettext(one, many, number).replace(number, short.format(number));
    this.fill(
      make(
        "div",
        { class: "badge" },
        avatar(user, { width: 48, height: 48 }),
        link(
          user.url,
          { class: "badge-names" },
          nameOf(user),
          make("bdi", { class: "handle" }, `@${user.username}`),
        ),
        link(user.url, { class: "button main follow" }, gettext("Follow")),
        make(
          "p",
          { class: "quiet" },
          count(user.followers_count, "%(num)s follower", "%(num)s followers"),
          " · ",
          count(user.posts_count, "%(num)s kwip", "%(num)s kwips"),
        ),
      ),
    );
  }
}

for (const [name, element] of Object.entries({ timeline: Timeline, post: Post, comments: Comments, badge: Badge })) {
  // Two scripts of the same page may have brought two copies.
  if (!customElements.get(`kwip-${name}`)) customElements.define(`kwip-${name}`, element);
}
