// Keyboard shortcuts: from kwip to kwip, and to every page, with one key each.

const OFF = "kwip:no-keys";

function step(by) {
  const articles = all("article.post:not([hidden])");
  const at = articles.indexOf(document.activeElement?.closest("article.post"));
  const next = at < 0 ? articles.find(isBelowHead) : articles[at + by];
  if (!next) return;
  next.focus({ preventScroll: true });
  next.scrollIntoView({ block: "nearest" });
}

function isBelowHead(article) {
  return article.getBoundingClientRect().top >= 0;
}

// The selected kwip: by j and k, or by focusing something in it.
const chosen = () => document.activeElement?.closest("article.post");
const press = (selector, article = chosen()) => article?.querySelector(selector)?.click();
// Keys that change nothing also work on the kwip that the page is about.
const look = (selector) => press(selector, chosen() ?? document.querySelector(".post-focus"));

// Once a link is followed, keys are meant for the next page, not for this one.
const LEAVING_MS = 10_000;
let restsUntil = 0;

function leave() {
  restsUntil = performance.now() + LEAVING_MS;
}

function go(href) {
  if (!document.querySelector(`.nav a[href="${href}"]`)) return;
  leave();
  location.assign(href);
}

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[href]");
  if (!link || event.defaultPrevented || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const isHere = link.hash && link.href.split("#")[0] === location.href.split("#")[0];
  if (!isHere) leave();
});
addEventListener("pageshow", () => (restsUntil = 0));

const KEYS = [
  ["j", gettext("next kwip"), () => step(1)],
  ["k", gettext("previous kwip"), () => step(-1)],
  ["o", gettext("open kwip"), () => press(".post-when a")],
  ["f", gettext("favourite"), () => press('[data-act="favourite"]')],
  ["t", gettext("repost"), () => press('[data-act="repost"]')],
  ["b", gettext("bookmark"), () => press('[data-act="bookmark"]')],
  ["r", gettext("reply"), () => look('[data-key="r"]')],
  ["w", gettext("show or hide the text behind a warning"), () => look(".folded summary")],
  ["n", gettext("new kwip"), write],
  ["h", gettext("go to Home"), () => go("/home")],
  ["p", gettext("go to the public timeline"), () => go("/")],
  ["i", gettext("go to Notifications"), () => go("/notifications")],
  ["/", gettext("search"), search],
  ["?", gettext("show this list"), help],
];

function write() {
  const text = document.querySelector("#write textarea");
  if (text) return text.focus();
  return go("/compose");
}

function search() {
  const field = all("[data-search]").find((each) => each.offsetParent);
  if (field) return field.select();
  leave();
  return location.assign("/search");
}

function help() {
  const dialog = document.querySelector("dialog.help") ?? makeHelp();
  if (!dialog.open) dialog.showModal();
}

function makeHelp() {
  const dialog = document.createElement("dialog");
  dialog.className = "help";
  dialog.setAttribute("aria-labelledby", "help-title");
  const title = document.createElement("h2");
  title.id = "help-title";
  title.textContent = gettext("Keyboard shortcuts");
  const list = document.createElement("dl");
  for (const [key, text] of [...KEYS, ["Ctrl Enter", gettext("send")]]) {
    const name = document.createElement("dt");
    const sign = document.createElement("kbd");
    sign.textContent = key;
    name.append(sign);
    const about = document.createElement("dd");
    about.textContent = text;
    list.append(name, about);
  }
  const check = document.createElement("p");
  check.className = "check";
  const box = document.createElement("input");
  box.type = "checkbox";
  box.id = "keys-on";
  box.checked = !localStorage.getItem(OFF);
  box.addEventListener("change", () => {
    if (box.checked) localStorage.removeItem(OFF);
    else localStorage.setItem(OFF, "1");
  });
  const label = document.createElement("label");
  label.htmlFor = box.id;
  label.textContent = gettext("Enable shortcuts");
  check.append(box, label);
  const form = document.createElement("form");
  form.method = "dialog";
  const close = document.createElement("button");
  close.className = "button";
  close.textContent = gettext("Close");
  form.append(close);
  dialog.append(title, list, check, form);
  document.body.append(dialog);
  return dialog;
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (event.target.closest("input, textarea, select, dialog, [contenteditable]")) return;
  const found = KEYS.find(([key]) => key === event.key);
  if (!found || (localStorage.getItem(OFF) && event.key !== "?")) return;
  if (performance.now() < restsUntil) return;
  event.preventDefault();
  found[2]();
});

// The only way to the list of keys without a keyboard.
const foot = document.querySelector(".side-foot");
if (foot) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = gettext("Keyboard shortcuts");
  button.addEventListener("click", help);
  foot.append(button);
}
