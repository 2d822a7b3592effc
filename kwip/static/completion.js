// Suggestions while one writes: people after @, hashtags after #, custom emoji after a
// colon. The focus stays in the field; arrow keys, or a finger, choose in the list.

const SUGGESTED = { "@": "accounts", "#": "hashtags", ":": "emojis" };
const SUGGESTION_LIMIT = 8;
const TYPING_MS = 150;
// The word before the cursor, if it begins with a sign and no word or address goes on.
const SIGN_AND_WORD = /(?<![\p{L}\p{M}\p{N}_/@#:])([@#:])([\p{L}\p{M}\p{N}_]{1,64})$/u;
// One letter of an alphabet is the beginning of too much.
const TOO_SHORT = /^[a-z0-9_]$/i;
const ONLY_EMOJIS = "[name=warning], [name=display_name], [name='poll[options][]'], [name^='fields['][name$='[name]']";
const ALL_SIGNS = "textarea[name=text], textarea[name=bio], [name^='fields['][name$='[value]']";

const suggestions = make("ul", {
  id: "suggestions",
  className: "suggestions",
  role: "listbox",
  hidden: true,
  "aria-label": gettext("Suggestions"),
});
const suggestionStatus = make("p", { className: "said", role: "status" });
let completed = null; // {field, start, end, sign, word}: what the list is for
let dismissed = null; // the same, after Escape
let asking = null; // the request on its way
let typing; // its timer
const found = new Map(); // answers of this page: {options, isWhole} by sign and word

function wordAtCursor(field) {
  const signs = field.matches(ALL_SIGNS) ? "@#:" : field.matches(ONLY_EMOJIS) ? ":" : "";
  const end = field.selectionStart;
  if (!signs || end !== field.selectionEnd) return null;
  const match = field.value.slice(0, end).match(SIGN_AND_WORD);
  if (!match || !signs.includes(match[1]) || TOO_SHORT.test(match[2])) return null;
  if (/^[\p{L}\p{M}\p{N}_]/u.test(field.value.slice(end))) return null;
  return { field, start: match.index, end, sign: match[1], word: match[2].toLowerCase() };
}

const isSamePlace = (one, other) =>
  one !== null && other !== null && one.field === other.field && one.start === other.start;

// What was found for a shorter word holds all of a longer one, if it was everything.
function knownOptions({ sign, word }) {
  const exact = found.get(sign + word);
  if (exact) return exact.options;
  for (let length = word.length - 1; length > 0; length--) {
    const shorter = found.get(sign + word.slice(0, length));
    if (shorter) return shorter.isWhole ? shorter.options.filter((each) => fits(each, sign, word)) : null;
  }
  return null;
}

function fits({ dataset }, sign, word) {
  if (sign === ":") return dataset.words.includes(word);
  return dataset.words.split(" ").some((each) => each.startsWith(word));
}

async function fetchOptions({ sign, word }, signal) {
  const asked = new URLSearchParams({ type: SUGGESTED[sign], q: word, limit: SUGGESTION_LIMIT });
  const list = await fetchPart(`/suggestions?${asked}`, "[data-suggestions]", { signal });
  if (!list) throw new Error();
  const options = all("[role=option]", list);
  found.set(sign + word, { options, isWhole: options.length < SUGGESTION_LIMIT });
  return options;
}

function suggest(field) {
  clearTimeout(typing);
  asking?.abort();
  const place = wordAtCursor(field);
  if (!isSamePlace(place, dismissed)) dismissed = null;
  if (!place || dismissed) return hideSuggestions();
  const known = knownOptions(place);
  if (known) return showSuggestions(place, known);
  if (isSamePlace(place, completed)) completed = place;
  else hideSuggestions();
  if (navigator.onLine) typing = setTimeout(() => ask(place), TYPING_MS);
}

async function ask(place) {
  const request = (asking = new AbortController());
  const options = await fetchOptions(place, request.signal).catch(() => []);
  if (request.signal.aborted || document.activeElement !== place.field) return;
  showSuggestions(place, options);
}

function showSuggestions(place, options) {
  if (!options.length) return hideSuggestions();
  const { field } = place;
  completed = place;
  suggestions.replaceChildren(...options);
  options.forEach((option, number) => (option.id = `suggestion-${number}`));
  field.closest("main").append(suggestions);
  suggestions.hidden = false;
  placeBelow(suggestions, field);
  field.setAttribute("aria-controls", suggestions.id);
  field.setAttribute("aria-autocomplete", "list");
  field.setAttribute("aria-haspopup", "listbox");
  // A field of several lines stays a text box, which has no such state.
  if (field.matches("input")) {
    field.setAttribute("role", "combobox");
    field.setAttribute("aria-expanded", "true");
  }
  // A new hashtag is often meant as it is written, so Enter must not replace it.
  activate(place.sign === "#" ? -1 : 0);
  const count = ngettext("%(num)s suggestion.", "%(num)s suggestions.", options.length);
  const keys = gettext("Use the arrow keys to choose.");
  suggestionStatus.textContent = `${count} ${keys}`;
}

function placeBelow(box, field) {
  const at = field.getBoundingClientRect();
  const page = box.offsetParent.getBoundingClientRect();
  const width = Math.min(at.width, 352);
  const isFromRight = getComputedStyle(field).direction === "rtl";
  box.style.inlineSize = `${width}px`;
  box.style.left = `${(isFromRight ? at.right - width : at.left) - page.left}px`;
  box.style.top = `${at.bottom - page.top + 4}px`;
  box.scrollIntoView({ block: "nearest" });
}

function hideSuggestions() {
  asking?.abort();
  clearTimeout(typing);
  if (!completed) return;
  const { field } = completed;
  completed = null;
  suggestions.hidden = true;
  suggestionStatus.textContent = "";
  field.removeAttribute("aria-controls");
  field.removeAttribute("aria-activedescendant");
  if (field.matches("input")) field.setAttribute("aria-expanded", "false");
}

function activate(number) {
  const options = [...suggestions.children];
  options.forEach((option, at) => option.setAttribute("aria-selected", at === number));
  const option = options[number];
  if (!option) return completed.field.removeAttribute("aria-activedescendant");
  completed.field.setAttribute("aria-activedescendant", option.id);
  // Only within the list: the page stays.
  const { offsetTop: top, offsetHeight: height } = option;
  if (top < suggestions.scrollTop) suggestions.scrollTop = top;
  const below = top + height - suggestions.clientHeight;
  if (below > suggestions.scrollTop) suggestions.scrollTop = below;
}

const activeOption = () => suggestions.querySelector("[aria-selected=true]");

function complete(option) {
  const { field, start, end } = completed;
  const isSpaced = /^\s/.test(field.value.slice(end));
  const text = option.dataset.insert + (isSpaced ? "" : " ");
  hideSuggestions();
  insertText(field, start, end, text);
  if (isSpaced) field.setSelectionRange(start + text.length + 1, start + text.length + 1);
}

function insertText(field, start, end, text) {
  field.focus({ preventScroll: true });
  field.setSelectionRange(start, end);
  // So that the browser can undo it; it also says that there was input.
  if (document.execCommand("insertText", false, text)) return;
  field.setRangeText(text, start, end, "end");
  field.dispatchEvent(new InputEvent("input", { bubbles: true }));
}

document.body.append(suggestionStatus);

document.addEventListener("input", ({ target, isComposing }) => {
  if (!isComposing && target.matches?.("textarea, input[name]")) suggest(target);
});
document.addEventListener("compositionend", ({ target }) => suggest(target));
document.addEventListener("focusout", ({ target }) => target === completed?.field && hideSuggestions());
document.addEventListener("selectionchange", () => {
  const { activeElement: field } = document;
  if (completed && (field !== completed.field || !isSamePlace(wordAtCursor(field), completed))) hideSuggestions();
});
addEventListener("resize", () => completed && placeBelow(suggestions, completed.field));

// Before anything else gets the key: Escape only closes the list.
document.addEventListener(
  "keydown",
  (event) => {
    const isPlain = !(event.ctrlKey || event.metaKey || event.altKey || event.shiftKey || event.isComposing);
    if (!completed || event.target !== completed.field || !isPlain) return;
    const last = suggestions.children.length - 1;
    const at = [...suggestions.children].indexOf(activeOption());
    if (event.key === "ArrowDown") activate(at === last ? 0 : at + 1);
    else if (event.key === "ArrowUp") activate(at <= 0 ? last : at - 1);
    else if (event.key === "Escape") {
      dismissed = completed;
      hideSuggestions();
    } else if (event.key === "Tab") complete(activeOption() ?? suggestions.firstElementChild);
    else if (event.key === "Enter" && at >= 0) complete(activeOption());
    else return;
    event.preventDefault();
    event.stopPropagation();
  },
  true,
);

// The focus stays in the field, where a touch would take it away.
suggestions.addEventListener("pointerdown", (event) => event.preventDefault());
suggestions.addEventListener("mousedown", (event) => event.preventDefault());
suggestions.addEventListener("click", ({ target }) => {
  const option = target.closest("[role=option]");
  if (option && completed) complete(option);
});
