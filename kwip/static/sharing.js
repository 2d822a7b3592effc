// What the menu of a kwip can do only with a script: copy its link and its text, and hand
// it to other apps. Without one, its link leads to the kwip.
{
  // The text as it was written: paragraphs, line breaks, links in full, codes of emoji.
  // Empty for a kwip that only has files, or only quotes.
  function textOf(article) {
    const text = article.querySelector(".post-text:not(.quote *)")?.cloneNode(true);
    if (!text) return "";
    for (const line of all("br", text)) line.replaceWith("\n");
    for (const emoji of all("img", text)) emoji.replaceWith(emoji.alt);
    for (const link of all("a:not(.mention)", text)) link.replaceWith(link.href);
    return all("p", text).map((one) => one.textContent).join("\n\n");
  }

  async function copy(text, message) {
    try {
      await navigator.clipboard.writeText(text);
      toast(message);
    } catch {
      toast(gettext("Your browser doesn't allow copying."));
    }
  }

  // Which icon and words, if it can be done, and what it does.
  const ITEMS = [
    ["copy", gettext("Copy text"), () => navigator.clipboard, (article) => copy(textOf(article), gettext("Text copied."))],
    ["share", gettext("Share"), () => navigator.share, share],
  ];

  async function share(article, url) {
    try {
      await navigator.share({ title: document.title, text: textOf(article), url });
    } catch (error) {
      if (error.name !== "AbortError") toast(gettext("Couldn't share this kwip."));
    }
  }

  function iconLike(icon, name) {
    const made = icon.cloneNode(true);
    const use = made.querySelector("use");
    use.setAttribute("href", use.getAttribute("href").replace(/#.*/, `#${name}`));
    return made;
  }

  function addItems(link) {
    const article = link.closest("[data-post]");
    const icon = link.querySelector(".icon");
    if (navigator.clipboard) link.replaceChildren(icon, gettext("Copy link"));
    let last = link;
    for (const [name, label, isPossible, press] of ITEMS) {
      if (!isPossible()) continue;
      const button = document.createElement("button");
      button.type = "button";
      button.append(iconLike(icon, name), label);
      button.addEventListener("click", () => {
        closeMenus();
        press(article, link.href);
      });
      last.after(button);
      last = button;
    }
  }

  document.addEventListener(
    "toggle",
    ({ target }) => {
      const link = target.open && target.querySelector?.("a[data-copy]");
      if (!link || "isComplete" in target.dataset) return;
      target.dataset.isComplete = "";
      addItems(link);
    },
    true,
  );

  // On pages with code to paste.
  for (const button of all("button[data-copy-of]")) {
    const source = document.getElementById(button.dataset.copyOf);
    button.hidden = !navigator.clipboard;
    button.addEventListener("click", () => copy(source.value, button.dataset.copied ?? gettext("Code copied.")));
  }

  for (const button of all("button[data-save-of]")) {
    const source = document.getElementById(button.dataset.saveOf);
    button.hidden = false;
    button.addEventListener("click", () => {
      const link = document.createElement("a");
      link.href = URL.createObjectURL(new Blob([source.value, "\n"], { type: "text/plain" }));
      link.download = button.dataset.name;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
    });
  }

  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[data-copy]");
    if (!link || !navigator.clipboard || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    closeMenus();
    copy(link.href, gettext("Link copied."));
  });
}
