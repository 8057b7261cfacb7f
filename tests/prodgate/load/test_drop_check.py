"""The guard against hidden retries, red: with the library as it comes, and with one that has changed inside."""

from __future__ import annotations

import subprocess
import sys

import pytest

#: Locust's processes run in one Python as in another, and take their time.
pytestmark = pytest.mark.once

PROVE = """
from gevent import monkey
monkey.patch_all()
from geventhttpclient import client
from prodgate.load.engine.connections import disable_retries
from prodgate.load.engine.drop_check import check_drops_are_reported
{first}
disable_retries()
{then}
check_drops_are_reported()
print("proven")
"""

#: What the library does by default, and what one would do that decides elsewhere.
ALWAYS = "client._may_retry_after_send_error = lambda method: True"


def said(first: str = "", then: str = "") -> str:
    command = [sys.executable, "-c", PROVE.format(first=first, then=then)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    return (ended.stdout + ended.stderr).strip().splitlines()[-1]


def test_the_library_as_we_use_it_sends_once() -> None:
    assert said() == "proven"


@pytest.mark.parametrize(
    ("first", "then", "why"),
    [
        ("", ALWAYS, "its hidden retries can't be turned off"),
        ("del client._may_retry_after_send_error", "", "geventhttpclient has no _may_retry_after_send_error"),
    ],
    ids=["it retries all the same", "it decides elsewhere"],
)
def test_a_library_that_hides_failures_is_refused(first: str, then: str, why: str) -> None:
    text = said(first, then)
    assert "UntrustedLibrary: " in text
    assert why in text
    assert "use the version that prod-gate's lock file names" in text
