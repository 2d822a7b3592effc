// What widgets are made of: elements, safe HTML, and icons.

const ICONS = {
  // As in icons.svg.
  reply:
    "M12 4.5c-4.7 0-8.3 3-8.3 7s3.6 7 8.3 7c.6 0 1.1 0 1.7-.1L18 20.8v-4c1.5-1.3 2.3-3.2 2.3-5.3 0-4-3.6-7-8.3-7z",
  repost:
    "M4.5 11V9.5a3 3 0 0 1 3-3h11M15.5 3.5l3 3-3 3M19.5 13v1.5a3 3 0 0 1-3 3h-11M8.5 14.5l-3 3 3 3",
  favourite:
    "M12 20S4 15.3 4 9.6A4.5 4.5 0 0 1 12 6.8a4.5 4.5 0 0 1 8 2.8C20 15.3 12 20 12 20z",
};

// Pages that require trusted types have to allow the policy `kwip`.
let policy;
try {
  policy = globalThis.trustedTypes?.createPolicy("kwip", { createHTML: (html) => html });
} catch {
  policy = null;
}

// Make an element. `class` is also its part; addresses that are not http are left out.
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if ((value ?? false) === false) continue;
    if (/^(href|src|poster)$/.test(name) && !/^https?:/.test(value)) continue;
    element.setAttribute(name, value === true ? "" : value);
    if (name === "class") element.setAttribute("part", value);
  }
  element.append(...children.flat(3).filter(Boolean));
  return element;
}

// Links lead somewhere else, in a tab of their own.
const AWAY = { target: "_blank", rel: "noopener nofollow ugc" };

function link(href, attributes, ...children) {
  return make("a", { href, ...AWAY, ...attributes }, children);
}

function button(kind, label, press) {
  const made = make("button", { type: "button", class: `button ${kind}` }, label);
  made.addEventListener("click", press);
  return made;
}

function icon(name) {
  return safe(`<svg viewBox="0 0 24 24" aria-hidden="true"><path d="${ICONS[name]}"/></svg>`);
}

// The server has cleaned the HTML of a kwip; links open beside the page here.
function safe(html) {
  const template = document.createElement("template");
  template.innerHTML = policy ? policy.createHTML(html) : html;
  for (const each of template.content.querySelectorAll("a")) Object.assign(each, AWAY);
  return template.content;
}

// A text, with pictures for the short codes of custom emoji.
function withEmojis(text, emojis) {
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  return text.split(/(:\w+:)/).map((part) => {
    const emoji = emojis.find((each) => part === `:${each.shortcode}:`);
    if (!emoji) return part;
    const src = still ? emoji.static_url : emoji.url;
    return make("img", { class: "emoji", src, alt: part, title: part, ...QUIETLY });
  });
}

// Pictures load late, and do not say on which page they are.
const QUIETLY = { loading: "lazy", decoding: "async", referrerpolicy: "no-referrer" };

function avatar({ avatar: src }, size = 40) {
  return make("img", { class: "avatar", src, alt: "", width: size, height: size, ...QUIETLY });
}

function nameOf({ display_name: name, username, emojis = [] }) {
  return make("bdi", { class: "name" }, withEmojis(name || username, emojis));
}
