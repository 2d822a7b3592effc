// What a script adds to pages that are complete without it: times as "5m", a count of
// the characters that are left, sending by Ctrl+Enter, and menus that close.

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const words = (date, options) => new Intl.DateTimeFormat(undefined, options).format(date);

function ago(date, now) {
  const seconds = (now - date) / 1000;
  if (seconds < MINUTE) return "now";
  if (seconds < HOUR) return `${Math.floor(seconds / MINUTE)}m`;
  if (seconds < DAY) return `${Math.floor(seconds / HOUR)}h`;
  if (seconds < 7 * DAY) return `${Math.floor(seconds / DAY)}d`;
  const isThisYear = date.getFullYear() === now.getFullYear();
  const year = isThisYear ? undefined : "numeric";
  return words(date, { day: "numeric", month: "short", year });
}

function showTimes() {
  const now = new Date();
  for (const time of document.querySelectorAll("time[datetime]")) {
    const date = new Date(time.dateTime);
    time.title = words(date, { dateStyle: "full", timeStyle: "short" });
    time.textContent =
      "full" in time.dataset
        ? words(date, { dateStyle: "medium", timeStyle: "short" })
        : ago(date, now);
  }
}

// Counted as the server counts: characters, not UTF-16 units.
function showLimit(text) {
  const output = text.form.querySelector("output");
  if (!output) return;
  const left = Number(text.dataset.limit) - [...text.value.trim()].length;
  output.textContent = left;
  output.classList.toggle("limit-over", left < 0);
}

showTimes();
setInterval(showTimes, MINUTE * 1000);

for (const text of document.querySelectorAll("textarea[data-limit]")) {
  showLimit(text);
  text.addEventListener("input", () => showLimit(text));
  text.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      text.form.requestSubmit();
    }
  });
}

document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});
