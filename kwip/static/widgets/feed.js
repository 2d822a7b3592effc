// Requests: one per address, whichever widgets show it, repeated while one is in sight.

const FIRST_MS = 30_000;
const LAST_MS = 300_000;
const feeds = new Map();

// Get JSON without cookies or a referrer. The browser sends `If-None-Match` itself: as a
// header of ours it would need a preflight each time. An error that `isFinal` is about
// the address; after others one may ask again, in `retryMs` if the server says so.
async function get(url, cache = "no-cache") {
  const response = await fetch(url, {
    cache,
    credentials: "omit",
    referrerPolicy: "no-referrer",
  });
  const text = await response.text();
  if (response.ok) return text;
  let told;
  try {
    const { error, details = {} } = JSON.parse(text);
    const wrong = Object.entries(details).map(([name, [one]]) => `${name}: ${one.description}`);
    // No attribute is called `q`.
    told = [error, ...wrong].join(" ").replace(" q:", "");
  } catch {
    // A proxy in between has answered.
  }
  const { status, headers } = response;
  throw Object.assign(new Error(told), {
    isFinal: status < 500 && status !== 429,
    retryMs: 1_000 * (headers.get("Retry-After") || 0),
  });
}

// What is at an address, for all who watch it: each has `show(data)`, `fail(error)`,
// `tick()`, and `isLive`.
class Feed {
  static watch(url, watcher) {
    const feed = feeds.get(url) ?? new Feed(url);
    feeds.set(url, feed);
    feed.watchers.add(watcher);
    if (feed.data) watcher.show(feed.data);
    else if (feed.error) watcher.fail(feed.error);
    feed.plan();
    return feed;
  }

  constructor(url) {
    this.url = url;
    this.watchers = new Set();
    this.waitMs = FIRST_MS;
    this.askedMs = -Infinity;
    this.failures = 0;
  }

  leave(watcher) {
    this.watchers.delete(watcher);
    this.plan();
  }

  // Ask now or when it is time, unless nobody looks or there is nothing to wait for.
  plan() {
    clearTimeout(this.timer);
    const isWanted = !this.data || [...this.watchers].some((each) => each.isLive);
    const isOver = this.isAsking || this.error?.isFinal;
    if (isOver || !this.watchers.size || !isWanted || document.hidden) return;
    const dueMs = this.askedMs + this.waitMs - Date.now();
    if (dueMs <= 0) this.ask();
    else this.timer = setTimeout(() => this.ask(), dueMs);
  }

  async ask() {
    clearTimeout(this.timer);
    if (this.isAsking) return;
    this.isAsking = true;
    this.askedMs = Date.now();
    try {
      this.take(await get(this.url));
    } catch (error) {
      this.miss(error);
    }
    this.isAsking = false;
    this.plan();
  }

  // What has not changed is asked for less and less often.
  take(text) {
    const isNew = text !== this.text;
    this.waitMs = isNew ? FIRST_MS : Math.min(this.waitMs * 1.5, LAST_MS);
    this.failures = 0;
    this.error = null;
    if (isNew) this.data = JSON.parse(text);
    this.text = text;
    this.tell((each) => (isNew ? each.show(this.data) : each.tick()));
  }

  // A server that fails is left alone for longer and longer; what it has refused to show
  // is shown no more.
  miss(error) {
    this.failures += 1;
    this.waitMs = Math.max(
      Math.min(2_500 * 2 ** this.failures * (1 + Math.random() / 2), LAST_MS),
      error.retryMs || 0,
    );
    this.error = error;
    if (error.isFinal) this.data = this.text = null;
    this.tell((each) => each.fail(error));
  }

  tell(what) {
    for (const each of [...this.watchers]) what(each);
  }
}

document.addEventListener("visibilitychange", () => {
  feeds.forEach((feed) => feed.plan());
});
