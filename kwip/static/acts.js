// Acts on kwips, people and hashtags: shown at once, sent in the background, undone with a
// message on failure.

const isDone = (button) => /\/un\w+$/.test(button.getAttribute("formaction"));

function showAct(button, done) {
  if ("isDone" in button.dataset) button.dataset.isDone = done;
  else button.setAttribute("aria-pressed", done);
  button.setAttribute(
    "formaction",
    button.getAttribute("formaction").replace(/\/(un)?(\w+)$/, done ? "/un$2" : "/$2"),
  );
  const count = button.querySelector(".count");
  if (count) count.textContent = Math.max(0, Number(count.textContent) + (done ? 1 : -1)) || "";
}

// What a button acts on: "@name", "#tag", or the id of a kwip.
const subjectOf = (button) => button.dataset.of ?? button.closest("[data-post]").dataset.post;

// The same kwip may be on a page twice, once as a repost, and a person many times.
function twins(button) {
  const subject = subjectOf(button);
  const acts = all(`[data-act="${button.dataset.act}"]`);
  return acts.filter((one) => subjectOf(one) === subject);
}

// Show the act on all twins, and what is on the page only while it is done.
function showActs(button, done) {
  const { act: name } = button.dataset;
  const subject = subjectOf(button);
  for (const twin of twins(button)) showAct(twin, done);
  for (const one of all(`[data-if="${name} ${subject}"]`)) one.hidden = !done;
  if (name === "follow") showFollowers(subject, done);
}

// Change the number in a text that counts; `wordsFor` returns the text for a number.
function showCount(element, change, wordsFor) {
  const number = Math.max(0, Number(element.dataset.count) + change);
  element.dataset.count = number;
  const shown = document.createElement("b");
  shown.textContent = number.toLocaleString(LOCALE);
  const [before, after] = wordsFor(number).split(number);
  element.replaceChildren(before, shown, after);
}

const followersInWords = (number) => ngettext("%(num)s follower", "%(num)s followers", number);
const kwipsInWords = (number) => ngettext("%(num)s kwip", "%(num)s kwips", number);

function showFollowers(subject, isFollowing) {
  for (const link of all(`[data-followers-of="${subject}"]`)) {
    showCount(link, isFollowing ? 1 : -1, followersInWords);
  }
  // Who is no longer followed is no longer subscribed to either.
  const bell = document.querySelector(`[data-act="notify"][data-of="${subject}"]`);
  if (!isFollowing && bell && isDone(bell)) showActs(bell, false);
}

// The wanted state of each act on each kwip, and the server's last known one, while a
// request for it is in flight: a press meanwhile is shown at once and sent afterwards,
// and acts on other kwips do not wait.
const wishes = new Map();

function toggleAct(button) {
  const key = `${subjectOf(button)} ${button.dataset.act}`;
  const has = isDone(button);
  const wish = wishes.get(key) ?? { has };
  wish.wants = !has;
  showActs(button, wish.wants);
  if (wishes.has(key)) return;
  wishes.set(key, wish);
  fulfil(wish, button).finally(() => wishes.delete(key));
}

async function fulfil(wish, button) {
  const address = button.getAttribute("formaction").replace(/\/(un)?(\w+)$/, "/");
  const { act: name } = button.dataset;
  let isSure = true;
  while (!isSure || wish.has !== wish.wants) {
    const { wants } = wish;
    try {
      const { message } = await act(`${address}${wants ? "" : "un"}${name}`);
      wish.has = wants;
      isSure = true;
      if (message && wish.wants === wants) toast(message);
    } catch (error) {
      isSure = false;
      if (wish.wants !== wants) continue; // pressed again since then
      showActs(button, wish.has);
      toast(error.message, { button: remedyOf(error, () => toggleAct(button)) });
      return;
    }
  }
}

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("button[data-act]");
  if (!button || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  // A button that was just pressed says what it did, and only later what it would do.
  button.classList.add("fresh");
  toggleAct(button);
});

