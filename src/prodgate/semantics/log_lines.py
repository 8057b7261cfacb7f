"""The kind of error in a log line, without the values that differ from one occurrence to the next.

A kind names code (a type of exception, a message with its values masked) and nobody: what is quoted, has a digit, is an
address, or may be a person's name is masked. So a kind can be kept as evidence where the line itself can't.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

#: CloudWatch Logs' filter pattern for the lines that may be errors: all that ``find_kind`` takes for one, and more.
ERROR_PATTERN: Final = (
    r"%[Ee][Rr][Rr][Oo][Rr]|[Ff]atal|FATAL|[Cc]rit|CRIT|[Pp]anic|PANIC|[Ee]merg|EMERG|[Aa]lert|ALERT|[Ss]evere|SEVERE"
    r"|[Ee]xception|Traceback|[\s=:]5\d\d|level.{1,4}[56]0%"
)

#: Keys of a structured line, in the order in which they are asked.
_LEVELS: Final = ("level", "severity", "log.level", "levelname", "lvl")
_MESSAGES: Final = ("message", "msg", "event", "error", "exception", "err")
_GRAVE: Final = re.compile(r"(?i)error|err|fatal|critical|crit|panic|alert|emerg(ency)?|severe")
#: pino and bunyan number their levels; from here on they are errors.
_GRAVE_NUMBER: Final = 50
_GRAVE_WORD: Final = re.compile(
    r"(?<![\w-])(ERROR|FATAL|CRITICAL|SEVERE|PANIC|EMERG|panicked at|Traceback \(most recent call last\)|\[error\]"
    r"|error:|Error:|\w*(?:Error|Exception)(?=[:\s(]|$))"
)
_FAILED_REQUEST: Final = re.compile(r'" 5\d\d (\d|-)')
_RAISED: Final = re.compile(r"(?m)^((?:\w+\.)*[A-Z]\w*(?:Error|Exception|Exit|Timeout|Warning)?)(?::|$)")
_LONGEST: Final = 160
_MASKS: Final = (
    (re.compile(r"\x1b\[[0-9;]*m"), ""),
    (re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?"), "<time>"),
    (re.compile(r"(?<![^\s@])[^\s@]+@[^\s@]+\.\w+"), "<address>"),
    (re.compile(r"\b\w+://\S+"), "<url>"),
    (re.compile(r"\"[^\"]*\"|'[^']*'|`[^`]*`|“[^“”]*”|「[^「」]*」"), "<text>"),
    (re.compile(r"(?<!\S)/\S*"), "<path>"),
    (re.compile(r"(?<![\w.:-])(?:(?!\d)[\w.:-])*+\d[\w.:-]*"), "<n>"),
    (re.compile(r"[^\x00-\x7f]+"), "<text>"),
    # a capitalised word after another word may be a name; one that looks like code is kept
    (re.compile(r"(?<=[a-z,] )[A-Z][a-z]+(?: [A-Z][a-z]+)*(?![\w.])"), "<name>"),
)


def find_kind(line: str) -> str:
    """Return the kind of error that a log line tells of; empty for a line that tells of none."""
    structured = _read_structured(line)
    if structured is not None:
        return _find_structured_kind(structured)
    if _FAILED_REQUEST.search(line):
        status = re.search(r'" (5\d\d) ', line)
        return f"a request answered {status[1]}" if status else "a request answered 5xx"
    if not (word := _GRAVE_WORD.search(line)):
        return ""
    raised = _RAISED.findall(line)
    return mask(raised[-1] if "Traceback" in word[1] and raised else line)


def mask(text: str) -> str:
    """Return a text with what may differ from one occurrence to the next replaced; its first lines, shortened."""
    first = next(filter(None, map(str.strip, text.splitlines())), "")
    for pattern, instead in _MASKS:
        first = pattern.sub(instead, first)
    return " ".join(first.split())[:_LONGEST]


def _read_structured(line: str) -> Mapping[str, Any] | None:
    text = line.strip()
    if not text.startswith("{"):
        return None
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _find_structured_kind(told: Mapping[str, Any]) -> str:
    status = next((told[key] for key in ("status", "status_code", "statusCode") if key in told), None)
    if isinstance(status, int) and not isinstance(status, bool) and status >= 500:
        return " ".join((f"a request answered {status}", *_list_places(told)))
    if not _is_grave(next((told[key] for key in _LEVELS if key in told), "")):
        return ""
    return ": ".join(filter(None, (*_list_places(told), *_list_raised(told), *_list_messages(told)))) or "an error"


def _is_grave(level: object) -> bool:
    if isinstance(level, int) and not isinstance(level, bool):
        return level >= _GRAVE_NUMBER
    return bool(_GRAVE.fullmatch(str(level)))


def _list_places(told: Mapping[str, Any]) -> Iterator[str]:
    """Yield where in the code it was: parameters of a route have no values there."""
    yield from (
        re.sub(r"\d+", "<n>", told[key])[:_LONGEST]
        for key in ("route", "logger", "target", "module")
        if isinstance(told.get(key), str)
    )


def _list_raised(told: Mapping[str, Any]) -> Iterator[str]:
    for key in ("traceback", "exc_info", "stack", "stack_trace", "exception"):
        if isinstance(text := told.get(key), str) and (raised := _RAISED.findall(text)):
            yield raised[-1]
            return


def _list_messages(told: Mapping[str, Any]) -> Iterator[str]:
    yield from (mask(told[key]) for key in _MESSAGES[:1] if isinstance(told.get(key), str))
    if "message" not in told:
        yield from (mask(told[key]) for key in _MESSAGES[1:] if isinstance(told.get(key), str))
