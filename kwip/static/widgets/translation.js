// The words of widgets: texts, numbers and times in the language of an element.

// Those of each language, or the promise of them. Texts are English here; others come
// from the server: in the language, or in that of the site if Kwip lacks it.
const known = {};

function wordsOf(server, language) {
  const url = `${server}/widgets/v1/words/${language}`;
  const keep = (own) => (known[url] = new Words(own));
  return (known[url] ??= /^en(-[A-Z]{2})?$/.test(language)
    ? keep({ tag: language, own: language })
    : get(url, "default").then(JSON.parse).catch(() => null).then(keep));
}

// Numbers and times are in the language `tag`; without one, in the browser's. Those within
// our own `texts` are in the language of these, so that no line is half in another.
class Words {
  own = "en";
  texts = {};

  constructor(own) {
    Object.assign(this, own);
  }

  // Fill in the `%(name)s` of a text.
  gettext(message, values = {}) {
    const text = this.texts[message] ?? message;
    return text.replace(/%\((\w+)\)s/g, (_, name) => values[name]);
  }

  // The same for a text with a number, `%(num)s`, that in short.
  ngettext(one, many, number, more = "") {
    const form = new Intl.PluralRules(this.own).select(number);
    const text = this.texts[one]?.[form] ?? (number === 1 ? one : many);
    return this.gettext(text, { num: this.short(number, this.own) + more });
  }

  short(number, tag = this.tag) {
    return number.toLocaleString(tag, { notation: "compact" });
  }

  // "5 min. ago" for a week, then the date.
  ago(time) {
    const minutes = Math.max(0, Date.now() - time) / 60_000;
    const style = { style: "narrow", numeric: "auto" };
    const past = (size, unit) =>
      new Intl.RelativeTimeFormat(this.tag, style).format(-Math.floor(minutes / size), unit);
    if (minutes < 1) return past(1, "second");
    if (minutes < 60) return past(1, "minute");
    if (minutes < 1_440) return past(60, "hour");
    if (minutes < 10_080) return past(1_440, "day");
    return this.date(time, this.tag);
  }

  date(time, tag) {
    const isThisYear = time.getFullYear() === new Date().getFullYear();
    const year = isThisYear ? undefined : "numeric";
    return time.toLocaleDateString(tag, { month: "short", day: "numeric", year });
  }

  // A time that `refresh` keeps up to date.
  time(instant) {
    const time = new Date(instant);
    const title = time.toLocaleString(this.tag, { dateStyle: "long", timeStyle: "short" });
    return make("time", { datetime: instant, title }, this.ago(time));
  }

  refresh(root) {
    for (const each of root.querySelectorAll("time")) {
      const text = this.ago(new Date(each.dateTime));
      if (each.textContent !== text) each.textContent = text;
    }
  }
}
