// What changes while a page is open, without a reload: the badge, deleted kwips, and new
// kwips above a timeline. One long poll for the visible page, a button that says how many
// are new, and articles that are inserted without moving what is being read.
{
  const SECOND = 1000;
  // An answer this late is lost; the server answers after 25 s.
  const PATIENCE = 40 * SECOND;
  const FIRST_PAUSE = SECOND;
  const LONGEST_PAUSE = 60 * SECOND;
  // Between two answers with news, so that a busy timeline costs little.
  const CALM = 0.7 * SECOND;
  // The most that the server counts and returns at once, and the most that it watches.
  const MOST = 40;
  const MOST_WATCHED = 100;
  // How often a hidden page checks what its title should say.
  const UNSEEN_PAUSE = 60 * SECOND;

  const slot = document.querySelector("[data-poll]");
  const origin = document.body.dataset.live;

  // The cookie is sent to no other host, whichever name this page was opened under.
  const isReachable =
    origin === "" || new URL(origin ?? "about:blank").hostname === location.hostname;

  let shown = slot?.dataset.since; // the newest entry on the page
  let known = shown; // the newest entry that the button counts
  let count = 0;
  let asking = null; // aborts the poll in flight
  let timer;
  let pause = FIRST_PAUSE;

  const words = (number) => {
    const num = number < MOST ? number : `${MOST}+`;
    return slot.dataset.noun === "kwip"
      ? ngettext("%(num)s new kwip", "%(num)s new kwips", num)
      : ngettext("%(num)s new notification", "%(num)s new notifications", num);
  };

  function say(text) {
    let button = slot.querySelector("button");
    if (!button) {
      button = document.createElement("button");
      button.type = "button";
      button.className = "button button-main";
      button.addEventListener("click", (event) => take(event.detail === 0));
      keepPlace([], () => slot.append(button));
    }
    button.textContent = text;
  }

  function later(milliseconds) {
    clearTimeout(timer);
    timer = setTimeout(ask, milliseconds);
  }

  // Wait longer each time, and not all pages the same time.
  function backOff(response) {
    const asked = Number(response?.headers.get("Retry-After")) * SECOND || 0;
    later(Math.max(asked, pause * (0.5 + Math.random() / 2)));
    pause = Math.min(2 * pause, LONGEST_PAUSE);
  }

  // Everything on the page: for a repost the kwip, and the entry it is in.
  function question() {
    const fields = [];
    if (badge) fields.push(`unread=${badge.dataset.count}`);
    if (document.hidden) return `/poll/page?wait=0&${fields}`;
    const ids = all("main article[data-post]").flatMap((one) => [one.dataset.post, entryOf(one)]);
    const watched = [...new Set(ids)].slice(0, MOST_WATCHED);
    fields.push(...watched.map((id) => `shown[]=${id}`));
    for (const [id, [poll]] of pollsShown()) {
      if (watched.includes(id)) fields.push(`polls[${id}]=${poll.dataset.pollState}`);
    }
    if (badge) {
      const awaited = new Set(all("main [data-awaits]").map((one) => one.dataset.post));
      fields.push(...watched.filter((id) => awaited.has(id)).map((id) => `awaited[]=${id}`));
    }
    const place = slot && count < MOST ? `${slot.dataset.poll}since_id=${known}&` : "/poll/page?";
    return place + fields.join("&");
  }

  async function ask() {
    if (asking || (document.hidden && !badge)) return;
    const mine = new AbortController();
    asking = mine;
    const patience = setTimeout(() => mine.abort(), PATIENCE);
    const began = performance.now();
    let response;
    let news;
    try {
      response = await fetch(origin + question(), {
        credentials: "include",
        signal: mine.signal,
      });
      if (response.status === 200) news = await response.json();
    } catch {
      response = undefined;
    } finally {
      clearTimeout(patience);
    }
    if (asking !== mine) return; // the page was hidden meanwhile, and maybe shown again
    asking = null;
    if (news) show(news);
    if (document.hidden && response?.ok) {
      later(UNSEEN_PAUSE);
    } else if (news) {
      pause = FIRST_PAUSE;
      later(CALM);
    } else if (response?.status === 204 && performance.now() - began > SECOND) {
      pause = FIRST_PAUSE;
      later(0);
    } else if (response?.status !== 401 && response?.status !== 403) {
      backOff(response);
    }
  }

  function show(news) {
    if (news.count) {
      count += Math.max(0, news.count - countWritten(known, news.newest_id));
      known = news.newest_id;
      if (count > 0) say(words(count));
    }
    if ("unread" in news) showUnread(news.unread);
    if (news.gone) takeAway(new Set(news.gone));
    for (const id of news.polls ?? []) renewPoll(id);
    for (const id of news.previewed ?? []) addPreview(id);
  }

  // The polls whose results are shown, by their kwips; a kwip may be here twice. Who is
  // still choosing is not disturbed.
  function pollsShown() {
    const found = new Map();
    for (const poll of all("main .poll[data-poll-state]")) {
      const { post: id } = poll.closest("[data-post]").dataset;
      found.set(id, [...(found.get(id) ?? []), poll]);
    }
    return found;
  }

  async function renewPoll(id) {
    const polls = pollsShown().get(id) ?? [];
    // Whatever comes of it, the same change is not asked for again at once.
    for (const poll of polls) poll.removeAttribute("data-poll-state");
    if (!polls.length) return;
    const article = await fetchPart(polls[0].dataset.at, "article").catch(() => null);
    if (!article) return; // the results stay as they were shown
    const now = article.querySelector(".poll:not(.quote *)");
    for (const poll of polls) keepPlace([], () => poll.replaceWith(now?.cloneNode(true) ?? ""));
    showTimes();
  }

  // Below the text of a kwip, wherever it is on the page, and above what it quotes: behind
  // its warning, if it has one.
  async function addPreview(id) {
    const articles = all(`main article[data-post="${id}"][data-awaits]`);
    if (!articles.length) return;
    const { pathname } = articles[0].querySelector(":is(.post-when, .post-facts) a:not(.quote *)");
    for (const one of articles) delete one.dataset.awaits; // not to be asked for again
    const article = await fetchPart(`${pathname}/article`, "article").catch(() => null);
    const card = article?.querySelector(".preview:not(.quote *)");
    const found = card?.closest(".covered") ?? card;
    if (!found) return;
    keepPlace([], () => {
      for (const one of articles) {
        const body = one.querySelector(":scope > .folded:not(.covered, .folded-quote)") ?? one;
        const next = ":scope > :is(.quote, .folded-quote, .post-facts, .actions)";
        body.insertBefore(found.cloneNode(true), body.querySelector(next));
      }
      document.dispatchEvent(new CustomEvent("kwip:added"));
    });
  }

  // What was written on this page is shown already, and all of it comes into home.
  function countWritten(above, upTo) {
    if (!slot.dataset.poll.startsWith("/poll/home")) return 0;
    const [from, to] = [BigInt(above), BigInt(upTo)];
    return [...written].filter((id) => BigInt(id) > from && BigInt(id) <= to).length;
  }

  // A poll may have counted it before its own answer came.
  document.addEventListener("kwip:written", ({ detail: id }) => {
    if (!slot?.dataset.poll.startsWith("/poll/home") || BigInt(id) > BigInt(known)) return;
    count = Math.max(0, count - 1);
    if (count > 0) say(words(count));
    else slot.replaceChildren();
  });

  function stop() {
    clearTimeout(timer);
    const mine = asking;
    asking = null;
    mine?.abort();
  }

  function begin() {
    stop();
    pause = FIRST_PAUSE;
    ask();
  }

  // With the keyboard, focus moves to the first new one; with a pointer, nothing moves.
  async function take(isByKey) {
    const button = slot.querySelector("button");
    button.setAttribute("aria-busy", "true");
    try {
      const address = `${slot.dataset.fragment}since_id=${shown}`;
      const response = await fetch(address, { headers: { Accept: "text/html" } });
      const page = new DOMParser().parseFromString(await response.text(), "text/html");
      const found = page.querySelector("[data-newest]");
      if (!response.ok || !found) {
        location.reload(); // the page can say what is wrong: signed out, for example
        return;
      }
      put(found, isByKey);
    } catch {
      say(gettext("You're offline. Try again"));
    } finally {
      button.removeAttribute("aria-busy");
    }
  }

  function put(found, isByKey) {
    if (found.dataset.newest) shown = slot.dataset.since = found.dataset.newest;
    known = shown;
    count = 0;
    const added = [...found.children].filter(
      (one) => !one.id || !document.getElementById(one.id),
    );
    const hadFocus = slot.contains(document.activeElement);
    slot.replaceChildren();
    if (added.length) {
      const stale = olderOf(added);
      keepPlace(stale, () => {
        slot.after(...added);
        for (const one of stale) leaveBehind(one);
        document.querySelector(".empty")?.remove();
        document.dispatchEvent(new CustomEvent("kwip:added"));
      });
    }
    // If kwips were left out in between, not everything up to the newest was read.
    const read = document.querySelector("button[name=last_read_id]");
    if (read && !document.querySelector(".news-more")) read.value = shown;
    const first = added[0]?.querySelector("a:not([tabindex])");
    const next = first ?? document.querySelector("main");
    if (hadFocus) next.focus({ preventScroll: !isByKey });
    begin();
  }

  const entryOf = (article) => article.id.replace(/^\D+/, "");

  // Deleted kwips leave the page; focus moves to the next one.
  function takeAway(ids) {
    const gone = all("main article[data-post]").filter(
      (one) => ids.has(one.dataset.post) || ids.has(entryOf(one)),
    );
    for (const id of ids) waiting.delete(id);
    keepPlace(gone, () => {
      for (const one of gone) {
        one.inert = true;
        if (one.contains(document.activeElement)) goOnAfter(one);
        if (one.matches(".post-focus")) bury(one);
        else (one.closest(".replies > li") ?? one).remove();
      }
    });
  }

  // What the page is about. Nobody can reply to it; a reply that was begun can be copied.
  function bury(article) {
    const said = document.createElement("p");
    said.className = "tombstone";
    said.textContent = gettext("This kwip was deleted.");
    article.replaceWith(said);
    const reply = document.getElementById("reply");
    const place = reply?.closest(".compose, .panel");
    if (reply?.value?.trim() && reply.value !== reply.defaultValue) {
      reply.readOnly = true;
      place.querySelector(".compose-end").remove();
    } else {
      place?.remove();
    }
  }

  // A timeline shows only the newest of a kwip and its reposts.
  function olderOf(added) {
    if (slot.dataset.noun !== "kwip") return [];
    const ids = new Set(added.map((one) => one.dataset.post));
    return all("main [data-post]").filter((one) => ids.has(one.dataset.post));
  }

  // Focus follows it to its new place.
  function leaveBehind(article) {
    const isHere = article.contains(document.activeElement);
    article.remove();
    const again = document.querySelector(`main [data-post="${article.dataset.post}"]`);
    if (isHere) again.focus({ preventScroll: true });
  }

  // What is being read stays in place, unless the top of the timeline is visible.
  function keepPlace(stale, change) {
    const root = document.documentElement;
    const first = slot ? slot.nextElementSibling : document.querySelector("main article.post");
    const isAtTop = !(first?.getBoundingClientRect().top < 0);
    const kept = all("main article.post").filter((one) => !stale.includes(one));
    const read = kept.find((one) => one.getBoundingClientRect().bottom > 0);
    const top = read?.getBoundingClientRect().top;
    root.style.overflowAnchor = "none"; // some browsers also do this, others do not
    change();
    if (read && !isAtTop) {
      scrollBy({ top: read.getBoundingClientRect().top - top, behavior: "instant" });
    }
    root.style.overflowAnchor = "";
  }

  if ((slot || badge) && isReachable) {
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden) return begin();
      stop();
      later(UNSEEN_PAUSE);
    });
    addEventListener("online", begin);
    addEventListener("pagehide", stop);
    addEventListener("pageshow", (event) => event.persisted && begin());
    begin();
  }
}
