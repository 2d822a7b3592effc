// One file of a form for a kwip: it is uploaded when it is chosen, and its id is sent with
// the form.

const UPLOADS = "/compose/media";
// A focus is sent when it has not been moved for so long.
const FOCUS_PAUSE_MS = 400;
const MEGABYTE = 1_000_000;
// How often a file that is being converted is asked for: at first, and at most.
const FIRST_LOOK_MS = 500;
const LAST_LOOK_MS = 5000;

// Upload a file. `done` is fulfilled with the attachment, or rejected with an Error for the
// user, whose `isFinal` says that the same file is refused again. Only XMLHttpRequest tells how much has been sent.
function upload(file, token, showProgress) {
  const request = new XMLHttpRequest();
  request.open("POST", UPLOADS);
  request.setRequestHeader("Accept", "application/json");
  request.responseType = "json";
  request.upload.addEventListener("progress", ({ loaded, total }) => showProgress(loaded / total));
  const done = new Promise((resolve, reject) => {
    const fail = (why) => reject(Object.assign(new Error(why), { isFinal: request.status === 422 }));
    request.addEventListener("error", () => fail(gettext("The upload was interrupted.")));
    request.addEventListener("load", () => {
      const told = request.response;
      if (request.status === 200) return resolve(told);
      const [wrong] = Object.values(told?.details ?? {});
      return fail(wrong?.[0].description ?? told?.error ?? gettext("Something went wrong."));
    });
  });
  const fields = new FormData();
  fields.append("csrf_token", token);
  fields.append("file", file, file.name || "picture");
  request.send(fields);
  return { done, cancel: () => request.abort() };
}

// One file of a form: a row with its picture, its description, and what can be done.
class FileRow {
  constructor(files, { file = null, id = null, preview = null, description = "", focus } = {}) {
    this.files = files;
    this.file = file;
    this.id = null;
    this.isSaving = false;
    this.words = make("textarea", {
      rows: 2,
      dir: "auto",
      maxLength: 1500,
      value: description,
      placeholder: gettext("Description, for people who can't see it"),
    });
    this.frame = make("div", { className: "upload-frame" }, makeIcon("picture"));
    this.state = make("p", { className: "upload-state hint" });
    this.bar = make("progress", { max: 1, value: 0, "aria-label": gettext("Uploaded") });
    this.acts = make("div", { className: "upload-acts" });
    this.element = make(
      "li",
      { className: "upload" },
      this.frame,
      make("div", { className: "upload-fields" }, this.words, this.bar, this.state, this.acts),
    );
    this.remove = () => files.remove(this);
    if (id) this.show({ id, preview, focus });
    else this.start();
  }

  // Whether its form has to wait for it.
  get isBusy() {
    return Boolean(this.request) || this.isSaving;
  }

  get isReady() {
    return Boolean(this.id);
  }

  start() {
    const { name, size } = this.file;
    this.say(gettext("Uploading %(name)s", { name }));
    this.bar.hidden = false;
    this.bar.value = 0;
    this.setActs(makeButton(gettext("Cancel"), this.remove));
    const isPicture = this.file.type.startsWith("image/");
    const most = isPicture ? this.files.mostBytes : Infinity;
    if (size > most) {
      const limit = Math.floor(most / MEGABYTE);
      return this.fail(
        gettext("%(name)s is too large. The limit is %(limit)s MB.", { name, limit }),
      );
    }
    const sent = upload(this.file, this.files.token, (part) => this.showProgress(part));
    this.request = sent;
    return sent.done.then((made) => (made.url ? made : this.converted(made))).then(
      ({ id, preview_url: preview }) => {
        if (this.request !== sent) return;
        this.request = null;
        this.show({ id, preview });
        this.files.changed();
      },
      (error) => {
        if (this.request !== sent) return;
        this.request = null;
        this.fail(`${name}: ${error.message}`, { canRetry: !error.isFinal });
      },
    ).finally(() => this.files.settled());
  }

