// The whole kwip opens its thread: not what can be pressed in it, and not while text in
// it is being selected.
{
  const KWIP = "article.post[data-post]:not(.post-focus)";
  const PRESSED =
    "a, button, input, textarea, select, label, summary, video, audio, dialog, form, [popover]";

  // The kwip that a click opens, if it opens one.
  function opened({ target, defaultPrevented }) {
    if (defaultPrevented || !target.closest || target.closest(PRESSED)) return null;
    return target.closest(KWIP);
  }

  const linkOf = (article) => article.querySelector(".post-when a");

  function openThread(article, event) {
    const link = linkOf(article);
    if (event.button === 1 || event.ctrlKey || event.metaKey) open(link.href, "_blank", "noopener");
    else link.click();
  }

  // A click that closes a menu, or ends a selection, does only that.
  let isBusy = false;
  document.addEventListener(
    "pointerdown",
    () => (isBusy = Boolean(document.querySelector("details.menu[open]"))),
    true,
  );

  document.addEventListener("click", (event) => {
    const article = opened(event);
    if (!article || isBusy || event.shiftKey || event.altKey) return;
    if (getSelection().isCollapsed) openThread(article, event);
  });

  // The middle button; without this, some systems would begin to scroll.
  document.addEventListener("mousedown", (event) => {
    if (event.button === 1 && opened(event)) event.preventDefault();
  });
  document.addEventListener("auxclick", (event) => {
    const article = opened(event);
    if (event.button === 1 && article) openThread(article, event);
  });

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing || !event.target.matches?.(KWIP)) return;
    event.preventDefault();
    openThread(event.target, event);
  });
}
