// A button in forms for kwips that shows the custom emoji by category, to insert one. Only
// on sites that have any.

let allEmojis; // a promise: they are fetched once

async function fetchEmojis() {
  const answer = await fetch("/api/v1/custom_emojis");
  if (!answer.ok) throw new Error();
  return answer.json();
}

function preparePicker(form) {
  if (!("emojis" in form.dataset)) return;
  const { text } = form.elements;
  let panel = null;
  const button = makeButton(gettext("Emoji"), toggle, { icon: "emoji", css: "action compose-emoji" });
  button.setAttribute("aria-expanded", "false");
  form.querySelector(".limit").before(button);
  form.addEventListener("reset", close);

  async function toggle() {
    if (panel) return close();
    try {
      const emojis = await (allEmojis ??= fetchEmojis());
      if (!panel) open(emojis); // unless it was pressed twice
    } catch {
      allEmojis = undefined;
      toast(gettext("You're offline."));
    }
  }

  function open(emojis) {
    panel = makePanel(emojis);
    button.after(panel);
    button.setAttribute("aria-expanded", "true");
    panel.addEventListener("click", ({ target }) => pick(target.closest("button")));
    panel.addEventListener("keydown", (event) => {
      if (event.key === "Escape") {
        close();
        button.focus();
      } else if (!moveInPanel(panel, event.key)) return;
      event.preventDefault();
      event.stopPropagation();
    });
    panel.querySelector("button").focus({ preventScroll: true });
    panel.scrollIntoView({ block: "nearest" });
  }

  function close() {
    panel?.remove();
    panel = null;
    button.setAttribute("aria-expanded", "false");
  }

  function pick(chosen) {
    if (!chosen) return;
    close();
    const { selectionStart: start, selectionEnd: end, value } = text;
    const isApart = !start || /\s/.test(value[start - 1]);
    insertText(text, start, end, `${isApart ? "" : " "}${chosen.title} `);
  }
}

function makePanel(emojis) {
  const isCalm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const groups = new Map();
  // Those without a category come last.
  for (const emoji of [...emojis].sort((one, other) => !one.category - !other.category)) {
    const category = emoji.category ?? gettext("Other");
    groups.set(category, [...(groups.get(category) ?? []), emoji]);
  }
  const panel = make("div", { className: "emoji-picker", role: "group", "aria-label": gettext("Emoji") });
  for (const [category, members] of groups) {
    const group = make("div", { className: "emoji-group", role: "group", "aria-label": category });
    if (groups.size > 1) panel.append(make("p", { "aria-hidden": "true" }, category));
    for (const { shortcode, url, static_url: still } of members) {
      const image = make("img", { className: "emoji", alt: "", loading: "lazy", src: isCalm ? still : url });
      const name = `:${shortcode}:`;
      group.append(make("button", { type: "button", title: name, "aria-label": name, tabIndex: -1 }, image));
    }
    panel.append(group);
  }
  // One stop for Tab; arrow keys go on from there.
  panel.querySelector("button").tabIndex = 0;
  return panel;
}

// Move the focus by an arrow key; false for other keys.
function moveInPanel(panel, key) {
  const buttons = all("button", panel);
  const at = document.activeElement;
  const nearest = (others) => {
    const far = (each) => 1000 * Math.abs(each.offsetTop - at.offsetTop) + Math.abs(each.offsetLeft - at.offsetLeft);
    return others.sort((one, other) => far(one) - far(other))[0];
  };
  const moves = {
    ArrowRight: () => buttons[buttons.indexOf(at) + 1],
    ArrowLeft: () => buttons[buttons.indexOf(at) - 1],
    ArrowDown: () => nearest(buttons.filter((each) => each.offsetTop > at.offsetTop)),
    ArrowUp: () => nearest(buttons.filter((each) => each.offsetTop < at.offsetTop)),
    Home: () => buttons[0],
    End: () => buttons.at(-1),
  };
  if (!(key in moves)) return false;
  moves[key]()?.focus();
  return true;
}

for (const form of all("form[data-draft]")) preparePicker(form);
document.addEventListener("kwip:form", ({ detail: form }) => preparePicker(form));
