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

function showText(text) {
  showLimit(text);
  grow(text);
}

function prepareText(text) {
  showText(text);
  text.addEventListener("input", () => showText(text));
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
  const { draft_id: saved, draft_version: version } = form.elements;
  const place = { draft_id: saved.value, draft_version: version.value };
  return localStorage.setItem(
    draftKey(form),
    JSON.stringify({ text: text.value, warning: warning?.value ?? "", files, ...place }),
  );
}

function restoreDraft(form) {
  if (location.pathname === "/share") return; // what another site has filled in stays
  const draft = JSON.parse(localStorage.getItem(draftKey(form)) ?? "null");
  const { text, warning } = form.elements;
  // A text that the page brought back is newer.
  if (!draft || text.getAttribute("aria-invalid") || text.value !== text.defaultValue) return;
  text.value = draft.text;
  noteDraft(form, draft);
  restoreFiles(form, draft.files ?? []);
  if (draft.warning && warning) {
    warning.value = draft.warning;
    warning.closest("details").open = true;
  }
  text.dispatchEvent(new Event("input"));
}

// On the server, so that it can be continued elsewhere: after a pause, and by a button.
const PAUSE_MS = 4_000;
const pauses = new WeakMap();

// A draft that is saved later than its kwip is posted would come back.
const forgetPause = (form) => clearTimeout(pauses.get(form));

// How many kwips a form has posted: one may be posted while a draft is being saved.
const rounds = new WeakMap();

function forgetOnServer(id) {
  const act = new FormData(document.getElementById("act"));
  return id && send(`/drafts/${id}/delete`, act).catch(() => {});
}

function noteDraft(form, { draft_id = "", draft_version = "" }) {
  form.elements.draft_id.value = draft_id;
  form.elements.draft_version.value = draft_version;
}

async function saveOnServer(form, { isQuiet = false } = {}) {
  forgetPause(form);
  const { text, draft_id: saved } = form.elements;
  if (isQuiet && !text.value.trim() && !saved.value) return;
  const fields = new FormData(form);
  const round = rounds.get(form);
  fields.delete("file");
  const answer = await send(form.querySelector("[data-save]").formAction, fields);
  if (rounds.get(form) !== round) return forgetOnServer(answer.draft_id);
  noteDraft(form, answer);
  saveDraft(form);
  if (answer.is_copy || !isQuiet) toast(answer.message);
}

// What fails by itself is kept in the browser, and saved with the next pause.
function saveAfterPause(form) {
  forgetPause(form);
  pauses.set(
    form,
    setTimeout(() => saveOnServer(form, { isQuiet: true }).catch(() => {}), PAUSE_MS),
  );
}

// The fields beside the text that show an error of their own.
const WITH_LINE = {
  warning: "[name=warning]",
  poll: "[name='poll[options][]']",
  scheduled_at: "[name=scheduled_at]",
};

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
  showText(form.elements.text);
  noteDraft(form, {});
  clearWrong(form);
  for (const opened of all("details[open]", form)) opened.open = false;
}

// Not `randomUUID`: browsers only have it on secure pages.
function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

// Who has set no time zone means the clock of the browser. Its offset depends on the date.
function prepareTime(form) {
  const { scheduled_at: at, utc_offset: offset } = form.elements;
  const about = form.querySelector("[data-of-device]");
  if (!about) return;
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (at.getAttribute("aria-invalid") !== "true") {
    about.textContent = gettext("Your time (%(zone)s), at least 5 minutes from now.", { zone });
  }
  const note = () => {
    const moment = new Date(at.value);
    offset.value = at.value ? -moment.getTimezoneOffset() : 0;
  };
  note();
  at.addEventListener("input", note);
}

// It waits on the server, and is posted whatever becomes of this page.
function offerUndo({ message, undo, wait_s: seconds }) {
  const act = document.getElementById("act");
  const press = async () => {
    try {
      const answer = await send(undo, new FormData(act));
      sayNext(answer.message);
      location.assign(answer.location);
    } catch (error) {
      toast(error.message);
    }
  };
  toast(message, { seconds: Number(seconds), counts: true, button: { label: gettext("Undo"), press } });
}

async function publish(form, action = form.action) {
  const button = form.querySelector("button.button-main");
  forgetPause(form);
  // The answer may take long, and the draft holds what was sent.
  const fields = new FormData(form);
  button.disabled = true;
  try {
    const answer = await send(action, fields);
    const { message, location: next, article } = answer;
    localStorage.removeItem(draftKey(form));
    rounds.set(form, (rounds.get(form) ?? 0) + 1);
    const saved = form.elements.draft_id.value;
    if (saved !== fields.get("draft_id")) forgetOnServer(saved);
    clearForm(form);
    if (answer.undo) {
      form.elements.key.value = newKey();
      button.disabled = false;
      return offerUndo(answer);
    }
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
  prepareTime(form);
  prepareFiles(form);
  restoreDraft(form);
  form.addEventListener("input", ({ target }) => {
    // Any option corrects the poll.
    const options = target.closest(".poll-fields");
    showRight(options?.querySelector("[aria-invalid]") ?? target);
    saveDraft(form);
    saveAfterPause(form);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const { submitter } = event;
    if (submitter?.hasAttribute("data-later")) return publish(form, submitter.formAction);
    if (!submitter?.hasAttribute("data-save")) return publish(form);
    saveOnServer(form).catch((error) => showWrong(form, error));
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
