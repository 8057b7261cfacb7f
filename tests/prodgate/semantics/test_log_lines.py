"""Kinds of error, the same for two occurrences and without anybody's name; and the kept part of a value, without
a secret."""

import base64
import gzip
import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, strategies as st

from prodgate.semantics.json_texts import DuplicateKeyError, read_json
from prodgate.semantics.log_lines import ERROR_PATTERN, find_kind
from prodgate.semantics.markdown import find_sections, has_section
from prodgate.semantics.names import names_same_person
from prodgate.semantics.secret_forms import find_packed, find_secrets
from prodgate.semantics.secret_places import Redactor

TRACEBACK = """Traceback (most recent call last):
  File "/app/api.py", line 12, in answer
KeyError: 'team'"""


@pytest.mark.parametrize(
    "line",
    [
        "2026-11-26T15:38:00Z INFO started in 12 ms",
        '{"level": "info", "message": "error handling is on"}',
        '10.0.0.1 - - [26/Nov/2026:15:38:00 +0000] "GET /stories/500 HTTP/1.1" 200 512',
        "no errors found",
        '{"level": 30, "msg": "listening"}',
        '{"status": 404, "path": "/no-such"}',
        "{not json",
        "",
    ],
)
def test_what_is_no_error_has_no_kind(line: str) -> None:
    assert find_kind(line) == ""


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("2026-11-26T15:38:00.123Z ERROR [api] no connection to 10.0.0.7:5432", "<time> ERROR [api] no connection to <n>"),
        (TRACEBACK, "KeyError"),
        ("thread 'main' panicked at src/main.rs:12:5", "thread <text> panicked at src/<n>"),
        ('{"level": "error", "message": "a handler failed", "route": "/stories/[id]"}', "/stories/[id]: a handler failed"),
        (json.dumps({"level": "ERROR", "message": "failed", "traceback": TRACEBACK}), "KeyError: failed"),
        ('{"level": 50, "msg": "lost 3 of 4"}', "lost <n> of <n>"),
        ('{"severity": "CRITICAL", "error": "x"}', "x"),
        ('{"level": "error"}', "an error"),
        ('{"status": 503, "route": "/api/health", "path": "/api/health"}', "a request answered 503 /api/health"),
        ('10.0.0.1 - - [t] "GET / HTTP/1.1" 502 512', "a request answered 502"),
        ("psycopg.errors.UndefinedColumn: ERROR: column does not exist", "psycopg.errors.UndefinedColumn: ERROR: column does not exist"),
        ("ERROR: login of Ada Lovelace (ada@example.com) at /my-team failed", "ERROR: login of <name> <address>) at <path> failed"),
        ("ERROR 失敗しました", "ERROR <text>"),
    ],
)  # fmt: skip
def test_an_error_has_a_kind_without_its_values(line: str, kind: str) -> None:
    assert find_kind(line) == kind


def test_two_occurrences_are_of_one_kind() -> None:
    first = find_kind("2026-11-26T15:38:00Z ERROR request 8c1f took 31 ms for 'Ada'")
    assert first == find_kind("2026-11-27T01:02:03Z ERROR request 77aa took 9000 ms for 'Bo'") != ""


@pytest.mark.parametrize(
    "line", ["ERROR a", "fatal error: x", TRACEBACK, '{"status": 500}', '{"level":50,"msg":"x"}', "SEVERE: y"]
)
def test_the_pattern_for_cloudwatch_finds_what_is_an_error(line: str) -> None:
    assert find_kind(line)
    assert re.search(ERROR_PATTERN[1:-1], line)


def test_the_pattern_has_only_what_cloudwatch_takes() -> None:
    assert ERROR_PATTERN.startswith("%")
    assert ERROR_PATTERN.endswith("%")
    assert re.fullmatch(r"[A-Za-z0-9:_#=@/;,\-^$?\[\]{}|\\*+.]+", ERROR_PATTERN[1:-1])


