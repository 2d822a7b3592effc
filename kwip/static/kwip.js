// What a script adds to pages that are complete without it. The files of a bundle are
// one module: what one declares at its top the others may use. See docs/style.md.
//
// This one: times that stay true, menus, the way back, and what is said in passing.

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const words = (date, options) => new Intl.DateTimeFormat("en-GB", options).format(date);

// The same words as the server's, in the reader's time zone.
function ago(date, now) {
  const seconds = (now - date) / 1000;
  if (seconds < MINUTE) return gettext("now");
  if (seconds < HOUR) return gettext("%(number)sm", { number: Math.floor(seconds / MINUTE) });
  if (seconds < DAY) return gettext("%(number)sh", { number: Math.floor(seconds / HOUR) });
  if (seconds < 7 * DAY) return gettext("%(number)sd", { number: Math.floor(seconds / DAY) });
  const isThisYear = date.getFullYear() === now.getFullYear();
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
    time.textContent =
      "full" in time.dataset
        ? words(date, { dateStyle: "medium", timeStyle: "short" })
        : ("inWords" in time.dataset ? agoInWords : ago)(date, now);
  }
}

showTimes();
setInterval(() => showTimes(), MINUTE * 1000);
document.addEventListener("kwip:added", () => showTimes());

// Say something in passing. `button` is {label, press}; the toast waits while somebody
// is at it. `gone` hears whether the focus was in it. The answer is a function that takes
// the toast away.
function toast(text, { button, seconds = 5, gone = () => {} } = {}) {
  const box = document.createElement("div");
  box.className = "toast";
  box.append(text);
  let timer;
  const close = () => {
    clearTimeout(timer);
    box.remove();
  };
  const end = () => {
    // Nobody is hurried who reads it or has come to its button by keyboard.
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
  document.getElementById("toasts").append(box);
  timer = setTimeout(end, seconds * 1000);
  return close;
}

// Something to say on the page that comes next.
const SAID = "kwip:said";

function sayNext(text) {
  if (text) sessionStorage.setItem(SAID, text);
}

const said = sessionStorage.getItem(SAID);
if (said) {
  sessionStorage.removeItem(SAID);
  toast(said);
}

// Send a form's fields as a browser would, and get the answer as data: {message,
// location}. Fails with an Error that has the words for a person, `fields` for what is
// wrong with which, and `isSent` if the server has answered at all.
class SendError extends Error {
  constructor(message, { fields = {}, isSent = true } = {}) {
    super(message);
    this.fields = fields;
    this.isSent = isSent;
  }
}

// Nobody waits longer for an answer.
const PATIENCE_MS = 15_000;
// Browsers refuse to send more than 64 KiB for pages that are left.
const KEPT_ALIVE = 30_000;

async function send(address, fields) {
  const body = `${new URLSearchParams(fields)}`;
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), PATIENCE_MS);
  let answer;
  let told;
  try {
    answer = await fetch(address, {
      method: "POST",
      body,
      headers: {
        Accept: "application/json",
        "Content-Type": "application/x-www-form-urlencoded;charset=UTF-8",
      },
      keepalive: body.length < KEPT_ALIVE, // it arrives also when the page is left
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
  });
}

const act = (address) => send(address, new FormData(document.getElementById("act")));

// Menus: one is open at a time, it opens where there is room, arrows go through it.

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
    const { bottom } = menu.querySelector(".menu-items").getBoundingClientRect();
    const nav = document.querySelector(".nav").getBoundingClientRect();
    const end = nav.top > 0 ? nav.top : innerHeight;
    menu.classList.toggle("menu-up", bottom > end && menu.getBoundingClientRect().top > 240);
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

// Back to where one came from, with its scrolling and its cursor, if that was a page
// of ours; else to where the arrow leads.
document.querySelector(".back")?.addEventListener("click", (event) => {
  const isOurs = document.referrer.startsWith(`${location.origin}/`);
  const isForm = /\/(compose|edit|delete|login|signup)$/.test(document.referrer.split("?")[0]);
  if (!isOurs || isForm || history.length < 2 || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  history.back();
});

// A form that came back: to the first wrong field, else to what is wrong with it all.
const firstWrong = document.querySelector("[aria-invalid=true], .problem");
if (firstWrong) {
  if (firstWrong.matches(".problem")) firstWrong.tabIndex = -1;
  firstWrong.focus();
}
