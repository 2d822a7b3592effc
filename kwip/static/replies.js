// What one writes appears where it belongs, without a reload: a kwip at the top of home, a
// reply below its parent, where the form to write it opens as well.

// The kwips that were written on this page.
const written = new Set();

async function fetchPart(address, selector, options = {}) {
  const answer = await fetch(address, { headers: { Accept: "text/html" }, ...options });
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  return answer.ok ? page.querySelector(selector) : null;
}

// Show a kwip that was just written; false if this page has no place for it.
async function showWritten(form, address) {
  const box = form.closest(".reply-here");
  const isInHome = form.id === "write" && location.pathname === "/home";
  if (!address || !(box || isInHome)) return false;
  const article = await fetchPart(address, "article").catch(() => null);
  if (!article) return false;
  written.add(article.dataset.post);
  document.dispatchEvent(new CustomEvent("kwip:written", { detail: article.dataset.post }));
  if (box) showReply(box, article);
  else showAtTop(form, article);
  document.dispatchEvent(new CustomEvent("kwip:added"));
  return true;
}

function showAtTop(form, article) {
  const { text, key } = form.elements;
  key.value = newKey();
  text.dispatchEvent(new Event("input"));
  (document.querySelector("[data-poll]") ?? document.querySelector("main .tabs")).after(article);
  document.querySelector("main > .empty")?.remove();
  // The button was disabled meanwhile, which loses the focus.
  const { activeElement: focused } = document;
  if (focused === document.body || form.contains(focused)) article.focus({ preventScroll: true });
}

function showReply(box, article) {
  const parent = box.previousElementSibling;
  const step = parent.parentElement.matches(".replies > li") ? parent.parentElement : null;
  for (const count of all(`[data-post="${parent.dataset.post}"] [data-key=r] .count`)) {
    count.textContent = Number(count.textContent) + 1;
  }
  closeReply(box);
  if (step) {
    const item = document.createElement("li");
    item.className = `depth-${Math.min(7, Number(step.className.match(/depth-(\d)/)[1]) + 1)}`;
    item.append(article);
    step.after(item);
  } else {
    parent.classList.add("thread-up");
    article.classList.add("thread-down");
    parent.after(article);
  }
  article.focus({ preventScroll: true });
}

// The form has the ids of the one in the page around it: each copy gets its own.
function renameIds(form, suffix) {
  const named = ["for", "aria-describedby", "aria-controls", "list"];
  for (const one of all("[id]", form)) one.id += suffix;
  for (const name of named) {
    for (const one of all(`[${name}]`, form)) one.setAttribute(name, one.getAttribute(name) + suffix);
  }
}

const boxOf = (article) => article.parentElement.querySelector(`[data-reply-to="${article.id}"]`);
const replyLink = (article) => article.querySelector("[data-key=r]");

async function openReply(article) {
  const address = replyLink(article).getAttribute("href").replace(/#.*/, "");
  const form = await fetchPart(`${address}/reply`, "form[data-draft]");
  if (!form) throw new Error();
  if (boxOf(article)) return; // pressed twice
  renameIds(form, `-${article.id}`);
  const box = document.createElement("div");
  box.className = "reply-here";
  box.dataset.replyTo = article.id;
  box.append(form);
  article.after(box);
  replyLink(article).setAttribute("aria-expanded", "true");
  const { text } = form.elements;
  text.setSelectionRange(text.value.length, text.value.length);
  prepareText(text);
  prepareForm(form);
  document.dispatchEvent(new CustomEvent("kwip:form", { detail: form }));
  text.focus({ preventScroll: true });
  box.scrollIntoView({ block: "nearest" });
}

function closeReply(box) {
  const article = document.getElementById(box.dataset.replyTo);
  box.remove();
  replyLink(article).removeAttribute("aria-expanded");
}

document.addEventListener("click", async (event) => {
  const link = event.target.closest?.("a[data-key=r]");
  // Above the kwip that a page is about there is no room for replies.
  const article = link?.closest("article.post:not(.post-focus, :has(~ .post-focus))");
  if (!article || !document.body.dataset.viewer) return;
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const box = boxOf(article);
  if (box) {
    closeReply(box); // what was written is a draft
    link.focus();
    return;
  }
  try {
    await openReply(article);
  } catch {
    location.assign(link.href);
  }
});

document.addEventListener("keydown", (event) => {
  const box = event.target.closest?.(".reply-here");
  if (event.key !== "Escape" || !box || event.defaultPrevented || event.isComposing) return;
  const article = document.getElementById(box.dataset.replyTo);
  closeReply(box);
  replyLink(article).focus();
});
