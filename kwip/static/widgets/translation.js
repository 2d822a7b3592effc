// The texts of widgets, which are English only: those of other languages would take more
// than the 10 KB that a page should have to load for them.

// Fill in the `%(name)s` of a text.
function gettext(message, values = {}) {
  return message.replace(/%\((\w+)\)s/g, (_, name) => values[name]);
}

// The same for a text with a number, `%(num)s`.
function ngettext(one, many, num) {
  return gettext(num === 1 ? one : many, { num });
}
