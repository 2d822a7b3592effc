// The page that builds widgets, without a button: what is chosen is shown a moment later.
{
  const PAUSE = 350;
  const MOST_SHOWN = 4000;
  const form = document.getElementById("builder");
  const parts = () => [...document.querySelectorAll("[data-built]")];
  let last = 0;
  let timer;

  function address() {
    const chosen = [...new FormData(form)].filter(([name, value]) => value || name === "of");
    return `${form.action}?${new URLSearchParams(chosen)}`;
  }

  // Only the newest answer counts. If there is none, the button says so.
  async function refresh() {
    clearTimeout(timer);
    last += 1;
    const mine = last;
    const url = address();
    const preview = document.getElementById("preview");
    preview.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(url, { headers: { Accept: "text/html" }, cache: "no-cache" });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      for (const part of page.querySelectorAll("noscript")) part.remove();
      if (mine !== last) return;
      if (!page.getElementById("builder")) throw new TypeError(url);
      exchange(page);
      history.replaceState(history.state, "", url);
    } catch {
      if (mine === last) form.submit();
    } finally {
      preview.removeAttribute("aria-busy");
    }
  }

  function exchange(page) {
    for (const part of parts()) {
      const found = page.getElementById(part.id);
      if (found.value !== undefined) part.value = found.value;
      else if (found.innerHTML !== part.innerHTML) part.replaceChildren(...found.childNodes);
    }
    for (const field of form.elements) {
      const isWrong = page.getElementById(field.id)?.getAttribute("aria-invalid");
      field.toggleAttribute("aria-invalid", false);
      if (isWrong) field.setAttribute("aria-invalid", isWrong);
    }
    showSource();
  }

  // What an address answers, if that is no page.
  async function showSource() {
    const place = document.querySelector("[data-source]");
    if (!place) return;
    try {
      const answer = await fetch(place.dataset.source);
      const text = await answer.text();
      const isJson = answer.headers.get("Content-Type").includes("json");
      const shown = isJson ? JSON.stringify(JSON.parse(text), null, 2) : text;
      place.textContent = shown.length > MOST_SHOWN ? `${shown.slice(0, MOST_SHOWN)}…` : shown;
      place.hidden = false;
    } catch {
      // The link to it stays.
    }
  }

  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(refresh, PAUSE);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    refresh();
  });
  form.querySelector("[data-unscripted]").hidden = true;
  showSource();
}
