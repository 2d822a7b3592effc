// Turns each <blockquote class="kwip-embed" data-kwip="post/123"> into a frame that shows
// what it names: post/…, thread/…, list/…, user/…, user/…/favourites or tag/…. Until
// then, and without this script, the blockquote stays as it is. One script does for all
// of a page.
(() => {
  const origin = new URL(document.currentScript.src).origin;
  const KNOWN = /^((post|thread|list)\/\d+|user\/[^/?#]+(\/favourites)?|tag\/[^/?#]+)$/;
  const TALLEST = 20000;
  // The languages of our own words; others are left to the site.
  const LANGUAGES = /^(en|de|hi|ar)(?![^-_])/i;
  const frames = new Map();

  function show(quote) {
    const { kwip, theme, limit, lang, width, height, maxHeight } = quote.dataset;
    if (!KNOWN.test(kwip)) return;
    const url = new URL(`/embed/${kwip}`, origin);
    if (theme) url.searchParams.set("theme", theme);
    if (limit) url.searchParams.set("limit", limit);
    const language = LANGUAGES.exec(lang || quote.closest("[lang]")?.lang);
    if (language) url.searchParams.set("lang", language[1].toLowerCase());
    const frame = document.createElement("iframe");
    frame.src = url;
    frame.title = quote.dataset.title || quote.lastElementChild?.textContent.trim() || quote.cite;
    frame.sandbox = "allow-scripts allow-popups allow-popups-to-escape-sandbox";
    frame.loading = "lazy";
    frame.width = "100%";
    frame.height = height || 200;
    frame.style.cssText = "display:block;border:0";
    frame.style.maxWidth = `${+width || 600}px`;
    quote.replaceWith(frame);
    frames.set(frame.contentWindow, [frame, +maxHeight || TALLEST]);
  }

  addEventListener("message", ({ source, origin: from, data }) => {
    // A sandboxed frame has no origin of its own, which browsers call "null".
    if (!frames.has(source) || (from !== "null" && from !== origin)) return;
    if (data?.kwip !== "height" || !(data.height > 0)) return;
    const [frame, most] = frames.get(source);
    frame.height = Math.min(Math.ceil(data.height), most);
  });

  const showAll = () => document.querySelectorAll("blockquote.kwip-embed").forEach(show);
  if (document.readyState === "loading") addEventListener("DOMContentLoaded", showAll);
  else showAll();
})();
