// The address of a kwip at the end of a text becomes a quote: its author and its first
// line are shown below what is written. If it can't be quoted, nothing is shown.

const QUOTED_AFTER_MS = 400;

function addressAtEnd(value) {
  const last = value.trim().split(/\s+/).pop();
  if (!last.startsWith(location.origin)) return "";
  return last.slice(location.origin.length).match(/^\/@\w{1,30}\/\d{1,19}$/)?.[0] ?? "";
}

// The warning of a kwip that has one, in place of its text.
function cardOf(article) {
  const line = article.querySelector(".folded > summary > span, .post-text > p");
  line?.querySelector("br")?.replaceWith("\n");
  return make(
    "div",
    { className: "quote quote-coming" },
    make("p", { className: "post-note" }, gettext("Your kwip will quote this one:")),
    article.querySelector(".post-author"),
    make("p", { className: "quote-line", dir: "auto" }, line?.textContent.split("\n")[0] ?? ""),
  );
}

async function showQuoted(form) {
  const { text, quote_of_id: chosen } = form.elements;
  const address = chosen ? "" : addressAtEnd(text.value);
  if (address === (form.dataset.quotes ?? "")) return;
  form.dataset.quotes = address;
  form.querySelector(".quote-coming")?.remove();
  if (!address) return;
  const article = await fetchPart(`${address}/article`, "article").catch(() => null);
  const canQuote = article?.querySelector('.menu a[href*="/compose?quote="]');
  if (!canQuote || form.dataset.quotes !== address) return;
  form.querySelector("[id^=text-about]").after(cardOf(article));
}

const quotesDue = new WeakMap();

// Drafts that are restored send an event that does not bubble.
for (const type of ["input", "reset"]) {
  document.addEventListener(
    type,
    ({ target }) => {
      const form = target.matches?.("form, textarea[name=text]") && target.closest(".compose");
      if (!form) return;
      clearTimeout(quotesDue.get(form));
      quotesDue.set(form, setTimeout(showQuoted, QUOTED_AFTER_MS, form));
    },
    true,
  );
}
