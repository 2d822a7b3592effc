// The texts of scripts, in the language of the page; so far there is only English. They
// are marked like those of templates, and a second language is looked up here.

// Fill in the `%(name)s` of a text.
function gettext(message, values = {}) {
  return message.replace(/%\((\w+)\)s/g, (_, name) => values[name]);
}

// The same for a text that counts something; `%(num)s` is the number.
function ngettext(one, many, num) {
  return gettext(num === 1 ? one : many, { num });
}
