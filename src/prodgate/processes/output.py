"""Printed text: no invisible characters, none that reorder a line, and no command to the runner of a pipeline."""

import json
import re
import sys
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Final

_NAMED = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}

#: Combining marks in a row beyond this many are shown as escapes, so that they can't climb over other lines.
_MOST_MARKS = 4


def pieces(text: str, *, keep: str = "") -> Iterator[tuple[str, bool]]:
    """Yield the parts of a text in order, each with whether it is an escape that stands for what can't be seen."""
    plain, marks = "", 0
    for char in text:
        marks = marks + 1 if unicodedata.combining(char) else 0
        if char in keep or (_is_visible(char) and marks <= _MOST_MARKS):
            plain += char
            continue
        if plain:
            yield plain, False
        yield _escape(char), True
        plain = ""
    if plain:
        yield plain, False


def visible(text: str, *, keep: str = "") -> str:
    """Return ``text`` with control, bidirectional and other invisible characters as ``\\u202e``."""
    return text if is_harmless(text) else "".join(piece for piece, _ in pieces(text, keep=keep))


def is_harmless(text: str) -> bool:
    """Whether every character can be seen and stays on its line."""
    return text.isascii() and text.isprintable()


def _is_visible(char: str) -> bool:
    return char.isprintable() or unicodedata.category(char) == "Zs"


def _escape(char: str) -> str:
    code = ord(char)
    if char in _NAMED:
        return _NAMED[char]
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


#: How the commands of runners begin: GitHub's at the start of a line or, as Azure's and TeamCity's, anywhere in one.
#: GitLab's have a character that can't be seen.
_COMMAND: Final = re.compile(r"^[^\S\n]*:(?=:)|##(?=(?:vso|teamcity)?\[)", re.MULTILINE | re.IGNORECASE)


def inert(text: str, *, keep: str = "\n\t") -> str:
    """Return a text in which no runner of a pipeline finds a command: a blank parts the signs that begin one."""
    return _COMMAND.sub(r"\g<0> ", "\n".join(visible(line, keep=keep) for line in text.split("\n")))


def _spell(text: str) -> str:
    """Return JSON or XML that says the same without a sign that begins a command, or one that can't be seen."""
    if text[:1] not in _SPELLINGS:
        return text
    spell = _SPELLINGS[text[:1]]
    text = text.replace("##", f"#{spell('#')}")
    return text if is_harmless(text) else "".join(c if c in "\n\t" or _is_visible(c) else spell(c) for c in text)


def _spell_in_json(char: str) -> str:
    return "\\u0023" if char == "#" else json.dumps(char)[1:-1]


#: How a text begins -> how a character is spelled in it.
_SPELLINGS: Final[dict[str, Callable[[str], str]]] = {
    "{": _spell_in_json, "[": _spell_in_json, "<": lambda char: f"&#{ord(char)};",
}  # fmt: skip


class InertStream:
    """A stream of a terminal or a log that writes what it is given as ``inert`` text, however it comes in parts.

    Text that must be cleaned is held until its line is whole.
    """

    def __init__(self, stream: Any, clean: Callable[[str], str] | None = None) -> None:
        self.stream = stream
        self._clean, self._held, self._line = clean, "", ""
        self._keep = "\n\t\x1b" if stream.isatty() else "\n\t"  # a terminal has colours, and takes no commands

    def write(self, text: str) -> int:
        """Write a text that may end within a line."""
        if self._clean is None:
            self._write(text)
        else:
            whole, end, self._held = (self._held + text).rpartition("\n")
            self._write("".join(f"{self._clean(line)}\n" for line in whole.split("\n")) if end else "")
        return len(text)

    def end(self) -> None:
        """Write what is held of a line that did not end."""
        if self._held and self._clean:
            self._write(self._clean(self._held))
            self._held = ""

    def writelines(self, lines: Iterable[str]) -> None:
        """Write several texts."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)

    def _write(self, text: str) -> None:
        begun, added = self._line, _spell(text)
        said = inert(begun + added, keep=self._keep)
        if not said.startswith(begun):  # what stands there already is half a command
            said = f"{begun} {inert(added, keep=self._keep)}"
        self._line = said.rpartition("\n")[2]
        self.stream.write(said[len(begun) :])


@contextmanager
def inert_output(clean: Callable[[str], str] | None = None) -> Iterator[None]:
    """Let nothing that is printed be a command to a runner; ``clean`` is applied to each line before."""
    before: tuple[Any, Any] = sys.stdout, sys.stderr
    made = [each and InertStream(each, clean) for each in before]
    sys.stdout, sys.stderr = made
    try:
        yield
    finally:
        for each in filter(None, made):
            each.end()
        sys.stdout, sys.stderr = before


def print_commands(text: str) -> None:
    """Print the gate's own commands to a runner, whose values are escaped."""
    getattr(sys.stdout, "stream", sys.stdout).write(text)
