"""Whatever stands in a file that a user writes, it is valid or refused in lines that name the file; nothing else."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from prodgate.criteria import UsageError
from prodgate.sections.attestations_file import parse_attestation
from prodgate.sections.criteria_file import load_criteria, parse_criteria
from prodgate.sections.includes import merge
from prodgate.sections.project import BUNDLED
from prodgate.sections.waivers_file import load_waivers, parse_waivers

HERE = Path("given.toml")
Parse = Callable[[str, Path], object]


def _states(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text("utf-8"))


WHOLE: Final[dict[str, Any]] = {**_states(BUNDLED / "criteria.toml"), "include": []}
for file in sorted((BUNDLED / "criteria").glob("*.toml")):
    for section, tables in _states(file).items():
        kept = dict(list(tables.items())[:4]) if section == "criteria" else tables
        WHOLE.setdefault(section, {}).update(kept)
WAIVERS: Final = {"waivers": dict(list(_states(BUNDLED / "waivers.toml")["waivers"].items())[:2])}
RECORD: Final = _states(BUNDLED / "attestations" / "restore-record.toml")


def parse_record(text: str, path: Path) -> object:
    return parse_attestation(text, path, datetime(2026, 11, 27, tzinfo=UTC))


FILES: Final[tuple[tuple[Parse, dict[str, Any]], ...]] = (
    (parse_criteria, WHOLE), (parse_waivers, WAIVERS), (parse_record, RECORD)
)  # fmt: skip


def render(value: Any) -> str:
    """Write a value as TOML, tables inline."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_quote(key)} = {render(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(render, value)) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    return _quote(value) if isinstance(value, str) else value.isoformat() if isinstance(value, date) else str(value)


def _quote(text: str) -> str:
    return (
        '"' + "".join(f"\\U{ord(each):08x}" if each in '"\\' or not each.isprintable() else each for each in text) + '"'
    )


def keys(data: Any, at: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Every place in the tables, by the keys that lead there."""
    inner = [place for key, each in data.items() for place in keys(each, (*at, key))] if isinstance(data, dict) else []
    return [*([at] if at else []), *inner]


def put(data: dict[str, Any], at: tuple[str, ...], value: Any) -> dict[str, Any]:
    key, *rest = at
    return {**data, key: put(data[key], tuple(rest), value) if rest else value}


def _reading(load: Callable[[Path], object]) -> Parse:
    return lambda _, path: load(path)


def parse(how: Parse, text: str, path: Path = HERE) -> None:
    """Read a text; the only thing that may be raised is a message, each line of which names the file."""
    told = ""
    try:
        how(text, path)
    except UsageError as refused:
        told = str(refused)
    assert all(line.startswith((f"{path}: ", "… and ")) for line in told.splitlines())


SCALARS = st.one_of(
    st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=20),
    st.sampled_from(["-30 d", "500 %", "9" * 60 + " d", "< {x}", "<= {", "{", "env:", "secret:#", "s3://", "[", "https://[", "aws://", "0 0 31 2 *", "* * * * * * *", "\u200b", "Europe/..", "/", "::", "999999999 d", "\ud7ff", "٣ d"]),
    st.integers(-(2**63), 2**63 - 1), st.booleans(), st.floats(allow_nan=False, allow_infinity=False), st.dates(),
)  # fmt: skip
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc-é. ", max_size=5), inner, max_size=3),
)
PLACES = {".".join(at): (how, data, at) for how, data in FILES for at in keys(data)}


@pytest.mark.slow
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(sorted(PLACES)), VALUES)
def test_any_value_at_any_key(place: str, value: Any) -> None:
    how, data, at = PLACES[place]
    parse(how, "\n".join(f"{_quote(key)} = {render(each)}" for key, each in put(data, at, value).items()))


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=300) | st.text("[]{}=.,\"'#\n a1-", max_size=200).map(str.encode))
@example(b"\xef\xbb\xbfsystem = 'x'")
@example(b"\xff\xfe")
@example(b"system = '\x00'")
@example(b"a = 1979-05-27T99:99:99Z")
@example(b"a = 0001-01-01T00:00:00+23:59")
def test_any_bytes(tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "given.toml"
    file.write_bytes(data)
    for load in (load_criteria, load_waivers):
        parse(_reading(load), "", file)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"a = {'9' * 5000}", "is not TOML: "),
        (f"a = 0x{'f' * 5000}", "a: is a number of more than 64 bits"),
        ("a = 9223372036854775808", "a: is a number of more than 64 bits"),
        (f"a = {'[' * 5000}{']' * 5000}", "is nested more than 16 deep"),
        (f"a = {'[' * 40}{']' * 40}", "a: is nested more than 16 deep"),
        (f"a = {'{a=' * 3000}1{'}' * 3000}", "is nested more than 16 deep"),
        (f"{'a.' * 100_000}a = 1", "has a key of more than 32 parts at line 1"),
        (f"[{'a.' * 30}a]", "is nested more than 16 deep"),
        ("a = nan", "a: is nan; write a number"),
        ("a = -inf", "a: is -inf; write a number"),
        ("a = 1e999", "a: is inf; write a number"),
        ('a = "\\u0000"', "a: holds the control character '\\x00'"),
        ('"a\\u001b" = 1', "holds the control character '\\x1b'"),
        ("\ufeffa = 1", "is not TOML: "),
        ("a = 2026-13-45", "is not TOML: "),
    ],
    ids=lambda value: value[:30],
)
def test_found_texts_are_refused_in_one_line(text: str, message: str) -> None:
    for how in (parse_criteria, parse_waivers, parse_record):
        with pytest.raises(UsageError) as refused:
            how(text, HERE)
        told = str(refused.value)
        assert told.startswith(f"{HERE}: {message}" if not message.startswith(("is nested", "holds")) else f"{HERE}: ")
        assert message in told
        assert "\n" not in told


def test_what_is_no_readable_file_is_refused_and_never_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "large").write_bytes(b"#" * 600_000)
    (tmp_path / "circle").symlink_to("circle")
    places = {
        "pipe": "is no regular file",
        "large": "is larger than 524,288 bytes",
        "circle": "cannot be read|is a link",
        ".": "cannot be read: Is a directory",
    }
    for load in (load_criteria, load_waivers):
        for name, message in places.items():
            with pytest.raises(UsageError, match=message):
                load(tmp_path / name)
        with pytest.raises(UsageError, match="is no regular file"):
            load(Path("/dev/zero"))


def test_a_mistake_that_quotes_a_novel_is_one_line() -> None:
    with pytest.raises(UsageError) as refused:
        parse_criteria(f'system = "x"\n"a\\nb" = 1\n[criteria.x]\nwhy = ["{"x" * 9000}"]\n', HERE)
    assert all(len(line) < 600 for line in str(refused.value).splitlines())
    assert all(line.startswith(f"{HERE}: ") for line in str(refused.value).splitlines())


def test_the_files_that_are_varied_are_valid_as_they_are() -> None:
    assert merge(render_whole := "\n".join(f"{_quote(k)} = {render(v)}" for k, v in WHOLE.items()), HERE, {}).data
    assert parse_criteria(render_whole, HERE)
