"""Kinds of error: the same for two occurrences, different for two errors, and nobody's name."""

from __future__ import annotations

import json
import re

import pytest

from prodgate.semantics.log_lines import ERROR_PATTERN, find_kind

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
