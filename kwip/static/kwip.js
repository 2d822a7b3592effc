// What scripts add to pages that are complete without them. The files of a bundle are one
// module: they share what each declares at the top. See docs/style.md.
//
// This one: relative times, menus, the back link, and toasts.

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const all = (selector, root = document) => [...root.querySelectorAll(selector)];
// As the server writes them; Arabic with the digits that its other texts have.
const locale = { en: "en-GB", ar: "ar-u-nu-latn" }[document.documentElement.lang];
const LOCALE = locale ?? document.documentElement.lang;
const timeZone = chosenZone();
const words = (date, options) =>
  new Intl.DateTimeFormat(LOCALE, { timeZone, ...options }).format(date);

// The zone that the reader has set, if the browser knows it; else that of the device.
function chosenZone() {
  const { zone } = document.documentElement.dataset;
  try {
    return zone && new Intl.DateTimeFormat("en", { timeZone: zone }).resolvedOptions().timeZone;
  } catch {
    return undefined;
  }
}

const isSame = (one, other, part) => words(one, part) === words(other, part);

// The same words as the server's.
function ago(date, now) {
  const seconds = (now - date) / 1000;
  if (seconds < MINUTE) return gettext("now");
  if (seconds < HOUR) return gettext("%(number)sm", { number: Math.floor(seconds / MINUTE) });
  if (seconds < DAY) return gettext("%(number)sh", { number: Math.floor(seconds / HOUR) });
  if (seconds < 7 * DAY) return gettext("%(number)sd", { number: Math.floor(seconds / DAY) });
  const isThisYear = isSame(date, now, { year: "numeric" });
  const year = isThisYear ? undefined : "numeric";
  return words(date, { day: "numeric", month: "short", year });
}

function agoInWords(date, now) {
  const seconds = (now - date) / 1000;
  const time = ago(date, now);
  if (seconds < MINUTE) return gettext("just now");
  if (seconds < 7 * DAY) return gettext("%(time)s ago", { time });
  return gettext("on %(date)s", { date: time });
}

function showTimes(root = document) {
  const now = new Date();
  for (const time of all("time[datetime]", root)) {
    const date = new Date(time.dateTime);
    time.title = words(date, { dateStyle: "full", timeStyle: "short" });
    time.textContent = textOfTime(time.dataset, date, now);
  }
}

function textOfTime(kind, date, now) {
  if ("full" in kind) return words(date, { dateStyle: "medium", timeStyle: "short" });
  if ("clock" in kind) return clock(date, now);
  return ("inWords" in kind ? agoInWords : ago)(date, now);
}

// The time of day, with the date if that is another one.
function clock(date, now) {
  if (isSame(date, now, { dateStyle: "short" })) return words(date, { timeStyle: "short" });
  return words(date, { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
}

showTimes();
setInterval(() => showTimes(), MINUTE * 1000);
document.addEventListener("kwip:added", () => showTimes());

const ofDevice = document.querySelector("select[name=time_zone] option[value='']");
if (ofDevice) ofDevice.append(` (${new Intl.DateTimeFormat().resolvedOptions().timeZone})`);

// Show a toast. `button` is {label, press}; the toast stays while it is hovered or
// focused. `gone` is called with whether the focus was in it. Returns a function that
// removes the toast.
function toast(text, { button, seconds = 5, counts = false, gone = () => {} } = {}) {
  const box = document.createElement("div");
  box.className = "toast";
  box.append(text);
  let timer;
  let ticking;
  const close = () => {
    clearTimeout(timer);
    clearInterval(ticking);
    box.remove();
  };
  const end = () => {
    // No hurry for people who read it or have reached its button with the keyboard.
    if (box.matches(":hover") || box.querySelector(":focus-visible")) {
      timer = setTimeout(end, 1000);
      return;
    }
    const hadFocus = box.contains(document.activeElement);
    close();
    gone(hadFocus);
  };
  if (button) {
    const control = document.createElement("button");
    control.type = "button";
    control.textContent = button.label;
    control.addEventListener("click", () => {
      close();
      button.press();
    });
    box.append(control);
  }
  if (counts) {
    // Hidden from screen readers, which would say every second.
    const left = document.createElement("b");
    left.setAttribute("aria-hidden", "true");
    const until = performance.now() + seconds * 1000;
    const count = () => {
      left.textContent = Math.max(0, Math.ceil((until - performance.now()) / 1000));
    };
    count();
    ticking = setInterval(count, 250);
    box.prepend(left, " ");
  }
  document.getElementById("toasts").append(box);
  timer = setTimeout(end, seconds * 1000);
  return close;
}

// A message to show on the next page.
const SAID = "kwip:said";

function sayNext(text) {
  if (text) sessionStorage.setItem(SAID, text);
}

const said = sessionStorage.getItem(SAID);
if (said) {
  sessionStorage.removeItem(SAID);
  toast(said);
}

// Send a form's fields as a browser would, and return the answer as data: {message,
// location}. Throws an Error with a message for the user, `fields` for what is wrong in
// which field, `isSent` if the server answered at all, and `isLoggedOut`.
class SendError extends Error {
  constructor(message, { fields = {}, isSent = true, isLoggedOut = false } = {}) {
    super(message);
    this.fields = fields;
    this.isSent = isSent;
    this.isLoggedOut = isLoggedOut;
  }
}

// The button of a toast about an error: try again, or log in if nothing else helps.
function remedyOf(error, press) {
  if (!error.isLoggedOut) return { label: gettext("Try again"), press };
  const here = encodeURIComponent(location.pathname + location.search);
  return { label: gettext("Log in"), press: () => location.assign(`/login?next=${here}`) };
}

// The longest wait for an answer.
const PATIENCE_MS = 15_000;
// Browsers refuse to send more than 64 KiB for a page that was left.
const KEPT_ALIVE = 30_000;

// The same with files, which take longer to send.
const PATIENCE_WITH_FILES_MS = 120_000;

// Files need another format; a field for them that is empty is not sent.
function bodyOf(fields) {
  const pairs = fields instanceof FormData ? [...fields] : Object.entries(fields);
  const sent = pairs.filter(([, value]) => !(value instanceof File) || value.name);
  if (!sent.some(([, value]) => value instanceof File)) return `${new URLSearchParams(sent)}`;
  const form = new FormData();
  for (const pair of sent) form.append(...pair);
  return form;
}

async function send(address, fields) {
  const body = bodyOf(fields);
  const hasFiles = body instanceof FormData;
  const key = fields instanceof FormData && fields.get("key");
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), hasFiles ? PATIENCE_WITH_FILES_MS : PATIENCE_MS);
  let answer;
  let told;
  try {
    answer = await fetch(address, {
      method: "POST",
      body,
      headers: {
        Accept: "application/json",
        ...(!hasFiles && { "Content-Type": "application/x-www-form-urlencoded;charset=UTF-8" }),
        // nginx may send it to another server.
        ...(key && { "Idempotency-Key": key }),
      },
      keepalive: body.length < KEPT_ALIVE, // it is sent even if the page is left
      signal: late.signal,
    });
    told = await answer.json().catch((error) => {
      if (late.signal.aborted) throw error;
      return {};
    });
  } catch {
    const isLate = late.signal.aborted;
    const why = isLate ? gettext("Kwip isn't responding.") : gettext("You're offline.");
    throw new SendError(why, { isSent: false });
  } finally {
    clearTimeout(timer);
  }
  if (answer.ok) return told;
  const fieldsOf = Object.entries(told.details ?? {});
  throw new SendError(told.error ?? gettext("Something went wrong."), {
    fields: Object.fromEntries(fieldsOf.map(([name, [first]]) => [name, first.description])),
    isSent: answer.status < 500,
    isLoggedOut: answer.status === 401,
  });
}

