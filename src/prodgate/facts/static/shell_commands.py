"""The commands of a shell script, one by one, and whether the script goes on when one fails.

This is not a shell: it knows quotes, comments, here-documents, lists, pipes and substitutions, as scripts of workflows
use them. What a variable or a function holds, it does not know.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice, takewhile
from typing import Final

_HEREDOC: Final = re.compile(
    r"(?<!<)<<(?!<)-?[ \t]*(['\"]?)(\w+)\1([^\n]*)\n(?:.*?\n)?[ \t]*\2[ \t]*(?=\n|$)", re.DOTALL
)
_TOKEN: Final = re.compile(
    r"""(?P<word>'[^']*'|"(?:\\.|[^"\\])*"|\\.|\d*[<>]&[\d-]?|&>>?)"""
    r"|(?P<comment>(?<![^\s;(])\#[^\n]*)|(?P<separator>\n|;;?|&&|\|\||\|&?|&|[()])"
    r"""|(?P<text>[^\s'"\\#;&|()<>\n]+|.)""",
    re.DOTALL,
)
_FUNCTION: Final = re.compile(
    r"^[ \t]*(?:function[ \t]+[\w:-]+|[\w:-]+[ \t]*\([ \t]*\)[ \t]*\n?[ \t]*\{)", re.MULTILINE
)
_CONDITION: Final = re.compile(r"^(?:if|elif|while|until|!)\s+")
_UNLESS: Final = re.compile(r"^if\s+!\s+")
#: What may stand before a command without being it.
_WRAPPER: Final = re.compile(
    r"^(?:(?:if|elif|while|until|!|then|else|do|\{|sudo|time|exec|command|nohup|env|xvfb-run|bunx)\s+"
    r"|\w+=(?:'[^']*'|\"[^\"]*\"|\S)*\s+|timeout\s+(?:-\S+\s+)*[\d.]+[smhd]?\s+|pipx\s+run\s+(?:--\S+\s+)*"
    r"|uvx\s+(?:-\S+\s+)*|uv\s+(?:tool\s+)?run\s+(?:-\S+\s+)*|(?:poetry|pdm|pipenv|rye|hatch)\s+run\s+"
    r"|npx\s+(?:-\S+\s+)*|pnpm\s+(?:exec|dlx)\s+|yarn\s+dlx\s+|bundle\s+exec\s+|python[\d.]*\s+(?:-[IBu]\s+)*-m\s+"
    r"|(?:aws-vault|chamber)\s+exec\s+\S+\s+(?:--\s+)?|doppler\s+run\s+(?:\S+\s+)*?--\s+)"
)
#: Ends of groups and loops, and what after them makes a failure inside not the script's.
_CLOSED, _LOSES = ("", "}", "fi", "done", "esac"), ("||", "&", "|", "|&")
#: Substitutions of one script that are read, and how deep in one another; nobody writes more.
_MOST, _DEEPEST = 200, 10
#: Ends whatever failed as if it had gone well.
_FORGIVES: Final = re.compile(r"^[ \t]*trap\s[^\n]*\bexit\s+0\b[^\n]*\b(?:EXIT|ERR|0)\s*$", re.MULTILINE)
_FAILS_ANYWAY: Final = re.compile(r"^(?:(?:then|\{)\s+)?(?:exit\s+[1-9]|return\s+[1-9]|false\b)")


#: Labels of `case` on a line of their own, arithmetic, and patterns such as ``@(a|b)``: none of them runs anything.
_PATTERNS: Final = re.compile(
    r"^[ \t]*[\w*?.-]+(?:[ \t]*\|[ \t]*[\w*?.-]+)*\)[ \t]*$|\$\(\([^()`]*\)\)|[@?*+!]\([\w|.*?-]*\)", re.MULTILINE
)


@dataclass(frozen=True, slots=True)
class Command:
    """One simple command, its words separated by one space, without what only wraps it (``sudo``, ``pipx run`` …)."""

    text: str
    hidden: bool
    """Whether the script goes on, or ends well, although it failed."""
    ordered: bool = True
    """Whether it runs where it stands; in a script that defines functions nobody knows."""


def read_commands(script: str, shell: str = "") -> tuple[Command, ...]:
    """Return the commands of a script in their order; ``shell`` is what the step says, as in ``bash``.

    >>> [command.text for command in read_commands("set -e; A=1 pipx run tox -e x | tee log # all")]
    ['set -e', 'tox -e x', 'tee log']
    """
    text = _HEREDOC.sub(r"\3", _mask_expressions(script).replace("\r\n", "\n").replace("\\\n", " "))
    forgives = bool(_FORGIVES.search(text))
    commands = _read(text, _Mode(stops=_stops(shell), pipefail=shell == "bash", hidden=forgives))
    return tuple(replace(one, ordered=False) for one in commands) if _FUNCTION.search(text) else tuple(commands)


