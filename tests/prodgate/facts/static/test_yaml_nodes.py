from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prodgate.facts.static.yaml_nodes import YamlError, parse_yaml


def test_on_is_a_key_and_not_the_boolean_true() -> None:
    assert parse_yaml("on: push").at("on").text() == "push"


def test_only_true_and_false_are_booleans() -> None:
    root = parse_yaml("a: yes\nb: on\nc: true\nd: False")
    assert [root.at(key).value for key in "abcd"] == ["yes", "on", True, False]


def test_values_have_the_line_of_their_key() -> None:
    root = parse_yaml("# first\njobs:\n\n  one:\n    # about it\n    steps:\n      - run: a\n      - run: b\n")
    assert root.at("jobs", "one").line == 4
    assert [step.line for step in root.at("jobs", "one", "steps").nodes()] == [7, 8]


def test_what_is_absent_is_null_at_the_nearest_line() -> None:
    node = parse_yaml("a:\n  b: 1").at("a", "c", "d")
    assert (node.value, node.line, node.text(), list(node.items()), node.nodes()) == (None, 1, "", [], ())


def test_an_empty_document_is_null() -> None:
    assert parse_yaml("").value is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [", "1: is not YAML: "),
        ("a: 1\na: 2", "2: repeats the key 'a'; keep one"),
        ("? [a]\n: 1", "1: has a key that is not a text; write a plain key"),
        ("a: &a [*a]", "1: is nested more than 50 deep; an anchor that holds itself?"),
        ("a: \x01", "1: is not YAML: "),
        ("a: 1\n---\nb: 2", "2: is not YAML: "),
    ],
)
def test_what_github_would_refuse_is_refused(text: str, message: str) -> None:
    with pytest.raises(YamlError) as raised:
        parse_yaml(text)
    assert str(raised.value).startswith(message)


@given(st.text())
def test_any_text_is_read_or_refused_with_its_line(text: str) -> None:
    with suppress(YamlError):
        assert parse_yaml(text).line >= 1


BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{at}: &a{at} [{', '.join([f'*a{at - 1}'] * 10)}]\n" for at in range(1, 12)
)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (BOMB, "values with its aliases written out, more than 50,000; write fewer"),
        ("[" * 3000, "is not YAML that can be read: RecursionError; write it flatter"),
        ("x" * 300_000, "is longer than 262,144 characters; split it"),
        ("a: &a [*a]", "an anchor that holds itself?"),
        ("\x00", "is not YAML: unacceptable character"),
    ],
    ids=lambda value: value[:12],
)
def test_a_text_that_would_take_all_time_or_memory_is_refused_at_once(text: str, message: str) -> None:
    with pytest.raises(YamlError) as refused:
        parse_yaml(text)
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)
