"""Print a page of the site: attacks that try to make the gate say GO wrongly, and its verdict instead.

python scripts/attacks_page.py            # tox -e site has it as docs/attacks.md
"""

import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.attacks.catalogue import CLASSES, Attack, load  # noqa: E402  found only from the top of the repository

ANSWERS = {1: "NO-GO", 2: "INSUFFICIENT EVIDENCE", 3: "the gate broke", 4: "refused"}
HEADER = """# Attacks on the gate

Written by `scripts/attacks_page.py` from `tests/attacks/*.toml`. `tox -e faults` does each of these to a
small project: those on the interpreter by commands, others in copies of a process that has begun as the
gate's do, and some of them both ways. Each must end as it says here and never as GO, and the project as it was is GO
before and after. [Threats](threats.md) says who would do this, and what is not defended against.

There are {count} attacks, in {classes} classes. What is said is a regular expression, found in the output, the journal
or the summary of the run.
"""


def page() -> str:
    """Return the whole page."""
    attacks = load()
    header = HEADER.format(count=len(attacks), classes=len({attack.number for attack in attacks}))
    return "\n".join([header, *overview(attacks), *(line for number in CLASSES for line in section(number, attacks))])


def overview(attacks: tuple[Attack, ...]) -> Iterator[str]:
    """Yield the classes in plain words, with the number of attacks in each."""
    yield from ("| class | what it is | attacks |", "| ---: | --- | ---: |")
    for number, words in CLASSES.items():
        yield f"| {number} | {words} | {sum(attack.number == number for attack in attacks) or '–'} |"
    yield ""


def section(number: int, attacks: tuple[Attack, ...]) -> Iterator[str]:
    """Yield the attacks of one class."""
    found = [attack for attack in attacks if attack.number == number]
    if found:
        yield from (f"## {number}. {CLASSES[number]}", "")
        yield from ("| attack | what is done | it ends as | what is said |", "| --- | --- | --- | --- |")
        yield from (row(attack) for attack in found)
        yield ""


def row(attack: Attack) -> str:
    """Return one attack as a row."""
    ends = " or ".join(ANSWERS.get(code, "killed") for code in sorted(set(attack.exit)))
    said = attack.says.replace("|", "\\|")
    return f"| {attack.id} | {attack.does.replace('|', '&#124;')} | {ends} | `{said}` |"


if __name__ == "__main__":
    sys.stdout.write(page())
