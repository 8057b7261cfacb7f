"""Each once mistaken belief about AWS is seen red somewhere: docs/aws.md names the place, which exists."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[4]
#: A test by its name, or a sabotage by its own, in a file.
NAMED = re.compile(r"`(tests/[\w/]+\.py)(::|: )([^`]+)`")


def test_what_the_page_names_is_there() -> None:
    page = (ROOT / "docs" / "aws.md").read_text("utf-8")
    named = NAMED.findall(page)
    wanted = {"::": "\ndef {}(", ": ": '"{}"'}
    missing = [
        f"{file}: {name}"
        for file, kind, name in named
        if wanted[kind].format(name) not in (ROOT / file).read_text("utf-8")
    ]
    assert not missing
    rows = [int(number) for number in re.findall(r"^\| (\d+) \|", page, re.MULTILINE)]
    assert rows == list(range(1, 24))
    assert all(NAMED.search(line) for line in page.splitlines() if re.match(r"\| \d+ \|", line))
