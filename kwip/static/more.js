// Older kwips and people load by themselves near the end of the page. After some pages the
// link stays, so that a page has an end; and whoever comes back finds their place again.
{
  // How far below the window loading begins, and how often it happens by itself.
  const AHEAD = "900px";
  const MOST_PAGES = 5;
  const ITEMS = "main > article, main > .people > li";

  const pager = document.getElementById("end");
  const nextLink = () => pager.querySelector("a[rel=next]");
  let pages = 0; // that were added to this one
  let isLoading = false;

  async function loadMore() {
    const link = nextLink();
    if (!link || isLoading || pages >= MOST_PAGES) return false;
    isLoading = true;
    pager.setAttribute("aria-busy", "true");
    try {
      // A browser that goes back would take an old copy, without what was done meanwhile.
      const answer = await fetch(link.href, { headers: { Accept: "text/html" }, cache: "no-cache" });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const found = all(ITEMS, page);
      if (!answer.ok || !found.length) return false; // the link leads to what to say about it
      add(found, page);
      pages += 1;
      return true;
    } catch {
      return false;
    } finally {
      isLoading = false;
      pager.removeAttribute("aria-busy");
    }
  }

  function add(found, page) {
    const last = all(ITEMS).at(-1);
    const isNew = (one) => !one.id || !document.getElementById(one.id);
    last.after(...found.filter(isNew));
    // What the end of a timeline says of all of it, once.
    for (const note of all("main > .column-note", page)) {
      if (!all("main > .column-note").some((one) => one.textContent === note.textContent)) pager.before(note);
    }
    const further = page.querySelector("#end a[rel=next]");
    if (further) nextLink().replaceWith(further);
    else nextLink().remove();
    document.dispatchEvent(new CustomEvent("kwip:added"));
  }

  // Where one is: the first item in the window, and how far from the top.
  const firstSeen = () => all("main > article[id]").find((one) => one.getBoundingClientRect().bottom > 0);

  function savePlace() {
    const seen = firstSeen();
    if (!pages || !seen) return;
    const more = { pages, id: seen.id, top: seen.getBoundingClientRect().top };
    history.replaceState({ ...history.state, more }, "");
  }

  async function restorePlace({ pages: before, id, top }) {
    for (let i = 0; i < before; i += 1) {
      if (!(await loadMore())) break;
    }
    const seen = document.getElementById(id);
    if (seen) scrollBy({ top: seen.getBoundingClientRect().top - top, behavior: "instant" });
  }

  if (pager && nextLink() && !navigator.connection?.saveData) {
    const observer = new IntersectionObserver(
      async (entries) => {
        if (!entries.at(-1).isIntersecting || !(await loadMore())) return;
        // It is told again only of what changes.
        observer.unobserve(pager);
        observer.observe(pager);
      },
      { rootMargin: AHEAD },
    );
    const isBack = performance.getEntriesByType("navigation")[0]?.type === "back_forward";
    const kept = isBack && history.state?.more;
    (kept ? restorePlace(kept) : Promise.resolve()).then(() => observer.observe(pager));
    addEventListener("pagehide", savePlace);
  }
}
