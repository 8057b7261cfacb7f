"""TOML that somebody wrote, read within limits, so that no text of a user ends in more than a line that says why."""

import json
import re
import tomllib
from codecs import BOM_UTF8
from collections.abc import Collection, Iterable, Iterator
from functools import lru_cache
from math import isfinite
from pathlib import Path
from typing import Any, Final

from ..criteria import suggest
from ..processes.regular_files import NotRegularError, open_regular

#: The largest file that is read, in bytes.
MOST_BYTES: Final = 512 * 1024
#: How deep tables and lists may stand in each other.
DEEPEST: Final = 16
#: Characters of a message, and how many messages, that are shown.
_LONGEST, _MOST_SHOWN = 500, 100
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
#: A key of so many parts; tomllib takes the square of their number as time.
_LONG_KEY: Final = re.compile(r"""(?:(?:[\w-]{1,99}|"[^"\n]{0,99}"|'[^'\n]{0,99}')[ \t]{0,9}\.[ \t]{0,9}){32}""")


class TomlError(ValueError):
    """A text is not TOML that can be used; the message says why, without naming the file."""


def read_text(path: Path) -> str:
    """Return the text of a regular file. Raises TomlError, and OSError when it can't be read."""
    try:
        with open_regular(path) as file:
            data = file.read(MOST_BYTES + 1)
    except NotRegularError as error:
        raise TomlError(f"{error.strerror}; write one, which can be read again") from None
    if len(data) > MOST_BYTES:
        raise TomlError(f"is larger than {MOST_BYTES:,} bytes; write a file that a person can read, or split it")
    if data.startswith(BOM_UTF8):
        raise TomlError("begins with a byte order mark, which TOML does not have; save it as UTF-8 without one")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise TomlError(f"is not UTF-8 text: {error.reason} at byte {error.start}; save it as UTF-8") from None


def parse_toml(text: str) -> dict[str, Any]:
    """Return the tables of a text. Raises TomlError, also for what no file of ours can mean."""
    found: dict[str, Any] = _copy(_parse(text))
    return found


def _copy(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copy(each) for key, each in value.items()}
    return [_copy(each) for each in value] if isinstance(value, list) else value


@lru_cache(maxsize=128)  # a file of criteria is asked what it includes, what it overrides, and what it states
def _parse(text: str) -> dict[str, Any]:
    if long := _LONG_KEY.search(text):
        line = text.count("\n", 0, long.start()) + 1
        raise TomlError(f"has a key of more than 32 parts at line {line}; write tables that a person can read")
    try:
        found = tomllib.loads(text)
    except RecursionError:
        raise TomlError(f"is nested more than {DEEPEST} deep; write it flatter") from None
    except ValueError as error:  # not only TOMLDecodeError: a date that is none, an integer of 5,000 digits
        raise TomlError(f"is not TOML: {error}") from None
    for where, value, depth in _walk(found):
        if wrong := _describe_nonsense(value, depth):
            raise TomlError(f"{where}: {wrong}" if where else wrong)
    return found


def write_string(text: str) -> str:
    """Return a visible text as TOML has it on one line: what JSON escapes, TOML reads."""
    return json.dumps(text, ensure_ascii=False)


def write_value(value: Any) -> str:
    """Return a text, a number, a boolean, or a list or table of them as TOML has it on one line."""
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{write_string(key)} = {write_value(each)}' for key, each in value.items())} }}"
    return (
        f"[{', '.join(map(write_value, value))}]" if isinstance(value, list) else json.dumps(value, ensure_ascii=False)
    )


def key_mistakes(where: str, keys: Iterable[str], known: Collection[str]) -> Iterator[str]:
    """Say which keys are unknown, and which one may have been meant."""
    for key in keys:
        if key not in known:
            yield f"{where}.{key}: is not a key{suggest(key, known) or '; keys are ' + ', '.join(known)}"


def render_mistakes(mistakes: Iterable[str]) -> str:
    """Return mistakes as one line each, none longer than a person reads."""
    lines = [each.replace("\r", "\\r").replace("\n", "\\n") for each in mistakes]
    shown = [each if len(each) <= _LONGEST else f"{each[:_LONGEST]}…" for each in lines[:_MOST_SHOWN]]
    more = [f"… and {len(lines) - _MOST_SHOWN:,} mistakes more"] if len(lines) > _MOST_SHOWN else []
    return "\n".join((*shown, *more))


def _walk(data: dict[str, Any]) -> Iterator[tuple[str, Any, int]]:
    """Yield every key and value with the dotted key it stands at and its depth; not by recursion."""
    waiting: list[tuple[str, Any, int]] = [("", data, 0)]
    while waiting:
        where, value, depth = waiting.pop()
        yield where, value, depth
        if isinstance(value, dict):
            yield from ((where, key, depth) for key in value)
            waiting += [(f"{where}.{key}".lstrip("."), each, depth + 1) for key, each in value.items()]
        elif isinstance(value, list):
            waiting += [(where, each, depth + 1) for each in value]


def _describe_nonsense(value: Any, depth: int) -> str:
    """Say what no key can mean, or nothing."""
    if depth > DEEPEST:
        return f"is nested more than {DEEPEST} deep; write it flatter"
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        return "is a number of more than 64 bits; write a smaller one"
    if isinstance(value, float) and not isfinite(value):
        return f"is {value}; write a number"
    if isinstance(value, str) and (control := _CONTROL.search(value)):
        return f"holds the control character {control[0]!r}; take it out"
    return ""
