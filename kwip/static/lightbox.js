// Pictures of a kwip in large, above the page. Without this, a picture is a link to its file.

// A swipe is at least so long, and twice as wide as high.
const SWIPE_PX = 40;
const DOUBLE_TAP_MS = 300;

class Lightbox {
  constructor() {
    this.image = make("img", { className: "lightbox-image" });
    this.stage = make("div", { className: "lightbox-stage" }, this.image);
    this.count = make("p", { className: "lightbox-count" });
    this.words = make("p", { className: "lightbox-words", dir: "auto", tabIndex: 0 });
    const close = makeButton(gettext("Close"), () => this.dialog.close(), { icon: "close" });
    this.previous = makeButton(gettext("Previous picture"), () => this.step(-1), { icon: "back" });
    this.next = makeButton(gettext("Next picture"), () => this.step(1), { icon: "back" });
    this.previous.classList.add("lightbox-previous");
    this.next.classList.add("lightbox-next");
    this.dialog = make(
      "dialog",
      // With an index, so that the focus stays in it wherever one clicks.
      { className: "lightbox", tabIndex: -1, "aria-label": gettext("Pictures") },
      make("div", { className: "lightbox-head" }, this.count, close),
      this.stage,
      this.previous,
      this.next,
      make("div", { className: "lightbox-foot", "aria-live": "polite" }, this.words),
    );
    document.body.append(this.dialog);
    this.listen();
  }

  listen() {
    const { dialog, stage, image } = this;
    dialog.addEventListener("keydown", ({ key }) => {
      const step = { ArrowLeft: -1, ArrowRight: 1 }[key];
      if (step) this.step(step);
      if (key === "+" || key === "-") this.zoom(key === "+");
    });
    dialog.addEventListener("close", () => {
      image.removeAttribute("src");
      this.links[this.place].focus();
    });
    image.addEventListener("load", () => dialog.classList.remove("lightbox-waits"));
    image.addEventListener("error", () => this.fail());
    stage.addEventListener("click", (event) => this.press(event));
    stage.addEventListener("pointermove", (event) => {
      if (event.pointerType === "mouse") this.pan(event);
    });
    stage.addEventListener("touchstart", ({ touches }) => {
      this.from = touches.length === 1 && !this.isZoomed ? touches[0] : null;
    }, { passive: true });
    stage.addEventListener("touchend", ({ changedTouches: [to] }) => this.swipe(to));
  }

  get isZoomed() {
    return this.dialog.classList.contains("lightbox-zoomed");
  }

  open(link) {
    this.links = all(".media-link", link.closest(".media"));
    this.show(this.links.indexOf(link));
    this.dialog.showModal();
  }

  show(place) {
    const number = this.links.length;
    this.place = place;
    const link = this.links[place];
    const { alt } = link.querySelector("img");
    this.zoom(false);
    this.dialog.classList.add("lightbox-waits");
    this.image.src = link.href;
    this.image.alt = alt;
    this.words.textContent = alt;
    this.count.textContent =
      number > 1 ? gettext("%(place)s of %(number)s", { place: place + 1, number }) : "";
    this.previous.hidden = this.next.hidden = number < 2;
  }

  step(step) {
    const { length } = this.links;
    if (length > 1) this.show((this.place + step + length) % length);
  }

  fail() {
    this.dialog.classList.remove("lightbox-waits");
    this.words.textContent = gettext("The picture couldn't be loaded.");
  }

  // A click zooms, and so do two taps; beside the picture it closes.
  press(event) {
    if (event.target !== this.image) return this.dialog.close();
    const isTap = event.pointerType === "touch";
    const isDouble = event.timeStamp - (this.tapped ?? -Infinity) < DOUBLE_TAP_MS;
    this.tapped = event.timeStamp;
    if (isTap && !isDouble) return undefined;
    this.tapped = undefined;
    this.zoom(!this.isZoomed);
    return this.pan(event);
  }

  zoom(isLarge) {
    this.dialog.classList.toggle("lightbox-zoomed", isLarge);
  }

  // Show the part of the large picture that lies where one points.
  pan({ clientX, clientY }) {
    if (!this.isZoomed) return;
    const { stage } = this;
    const box = stage.getBoundingClientRect();
    stage.scrollTo(
      ((clientX - box.left) / box.width) * (stage.scrollWidth - box.width),
      ((clientY - box.top) / box.height) * (stage.scrollHeight - box.height),
    );
  }

  swipe(to) {
    if (!this.from) return;
    const [x, y] = [to.clientX - this.from.clientX, to.clientY - this.from.clientY];
    this.from = null;
    if (Math.abs(x) > SWIPE_PX && Math.abs(x) > 2 * Math.abs(y)) this.step(x < 0 ? 1 : -1);
    else if (y > 2 * SWIPE_PX && y > 2 * Math.abs(x)) this.dialog.close();
  }
}

let lightbox;

document.addEventListener("click", (event) => {
  const link = event.target.closest?.(".media-link");
  const isPlain = !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey || event.button);
  if (!link || !isPlain || event.defaultPrevented) return;
  event.preventDefault();
  lightbox ??= new Lightbox();
  lightbox.open(link);
});