  // Wait until a video or audio file is converted; fulfilled and rejected as an upload.
  // The form waits meanwhile.
  async converted({ id }) {
    const { request } = this;
    this.pendingId = id;
    this.bar.removeAttribute("value");
    this.bar.setAttribute("aria-label", gettext("Processing"));
    this.say(gettext("Processing %(name)s", { name: this.file.name }));
    for (let pause = FIRST_LOOK_MS; ; pause = Math.min(pause * 1.5, LAST_LOOK_MS)) {
      await new Promise((go) => setTimeout(go, pause));
      if (this.request !== request) return {};
      const answer = await fetch(`${UPLOADS}/${id}`, { headers: { Accept: "application/json" } }).catch(() => null);
      // Offline, or the server is busy: look again.
      if (!answer || answer.status === 206 || answer.status >= 429) continue;
      const told = await answer.json();
      if (answer.status === 200) return told;
      const [wrong] = Object.values(told.details ?? {});
      throw Object.assign(new Error(wrong?.[0].description ?? told.error), { isFinal: true });
    }
  }

  showProgress(part) {
    this.bar.value = part;
    const { name } = this.file;
    if (part < 1) this.say(gettext("Uploading %(name)s", { name }));
    else this.say(gettext("Processing %(name)s", { name }));
  }

  say(text, isWrong = false) {
    this.state.textContent = text;
    this.state.className = `upload-state ${isWrong ? "wrong" : "hint"}`;
    if (isWrong) this.state.setAttribute("role", "alert");
    else this.state.removeAttribute("role");
  }

  fail(why, { canRetry = false } = {}) {
    this.bar.hidden = true;
    this.say(why, true);
    const retry = makeButton(gettext("Try again"), () => this.start());
    this.setActs(...(canRetry ? [retry] : []), makeButton(gettext("Remove"), this.remove));
  }

  // Show what is uploaded; the words are sent with the form from now on.
  show({ id, preview, focus = null }) {
    this.id = id;
    this.pendingId = null;
    this.preview = preview;
    this.focus = focus;
    this.bar.hidden = true;
    this.say("");
    this.words.id = `description-${id}`;
    this.words.name = `media_description[${id}]`;
    this.element.prepend(make("input", { type: "hidden", name: "media_ids[]", value: id }));
    if (preview) this.showPicture();
    this.earlier = makeButton(gettext("Move up"), () => this.files.move(this, -1), { icon: "up" });
    this.later = makeButton(gettext("Move down"), () => this.files.move(this, 1), { icon: "down" });
    const remove = makeButton(gettext("Remove"), this.remove, { icon: "delete" });
    this.setActs(this.earlier, this.later, remove);
  }

  showPicture() {
    const image = make("img", { src: this.preview, alt: "", draggable: false });
    // An upload that no kwip took is deleted after a day.
    image.addEventListener("error", () => this.expire());
    this.mark = make("span", { className: "upload-focus", hidden: !this.focus });
    const button = makeButton("", () => {}, { css: "upload-picture" });
    button.append(image, this.mark);
    const label = gettext("Choose the point that stays in view when the picture is cropped");
    button.title = label;
    button.setAttribute("aria-label", label);
    button.addEventListener("click", (event) => {
      if (!event.detail) return;
      const box = image.getBoundingClientRect();
      this.setFocus(
        ((event.clientX - box.left) / box.width) * 2 - 1,
        1 - ((event.clientY - box.top) / box.height) * 2,
      );
    });
    button.addEventListener("keydown", (event) => {
      const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
      const step = steps[event.key];
      if (!step) return;
      event.preventDefault();
      const [x, y] = this.focus ?? [0, 0];
      this.setFocus(x + step[0] / 5, y + step[1] / 5);
    });
    this.frame.replaceChildren(this.files.isOfKwip(this.id) ? image : button);
    this.showFocus();
  }

  setFocus(...place) {
    this.focus = place.map((each) => Math.round(Math.min(1, Math.max(-1, each)) * 100) / 100);
    this.showFocus();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.saveFocus(), FOCUS_PAUSE_MS);
    this.isSaving = true;
    this.files.changed();
  }

  // It can only be changed before the kwip is posted, so the form waits for it.
  async saveFocus() {
    const { timer } = this;
    await this.files.write(this.id, { focus: `${this.focus}` });
    if (timer !== this.timer) return;
    this.isSaving = false;
    this.files.settled();
  }

  showFocus() {
    if (!this.focus) return;
    const [x, y] = this.focus;
    this.mark.hidden = false;
    this.mark.style.left = `${(x + 1) * 50}%`;
    this.mark.style.top = `${(1 - y) * 50}%`;
  }

  expire() {
    this.element.querySelector("input").remove();
    this.id = null;
    this.frame.replaceChildren(makeIcon("picture"));
    this.fail(gettext("This file is no longer available. Attach it again."));
    this.files.changed();
  }

  setActs(...buttons) {
    this.acts.replaceChildren(...buttons);
    this.files.showPlaces();
  }
}
