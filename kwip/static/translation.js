// The texts of scripts, in the language of the page; only English so far. They are marked
// like those of templates, and a second language would be looked up here.

// Fill in the `%(name)s` of a text.
function gettext(message, values = {}) {
  return message.replace(/%\((\w+)\)s/g, (_, name) => values[name]);
}

// The same for a text with a number, `%(num)s`.
function ngettext(one, many, num) {
  return gettext(num === 1 ? one : many, { num });
}
