"""Every text that a person reads is marked for translators."""

from __future__ import annotations

import ast
import re
from html.parser import HTMLParser

import pytest
from jinja2 import Environment, nodes

from config.settings import PROJECT

MARKS = {"_", "gettext", "ngettext", "lazy_gettext", "lazy_ngettext"}
#: Names, which are the same in every language.
NAMES = re.compile(r"\b[Kk]wip\b")
#: A value of the tag `color-scheme`.
VALUES = {"light dark"}
#: Style guide and toolbar, the JSON Schema of widgets, and docstrings of endpoints.
FOR_DEVELOPERS = {
    *("styleguide.html", "styleguide.py", "toolbar.html"),
    *("widget_shapes.py", "empty.py"),
}
#: Arguments of macros that are shown.
SHOWN_ARGUMENTS = {"title", "label", "legend", "hint", "said"}
SHOWN_ATTRIBUTES = {"title", "alt", "placeholder", "aria-label", "data-hint"}
BUTTONS = {"submit", "button", "reset"}
NOT_READ = {"script", "style", "code"}

TEMPLATES = sorted((PROJECT / "kwip/templates").rglob("*.html"))
#: What only operators read: on the command line, or as reasons of indexes.
FOR_OPERATORS = re.compile(
    r"/(csv_exports|indexes|media_bucket|long_polls|user_(export|import))\.py$"
    r"|/(maintenance|services/world)/|/backups/(archive|restoring)\.py$"
)
MODULES = sorted(
    path
    for folder in ("schemas", "blueprints", "domain", "store", "services", "text")
    for path in (PROJECT / "kwip" / folder).rglob("*.py")
    if not FOR_OPERATORS.search(path.as_posix())
)
SCRIPTS = sorted((PROJECT / "kwip/static").rglob("*.js"))
JINJA = Environment(extensions=["jinja2.ext.i18n"], autoescape=True)
JINJA.newstyle_gettext = True


def has_letters(text):
    return any(letter.isalpha() for letter in NAMES.sub("", text))


def reads_as_text(text):
    """Tell words from what programs write: addresses, names, classes, formats."""
    if text in VALUES:
        return False
    words = text.split()
    plain = [
        word for word in words if re.fullmatch(r"[“(]?[A-Za-z’']+[.,:?!”)…]*", word)
    ]
    is_sentence = len(words) > 1 and plain == words
    return is_sentence or re.match(r"[“(]?[A-Z][a-z]+[.?!]?(\s|$)", text) is not None


def is_marked(node):
    return (
        isinstance(node, nodes.Call)
        and isinstance(node.node, nodes.Name)
        and node.node.name in MARKS
    )


def shown(node):
    """Go through the strings that an expression may come to, unless they are marked."""
    if isinstance(node, nodes.Const):
        if isinstance(node.value, str):
            yield node.value
    elif isinstance(node, nodes.CondExpr):
        yield from shown(node.expr1)
        if node.expr2 is not None:
            yield from shown(node.expr2)
    elif isinstance(node, nodes.Filter):
        yield from shown(node.node)
    elif isinstance(node, nodes.Concat | nodes.BinExpr):
        for part in node.iter_child_nodes():
            yield from shown(part)


def constants(node):
    """Go through all other strings of a template that read as texts."""
    if is_marked(node) or isinstance(node, nodes.Compare | nodes.Test):
        return
    if isinstance(node, nodes.Const) and isinstance(node.value, str):
        yield node.value
    for part in node.iter_child_nodes():
        yield from constants(part)


class Linear(HTMLParser):
    """A template with all its branches one after the other.

    A letter of the private area stands for each expression, so that the parser says
    where it is shown.
    """

    def __init__(self, tree):
        super().__init__()
        self.expressions = []
        self.found = []
        self._inside = []
        self.feed(self._flat(tree))
        self.close()

    def _flat(self, node):
        if isinstance(node, nodes.TemplateData):
            return node.data
        if isinstance(node, nodes.Output):
            return "".join(map(self._flat, node.nodes))
        if isinstance(node, nodes.Expr):
            self.expressions.append(node)
            return chr(0xE000 + len(self.expressions) - 1)
        parts = ("body", "elif_", "else_")
        inner = [one for part in parts for one in getattr(node, part, None) or ()]
        return "".join(map(self._flat, inner))

    def _look(self, text):
        literal = re.sub(r"[\ue000-\uf8ff]", "", text)
        if has_letters(literal):
            self.found.append(" ".join(literal.split()))
        for sign in re.findall(r"[\ue000-\uf8ff]", text):
            strings = shown(self.expressions[ord(sign) - 0xE000])
            self.found += [string for string in strings if has_letters(string)]

    def handle_starttag(self, tag, attrs):
        self._inside.append(tag)
        is_button = tag == "button" or dict(attrs).get("type") in BUTTONS
        is_description = ("name", "description") in attrs
        for name, value in attrs:
            if (
                name in SHOWN_ATTRIBUTES
                or (name == "value" and is_button and tag == "input")
                or (name == "content" and is_description)
            ):
                self._look(value or "")

    def handle_endtag(self, tag):
        while tag in self._inside and self._inside.pop() != tag:
            pass

    def handle_data(self, data):
        if not NOT_READ & set(self._inside):
            self._look(data)


