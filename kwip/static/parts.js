// Parts of a page that nobody waits for: what is trending, beside wide pages. An element
// names the address of its part in `data-part`, and says itself what is there otherwise.
// A part that is not on the screen is not fetched.

async function fillPart(place) {
  const part = await fetchPart(place.dataset.part, "[data-filled]").catch(() => null);
  if (part) place.replaceWith(part);
  else place.removeAttribute("data-part");
}

const arriving = new IntersectionObserver((entries) => {
  for (const { isIntersecting, target } of entries) {
    if (!isIntersecting) continue;
    arriving.unobserve(target);
    fillPart(target);
  }
});
all("[data-part]").forEach((place) => arriving.observe(place));
