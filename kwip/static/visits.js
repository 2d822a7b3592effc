// Catching up begins where the last visit to home ended: after a pause, the reading position
// moves to what was at the top then. While somebody is catching up, it moves only as they
// read.
{
  // A shorter absence is part of the same visit.
  const PAUSE_MS = 30 * 60 * 1000;

  const key = `kwip:visit:${document.body.dataset.viewer}`;
  const home = document.querySelector('[data-poll^="/poll/home"]');
  const isCatchingUp = Boolean(document.getElementById("caught-up-from"));
  const isCaughtUp = location.pathname === "/home/catch-up" && !isCatchingUp;

  const last = JSON.parse(localStorage.getItem(key) ?? "null");
  const save = (visit) => localStorage.setItem(key, JSON.stringify(visit));

  function markRead(id) {
    const fields = new FormData(document.getElementById("act"));
    fields.set("last_read_id", id);
    fields.delete("next");
    return send("/home/read", fields);
  }

  function stay() {
    if (!document.hidden && home.dataset.since !== "0") save({ seen: home.dataset.since, at: Date.now() });
  }

  async function beginHere() {
    try {
      await markRead(last.seen);
      location.reload();
    } catch {
      // The button on the page does it.
    }
  }

  if (isCatchingUp) {
    save({ ...last, isCatchingUp });
  } else if (isCaughtUp && last) {
    const start = document.querySelector("[data-begin]");
    if (start && last.seen) beginHere();
    else save({ ...last, isCatchingUp });
  } else if (home && !last?.isCatchingUp) {
    // If it fails, the next visit moves it.
    if (last && Date.now() - last.at > PAUSE_MS) markRead(last.seen).catch(() => {});
    stay();
    document.addEventListener("kwip:added", stay);
    addEventListener("pagehide", stay);
  }
}
