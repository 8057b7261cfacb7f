"""Patterns with ``*``, ``?`` and ``${…}``: matched against requests, or used in proofs.

Source: IAM User Guide, "IAM JSON policy elements: Resource", "… Action" and "… Variables and tags".
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Final

from .truth import Doubt, Truth, doubt

_TOKENS: Final = re.compile(r"\$\{(?:(?!\$\{)[^}])*\}|\*|\?|[^$*?]+|\$")
_SIGNS: Final = re.compile(r"\*|\?|[^*?]+")
_DEFAULTED: Final = re.compile(r"([^,]*[^,\s])\s*,\s*'(.*)'\s*")

#: Returns a request's only value of a key in lower case, None without one, or why it is unknown.
Lookup = Callable[[str], str | Doubt | None]


@dataclass(frozen=True, slots=True)
class Wild:
    """A token of a pattern that stands for any number of characters, or for one."""

    many: bool
    within: bool = False
    """Whether it ends at the next colon: a wildcard in the first five parts of an ARN does."""


Token = str | Wild
Pattern = tuple[Token, ...]


def read_pattern(text: str, lookup: Lookup | None) -> Pattern | Doubt | None:
    """Return the tokens of a pattern; None if a variable has no value, so that nothing can match it.

    ``lookup`` gives the values of variables; without it, as in documents of 2008, there are none.
    """
    if not lookup or "${" not in text:
        return _read_plain(text)
    tokens: list[Token] = []
    for found in _TOKENS.findall(text):
        if found in ("*", "?"):
            tokens.append(Wild(found == "*"))
        elif found.startswith("${"):
            value = _substitute(found[2:-1], lookup)
            if not isinstance(value, str):
                return value
            tokens.append(value)
        else:
            tokens.append(found)
    return tuple(tokens)


@lru_cache(maxsize=65536)
def _read_plain(text: str) -> Pattern:
    return tuple(Wild(one == "*") if one in ("*", "?") else one for one in _SIGNS.findall(text))


def _substitute(inner: str, lookup: Lookup) -> str | Doubt | None:
    if inner in ("*", "?", "$"):
        return inner
    defaulted = _DEFAULTED.fullmatch(inner)
    value = lookup((defaulted[1] if defaulted else inner).strip().lower())
    value = defaulted[2] if value is None and defaulted else value
    if isinstance(value, str) and set("*?:$") & set(value):
        return doubt(f"${{{inner}}} stands for {value!r}, which holds a sign with a meaning of its own")
    return value


def read_arn_pattern(text: str, lookup: Lookup | None) -> Pattern | Doubt | None:
    """Return the tokens of an ARN pattern, whose wildcards do not cross its first five parts."""
    return _read_plain_arn(text) if not lookup or "${" not in text else _read_arn(text, lookup)


@lru_cache(maxsize=65536)
def _read_plain_arn(text: str) -> Pattern | Doubt:
    read = _read_arn(text, None)
    assert read is not None  # without variables, none of them is without a value
    return read


def _read_arn(text: str, lookup: Lookup | None) -> Pattern | Doubt | None:
    parts = _split_arn(text)
    if isinstance(parts, Doubt):
        return parts
    tokens: list[Token] = []
    for number, part in enumerate(parts):
        if number < 5 and "${" not in part and part != part.lower():
            return doubt(f"{text} is written with capitals in a part that AWS writes without")
        read = read_pattern(part, lookup)
        if read is None or isinstance(read, Doubt):
            return read
        within = number < 5
        tokens += [*([":"] if number else []), *(Wild(t.many, within) if isinstance(t, Wild) else t for t in read)]
    return tuple(tokens)


def _split_arn(text: str) -> list[str] | Doubt:
    """Split at colons that are not inside a variable, into six parts."""
    parts = re.findall(r"(?:\$\{(?:(?!\$\{)[^}])*\}|[^:])*(?::|$)", text)[:-1] if text else []
    parts = [part.removesuffix(":") for part in parts] + ([""] if text.endswith(":") else [])
    if len(parts) > 6:
        return [*parts[:5], ":".join(parts[5:])]
    if len(parts) == 6 and parts[0] == "arn":
        return parts
    if 1 < len(parts) < 6 and parts[0] == "arn" and parts[-1].endswith("*"):
        return [*parts, *["*"] * (6 - len(parts))]
    return doubt(f"{text!r} is not written as an ARN with six parts")


def is_everything(text: str) -> bool:
    """Whether a Resource is nothing but asterisks."""
    return bool(text) and not text.strip("*")


@lru_cache(maxsize=65536)
def _compile(pattern: Pattern) -> re.Pattern[str]:
    def render(token: Token) -> str:
        if isinstance(token, str):
            return re.escape(token)
        return ("[^:]" if token.within else ".") + ("*" if token.many else "")

    return re.compile("".join(map(render, pattern)), re.DOTALL)


def matches(pattern: Pattern | Doubt | None, text: str) -> Truth:
    """Whether a pattern matches a whole text."""
    if pattern is None or isinstance(pattern, Doubt):
        return False if pattern is None else pattern
    return _compile(pattern).fullmatch(text) is not None


@lru_cache(maxsize=65536)
def reach_over(pattern: Pattern) -> Pattern:
    """Return an ARN pattern in which an asterisk that ends one of the first five parts reaches over colons."""
    ends = [isinstance(one, Wild) and one.many and after == ":" for one, after in pairwise(pattern)]
    return tuple(Wild(True) if end else one for one, end in zip(pattern, [*ends, False], strict=True))


def names(pattern: Pattern | Doubt | None, resource: str) -> Truth:
    """Whether a Resource names a resource; a doubt where AWS's page on Resource says two things.

    Wildcards stand for what is within a part, and yet an asterisk that ends a part can reach over colons.
    """
    found = matches(pattern, resource)
    if found is not False or not isinstance(pattern, tuple) or matches(reach_over(pattern), resource) is False:
        return found
    return doubt(f"only an asterisk that reaches over a colon names {resource}, and AWS documents both readings")


def may_overlap(one: str, other: str) -> bool:
    """Whether two patterns may name the same ARN; false is certain, true is not."""
    if is_everything(one) or is_everything(other) or min(one.count(":"), other.count(":")) < 5:
        return True
    return "${" in one + other or all(map(may_agree, one.lower().split(":", 5), other.lower().split(":", 5)))


def may_agree(one: str, other: str) -> bool:
    """Whether two patterns may name the same text; false is certain, true is not."""
    if not set("*?") & set(one + other):
        return one == other
    mine, others = (re.split(r"[*?]", each) for each in (one, other))
    begins = mine[0].startswith(others[0]) or others[0].startswith(mine[0])
    return begins and (mine[-1].endswith(others[-1]) or others[-1].endswith(mine[-1]))