def drop_patterns(script: str) -> str:
    """Return a script without labels, arithmetic and patterns, whose words would be taken for commands."""
    return _PATTERNS.sub("", script)


def _mask_expressions(script: str) -> str:
    """Take what means something to a shell out of GitHub's expressions, which are not the shell's."""
    first, *parts = script.split("${{")
    for part in parts:
        inner, end, rest = part.partition("}}")
        first += "${{" + (re.sub(r"[\s'\"`|&;()<>#\\]", "·", inner.strip()) if end else inner) + end + rest
    return first


@dataclass(frozen=True, slots=True)
class _Mode:
    """What the shell does about a command that fails."""

    stops: bool
    pipefail: bool
    hidden: bool = False
    depth: int = 0

    def set(self, words: str) -> _Mode:
        """Return what holds after a ``set``."""
        errexit = re.search(r"\s([-+])(?:\w*e|o errexit)", words)
        pipefail = re.search(r"\s([-+])\w*o pipefail", words)
        stops = self.stops if errexit is None else errexit[1] == "-"
        return replace(self, stops=stops, pipefail=self.pipefail if pipefail is None else pipefail[1] == "-")


def _stops(shell: str) -> bool:
    """Whether the shell ends a script at the first command that fails; GitHub's own settings make it so."""
    return shell in ("", "bash", "sh", "pwsh", "powershell") or bool(re.search(r"\s-\w*e", shell))


def _read(text: str, mode: _Mode) -> Iterator[Command]:
    text, inner = _lift_substitutions(text) if mode.depth < _DEEPEST else (text, [])
    parts = _split(text)
    last = max((at for at, (words, _) in enumerate(parts) if words), default=0)
    closed = max((at for at, (words, after) in enumerate(parts) if words in _CLOSED and after in _LOSES), default=0)
    for at, (words, _) in enumerate(parts):
        mode = mode.set(words) if words.startswith("set ") else mode
        for number in map(int, re.findall(r"\$\x00(\d+)\x00", words)):
            lost = mode.hidden or not re.fullmatch(rf"\w+=\"?\$\x00{number}\x00\"?", words)
            yield from _read(inner[number], replace(mode, hidden=lost, depth=mode.depth + 1))
        if command := _unwrap(words):
            lost = mode.hidden or at < closed or (at < last and not mode.stops)
            yield Command(command, lost or _is_hidden(parts, at, pipefail=mode.pipefail))


def _unwrap(words: str) -> str:
    while (shorter := _WRAPPER.sub("", words, count=1)) != words:
        words = shorter
    return re.sub(r"\$\x00\d+\x00", "$(…)", words)


def _lift_substitutions(text: str) -> tuple[str, list[str]]:
    """Return the text with a mark in place of each ``$(…)``, and what stood there."""
    inner: list[str] = []
    while (start := text.find("$(")) >= 0 and len(inner) < _MOST:
        depth, end = 0, len(text)
        for at in range(start + 1, len(text)):
            depth += {"(": 1, ")": -1}.get(text[at], 0)
            if not depth:
                end = at
                break
        inner.append(text[start + 2 : end])
        text = f"{text[:start]}$\x00{len(inner) - 1}\x00{text[end + 1 :]}"
    return text, inner


def _split(text: str) -> list[tuple[str, str]]:
    """Return the words of each simple command with the separator after it."""
    parts, now = list[tuple[str, str]](), ""
    for token in _TOKEN.finditer(text):
        if token["separator"]:
            parts.append((" ".join(now.split()), token["separator"]))
            now = ""
        elif not token["comment"]:
            now += token[0]
    return [*parts, (" ".join(now.split()), "\n")]


def _is_hidden(parts: Sequence[tuple[str, str]], at: int, *, pipefail: bool) -> bool:
    words, after = parts[at]
    if _CONDITION.match(words):
        block = takewhile(lambda part: part[0] != "fi", islice(parts, at + 1, None))
        return not (_UNLESS.match(words) and _fails(block))
    if after in ("|", "|&"):
        return not pipefail
    if after == "||":
        return not _fails(_rest_of_line(parts, at + 1))
    return after == "&" or (after == "&&" and _goes_on(parts, at + 1))


def _fails(parts: Iterable[tuple[str, str]]) -> bool:
    """Whether one of some commands ends the script as failed."""
    return any(_FAILS_ANYWAY.match(words) for words, _ in parts)


def _rest_of_line(parts: Sequence[tuple[str, str]], start: int) -> Iterator[tuple[str, str]]:
    for part in islice(parts, start, None):
        yield part
        if part[1] == "\n":
            return


def _goes_on(parts: Sequence[tuple[str, str]], start: int) -> bool:
    """Whether anything runs after a list of commands joined by ``&&``, of which the first failed."""
    for at in range(start, len(parts)):
        if parts[at][1] == "||":
            return True
        if parts[at][1] != "&&":
            return any(words for words, _ in islice(parts, at + 1, None))
    return False
