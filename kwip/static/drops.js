// Acts that take an entry off the page it is in: a suggestion that is dismissed, a quote
// that loses its kwip. The focus goes to the next entry.

const entryOf = (button) => button.closest(":is(article,li)");

async function dropEntry(button) {
  button.disabled = true;
  try {
    const { message } = await act(button.getAttribute("formaction"));
    const others = all("[data-drops]");
    const place = others.indexOf(button);
    const next = others[place + 1] ?? others[place - 1];
    if (!next) {
      sayNext(message);
      location.reload(); // the page says what there is instead
      return;
    }
    const entry = entryOf(next);
    (entry.matches("article") ? entry : entry.querySelector("a")).focus();
    entryOf(button).remove();
    toast(message);
  } catch (error) {
    button.disabled = false;
    button.focus();
    toast(error.message, { button: remedyOf(error, () => dropEntry(button)) });
  }
}

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("button[data-drops]");
  if (!button || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  dropEntry(button);
});
