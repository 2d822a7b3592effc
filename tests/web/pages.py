"""Pages as a browser sees them, and what must hold of every one."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"br", "hr", "img", "input", "link", "meta", "source"}
HIDDEN = {"script", "style", "title"}
SCRIPTS = (
    *("/assets/kwip.", "/assets/builder.", "/assets/passkeys."),
    "/assets/push.",
    "/assets/widgets/kwip.",
)


@dataclass
class Element:
    tag: str
    attributes: dict
    text: str = ""
    inside: list = field(default_factory=list)

    def __getitem__(self, name):
        return self.attributes[name]

    def get(self, name, default=None):
        return self.attributes.get(name, default)

    @property
    def words(self):
        return " ".join(self.text.split())


class Page(HTMLParser):
    """A parsed page; a tag that is not closed in its order fails the test."""

    def __init__(self, html):
        super().__init__(convert_charrefs=True)
        self.html = html
        self.elements = []
        self._open = []
        self.feed(html)
        self.close()
        assert not self._open, f"not closed: {[e.tag for e in self._open]}"

    def handle_starttag(self, tag, attrs):
        names = [name for name, _ in attrs]
        assert len(set(names)) == len(names), f"<{tag}> repeats an attribute"
        element = Element(tag, dict(attrs), inside=list(self._open))
        self.elements.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_startendtag(self, tag, attrs):
        # Elements of SVG; HTML ignores the slash.
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self._open.pop()

    def handle_endtag(self, tag):
        assert self._open, f"</{tag}> closes nothing"
        last = self._open.pop()
        assert last.tag == tag, f"</{tag}> closes <{last.tag}>"

    def handle_data(self, data):
        for element in self._open:
            element.text += data

    def all(self, tag, **attributes):
        wanted = {k.rstrip("_").replace("_", "-"): v for k, v in attributes.items()}
        return [
            e
            for e in self.elements
            if e.tag == tag and all(e.get(k) == v for k, v in wanted.items())
        ]

    def one(self, tag, **attributes):
        found = self.all(tag, **attributes)
        assert len(found) == 1, f"{len(found)} of <{tag} {attributes}>"
        return found[0]

    def with_class(self, name):
        return [e for e in self.elements if name in (e.get("class") or "").split()]

    @property
    def title(self):
        [found] = [e for e in self.all("title") if e.inside[-1].tag == "head"]
        return found.words

    @property
    def words(self):
        return self.one("body").words

    @property
    def said(self):
        """What the page says about what was just done."""
        return " ".join(e.words for e in self.with_class("flash"))

    @property
    def texts(self):
        """The texts of the kwips on the page, from top to bottom."""
        return [e.words for e in self.with_class("post-text")]

    def value(self, name):
        """What a field holds."""
        fields = [e for e in self.elements if e.get("name") == name]
        first = fields[0]
        if first.tag == "textarea":
            return first.text.removeprefix("\n")
        if first.tag == "select":
            options = [o for o in self.all("option") if first in o.inside]
            (chosen,) = [o["value"] for o in options if "selected" in o.attributes]
            return chosen
        return first.get("value", "")

    def wrong(self, name):
        """What the page says is wrong with a field, as a screen reader finds it."""
        (field_,) = [e for e in self.elements if e.get("name") == name]
        if field_.get("aria-invalid") != "true":
            return ""
        (about,) = [
            e for e in self.elements if e.get("id") == field_["aria-describedby"]
        ]
        return about.words


def check(page, origin):
    """Hold a page to what must be true of every one."""
    ids = [e["id"] for e in page.elements if e.get("id")]
    assert len(set(ids)) == len(ids), "an id is there twice"
    for element in page.elements:
        _check_is_quiet(element)
        _check_refers(element, ids)
        _check_leads_here(element, origin)
    assert len(page.all("h1")) == 1
    assert page.one("html")["lang"]
    assert page.title.endswith("Kwip") or page.title.startswith("Kwip")
    for image in page.all("img"):
        assert "alt" in image.attributes
    for control in page.all("button") + page.all("a") + page.all("summary"):
        pictured = "".join(e["alt"] for e in page.all("img") if control in e.inside)
        name = control.get("aria-label") or control.words or pictured
        is_hidden = control.get("aria-hidden") == "true"
        assert name or is_hidden, f"nothing to say for {control}"
    _check_forms(page)


def _check_is_quiet(element):
    """Nothing runs, and nothing is styled, within the page."""
    for name in element.attributes:
        assert not name.startswith("on"), element
        assert name != "style", element
    assert element.tag not in {"style", "object", "embed", "base"}
    if element.tag == "iframe":  # in the preview of a widget
        assert element["src"].startswith("/embed/")
        assert "allow-same-origin" not in element["sandbox"]
    if element.tag == "script":
        assert element["src"].startswith(SCRIPTS)
        assert not element.text.strip()


def _check_refers(element, ids):
    for name in ("for", "aria-describedby", "form"):
        if element.get(name):
            assert element[name] in ids, f"{name}={element[name]} leads nowhere"


def _check_leads_here(element, origin):
    address = element.get("href") or element.get("src")
    if address is None:
        return
    is_link = element.tag == "a" and element.get("rel") in {
        "nofollow noopener ugc",  # in a text
        "nofollow noopener noreferrer",  # the preview of a link
    }
    schemes = ("http://", "https://") if is_link else ("/", "#", f"{origin}/")
    assert address.startswith(schemes), element


def _check_forms(page):
    for control in page.all("input") + page.all("textarea") + page.all("select"):
        if control.get("type") == "hidden":
            continue
        labels = page.all("label", for_=control["id"])
        assert len(labels) == 1
        assert labels[0].words
    for form in page.all("form"):
        if form.get("role") == "search":  # it changes nothing, and has an address
            assert form.get("method") is None
            continue
        if form.get("id") == "builder":  # and neither does this
            assert form["method"] == "get"
            continue
        assert form.get("method") == "post"
        tokens = [e for e in page.all("input", name="csrf_token") if form in e.inside]
        assert len(tokens) == 1


class Visitor:
    """A browser with its form token."""

    def __init__(self, browser, token=""):
        self._browser = browser
        self._token = token

    def get(self, path, status=200):
        answer = self._browser.get(path)
        assert answer.status_code == status, (path, answer.status_code, answer.text)
        return Page(answer.text)

    def send_away(self, path):
        """Open a page that is none; give where it leads."""
        answer = self._browser.get(path)
        assert answer.status_code == 303, (path, answer.status_code)
        return answer.headers["Location"]

    def cookie(self):
        """Give the cookie as the browser sends it."""
        (cookie,) = self._browser._cookies.values()
        return f"{cookie.key}={cookie.value}"

    def send(self, path, status=303, **fields):
        """Send a form; give the page's answer, or where it leads."""
        answer = self.post(path, **fields)
        assert answer.status_code == status, (path, answer.status_code, answer.text)
        if status == 303:
            return answer.headers["Location"]
        return Page(answer.text)

    def post(self, path, headers=None, **fields):
        data = {"csrf_token": self._token} | fields
        return self._browser.post(path, data=data, headers=headers)

    def post_body(self, path, body):
        """Send a body as it is, with `b` between its parts."""
        kind = "multipart/form-data; boundary=b"
        return self._browser.post(path, data=body, content_type=kind)

    @property
    def token(self):
        return self._token

    def take_token(self, path):
        """Take the form token from a page, as a browser does that is signed out."""
        self._token = self.get(path).value("csrf_token")
        return self

    def write(self, text, **fields):
        """Write a kwip through the page, and give where it leads."""
        sheet = self.get("/compose")
        sent = {"key": sheet.value("key"), "visibility": "public"} | fields
        return self.send("/compose", text=text, **sent)
