// The elements: <kwip-timeline>, <kwip-post>, <kwip-comments> and <kwip-badge>.

const HOME = new URL(import.meta.url).origin;

const sheet = new CSSStyleSheet();
sheet.replaceSync(STYLE);

// What all have in common. Each has a `source()`: the address of its JSON, that of the
// page which shows the same, and a title; it throws if the attributes name none.
class Widget extends HTMLElement {
  static observedAttributes = (
    "approved,favourites,href,lang,limit,list,media,order,post,public,replies,reposts,search," +
    "server,tag,thread,user"
  ).split(",");

  connectedCallback() {
    if (!this.shadowRoot) {
      this.attachShadow({ mode: "open" }).adoptedStyleSheets = [sheet];
      this.sight = new IntersectionObserver(
        (seen) => (seen.at(-1).isIntersecting ? this.watch() : this.rest()),
        // They load when they are nearly in sight, and ask for news only there.
        { rootMargin: "400px" },
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

  // Show that something is coming, in the room that it will need; once its words are here.
  begin() {
    const server = this.getAttribute("server") || HOME;
    const words = wordsOf(server, this.closest("[lang]")?.lang || "und");
    if (words.then) {
      words.then(() => this.attributeChangedCallback());
      return;
    }
    this.words = words;
    this.data = null;
    let wrong;
    try {
      const { origin, host } = new URL(server);
      Object.assign(this, { server: origin, host });
      this.place = this.source();
    } catch ({ told }) {
      this.place = null;
      wrong = told ?? this.words.gettext("Nothing to show.");
    }
    const label = this.place?.title;
    this.frame = make("div", { class: "frame", role: "group", "aria-label": label });
    this.shadowRoot.replaceChildren(this.frame);
    if (wrong) {
      this.notice(wrong, this.own());
      return;
    }
    const bone = () => make("div", { class: "bone" }, make("i"), make("i"), make("i"));
    const bones = Array.from({ length: this.bones }, bone);
    this.frame.setAttribute("aria-busy", "true");
    this.fill(
      make(
        "div",
        { class: "bones", role: "status", "aria-label": this.words.gettext("Loading…") },
        bones,
      ),
    );
    this.sight.observe(this);
  }

  // Replace what stands below the head.
  fill(...content) {
    this.head = this.place ? this.heading() : "";
    this.frame.replaceChildren(this.head, ...content);
  }

  heading() {
    return "";
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
    const told = error.isFinal && error.message;
    const again = button("again", this.words.gettext("Try again"), () => {
      this.watch();
      this.feed.ask();
    });
    this.notice(
      told || this.words.gettext("This couldn't be loaded."),
      !error.isFinal && again,
      this.own() || this.way(),
    );
  }

  // What the page itself has in the element, which may be better than a link.
  own() {
    return this.textContent.trim() && make("slot");
  }

  // Say why there is nothing.
  notice(text, ...more) {
    this.frame.removeAttribute("aria-busy");
    this.fill(make("div", { class: "notice", role: "status" }, make("p", {}, text), more));
  }

  // The way to the site.
  way() {
    return link(this.place.page, {}, this.words.gettext("Open on %(host)s", this));
  }

  text(name) {
    return this.getAttribute(name)?.trim() || null;
  }

  // What `source` gives. Parameters that are null are left out; a page of another server
  // is refused.
  at(path, parameters, page, title) {
    const json = new URL(`/api/widgets/v1/${path}`, this.server);
    for (const [name, value] of Object.entries(parameters)) {
      if (value) json.searchParams.set(name, value);
    }
    const { href, origin } = new URL(page, this.server);
    if (origin !== this.server) {
      throw { told: this.words.gettext("This is not on %(host)s.", this) };
    }
    return { json: json.href, page: href, title };
  }

  // The same for what an attribute names by the id or the address of a kwip.
  ofKwip(name, path, title, parameters = {}) {
    const said = this.text(name);
    [this.post] = /\d+$/.exec(said);
    const page = said === this.post ? `/@kwip/${said}` : said;
    return this.at(`${path}/${this.post}`, parameters, page, title);
  }
}

// A list of kwips. It may grow at its end, and new ones wait until a reader wants them.
// After its end come replies of guests.
class List extends Widget {
  begin() {
    this.posts = this.list = this.root = null;
    this.guests = [];
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

  // The part of an answer that belongs into the list.
  part(data) {
    return data;
  }

  emptyText() {
    return this.words.gettext("No kwips yet.");
  }

  // Show what has come: changes and deletions at once, new kwips if they are wanted.
  render(wantsNew = this.getAttribute("live") === "auto") {
    const { next, posts: page } = this.part(this.data);
    const old = this.posts;
    if (!old?.length) {
      this.isLong = false;
      this.next = next;
      this.arrange(page);
      return;
    }
    const had = new Set(old.map((post) => post.cursor));
    const has = new Set(page.map((post) => post.cursor));
    const last = old.findLastIndex((post) => has.has(post.cursor));
    // All that was here may have moved further down, out of the first page.
    const isOther = last < 0 && next;
    const rest = next ? old.slice(last + 1) : [];
    const isNewest = (cursor) => old.every((post) => BigInt(cursor) > post.cursor);
    const isNew = ({ cursor }) =>
      !had.has(cursor) && (this.text("order") === "active" || isNewest(cursor));
    const count = page.filter(isNew).length;
    if (count && !wantsNew) {
      this.arrange([...page.filter((post) => !isNew(post)), ...rest]);
      this.offer(count);
      return;
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
    if (!(posts.length + this.guests.length)) {
      this.notice(this.emptyText(), this.way());
      return;
    }
    if (!this.list) this.open();
    const head = this.heading();
    if (head.textContent !== this.head.textContent) {
      this.head.replaceWith(head);
      this.head = head;
    }
    const guests = this.next ? [] : this.guests.map((each) => guest(each, this.words));
    const below = new Map([[null, []]]);
    const known = new Set(posts.map((post) => post.id));
    for (const post of posts) {
      const parent = post.in_reply_to_id;
      const place = this.isNested && known.has(parent) ? parent : null;
      below.set(place, [...(below.get(place) ?? []), this.item(post)]);
    }
    settle(this.list, [...below.get(null), ...guests]);
    for (const post of posts) {
      const item = this.entries.get(post.cursor).item;
      const replies = below.get(post.id) ?? [];
      const list = item.querySelector(":scope > ol") ?? make("ol", { class: "posts" });
      settle(list, replies);
      settle(item, replies.length ? [item.firstChild, list] : [item.firstChild]);
    }
    settle(this.end, this.next ? [this.more] : []);
  }

  open() {
    this.list = make("ol", { class: "posts" });
    this.news = make("div", { class: "news", role: "status" });
    this.more = button("more", this.words.gettext("Load more"), () => this.loadMore());
    this.end = make("div", { class: "end" });
    this.fill(make("div", { class: "scroll" }, this.news, this.list, this.end));
  }

  // The item of a kwip, made again if it has changed.
  item(post) {
    // Counts change often and are renewed by themselves, so that nothing else moves.
    const print = JSON.stringify(post, (key, value) =>
      /^(replies|reposts|favourites|quotes)_count$/.test(key) ? undefined : value,
    );
    const entry = this.entries.get(post.cursor) ?? { item: make("li") };
    this.entries.set(post.cursor, entry);
    if (entry.print === print) {
      const counts = countsOf(post, this.words);
      const before = entry.article.lastElementChild;
      if (before.ariaLabel !== counts.ariaLabel) before.replaceWith(counts);
      return entry.item;
    }
    const made = article(post, this.words, post.author.id === this.root?.author.id);
    const folds = made.querySelectorAll("details");
    entry.article?.querySelectorAll("details").forEach(({ open }, at) => {
      if (folds[at]) folds[at].open = open;
    });
    entry.article?.remove();
    entry.item.prepend(made);
    Object.assign(entry, { print, article: made });
    return entry.item;
  }

  // A button for what is new.
  offer(count) {
    if (!this.list) return;
    const label = count ? this.newsText(count) : "";
    if (this.news.textContent === label) return;
    const press = () => this.focusOn(this.render(true));
    this.news.replaceChildren(count ? button("new", label, press) : "");
  }

  async loadMore() {
    const { more, next } = this;
    more.disabled = true;
    try {
      const part = this.part(JSON.parse(await get(next)));
      if (this.next !== next) return;
      const had = new Set(this.posts.map((post) => post.cursor));
      const added = part.posts.filter((post) => !had.has(post.cursor));
      this.isLong = true;
      this.next = part.next;
      this.arrange([...this.posts, ...added]);
      this.focusOn(added[0]);
    } catch {
      more.textContent = this.words.gettext("This couldn't be loaded. Try again");
    }
    more.disabled = false;
  }

  focusOn(post) {
    this.entries.get(post?.cursor)?.article.focus();
  }
}

// Make these the children of an element, moving none that stays.
function settle(parent, wanted) {
  for (const child of [...parent.childNodes]) if (!wanted.includes(child)) child.remove();
  let at = parent.firstChild;
  for (const child of wanted) {
    if (child === at) at = at.nextSibling;
    else parent.insertBefore(child, at);
  }
}

class Timeline extends List {
  bones = 5;

  source() {
    const bare = (name) => this.text(name)?.replace(/^[@#]/, "");
    const [user, favourites, tag] = ["user", "favourites", "tag"].map(bare);
    const [list, search] = ["list", "search"].map((name) => this.text(name));
    const shared = { limit: this.text("limit") ?? "10" };
    for (const name of ["order", "media", "replies", "reposts"]) shared[name] = this.text(name);
    if (user) {
      const name = encodeURIComponent(user);
      return this.at(`user/${name}`, shared, `/@${name}`, `@${name}`);
    }
    if (favourites) {
      const path = `user/${encodeURIComponent(favourites)}/favourites`;
      const title = this.words.gettext("Favourites of %(name)s", { name: `@${favourites}` });
      return this.at(path, shared, `/embed/${path}`, title);
    }
    if (tag) {
      const path = encodeURIComponent(tag);
      return this.at(`tag/${path}`, shared, `/tags/${path}`, `#${tag}`);
    }
    if (list) return this.at(`list/${list}`, shared, `/embed/list/${list}`, this.words.gettext("List"));
    if (search) {
      const page = `/search?q=${encodeURIComponent(search)}`;
      return this.at("search", { ...shared, q: search }, page, `“${search}”`);
    }
    if (!this.hasAttribute("public")) throw {};
    return this.at("public", shared, "/", this.words.gettext("Public kwips"));
  }

  heading() {
    const { place } = this;
    return make(
      "header",
      { class: "title" },
      link(place.page, {}, place.title),
      make("span", { class: "quiet" }, this.host),
    );
  }

  newsText(count) {
    return this.words.ngettext("%(num)s new kwip", "%(num)s new kwips", count);
  }
}

class Post extends List {
  bones = 1;

  source() {
    const name = this.hasAttribute("href") ? "href" : "post";
    return this.ofKwip(name, "post", this.words.gettext("Kwip"));
  }

  part({ post }) {
    return { next: null, posts: [post] };
  }
}

class Comments extends List {
  bones = 3;
  isNested = true;

  source() {
    const replies = this.hasAttribute("approved") && "approved";
    const limit = this.text("limit") ?? "40";
    return this.ofKwip("thread", "thread", this.words.gettext("Replies"), { limit, replies });
  }

  // The replies: what comes after the kwip that the thread is named by.
  part({ posts, next }) {
    this.guests = this.data.guests ?? [];
    const at = posts.findIndex((post) => post.id === this.post);
    if (at >= 0) this.root = posts[at];
    return { next, posts: posts.slice(at + 1) };
  }

  heading() {
    const count = (this.posts?.length ?? 0) + this.guests.length;
    const more = this.next ? "+" : "";
    const title = count
      ? this.words.ngettext("%(num)s reply", "%(num)s replies", count, more)
      : this.words.gettext("Replies");
    const page = `${this.server}/share?in_reply_to=${this.post}`;
    return make(
      "header",
      { class: "title" },
      make("span", {}, title),
      link(page, { class: "button main reply" }, this.words.gettext("Reply on Kwip")),
    );
  }

  emptyText() {
    return this.words.gettext("No replies yet.");
  }

  newsText(count) {
    return this.words.ngettext("%(num)s new reply", "%(num)s new replies", count);
  }
}

class Badge extends Widget {
  bones = 1;

  source() {
    const name = encodeURIComponent(this.text("user").replace(/^@/, ""));
    return this.at(`user/${name}/profile`, {}, `/@${name}`, `@${name}`);
  }

  render() {
    const { user } = this.data;
    const { followers_count: followers, posts_count: posts } = user;
    this.fill(
      make(
        "div",
        { class: "badge" },
        avatar(user, 48),
        link(
          user.url,
          { class: "badge-names" },
          nameOf(user),
          make("bdi", { class: "handle" }, `@${user.username}`),
        ),
        link(
          `${this.server}/follow?name=${user.username}`,
          { class: "button main follow" },
          this.words.gettext("Follow"),
        ),
        make(
          "p",
          { class: "quiet" },
          this.words.ngettext("%(num)s follower", "%(num)s followers", followers),
          " · ",
          this.words.ngettext("%(num)s kwip", "%(num)s kwips", posts),
        ),
      ),
    );
  }
}

for (const element of [Timeline, Post, Comments, Badge]) {
  const name = `kwip-${element.name.toLowerCase()}`;
  // Two scripts of the same page may have brought two copies.
  if (!customElements.get(name)) customElements.define(name, element);
}
