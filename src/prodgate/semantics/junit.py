"""JUnit XML files: the number of tests, the failures, the commit, and whether the file is whole.

Only what every writer of the format agrees on is read: test suites, test cases and what is inside them. A file is
refused that is too large, declares a document type (and so might define entities), or ends before its root does.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from xml.parsers import expat

#: Bytes of a file and depth of its elements that are read at most, and names of failed tests that are kept.
MOST_BYTES: Final = 64 * 1024 * 1024
_DEEPEST: Final = 64
_MOST_NAMES: Final = 20
_MOST_DIGITS: Final = 18
_ROOTS: Final = ("testsuites", "testsuite")
#: Name of the property that says of which commit the tests are.
COMMIT: Final = "commit"
#: States of a test case that was not carried out, as GoogleTest and CTest write them in an attribute.
_NOT_RUN: Final = frozenset({"notrun", "disabled", "suppressed", "skipped"})


class JUnitError(ValueError):
    """A file is no JUnit XML that can be read; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JUnitResults:
    """The results of the tests in a file."""

    tests: int
    failed: tuple[str, ...]
    """Names of tests that failed or broke, the first of them; ``failures`` counts all."""
    failures: int
    skipped: int
    flaws: tuple[str, ...]
    """Where the file contradicts itself."""
    commits: tuple[str, ...]
    """What its properties say of the commit, each text once."""
    at: datetime | None
    """The latest time that a suite states with its zone; None when none does."""

    @property
    def passed(self) -> int:
        """How many tests ran and did not fail."""
        return self.tests - self.failures - self.skipped


@dataclass(slots=True)
class _Suite:
    """A suite while it is read: what it declares, and what was counted in it."""

    name: str
    declared: Mapping[str, int]
    tests: int = 0
    failures: int = 0


@dataclass(slots=True)
class _Case:
    name: str
    failed: bool = False
    skipped: bool = False


@dataclass(slots=True)
class _Reading:
    path: list[str] = field(default_factory=list)
    suites: list[_Suite] = field(default_factory=list)
    cases: list[_Case] = field(default_factory=list)
    """Test cases that are open: some writers put one into another."""
    tests: int = 0
    skipped: int = 0
    failures: int = 0
    failed: list[str] = field(default_factory=list)
    flaws: list[str] = field(default_factory=list)
    commits: dict[str, None] = field(default_factory=dict)
    text: list[str] | None = None
    at: datetime | None = None

    def begin(self, tag: str, given: Mapping[str, str]) -> None:
        name, parent = tag.rpartition(":")[2], self.path[-1] if self.path else ""
        if not self.path and name not in _ROOTS:
            raise JUnitError(f"its root is <{name}>; JUnit XML begins with <testsuites> or <testsuite>")
        self.path.append(name)
        if len(self.path) > _DEEPEST:
            raise JUnitError(f"its elements are nested deeper than {_DEEPEST}")
        if name in _ROOTS:
            self.suites.append(_Suite(given.get("name", "") or name, _read_declared(given)))
            self.at = max(filter(None, (self.at, _read_time(given.get("timestamp", "")))), default=None)
        elif name == "testcase":
            self.cases.append(_begin_case(given))
        elif name in ("failure", "error", "skipped"):
            self._mark(name, parent)
        elif name == "property" and given.get("name") == COMMIT:
            self.text = [given.get("value", "")]

    def end(self, _tag: str) -> None:
        name = self.path.pop()
        if name == "testcase":
            self._count(self.cases.pop())
        elif name in _ROOTS:
            self._close(self.suites.pop())
        elif name == "property" and self.text is not None:
            self.commits["".join(self.text).strip()] = None
            self.text = None

    def read(self, text: str) -> None:
        if self.text is not None:
            self.text.append(text)

    def _mark(self, what: str, parent: str) -> None:
        """Note the result of a test case; a failure outside all cases belongs to its suite."""
        if parent == "testcase":
            self.cases[-1].failed |= what != "skipped"
            self.cases[-1].skipped |= what == "skipped"
        elif parent in _ROOTS and what != "skipped":
            self._fail(f"{self.suites[-1].name} (the suite itself)")
            self.tests += 1

    def _count(self, case: _Case) -> None:
        self.tests += 1
        for suite in self.suites:
            suite.tests += 1
        if case.failed:
            self._fail(case.name)
        elif case.skipped:
            self.skipped += 1

    def _fail(self, name: str) -> None:
        self.failures += 1
        for suite in self.suites:
            suite.failures += 1
        if len(self.failed) < _MOST_NAMES:
            self.failed.append(name)

    def _close(self, suite: _Suite) -> None:
        declared = suite.declared
        if (stated := declared["tests"]) > suite.tests:
            self.flaws.append(f"{suite.name} declares {stated} tests and holds {suite.tests}")
        if (stated := declared["failures"] + declared["errors"]) > suite.failures:
            self.flaws.append(f"{suite.name} declares {stated} failures and shows {suite.failures}")


def read_junit(data: bytes) -> JUnitResults:
    """Read a file. Raises JUnitError for one that is too large, not whole, or not of this kind."""
    if len(data) > MOST_BYTES:
        raise JUnitError(f"it has {len(data):,} bytes; at most {MOST_BYTES:,} are read")
    reading = _Reading()
    parser = expat.ParserCreate(namespace_separator=":")
    parser.StartDoctypeDeclHandler = _refuse_document_type
    parser.StartElementHandler, parser.EndElementHandler = reading.begin, reading.end
    parser.CharacterDataHandler = reading.read
    try:
        parser.Parse(data, True)
    except JUnitError:
        raise
    except (expat.ExpatError, ValueError, LookupError) as error:  # the latter of an encoding that Python can't read so
        raise JUnitError(f"it is no whole XML: {error}") from None
    return JUnitResults(
        tests=reading.tests,
        failed=tuple(reading.failed),
        failures=reading.failures,
        skipped=reading.skipped,
        flaws=tuple(reading.flaws),
        commits=tuple(reading.commits),
        at=reading.at,
    )


def _refuse_document_type(*_: object) -> None:
    raise JUnitError("it declares a document type, which could define entities; JUnit XML needs none")


def _begin_case(given: Mapping[str, str]) -> _Case:
    name = ".".join(filter(None, (given.get("classname", ""), given.get("name", "")))) or "a test without a name"
    state = {given.get("status", "").lower(), given.get("result", "").lower()}
    return _Case(name, skipped=bool(state & _NOT_RUN))


def _read_declared(given: Mapping[str, str]) -> Mapping[str, int]:
    return {key: _read_number(given.get(key, "").strip()) for key in ("tests", "failures", "errors")}


def _read_number(text: str) -> int:
    """Return a number of tests; one of more digits than any file can hold tests is as many as that."""
    return int(text[:_MOST_DIGITS]) if text.isdecimal() else 0


def _read_time(text: str) -> datetime | None:
    """Return a time with its zone; a time without one may be of any zone, and says nothing."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else None