const act = (address) => send(address, new FormData(document.getElementById("act")));

// Menus: one is open at a time, it opens where there is room, arrow keys move in it.

function closeMenus(except) {
  for (const menu of all("details.menu[open]")) {
    if (menu !== except) menu.open = false;
  }
}

document.addEventListener(
  "toggle",
  ({ target: menu }) => {
    if (!menu.matches?.("details.menu[open]")) return;
    closeMenus(menu);
    const items = menu.querySelector(".menu-items");
    const nav = document.querySelector(".nav").getBoundingClientRect();
    const { top, bottom } = menu.getBoundingClientRect();
    items.style.maxBlockSize = "";
    // On phones the navigation is at the bottom, over the page.
    const below = (nav.top > bottom ? nav.top : innerHeight) - bottom;
    const isUp = items.offsetHeight > below && top > below;
    menu.classList.toggle("menu-up", isUp);
    // A menu that is taller than the room scrolls, so that its end can be reached.
    items.style.maxBlockSize = `${Math.max(isUp ? top : below, 120) - 8}px`;
  },
  true,
);

document.addEventListener("click", (event) => closeMenus(event.target.closest?.("details.menu")));

document.addEventListener("keydown", (event) => {
  const menu = document.querySelector("details.menu[open]");
  if (!menu) return;
  const summary = menu.querySelector("summary");
  if (event.key === "Escape") {
    menu.open = false;
    summary.focus();
  }
  if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
  if (!menu.contains(document.activeElement)) return;
  event.preventDefault();
  const stops = all("summary, .menu-items a, .menu-items button", menu);
  const step = event.key === "ArrowDown" ? 1 : -1;
  const next = stops.indexOf(document.activeElement) + step;
  stops[(next + stops.length) % stops.length].focus();
});

// Back to the previous page, with its scroll position and cursor, if it was one of ours;
// else to where the arrow links.
document.querySelector(".back")?.addEventListener("click", (event) => {
  const isOurs = document.referrer.startsWith(`${location.origin}/`);
  const isForm = /\/(compose|edit|delete|login|signup)$/.test(document.referrer.split("?")[0]);
  if (!isOurs || isForm || history.length < 2 || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  history.back();
});

// Of more tabs than a phone is wide, the chosen one is in sight.
// Not by scrollIntoView, which would also move where the keyboard begins.
const chosenTab = document.querySelector(".tabs [aria-current]");
if (chosenTab) {
  const strip = chosenTab.closest(".tabs");
  const hidden = chosenTab.getBoundingClientRect().right - strip.getBoundingClientRect().right;
  if (hidden > 0) strip.scrollLeft += hidden;
}

// Escape leaves a field, so that the keyboard shortcuts work again.
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && event.target.matches?.(":is(textarea,input)")) event.target.blur();
});

// A rejected form: focus the first wrong field, else the message for the whole form. After
// settings are saved, focus the message.
const firstWrong =
  document.querySelector("[aria-invalid=true], .problem[role=alert]") ??
  (location.pathname.startsWith("/settings") ? document.querySelector(".flash") : null);
if (firstWrong) {
  if (firstWrong.matches(".problem, .flash")) firstWrong.tabIndex = -1;
  firstWrong.focus();
}
