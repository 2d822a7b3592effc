// All files of a form for a kwip: chosen, dropped or pasted. Without this, the form has a
// plain field for files.

const MOST_FILES = 4;

// The files of one form.
class FormFiles {
  constructor(form) {
    this.form = form;
    this.rows = [];
    this.waiting = [];
    const plain = form.querySelector(".attached");
    this.input = form.querySelector("input[name=file]") ?? make("input", { accept: "image/*,video/*,audio/*" });
    Object.assign(this.input, { type: "file", multiple: true, hidden: true });
    // What the form sends are ids.
    this.input.removeAttribute("name");
    this.mostBytes = Number(this.input.dataset.maxBytes ?? Infinity);
    this.list = make("ul", { className: "attached" });
    this.wrong = make("p", { role: "alert", id: `${form.elements.text.id}-files-wrong` });
    this.said = make("p", { className: "said", role: "status" });
    this.sensitive = form.querySelector("[name=is_sensitive]").closest(".check");
    this.add = this.makeAdd();
    this.box = make("div", { className: "uploads" }, this.list, this.wrong, this.sensitive, this.said);
    const end = form.querySelector(".compose-end, .button-row");
    const isCompose = end.matches(".compose-end");
    const folded = form.querySelector(".compose-files");
    const refused = form.querySelector(":is(.compose-files, .field:has([type=file])) .wrong");
    if (folded) folded.replaceWith(this.add);
    else this.sensitive.before(this.add);
    for (const field of all(".field:has([type=file]), .file-descriptions", form)) field.remove();
    end.before(this.box, this.input);
    this.hidesSensitive = isCompose;
    this.keep(plain);
    this.listen();
    this.showPlaces();
    if (refused) this.refuse(refused.textContent);
  }

  get token() {
    return this.form.elements.csrf_token.value;
  }

  makeAdd() {
    const label = gettext("Add media");
    const isCompose = this.form.matches(".compose");
    const choose = () => this.input.click();
    if (isCompose) return makeButton(label, choose, { icon: "picture", css: "action compose-add" });
    const button = makeButton("", choose, { css: "button" });
    button.append(makeIcon("picture"), label);
    return button;
  }

  // Take over the rows that the page came with.
  keep(plain) {
    this.ofPage = new Set();
    for (const row of all("li", plain ?? document.createElement("ul"))) {
      const id = row.querySelector("[name='media_ids[]']").value;
      if (!this.form.matches(".compose")) this.ofPage.add(id);
      const preview = row.querySelector("img")?.src;
      const description = row.querySelector("[name^=media_description]").value;
      this.append({ id, preview, description });
    }
    plain?.remove();
  }

  // Whether a file is in the kwip already: then it goes when the form is saved.
  isOfKwip(id) {
    return this.ofPage.has(id);
  }

  listen() {
    const { form, input } = this;
    input.addEventListener("change", () => {
      this.take([...input.files]);
      input.value = "";
    });
    form.addEventListener("paste", (event) => {
      const { files, types } = event.clipboardData;
      // A text from an office program comes with a picture of itself.
      if (!files.length || types.includes("text/plain")) return;
      event.preventDefault();
      this.take([...files]);
    });
    form.addEventListener("dragover", (event) => {
      if (![...event.dataTransfer.items].some(({ kind }) => kind === "file")) return;
      event.preventDefault();
      form.classList.add("dropping");
    });
    form.addEventListener("dragleave", (event) => {
      if (!form.contains(event.relatedTarget)) form.classList.remove("dropping");
    });
    form.addEventListener("drop", (event) => {
      form.classList.remove("dropping");
      if (!event.dataTransfer.files.length) return;
      event.preventDefault();
      this.take([...event.dataTransfer.files]);
    });
    form.addEventListener("submit", (event) => this.holdBack(event));
    form.addEventListener("reset", () => this.clear());
    this.list.addEventListener("input", () => this.warn(""));
  }

  append(what) {
    const row = new FileRow(this, what);
    this.rows.push(row);
    this.list.append(row.element);
    return row;
  }

  take(files) {
    const room = MOST_FILES - this.rows.length;
    for (const file of files.slice(0, room)) this.append({ file });
    this.warn(
      files.length > room ? gettext("You can attach up to %(number)s files.", { number: MOST_FILES }) : "",
    );
    this.showPlaces();
  }

