// Elements that scripts make: with properties, children, icons and labels.

const SPRITE = document.querySelector(".icon use")?.getAttribute("href").split("#")[0];

// Make an element with properties and children; attributes are those with a dash.
function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.includes("-") || name === "role") element.setAttribute(name, value);
    else element[name] = value;
  }
  element.append(...children);
  return element;
}

function makeIcon(name) {
  const space = "http://www.w3.org/2000/svg";
  const icon = document.createElementNS(space, "svg");
  icon.setAttribute("class", `icon icon-${name}`);
  icon.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(space, "use");
  use.setAttribute("href", `${SPRITE}#${name}`);
  icon.append(use);
  return icon;
}

function makeButton(label, press, { icon, css = "action" } = {}) {
  const button = make("button", { type: "button", className: css });
  if (icon) {
    button.append(makeIcon(icon));
    button.title = label;
    button.setAttribute("aria-label", label);
  } else button.textContent = label;
  button.addEventListener("click", press);
  return button;
}