# ── Documents


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("## Database\nRestore it.", ("Database",)),
        ("## Database ##\nRestore it.", ("Database",)),
        ("## Database\n\n## Services\nStop them.", ("Services",)),
        ("## Database\n<!-- say how -->\n", ()),
        ("## Database\n<!-- say how\n\nRestore it.", ()),
        ("<!-- ## Database\nRestore it. -->", ()),
        ("## Database\nTBD\n", ()),
        ("## Database\n\u2014 \u3164\n", ()),
        ("## Database\n### Snapshot\nTake one.\n", ("Database", "Snapshot")),
        ("## Database\n# Services\nStop them.\n", ("Services",)),
        ("```\n## Database\nRestore it.\n```\n", ()),
        ("## Steps\n```\n# a comment of the shell\n```\n## Database\n", ("Steps",)),
        ("## Steps\n```\nrestore\n```\n", ("Steps",)),
        ("## Steps\n~~~~\n~~~\n## Database\nx\n~~~~\n", ("Steps",)),
        ("##Database\nRestore it.", ()),
        ("    ## Database\nRestore it.", ()),
        (f"## {'x' * 500}\nRestore it.", ()),
        ("## 連絡先\n当番に電話する。", ("連絡先",)),
    ],
)
def test_a_heading_counts_when_something_is_said_under_it(text: str, found: tuple[str, ...]) -> None:
    assert find_sections(text) == found


def test_a_section_is_found_however_it_is_spelled() -> None:
    assert has_section(("Who decides?",), "who DECIDES")
    assert not has_section(("Who decides?",), "Who is called")
    assert not has_section((), "Who decides")


@given(st.text(alphabet="# \n`~<!->xA", max_size=60))
def test_every_text_has_sections_that_stand_in_it(text: str) -> None:
    for heading in find_sections(text):
        assert heading in text


# ── Names of people


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ana Souza", "ana souza"),
        ("Ana Souza", "Souza, Ana"),
        ("Ana Souza", "Ána  Souza"),
        ("Ana Souza", "Ana\u200b Souza"),
        ("Ana Souza", "Ana Souza <ana@example.com>"),
        ("Ana Souza <ana@example.com>", "Ana Souza <ana@example.org>"),
        ("Ana Souza <ana@example.com>", "A. S. <ANA+ops@example.com>"),
        ("Ana Souza ana@example.com", "Ana Souza"),
        ("ana@example.com", "Ana <ana@example.com>"),
        ("Zoë", "Zoe\u0308"),
        ("山田 太郎", "山田太郎"),
    ],
)
def test_one_person_stays_one(one: str, other: str) -> None:
    assert names_same_person(one, other)
    assert names_same_person(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ana Souza", "Ken Ito"),
        ("Ana Souza", "Ana Costa"),
        ("ana@example.com", "ken@example.com"),
        ("Ana <ana@example.com>", "Ken <ken@example.com>"),
        ("platform@example.com", "security@example.com"),
    ],
)
def test_two_people_stay_two(one: str, other: str) -> None:
    assert not names_same_person(one, other)


@given(st.text(min_size=1), st.text(min_size=1))
def test_the_order_plays_no_part(one: str, other: str) -> None:
    assert names_same_person(one, other) == names_same_person(other, one)
    assert names_same_person(one, one)


# ── JSON that two readers interpret differently

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(VALUES)
def test_what_holds_each_key_once_is_read_as_anybody_reads_it(value: object) -> None:
    text = json.dumps(value)
    assert read_json(text) == json.loads(text)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ('{"a": 1, "a": 2}', "a"),
        ('{"a": 1, "a": 1}', "a"),
        ('{"b": {"c": [{"d": 1}, {"e": 1, "e": 1}]}}', "e"),
        ('{"\\u0061": 1, "a": 2}', "a"),
        ('[{"x": {}, "y": 1, "x": null}]', "x"),
        ('{"": 1, "": 2}', ""),
    ],
)
def test_a_key_that_stands_there_twice_is_named(text: str, key: str) -> None:
    with pytest.raises(DuplicateKeyError, match=f"holds the key '{key}' twice in one object") as refused:
        read_json(text)
    assert refused.value.key == key


@pytest.mark.parametrize("text", ['{"a": 1, "A": 2}', '{"a": {"a": {"a": 1}}}', '[{"a": 1}, {"a": 2}]'])
def test_the_same_letters_in_another_place_are_another_key(text: str) -> None:
    assert read_json(text) == json.loads(text)


# ── The kept part of a value: no secret, the rest unchanged, and enough to find the same secrets again

