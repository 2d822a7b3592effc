// A kwip as other pages show it.

// Make the article of a kwip; `words` are those of the page's language.
function article(post, words, isAuthor) {
  return make(
    "article",
    { class: "post", tabindex: -1, "aria-label": post.author.display_name },
    post.reposted_by && repostedBy(post.reposted_by, words),
    link(
      post.author.url,
      { class: "face", tabindex: -1, "aria-hidden": "true" },
      avatar(post.author),
    ),
    head(post, words, isAuthor && words.gettext("Author")),
    content(post, words),
    countsOf(post, words),
  );
}

// Make the item of a reply by somebody without an account.
function guest(reply, words) {
  const text = make("div", { class: "text" }, safe(reply.html));
  return make("li", { class: "post" }, head(reply, words, words.gettext("Guest")), text);
}

function repostedBy(person, words) {
  const [before, after] = words.gettext("%(name)s reposted", { name: "\n" }).split("\n");
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
    post.edited_at && make("span", { class: "edited" }, words.gettext("edited")),
  );
}

// The text with what belongs to it; behind its warning, if it has one.
function content(post, words) {
  const parts = [
    make("div", { class: "text" }, safe(post.html)),
    mediaOf(post, words),
    post.poll && poll(post, words),
    post.card && !post.media.length && card(post.card),
    post.quote && quote(post.quote, words),
  ];
  if (!post.warning) return parts;
  return fold(
    words,
    "warning",
    make("span", { dir: "auto" }, withEmojis(post.warning, post.emojis)),
    parts,
  );
}

// Something closed, until a reader opens it.
function fold(words, className, label, ...parts) {
  const action = make("span", {
    class: "fold-action",
    "aria-hidden": "true",
    "data-closed": words.gettext("Show"),
    "data-open": words.gettext("Hide"),
  });
  return make(
    "details",
    { class: `fold ${className}` },
    make("summary", {}, label, action),
    parts,
  );
}

function mediaOf(post, words) {
  const { media } = post;
  if (!media.length) return null;
  const shape = `media media-${media.length}`;
  const grid = make("div", { class: shape }, media.map((each) => medium(each, words)));
  if (!post.is_sensitive || post.warning) return grid;
  return fold(words, "cover", words.gettext("Sensitive media"), grid);
}

function medium({ type, url, preview, width, height, description }, words) {
  if (type === "image") {
    return link(
      url,
      { "aria-label": !description && words.gettext("Open the picture") },
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
      make("b", {}, share.toLocaleString(words.tag, { style: "percent" })),
    );
  });
  const date = words.date(new Date(endsAt), words.own);
  return make(
    "div",
    { class: "poll" },
    make("ul", {}, lines),
    make(
      "p",
      { class: "quiet" },
      voters
        ? words.ngettext("%(num)s person", "%(num)s people", voters)
        : words.gettext("No votes"),
      " · ",
      isOver
        ? words.gettext("Final results")
        : [link(post.url, {}, words.gettext("Vote")), " · ", words.gettext("Ends %(date)s", { date })],
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
    return make("p", { class: "quote quiet" }, words.gettext("This kwip can't be shown."));
  }
  const header = head(post, words);
  header.prepend(avatar(post.author, 20));
  return make("blockquote", { class: "quote" }, header, content(post, words));
}

// One link, which says in words what its icons show.
function countsOf(post, words) {
  const { replies_count: replies, reposts_count: reposts, favourites_count: favourites } = post;
  const label = [
    words.gettext("Open kwip"),
    words.ngettext("%(num)s reply", "%(num)s replies", replies),
    words.ngettext("%(num)s repost", "%(num)s reposts", reposts),
    words.ngettext("%(num)s favourite", "%(num)s favourites", favourites),
  ].join(", ");
  const span = (name, count) =>
    make("span", {}, icon(name), count > 0 && words.short(count));
  return link(
    post.url,
    { class: "counts", "aria-label": label },
    span("reply", replies),
    span("repost", reposts),
    span("favourite", favourites),
  );
}
