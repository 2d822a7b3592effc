// What is new above an open timeline, without a reload: one long poll for the page that
// is being looked at, a button that says how much there is, and the articles put in
// place without moving what is being read.
{
  const SECOND = 1000;
  // An answer that comes this late is lost; the server gives one after 25 s.
  const PATIENCE = 40 * SECOND;
  const FIRST_PAUSE = SECOND;
  const LONGEST_PAUSE = 60 * SECOND;
  // Between two answers that said something, so that a busy timeline costs little.
  const CALM = 0.7 * SECOND;
  // As many as the server counts and gives at once.
  const MOST = 40;

  const slot = document.querySelector("[data-poll]");
  const origin = document.body.dataset.live;

  // The cookie goes to no other host, whichever name this page was opened by.
  const isReachable =
    origin === "" || new URL(origin ?? "about:blank").hostname === location.hostname;

  let shown = slot?.dataset.since; // the newest that the page shows
  let known = shown; // the newest that the button has counted
  let count = 0;
  let asking = null; // ends the poll that is under way
  let timer;
  let pause = FIRST_PAUSE;

  const words = (number) => {
    const noun = slot.dataset.noun;
    if (number >= MOST) return `${MOST} or more new ${noun}s`;
    return number === 1 ? `1 new ${noun}` : `${number} new ${noun}s`;
  };

  function say(text) {
    let button = slot.querySelector("button");
    if (!button) {
      button = document.createElement("button");
      button.type = "button";
      button.className = "button button-main";
      button.addEventListener("click", (event) => take(event.detail === 0));
      slot.append(button);
    }
    button.textContent = text;
  }

  function later(milliseconds) {
    clearTimeout(timer);
    timer = setTimeout(ask, milliseconds);
  }

  // Waits longer each time, and not all pages at once.
  function backOff(response) {
    const asked = Number(response?.headers.get("Retry-After")) * SECOND || 0;
    later(Math.max(asked, pause * (0.5 + Math.random() / 2)));
    pause = Math.min(2 * pause, LONGEST_PAUSE);
  }

  async function ask() {
    if (asking || document.hidden || count >= MOST) return;
    const mine = new AbortController();
    asking = mine;
    const patience = setTimeout(() => mine.abort(), PATIENCE);
    const began = performance.now();
    let response;
    let news;
    try {
      response = await fetch(`${origin}${slot.dataset.poll}since_id=${known}`, {
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
    if (news) {
      pause = FIRST_PAUSE;
      known = news.newest_id;
      count += news.count;
      say(words(count));
      later(CALM);
    } else if (response?.status === 204 && performance.now() - began > SECOND) {
      pause = FIRST_PAUSE;
      later(0);
    } else if (response?.status !== 401 && response?.status !== 403) {
      backOff(response);
    }
  }

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

  // Whoever pressed a key is led to the first of them; who points keeps the place.
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
      say("No connection: try again");
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
    // With kwips left out between, nobody has read all up to the newest.
    const read = document.querySelector("button[name=last_read_id]");
    if (read && !document.querySelector(".news-more")) read.value = shown;
    const first = added[0]?.querySelector("a:not([tabindex])");
    const next = first ?? document.querySelector("main");
    if (hadFocus) next.focus({ preventScroll: !isByKey });
    begin();
  }

  // Of a kwip and its reposts a timeline shows the newest only.
  function olderOf(added) {
    if (slot.dataset.noun !== "kwip") return [];
    const ids = new Set(added.map((one) => one.dataset.post));
    return all("main [data-post]").filter((one) => ids.has(one.dataset.post));
  }

  // Who was at it goes along to where it stands now.
  function leaveBehind(article) {
    const isHere = article.contains(document.activeElement);
    article.remove();
    const again = document.querySelector(`main [data-post="${article.dataset.post}"]`);
    if (isHere) again.focus({ preventScroll: true });
  }

  // What is being read stays where it is, unless the top of the timeline is in sight.
  function keepPlace(stale, change) {
    const root = document.documentElement;
    const isAtTop = !(slot.nextElementSibling?.getBoundingClientRect().top < 0);
    const kept = all("main article.post").filter((one) => !stale.includes(one));
    const read = kept.find((one) => one.getBoundingClientRect().bottom > 0);
    const top = read?.getBoundingClientRect().top;
    root.style.overflowAnchor = "none"; // some browsers do this too, others do not
    change();
    if (read && !isAtTop) {
      scrollBy({ top: read.getBoundingClientRect().top - top, behavior: "instant" });
    }
    root.style.overflowAnchor = "";
  }

  if (slot && isReachable) {
    document.addEventListener("visibilitychange", () =>
      document.hidden ? stop() : begin(),
    );
    addEventListener("online", begin);
    addEventListener("pagehide", stop);
    addEventListener("pageshow", (event) => event.persisted && begin());
    begin();
  }
}