SECRET = "plant-01-Zq7x"
SCRIPT = f"#!/bin/sh\nexport DB_PASSWORD='{SECRET}'\n"
PACKED = base64.b64encode(SCRIPT.encode()).decode()
TOKEN = "ghp_abcdefghijklmnopqrstuvwxyz0123456789"


@pytest.mark.parametrize(
    "value",
    [
        {"DB_PASSWORD": SECRET},
        {"smtp.smtp_password": SECRET},
        {"tokens": {"api_token": [SECRET, "x" + SECRET]}},
        [{"name": "DB_PASSWORD", "value": SECRET}],
        [{"Name": "DB_PASSWORD", "Value": SECRET, "Other": f"as {SECRET}"}],
        {"user_data": SCRIPT},
        {"user_data": PACKED},
        {"user_data": "\n".join(PACKED[at : at + 40] for at in range(0, len(PACKED), 40))},
        {"user_data": base64.b64encode(gzip.compress(SCRIPT.encode())).decode()},
        {"user_data": f"echo {base64.b64encode(PACKED.encode()).decode()} | base64 -d"},
        {"definitions": json.dumps([{"environment": [{"name": "DB_PASSWORD", "value": SECRET}]}])},
        {"text": f'{{"password": "{SECRET}"}} is what it has'},
        {"text": f"smtp_password = {SECRET!r}"},
        {"text": f"users:\n  - password: {SECRET}\n"},
        {"text": f"mysql -u root -p{SECRET} < x; echo ops:{SECRET} | chpasswd"},
        {"text": f"postgres://u:{SECRET}@h/db, so the word is {SECRET}"},
        {"API_KEY": SECRET, "page": "plant%2D01%2DZq7x plant-01-Zq7x"},
        {"note": TOKEN, "Key": TOKEN},
    ],
)
def test_a_secret_is_taken_out_wherever_it_stands_and_found_again(value: Any) -> None:
    redactor = Redactor()
    kept = redactor.redact(value)
    texts = [json.dumps(kept), *(packed.text for packed in _unpack(json.dumps(kept)))]
    assert not any(secret in text for text in texts for secret in (SECRET, TOKEN))
    assert redactor.redact(kept) == kept
    assert Redactor().redact(kept) == kept
    assert [*_find(kept)] == [*_find(value)]


def _unpack(text: str) -> Any:
    for packed in find_packed(text.replace("\\n", "\n")):
        yield packed
        yield from _unpack(packed.text)


def _find(value: Any, name: str = "") -> Any:
    if isinstance(value, dict):
        own = value.get("name") or value.get("Name")
        for key, item in value.items():
            yield from _find(item, own if own and key in ("value", "Value") else key)
    elif isinstance(value, list):
        for item in value:
            yield from _find(item, name)
    else:
        yield from find_secrets(name, value)


@pytest.mark.parametrize(
    "value",
    [
        {"secret.tf": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", "dags/token": "3f2a9c1d"},
        {"credentials": [["main.tf", 3, "a GitHub token"]]},
        {"password": None, "token": 7, "secret": True, "api_key": ""},
        {"text": "permissions:\n  id-token: write\n  secret: required\n"},
        {"NextToken": "abc", "DB_SECRET_ARN": "anything", "DB_PASSWORD": "${var.password}"},
        {"text": "write manage_master_user_password = true; see token.actions.githubusercontent.com:aud"},
    ],
)
def test_what_is_no_secret_stays(value: Any) -> None:
    assert Redactor().redact(value) == value


def test_a_word_that_is_a_secret_somewhere_is_not_taken_out_of_other_texts() -> None:
    assert Redactor().redact({"password": "production", "text": "in production"})["text"] == "in production"


def test_a_file_of_yaml_stays_one() -> None:
    file = ".github/workflows/ci.yml"
    kept = Redactor().redact({file: f"env:\n  TOKEN: {TOKEN}\nrun: login --password={SECRET} && apply\n"})[file]
    assert yaml.safe_load(kept)["env"] == {"TOKEN": "(redacted:a GitHub token)"}
    assert [*find_secrets("TOKEN", "(redacted:a GitHub token)")] == [("TOKEN", "a GitHub token")]


def test_workflows_of_our_own_stay_as_they_are() -> None:
    files = {str(path): path.read_text("utf-8") for path in (Path(__file__).parents[3] / ".github").rglob("*.y*ml")}
    assert len(files) > 5
    assert Redactor().redact(files) == files
