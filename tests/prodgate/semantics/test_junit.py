"""JUnit XML as its writers write it, and invalid or incomplete files."""

from datetime import UTC, datetime

import pytest

from prodgate.semantics import junit
from prodgate.semantics.junit import JUnitError, read_junit

PYTEST = b"""<?xml version="1.0" encoding="utf-8"?>
<testsuites name="pytest tests"><testsuite name="pytest" errors="1" failures="1" skipped="1" tests="4" time="0.1"
 timestamp="2026-11-26T15:38:00.5+00:00" hostname="x"><properties><property name="commit" value="c0ffee1"/></properties>
<testcase classname="tests.a" name="good" time="0"/>
<testcase classname="tests.a" name="bad"><failure message="m">assert 1 == 2</failure></testcase>
<testcase classname="tests.a" name="broken"><error message="setup">boom</error></testcase>
<testcase classname="tests.a" name="left out"><skipped type="pytest.skip" message="m">why</skipped></testcase>
</testsuite></testsuites>"""

GOOGLETEST = b"""<testsuites tests="2" failures="0" disabled="1" errors="0" timestamp="2026-11-26T15:38:00" name="AllTests">
<testsuite name="S" tests="2" failures="0" disabled="1" errors="0">
<testcase name="ran" status="run" result="completed" classname="S"/>
<testcase name="off" status="notrun" result="suppressed" classname="S"/>
</testsuite></testsuites>"""

NESTED = b"""<testsuite name="outer" tests="2"><testsuite name="inner" tests="2">
<testcase name="one"/><testcase name="two"><flakyFailure message="once"/><system-out>x</system-out></testcase>
</testsuite></testsuite>"""


def test_what_passed_failed_broke_and_was_left_out() -> None:
    found = read_junit(PYTEST)
    assert (found.tests, found.passed, found.failures, found.skipped) == (4, 1, 2, 1)
    assert found.failed == ("tests.a.bad", "tests.a.broken")
    assert found.commits == ("c0ffee1",)
    assert found.at == datetime(2026, 11, 26, 15, 38, 0, 500_000, UTC)
    assert found.flaws == ()


def test_a_test_that_is_switched_off_did_not_run() -> None:
    found = read_junit(GOOGLETEST)
    assert (found.tests, found.passed, found.skipped) == (2, 1, 1)
    assert found.at is None, "a time without a zone may be of any"


def test_suites_in_suites_count_once_and_a_second_try_that_succeeds_is_a_success() -> None:
    found = read_junit(NESTED)
    assert (found.tests, found.passed, found.flaws) == (2, 2, ())


def test_a_suite_that_declares_more_than_it_holds_is_not_whole() -> None:
    assert read_junit(NESTED.replace(b'"inner" tests="2"', b'"inner" tests="3"')).flaws == (
        "inner declares 3 tests and holds 2",
    )
    assert read_junit(b'<testsuite name="s" tests="0" errors="1"/>').flaws == ("s declares 1 failures and shows 0",)


def test_a_failure_beside_all_tests_counts() -> None:
    found = read_junit(b'<testsuite name="s"><error message="no compiler"/><testcase name="a"/></testsuite>')
    assert (found.failures, found.passed) == (1, 1)
    assert found.failed == ("s (the suite itself)",)


def test_a_failure_of_a_test_that_holds_another_counts() -> None:
    found = read_junit(b'<testsuite><testcase name="a"><testcase name="b"/><failure/></testcase></testsuite>')
    assert (found.tests, found.failed) == (2, ("a",))


def test_a_commit_may_be_the_text_of_its_property() -> None:
    text = b'<testsuite><properties><property name="commit"> c0ffee1 </property></properties></testsuite>'
    assert read_junit(text).commits == ("c0ffee1",)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "no whole XML"),
        (PYTEST[:-14], "no whole XML"),
        (PYTEST[:300], "no whole XML"),
        (b"<html/>", "its root is <html>"),
        (b'<!DOCTYPE t [<!ENTITY a "b">]><testsuite name="&a;"/>', "declares a document type"),
        (b"<testsuite>" * 100 + b"</testsuite>" * 100, "nested deeper than 64"),
        (b"<testsuite>\x00</testsuite>", "no whole XML"),
    ],
    ids=["empty", "without its end", "cut off", "a page", "entities", "too deep", "no text"],
)
def test_what_is_no_junit_xml_is_refused(data: bytes, said: str) -> None:
    with pytest.raises(JUnitError, match=said):
        read_junit(data)


def test_a_file_that_is_too_large_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(junit, "MOST_BYTES", 100)
    with pytest.raises(JUnitError, match="at most 100 are read"):
        read_junit(PYTEST)


def test_many_failures_are_counted_and_some_are_named() -> None:
    cases = b"".join(b'<testcase name="t%d"><failure/></testcase>' % number for number in range(30))
    found = read_junit(b"<testsuite>" + cases + b"</testsuite>")
    assert (found.failures, len(found.failed)) == (30, 20)
