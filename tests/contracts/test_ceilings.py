"""The ceilings that no linter knows."""

from __future__ import annotations

import ast

from config.settings import PROJECT

MODULE_LINES = 400
CLASS_LINES = 250
GRAB_BAGS = {"utils", "helpers", "common", "misc", "base"}

MODULES = sorted(
    path.relative_to(PROJECT)
    for folder in ("kwip", "config")
    for path in (PROJECT / folder).rglob("*.py")
)


def too_long(name, text):
    """Return what is longer than it may be, of a module's text."""
    found = [name] if text.count("\n") > MODULE_LINES else []
    classes = (n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.ClassDef))
    return found + [
        f"{name}:{one.name}"
        for one in classes
        if one.end_lineno - one.lineno >= CLASS_LINES
    ]


def test_modules_and_their_classes_stay_below_their_ceilings():
    texts = {str(p): (PROJECT / p).read_text(encoding="utf-8") for p in MODULES}

    assert [each for path in texts for each in too_long(path, texts[path])] == []


def test_a_long_module_and_a_long_class_are_found():
    long_class = "class Long:\n" + "    x = 1\n" * CLASS_LINES
    long_module = "x = 1\n" * (MODULE_LINES + 1)

    assert too_long("a.py", long_class) == ["a.py:Long"]
    assert too_long("b.py", long_module) == ["b.py"]


def test_every_module_is_named_for_what_it_holds():
    assert [path for path in MODULES if path.stem in GRAB_BAGS] == []
