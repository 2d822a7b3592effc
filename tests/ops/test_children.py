from __future__ import annotations

import pytest

from kwip.embedded.children import last_words

MONGODB = (
    '{"s":"E","msg":"WiredTiger error","attr":{"message":"No space left on device"}}\n'
    '{"s":"F","msg":"Fatal assertion","attr":{"msgid":1}}\n'
    '{"s":"F","msg":"***aborting after fassert() failure"}\n'
)


@pytest.mark.parametrize(
    ("log", "words"),
    [
        ("", "no output"),
        ("hello\nbye\n", "bye"),
        ("Error: it broke\n  at line 3\n", "Error: it broke"),
        ("bind: Address already in use\nFatal error, can't open\n", "bind: Address"),
        (MONGODB, 'WiredTiger error {"message": "No space left on device"}'),
        ("[1, 2] failed\n", "[1, 2] failed"),
        ("x" * 9000 + "\n", "x" * 300),
    ],
)
def test_the_line_that_names_the_cause_is_shown(tmp_path, log, words):
    path = tmp_path / "role.log"
    path.write_text("an error of an earlier start\n" + log)
    shown = last_words(path, len("an error of an earlier start\n"))

    assert shown.startswith(words)
    assert len(shown) <= 300


def test_of_a_log_that_was_cut_meanwhile_all_is_new(tmp_path):
    path = tmp_path / "role.log"
    path.write_text("Error: it broke\n")

    assert last_words(path, 1_000) == "Error: it broke"
