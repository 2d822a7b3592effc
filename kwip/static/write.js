// Writing: a counter of characters left, drafts that survive the page, and sending
// without losing anything.

// As people count: an emoji with its skin tone, or a letter with its marks, is one.
const segmenter = Intl.Segmenter && new Intl.Segmenter(undefined, { granularity: "grapheme" });
const lengthOf = (text) => [...(segmenter ? segmenter.segment(text) : text)].length;

// How many characters are left; Infinity if there is no limit.
const leftOf = ({ dataset, value }) => (dataset.limit ?? Infinity) - lengthOf(value.trim());

function showLimit(text) {
  const output = text.form.querySelector("output");
  if (!output) return;
  const left = leftOf(text);
  output.textContent = text.value.trim() ? left : "";
  output.classList.toggle("limit-over", left < 0);
}

// For browsers that cannot size a field by its content yet.
function grow(text) {
  if (CSS.supports("field-sizing", "content")) return;
  text.style.blockSize = "auto";
  text.style.blockSize = `${text.scrollHeight + 2}px`;
}

// A reply begins after the names, and its text is not taken for shortcuts. Browsers focus
// the field in the address, but late, and not always when one comes back.
const reply = document.querySelector("textarea#reply");

function answerHere() {
  if (location.hash !== "#reply" || document.activeElement !== document.body) return;
  reply.setSelectionRange(reply.value.length, reply.value.length);
  reply.focus({ preventScroll: true });
}

if (reply) {
  // For a focus from elsewhere on the page.
  reply.setSelectionRange(reply.value.length, reply.value.length);
  answerHere();
  addEventListener("pageshow", answerHere);
}

function prepareText(text) {
  const show = () => {
    showLimit(text);
    grow(text);
  };
  show();
  text.addEventListener("input", show);
  text.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      text.form.requestSubmit();
    }
  });
}

for (const text of all("textarea[data-limit]")) prepareText(text);

// Drafts: one per form, user and browser. Logging out deletes them.

const DRAFTS = "kwip:draft:";
const draftKey = (form) => `${DRAFTS}${document.body.dataset.viewer}:${form.dataset.draft}`;

function saveDraft(form) {
  const { text, warning } = form.elements;
  const files = keptFiles(form);
  const isChanged = text.value.trim() && text.value !== text.defaultValue;
  if (!isChanged && !files.length) return localStorage.removeItem(draftKey(form));
  return localStorage.setItem(
    draftKey(form),
    JSON.stringify({ text: text.value, warning: warning?.value ?? "", files }),
  );
}

function restoreDraft(form) {
  if (location.pathname === "/share") return; // what another site has filled in stays
  const draft = JSON.parse(localStorage.getItem(draftKey(form)) ?? "null");
  const { text, warning } = form.elements;
  // A text that the page brought back is newer.
  if (!draft || text.getAttribute("aria-invalid") || text.value !== text.defaultValue) return;
  text.value = draft.text;
  restoreFiles(form, draft.files ?? []);
  if (draft.warning && warning) {
    warning.value = draft.warning;
    warning.closest("details").open = true;
  }
  text.dispatchEvent(new Event("input"));
}

// The fields beside the text that show an error of their own.
const WITH_LINE = { warning: "[name=warning]", poll: "[name='poll[options][]']" };

function lineFor(field) {
  const id = `${field.id}-wrong`;
  const line = document.getElementById(id) ?? make("p", { id });
  (field.closest("fieldset")?.querySelector("legend") ?? field).after(line);
  field.closest("details").open = true;
  return line;
}

// Show the error of a rejected form at its field, and focus that.
function showWrong(form, { message, fields }) {
  clearWrong(form);
  if (fields.file && filesOf.has(form)) return filesOf.get(form).refuse(fields.file);
  const name = fields.text ? "" : Object.keys(WITH_LINE).find((each) => fields[each]);
  const field = (name && form.querySelector(WITH_LINE[name])) || form.elements.text;
  const isText = field === form.elements.text;
  const about = isText ? form.querySelector("[id^=text-about]") : lineFor(field);
  // The key is no field that people see.
  const [first] = fields.key ? [] : Object.values(fields);
  about.textContent = fields[isText ? "text" : name] ?? first ?? message;
  about.className = "wrong";
  about.setAttribute("role", "alert");
  field.setAttribute("aria-invalid", "true");
  field.setAttribute("aria-describedby", about.id);
  field.focus();
}

// The error of a field is corrected, as far as we can know here.
function showRight(field) {
  if (field.getAttribute("aria-invalid") !== "true" || leftOf(field) < 0) return;
  field.removeAttribute("aria-invalid");
  const about = document.getElementById(field.getAttribute("aria-describedby"));
  if (!about?.dataset.hint) {
    field.removeAttribute("aria-describedby");
    return about?.remove();
  }
  about.textContent = about.dataset.hint;
  about.className = "said";
  about.removeAttribute("role");
}

function clearWrong(form) {
  filesOf.get(form)?.warn("");
  for (const field of all("[aria-invalid]", form)) showRight(field);
}

// The form after its kwip is posted: as it was before anything was written.
function clearForm(form) {
  form.reset();
  clearWrong(form);
  for (const opened of all("details[open]", form)) opened.open = false;
}

// Not `randomUUID`: browsers only have it on secure pages.
function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function publish(form) {
  const button = form.querySelector("button.button-main");
  // The answer may take long, and the draft holds what was sent.
  const fields = new FormData(form);
  button.disabled = true;
  try {
    const { message, location: next, article } = await send(form.action, fields);
    localStorage.removeItem(draftKey(form));
    clearForm(form);
    if (await showWritten(form, article)) {
      button.disabled = false;
      toast(message);
      return;
    }
    sayNext(message);
    const { pathname, search } = new URL(next, location);
    const isHere = pathname + search === location.pathname + location.search;
    location.assign(next);
    if (isHere) location.reload();
  } catch (error) {
    button.disabled = false;
    // The key belongs to another text: this one is new.
    if (error.fields.key) form.elements.key.value = newKey();
    if (error.isSent && !error.isLoggedOut) return showWrong(form, error);
    toast(gettext("%(why)s Your draft is saved.", { why: error.message }), {
      seconds: 20,
      button: remedyOf(error, () => form.requestSubmit()),
    });
  }
}

function prepareForm(form) {
  prepareFiles(form);
  restoreDraft(form);
  form.addEventListener("input", ({ target }) => {
    // Any option corrects the poll.
    const options = target.closest(".poll-fields");
    showRight(options?.querySelector("[aria-invalid]") ?? target);
    saveDraft(form);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    publish(form);
  });
}

for (const form of all("form[data-draft]")) prepareForm(form);

for (const button of all('button[formaction="/logout"], form[action="/logout"] button')) {
  button.addEventListener("click", () => {
    for (const key of Object.keys(localStorage)) {
      if (key.startsWith(DRAFTS)) localStorage.removeItem(key);
    }
  });
}
