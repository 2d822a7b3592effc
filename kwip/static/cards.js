// A card with who somebody is, beside their name: under the mouse or with the focus, after
// a moment. It stands behind the link, so that Tab leads into it; Escape takes it away.
if ("popover" in HTMLElement.prototype) {
  const MOUSE_MS = 500;
  const FOCUS_MS = 900;
  // The way from the name to the card.
  const GRACE_MS = 250;
  const GAP = 6;

  const cards = new Map(); // by username; each is fetched once
  let shown = null; // {link, card}
  let timer;

  // The username that a link within the page leads to.
  function nameOf(link) {
    const { origin, pathname } = new URL(link.href, location);
    const found = origin === location.origin && pathname.match(/^\/@(\w{1,30})$/);
    const isHere = pathname.toLowerCase() === location.pathname.toLowerCase();
    return found && !isHere ? found[1].toLowerCase() : null;
  }

  const linkAt = (target) => target.closest?.("main a[href]:not(.user-card a)");

  async function cardOf(name) {
    const known = cards.get(name);
    if (known?.isConnected) return known;
    const card = await fetchPart(`/@${name}/card`, ".user-card");
    if (card) cards.set(name, card);
    return card;
  }

  function later(milliseconds, run) {
    clearTimeout(timer);
    timer = setTimeout(run, milliseconds);
  }

  function hide() {
    clearTimeout(timer);
    if (shown?.card.matches(":popover-open")) shown.card.hidePopover();
    shown = null;
  }

  async function show(link) {
    const name = nameOf(link);
    const card = name && (await cardOf(name).catch(() => null));
    // Meanwhile the pointer or the focus may be elsewhere.
    if (!card || !(link.matches(":hover") || link === document.activeElement)) return;
    hide();
    link.after(card);
    card.showPopover();
    place(card, link);
    shown = { link, card };
  }

  function place(card, link) {
    const at = link.getClientRects()[0] ?? link.getBoundingClientRect();
    const { width, height } = card.getBoundingClientRect();
    const isRoomBelow = at.bottom + GAP + height <= innerHeight;
    const left = Math.min(at.left, innerWidth - width - 16);
    card.style.insetInlineStart = "auto";
    card.style.left = `${Math.max(16, left)}px`;
    card.style.top = `${isRoomBelow ? at.bottom + GAP : Math.max(GAP, at.top - GAP - height)}px`;
  }

  const isIn = (target) => Boolean(shown && target && (shown.card.contains(target) || shown.link.contains(target)));

  // Who got into it with the keyboard leaves it with the keyboard.
  const hasFocus = () => document.activeElement.matches(":focus-visible") && isIn(document.activeElement);

  document.addEventListener("pointerover", ({ target, pointerType }) => {
    if (pointerType !== "mouse") return;
    if (isIn(target)) return clearTimeout(timer);
    const link = linkAt(target);
    if (link && nameOf(link)) return later(MOUSE_MS, () => show(link));
    if (shown && !hasFocus()) later(GRACE_MS, hide);
    else if (!shown) clearTimeout(timer);
  });

  document.addEventListener("focusin", ({ target }) => {
    if (isIn(target)) return;
    hide();
    const link = linkAt(target);
    if (link?.matches(":focus-visible") && nameOf(link)) later(FOCUS_MS, () => show(link));
  });

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    clearTimeout(timer);
    if (!shown) return;
    event.preventDefault();
    const { link, card } = shown;
    if (card.contains(document.activeElement)) link.focus();
    hide();
  });

  addEventListener("scroll", () => hasFocus() || hide(), { passive: true });
  // A press means something else than waiting to see who it is.
  document.addEventListener("click", ({ target }) => isIn(target) && shown.card.contains(target) || hide(), true);
  addEventListener("pagehide", hide);
}
