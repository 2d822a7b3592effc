// Texts are marked like those of templates, and looked up in the reader's language.

// Fill in the `%(name)s` of a text.
function gettext(message, values = {}) {
  return (texts[message] ?? message).replace(/%\((\w+)\)s/g, (_, name) => values[name]);
}

// The same for a text with a number, `%(num)s`.
function ngettext(one, many, num) {
  return (texts[one] ?? [one, many])[plural(num)].replace("%(num)s", num);
}