for (const type of ["pointerout", "focusout"]) {
  document.addEventListener(type, ({ target, relatedTarget }) => {
    const button = target.closest?.(".fresh");
    if (button && !button.contains(relatedTarget)) button.classList.remove("fresh");
  });
}

// Deleting can be undone for some seconds: the request is sent after that, or when the
// page is left.

const UNDO_SECONDS = 6;
const waiting = new Map();

function showGone(id, isGone) {
  for (const count of all(`[data-kwips-of="${document.body.dataset.viewer}"]`)) {
    showCount(count, isGone ? -1 : 1, kwipsInWords);
  }
  for (const article of all(`[data-post="${id}"]`)) {
    article.classList.toggle("post-going", isGone);
    article.inert = isGone;
    if (!isGone) article.hidden = false;
    // It keeps its space while it fades out.
    setTimeout(() => (article.hidden = article.classList.contains("post-going")), 150);
  }
}

async function deleteNow(id) {
  const address = waiting.get(id);
  if (!waiting.delete(id)) return;
  try {
    await act(address);
    if (location.pathname === new URL(address, location).pathname.replace(/\/delete$/, "")) {
      location.assign("/home");
    }
  } catch (error) {
    showGone(id, false);
    toast(gettext("Couldn't delete your kwip. %(why)s", { why: error.message }));
  }
}

// Focus moves to the next kwip, or to the heading.
function goOnAfter(article) {
  const kwips = all("article.post").filter((one) => one === article || !one.inert);
  const next = kwips[kwips.indexOf(article) + 1] ?? document.querySelector("h1");
  next.tabIndex = -1;
  next.focus({ preventScroll: true });
}

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[data-delete]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const article = link.closest("[data-post]");
  const { post: id } = article.dataset;
  closeMenus();
  waiting.set(id, link.getAttribute("href"));
  showGone(id, true);
  toast(gettext("Kwip deleted."), {
    seconds: UNDO_SECONDS,
    gone: (hadFocus) => {
      deleteNow(id);
      if (hadFocus) goOnAfter(article);
    },
    button: {
      label: gettext("Undo"),
      press: () => {
        waiting.delete(id);
        showGone(id, false);
        article.focus();
      },
    },
  });
  // The focused element is gone.
  document.querySelector("#toasts .toast:last-child button").focus();
});

addEventListener("pagehide", () => {
  for (const id of [...waiting.keys()]) deleteNow(id);
});

// Notifications that were in view are marked as read; the page still shows which were
// new. Without a script the button does it.

const badge = document.getElementById("unread");
const plainTitle = document.title.replace(/^\(\d+\+?\) /, "");

function showUnread(count) {
  const shown = count < 100 ? count : "99+";
  badge.dataset.count = count;
  badge.hidden = !count;
  badge.firstChild.data = shown;
  document.title = count ? `(${shown}) ${plainTitle}` : plainTitle;
}

const seen = document.getElementById("seen");

async function markSeen() {
  if (document.hidden || seen.hidden) return;
  try {
    await send(seen.action, new FormData(seen));
  } catch {
    return; // the button is still there
  }
  seen.hidden = true;
  showUnread(0);
}

if (seen) {
  document.addEventListener("visibilitychange", markSeen);
  document.addEventListener("kwip:added", () => {
    seen.elements.last_read_id.value = document.querySelector("[data-poll]").dataset.since;
    seen.hidden = false;
    markSeen();
  });
  markSeen();
}

function focusHeading() {
  const heading = document.querySelector("h1");
  heading.tabIndex = -1;
  heading.focus({ preventScroll: true });
}

// An announcement goes at once, and comes back if the server does not know.
document.addEventListener("submit", async (event) => {
  if (!event.target.matches?.("form[data-dismiss]")) return;
  event.preventDefault();
  const box = event.target.closest("section");
  box.hidden = true;
  try {
    await send(event.target.action, new FormData(event.target));
    const hadFocus = [document.body, null].includes(document.activeElement);
    box.remove();
    if (hadFocus) focusHeading();
  } catch (error) {
    box.hidden = false;
    toast(error.message);
  }
});