  remove(row) {
    const place = this.rows.indexOf(row);
    row.request?.cancel();
    row.request = null;
    const id = row.id ?? row.pendingId;
    if (id && !this.isOfKwip(id)) this.write(`${id}/delete`, {});
    row.element.remove();
    this.rows.splice(place, 1);
    this.warn("");
    this.said.textContent = gettext("Removed.");
    (this.rows[Math.min(place, this.rows.length - 1)]?.words ?? this.add).focus();
    this.showPlaces();
    this.changed();
    this.settled();
  }

  move(row, step) {
    const place = this.rows.indexOf(row);
    this.rows.splice(place, 1);
    this.rows.splice(place + step, 0, row);
    if (step < 0) row.element.previousElementSibling.before(row.element);
    else row.element.nextElementSibling.after(row.element);
    this.showPlaces();
    const pressed = step < 0 ? row.earlier : row.later;
    (pressed.disabled ? (step < 0 ? row.later : row.earlier) : pressed).focus();
    this.said.textContent = gettext("Moved to position %(number)s.", { number: place + step + 1 });
    this.changed();
  }

  showPlaces() {
    this.rows.forEach((row, place) => {
      const number = place + 1;
      row.words.setAttribute("aria-label", gettext("Description of file %(number)s", { number }));
      if (!row.isReady) return;
      row.earlier.hidden = row.later.hidden = this.rows.length < 2;
      row.earlier.disabled = place === 0;
      row.later.disabled = number === this.rows.length;
    });
    this.add.disabled = this.rows.length >= MOST_FILES;
    this.sensitive.hidden = this.hidesSensitive && !this.rows.length && !this.sensitive.querySelector(":checked");
  }

  // `field` is the description that has to be corrected.
  warn(text, field = null) {
    this.wrong.textContent = text;
    this.wrong.className = text && "wrong";
    for (const { words } of this.rows) {
      words.removeAttribute("aria-invalid");
      words.removeAttribute("aria-describedby");
    }
    field?.setAttribute("aria-invalid", "true");
    field?.setAttribute("aria-describedby", this.wrong.id);
  }

  // Show why the server refused the files: most likely, one has no description.
  refuse(why) {
    const lacking = this.rows.find(({ words }) => !words.value.trim())?.words;
    this.warn(why, lacking);
    (lacking ?? this.rows[0]?.words ?? this.add).focus();
  }

  // Tell the draft.
  changed() {
    this.form.dispatchEvent(new Event("input", { bubbles: true }));
  }

  // Change or delete an upload. The form sends the same again, or the upload expires.
  write(path, fields) {
    return send(`${UPLOADS}/${path}`, { csrf_token: this.token, ...fields }).catch(() => {});
  }

  // A kwip without a file that was meant for it is wrong: wait, or say what failed.
  holdBack(event) {
    const failed = this.rows.find((row) => !row.isReady && !row.isBusy);
    const isBusy = this.rows.some((row) => row.isBusy);
    if (!failed && !isBusy) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (failed) {
      this.warn(gettext("One file wasn't uploaded. Try again, or remove it."));
      failed.acts.querySelector("button").focus();
      return;
    }
    this.isHeld = true;
    this.submitter = event.submitter;
    this.form.querySelector(".button-main").disabled = true;
    this.said.textContent = gettext("Waiting for the upload.");
  }

  // A row has nothing more to do: send what waited for the last one.
  settled() {
    if (!this.isHeld || this.rows.some((row) => row.isBusy)) return;
    this.isHeld = false;
    this.form.querySelector(".button-main").disabled = false;
    this.form.requestSubmit(this.submitter);
  }

  clear() {
    for (const row of this.rows) row.element.remove();
    this.rows = [];
    this.warn("");
    this.showPlaces();
  }
}

const filesOf = new WeakMap();

// Let a form take files at once; twice is once.
function prepareFiles(form) {
  if (!filesOf.has(form) && form.elements.text && form.querySelector("[name=file], .attached")) {
    filesOf.set(form, new FormFiles(form));
  }
  return filesOf.get(form);
}

// What a draft keeps of the files that are uploaded.
function keptFiles(form) {
  const ready = filesOf.get(form)?.rows.filter((row) => row.isReady) ?? [];
  return ready.map(({ id, preview, words, focus }) => ({ id, preview, focus, description: words.value }));
}

function restoreFiles(form, kept) {
  const files = prepareFiles(form);
  for (const each of kept) files?.append(each);
  files?.showPlaces();
}

for (const form of all("form:has(input[name=file], .attached)")) prepareFiles(form);