def unmarked_in_template(text):
    """Return the texts of a template that no translator would see."""
    tree = JINJA.parse(text)
    arguments = []
    for call in tree.find_all(nodes.Call):
        given = {each.key: each.value for each in call.kwargs}
        arguments += [v for key, v in given.items() if key in SHOWN_ARGUMENTS]
    found = [s for argument in arguments for s in shown(argument) if has_letters(s)]
    found += [s for s in constants(tree) if reads_as_text(s)]
    return sorted({*Linear(tree).found, *found})


def unmarked_in_module(text):
    """Return the sentences of a module that no translator would see."""
    tree = ast.parse(text)
    known = set()
    found = []
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list) and body and isinstance(body[0], ast.Expr):
            known.add(body[0].value)  # a docstring
        if isinstance(node, ast.Call):
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            known.update(n for a in node.args for n in ast.walk(a) if name in MARKS)
            if name in MARKS:
                found += [
                    ast.unparse(a) for a in node.args if isinstance(a, ast.JoinedStr)
                ]
    sentence = re.compile(r"[“A-Z].*([a-z] [a-z%“]|[a-z]\.$)", re.DOTALL)
    return found + [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and node not in known
        and sentence.match(node.value)
    ]


#: What scripts name and do not say.
KEYS = {"Enter", "Escape", "Tab", "Accept", "Ctrl Enter"}


def unmarked_in_script(text):
    """Return the texts of a script that no translator would see."""
    string = r'"(?:[^"\\]|\\.)*"'
    text = re.sub(r"^\s*//.*$| // .*$", "", text, flags=re.MULTILINE)
    text = re.sub(rf"\bgettext\(\s*{string}", "", text)
    text = re.sub(rf"\bngettext\(\s*{string},\s*{string}", "", text)
    text = re.sub(rf"\b(class|rel): {string}", "", text)
    found = re.findall(rf"{string}|'[^'\n]*'|`[^`]*`", text)
    return [s for s in found if reads_as_text(s[1:-1]) and s[1:-1] not in KEYS]


def unmarked(paths, unmarked_in):
    """Return what is not marked in files, by their paths."""
    read = {p: p.read_text("utf-8") for p in paths if p.name not in FOR_DEVELOPERS}
    found = {str(p.relative_to(PROJECT)): unmarked_in(read[p]) for p in read}
    return {path: texts for path, texts in found.items() if texts}


def test_every_text_of_the_templates_is_marked():
    assert unmarked(TEMPLATES, unmarked_in_template) == {}


def test_every_sentence_of_the_modules_is_marked():
    assert unmarked(MODULES, unmarked_in_module) == {}


def test_every_text_of_the_scripts_is_marked():
    assert unmarked(SCRIPTS, unmarked_in_script) == {}


@pytest.mark.parametrize(
    ("template", "found"),
    [
        ("<p>Hello {{ name }}</p>", ["Hello"]),
        ("{% if a %}<b class=x>{% endif %}no lists</b>", ["no lists"]),
        ('<a title="Go back">{{ _("Back") }}</a>', ["Go back"]),
        ('<img alt="{{ name ~ " at sea" }}">', [" at sea"]),
        ('<input placeholder="{{ "new" if a else _("Old") }}">', ["new"]),
        ('<nav aria-label="Order"></nav>', ["Order"]),
        ('<input type="submit" value="send">', ["send"]),
        ('{{ field("name", label="your name") }}', ["your name"]),
        ('{{ field("name", "Your name") }}', ["Your name"]),
        ('{% set SAID = {"repost": "reposted your kwip"} %}', ["reposted your kwip"]),
        ('{% macro pager(label="More kwips") %}{% endmacro %}', ["More kwips"]),
        ("{% trans %}Hello{% endtrans %} Kwip · {{ _('Bye') }}", []),
        ('<a class="button main" href="/x">{{ name }}</a><code>kwip up</code>', []),
    ],
)
def test_a_text_that_is_not_marked_is_found_in_a_template(template, found):
    assert unmarked_in_template(template) == found


@pytest.mark.parametrize(
    ("module", "count"),
    [
        ('fields.String(error_messages={"required": "Fill this in."})', 1),
        ('go(place, f"You follow @{name} now.")', 1),
        ('go(place, gettext(f"You follow @{name} now."))', 1),
        ('"""A docstring of a module."""', 0),
        ('fields.String(error_messages={"required": lazy_gettext("Fill in.")})', 0),
        ('log.info("request_refused", allow="GET, POST")', 0),
    ],
)
def test_a_sentence_that_is_not_marked_is_found_in_a_module(module, count):
    assert len(unmarked_in_module(module)) == count


@pytest.mark.parametrize(
    ("script", "found"),
    [
        ('toast("Deleted.");', ['"Deleted."']),
        ("toast(`Still there. ${why}`);", ["`Still there. ${why}`"]),
        ('["j", "next kwip", step]', ['"next kwip"']),
        ('toast(gettext("Deleted.")); ngettext("One kwip", "More kwips", n);', []),
        ('all("article.post:not([hidden])"); event.key === "Enter"', []),
    ],
)
def test_a_text_that_is_not_marked_is_found_in_a_script(script, found):
    assert unmarked_in_script(script) == found
