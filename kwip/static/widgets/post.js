// A kwip as other pages show it.

// Counts change often and are renewed by themselves, so that nothing else moves.
const COUNTS = /^(replies|reposts|favourites|quotes)_count$/;

const printOf = (post) =>
  JSON.stringify(post, (key, value) => (COUNTS.test(key) ? undefined : value));

// Make the article of a kwip; `words` are those of the page's language.
function article(post, words, isAuthor) {
  return make(
    "article",
    { class: "post", tabindex: -1, "aria-label": post.author.display_name },
    post.reposted_by && repostedBy(post.reposted_by),
    link(
      post.author.url,
      { class: "face", tabindex: -1, "aria-hidden": "true" },
      avatar(post.author),
    ),
    head(post, words, isAuthor && gettext("Author")),
    content(post, words),
    countsOf(post, words),
  );
}

// Make the item of a reply by somebody without an account.
function guest(reply, words) {
  const text = make("div", { class: "text" }, safe(reply.html));
  return make("li", { class: "post" }, head(reply, words, gettext("Guest")), text);
}

function repostedBy(person) {
  const [before, after] = gettext("%(name)s reposted", { name: "\n" }).split("\n");
  return make(
    "p",
    { class: "why" },
    icon("repost"),
    link(person.url, {}, before, nameOf(person), after),
  );
}

function head(post, words, mark) {
  const { author } = post;
  return make(
    "header",
    { class: "head" },
    link(
      author.url,
      { class: "author" },
      nameOf(author),
      author.username && make("bdi", { class: "handle" }, `@${author.username}`),
    ),
    mark && make("span", { class: "mark" }, mark),
    link(post.url, { class: "when" }, words.time(post.created_at)),
    post.edited_at && make("span", { class: "edited" }, gettext("edited")),
  );
}

// The text with what belongs to it; behind its warning, if it has one.
function content(post, words) {
  const parts = [
    make("div", { class: "text" }, safe(post.html)),
    mediaOf(post),
    post.poll && poll(post, words),
    post.card && !post.media.length && card(post.card),
    post.quote && quote(post.quote, words),
  ];
  if (!post.warning) return parts;
  return fold(
    "warning",
    make("span", { dir: "auto" }, withEmojis(post.warning, post.emojis)),
    parts,
  );
}

// Something closed, until a reader opens it.
function fold(className, label, ...parts) {
  const action = make("span", {
    class: "fold-action",
    "aria-hidden": "true",
    "data-closed": gettext("Show"),
    "data-open": gettext("Hide"),
  });
  return make(
    "details",
    { class: `fold ${className}` },
    make("summary", {}, label, action),
    parts,
  );
}

function mediaOf(post) {
  const { media } = post;
  if (!media.length) return null;
  const shape = `media media-${Math.min(media.length, 4)}`;
  const grid = make("div", { class: shape }, media.map(medium));
  if (!post.is_sensitive || post.warning) return grid;
  return fold("cover", gettext("Sensitive media"), grid);
}

function medium({ type, url, preview, width, height, description }) {
  if (type === "image") {
    return link(
      url,
      { "aria-label": !description && gettext("Open the picture") },
      make("img", { src: preview ?? url, alt: description, width, height, ...QUIETLY }),
    );
  }
  const label = description || null;
  const named = { src: url, controls: true, "aria-label": label, preload: "none" };
  if (type === "audio") return make("audio", named);
  const sized = { poster: preview, width, height, playsinline: true };
  return make("video", { ...named, ...sized, loop: type === "gifv" });
}

function poll(post, words) {
  const { options, voters_count: voters, is_over: isOver, ends_at: endsAt } = post.poll;
  const most = Math.max(...options.map((each) => each.votes ?? 0));
  const lines = options.map(({ title, votes }) => {
    const name = make("span", { dir: "auto" }, withEmojis(title, post.emojis));
    if (votes === null) return make("li", {}, name);
    const share = voters ? votes / voters : 0;
    const bar = make("i");
    bar.style.inlineSize = `${share * 100}%`;
    return make(
      "li",
      { class: votes > 0 && votes === most && "leads" },
      bar,
      name,
      make("b", {}, words.share.format(share)),
    );
  });
  const date = words.own.date.format(new Date(endsAt));
  return make(
    "div",
    { class: "poll" },
    make("ul", {}, lines),
    make(
      "p",
      { class: "quiet" },
      voters
        ? words.shorten(ngettext("%(num)s person", "%(num)s people", voters), voters)
        : gettext("No votes"),
      " · ",
      isOver
        ? gettext("Final results")
        : [link(post.url, {}, gettext("Vote")), " · ", gettext("Ends %(date)s", { date })],
    ),
  );
}

function card({ url, title, description, host, image }) {
  const shape = image && image.width > image.height * 1.2 ? "card card-wide" : "card";
  const { url: src, width, height } = image ?? {};
  return link(
    url,
    { class: shape },
    image && make("img", { src, alt: "", width, height, ...QUIETLY }),
    make(
      "span",
      { class: "card-text" },
      make("span", { class: "quiet" }, host),
      make("strong", { dir: "auto" }, title),
      description && make("span", { class: "card-about", dir: "auto" }, description),
    ),
  );
}

function quote({ post }, words) {
  if (!post) {
    return make("p", { class: "quote quiet" }, gettext("This kwip can't be shown."));
  }
  const header = head(post, words);
  header.prepend(avatar(post.author, 20));
  return make("blockquote", { class: "quote" }, header, content(post, words));
}

// One link, which says in words what its icons show.
function countsOf(post, words) {
  const { replies_count: replies, reposts_count: reposts, favourites_count: favourites } = post;
  const label = [
    gettext("Open kwip"),
    ngettext("%(num)s reply", "%(num)s replies", replies),
    ngettext("%(num)s repost", "%(num)s reposts", reposts),
    ngettext("%(num)s favourite", "%(num)s favourites", favourites),
  ].join(", ");
  const span = (name, count) =>
    make("span", {}, icon(name), count > 0 && words.short.format(count));
  return link(
    post.url,
    { class: "counts", "aria-label": label },
    span("reply", replies),
    span("repost", reposts),
    span("favourite", favourites),
  );
}
