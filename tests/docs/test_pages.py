"""The pages name what is there, leave out nothing, and lead where they say."""

from __future__ import annotations

import ast
import re
from functools import cache
from unittest.mock import MagicMock
from xml.etree import ElementTree as ET

import pytest
from jsonschema import Draft202012Validator
from prometheus_client import Counter
from prometheus_client.metrics import MetricWrapperBase

from config.example import example
from config.settings import PROJECT, reference, rules
from docs import generate
from kwip import cli, telemetry
from kwip.schemas.timelines.widget_shapes import WIDGET_SCHEMA
from kwip.schemas.timelines.widgets import WidgetAuthorSchema, WidgetPostSchema
from kwip.schemas.urls import Urls
from kwip.services.reading import entities
from kwip.services.reading import kinds as loads
from kwip.services.reading.loader import Kind
from tests.docs.test_data_model import examples_in

DOCS = PROJECT / "docs"
PAGES = sorted([*PROJECT.glob("*.md"), *DOCS.rglob("*.md")])
#: What the supervisor marks its processes with; nobody sets it.
NO_SETTINGS = {"KWIP_STACK", "KWIP_ROLE"}
PLACE = re.compile(r"`((?:kwip|config|docs|tests)/[\w/]+\.\w+)(?::([\w.]+))?`")
SETTING = re.compile(r"\bKWIP_[A-Z_]*[A-Z]\b")
LINK = re.compile(r"\]\(([^)\s]+)\)")
COMMAND = re.compile(r"(?:^|[`/])kwip +([a-z]+)(?: +([a-z0-9-]+))?", re.MULTILINE)


@cache
def text_of(page):
    return page.read_text(encoding="utf-8")


def without_code(text):
    return re.sub(r"^```.*?^```$|`[^`\n]*`", "", text, flags=re.MULTILINE | re.DOTALL)


def anchors_of(page):
    """Give the names that a page's headings have as targets of links."""
    headings = re.findall(r"^#+ (.+)$", text_of(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", h.lower()).replace(" ", "-") for h in headings}


@cache
def names_in(path):
    """Give every name that a module defines, with its class before a dot."""
    names = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        names |= {node.name} if hasattr(node, "name") else assigned(node)
        for inner in getattr(node, "body", ()):
            found = {inner.name} if hasattr(inner, "name") else assigned(inner)
            names |= {f"{node.name}.{name}" for name in found if hasattr(node, "name")}
    return names


def assigned(node):
    targets = getattr(node, "targets", [getattr(node, "target", None)])
    return {target.id for target in targets if isinstance(target, ast.Name)}


def on_pages(pattern, text=text_of):
    """Go through what a pattern finds on the pages, each with its page."""
    return ((page, found) for page in PAGES for found in pattern.findall(text(page)))


def test_links_lead_somewhere():
    for page, target in on_pages(LINK, lambda page: without_code(text_of(page))):
        if re.match(r"https?:", target):
            continue
        path, _, anchor = target.partition("#")
        to = (page.parent / path).resolve() if path else page

        assert to.exists(), (page, target)
        assert not anchor or anchor in anchors_of(to), (page, target)


def test_places_in_the_code_exist():
    for page, (path, name) in on_pages(PLACE):
        file = PROJECT / path

        assert file.is_file(), (page, path)
        assert not name or name in names_in(file), (page, f"{path}:{name}")


def test_settings_that_are_named_exist():
    known = {rule.variable for rule in rules().values()} | NO_SETTINGS

    assert [found for found in on_pages(SETTING) if found[1] not in known] == []


def test_commands_that_are_named_exist():
    for page, (name, inner) in on_pages(COMMAND):
        command = cli.kwip.get_command(None, name)

        assert command is not None, (page, name)
        if inner and hasattr(command, "commands"):
            assert inner in command.commands, (page, f"{name} {inner}")


@pytest.mark.parametrize("name", generate.PARTS)
def test_what_is_printed_from_the_code_is_up_to_date(name):
    text = text_of(DOCS / name)

    assert generate.with_parts(text, generate.PARTS[name]) == text, "run `make docs`"


def test_the_settings_are_up_to_date():
    assert text_of(DOCS / "configuration.md") == reference(), "run `make docs`"
    assert text_of(generate.ENVIRONMENT) == example(), "run `make docs`"


def test_the_example_of_nginx_is_up_to_date():
    assert text_of(generate.NGINX) == generate.nginx(), "run `make docs`"


def test_every_command_is_documented():
    text = text_of(DOCS / "cli.md")

    assert [name for name in cli.COMMANDS if f"kwip {name}" not in text] == []


def test_every_cached_kind_is_in_the_table_of_keys():
    made = vars(entities.Entities(MagicMock())).values()
    kinds = {
        kind.name: (f"{kind.ttl_s} s", kind.version is not loads.unversioned)
        for kind in made
        if isinstance(kind, Kind)
    }
    rows = re.findall(
        r"^\| `(\w+)[^`]*` \| [^|]+ \| ([^|]+) \| ([^|]+) \|$",
        text_of(DOCS / "cache.md"),
        re.MULTILINE,
    )

    assert {name: (ttl, version != "none") for name, ttl, version in rows} == kinds


def test_every_series_is_in_the_runbook():
    series = {
        metric._name + ("_total" if isinstance(metric, Counter) else "")
        for metric in vars(telemetry).values()
        if isinstance(metric, MetricWrapperBase)
    }
    series |= set(telemetry.AT_SCRAPE)
    shown = re.findall(
        r"^\| `(kwip_\w+)` \|", text_of(DOCS / "runbook.md"), re.MULTILINE
    )

    assert set(shown) == series


def test_every_log_event_is_in_the_runbook():
    logged = set()
    for path in (PROJECT / "kwip").rglob("*.py"):
        logged |= set(
            re.findall(
                r'\blog\.(?:debug|info|warning|error|exception)\(\s*"(\w+)"',
                text_of(path),
            )
        )
    rows = re.findall(r"^\| (`.+?`) \| \w", text_of(DOCS / "runbook.md"), re.MULTILINE)

    assert set(re.findall(r"`(\w+)`", " ".join(rows))) >= logged


def test_every_dependency_has_a_page():
    required = re.findall(
        r"^[\w-]+", (PROJECT / "requirements.in").read_text(), re.MULTILINE
    )
    pages = {page.stem for page in (DOCS / "decisions").glob("*.md")}

    assert {name.lower() for name in required} <= pages


def test_every_decision_is_in_the_index():
    folder = DOCS / "decisions"
    listed = set(LINK.findall(text_of(folder / "README.md")))

    assert listed == {page.name for page in folder.glob("*.md")} - {"README.md"}


def test_the_widget_example_has_every_field():
    shown = examples_in(text_of(DOCS / "widgets.md"))["widget"][0]
    urls = Urls("https://kwip.example.org")
    post = WidgetPostSchema(urls, is_signed_in=False)
    author = WidgetAuthorSchema(urls, is_signed_in=False)

    Draft202012Validator(WIDGET_SCHEMA).validate(shown)
    assert list(shown) == ["version", "posts", "next"]
    assert list(shown["posts"][0]) == list(post.fields)
    assert list(shown["posts"][0]["author"]) == list(author.fields)


def test_the_picture_is_drawn_and_described():
    root = ET.fromstring(text_of(DOCS / "images" / "architecture.svg"))  # noqa: S314 -- ours
    tags = [element.tag.rpartition("}")[2] for element in root]

    assert tags[:2] == ["title", "desc"]
    assert "prefers-color-scheme: dark" in "".join(root.itertext())
