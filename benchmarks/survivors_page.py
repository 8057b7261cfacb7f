"""The page that lists survivors."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

HEAD: Final = """# Changes that no policy notices

Written by `tox -e survivors`.

Every managed resource of `terraform/environments/prod` is changed in every way that the table below names, one change
at a time, and judged by all policies. A change **survives** when no policy turns red or undetermined. So this list is
what the static layer does not see of our own tree: the measured hole.

What it means: an attribute below can be changed in that way without the gate's saying a word. What it does not mean:
that somebody should be told. Most survivors are matters of taste or of cost (a cooldown, a period, a cache's
time to live), some are caught by Terraform or AWS itself, some by the live layer or by Checkov, and some cancel nothing
because another resource does the same. Nor is a noticed change proof of a good policy: that is what
`tests/mutations/edits.toml` holds, whose every edit turns red by exactly the policies that it names.

How it is measured: on resolved values, without another run of Terraform core. So a change does not travel on to what is
computed from it, as an edit of the source would. Names, descriptions and tags are left alone, and so is what the source
does not write, or what can't be left out. `PG_SEC_3`, which looks for credentials in every value, is not asked: no
change here writes one. Counts are of instances: a change of one block with `for_each` counts once for each instance.
"""
#: Operator -> its effect.
OPERATORS: Final = {
    "flip": "true becomes false, false becomes true",
    "x 10": "a number becomes ten times as large",
    "/ 10": "a number becomes a tenth",
    "drop": "an argument is left out",
    "drop block": "all nested blocks of a name are left out",
    "drop list element": "one element of a list, or one of several blocks, is left out",
    "add *": "`*` is added to the actions, resources or principals that a policy document allows",
    "drop condition": "a statement that allows loses a condition",
    "allow instead of deny": "a statement that denies allows",
    "swap ARN": "a resource is named in place of another of its type",
    "remove resource": "the resource is left out",
}


@dataclass(frozen=True, slots=True)
class Row:
    """How many of one kind of change were made and how many survived."""

    type: str
    path: str
    operator: str
    made: int
    survived: int

    @property
    def kind(self) -> str:
        """The operator without its operand."""
        return "drop condition" if self.operator.startswith("drop condition") else self.operator


def render_page(rows: Sequence[Row]) -> str:
    """Return the page."""
    return "\n".join(
        (HEAD, *_render_totals(rows), "", "## By resource type and argument", "", *_render_details(rows), "")
    )


def _render_totals(rows: Sequence[Row]) -> Iterator[str]:
    yield "## The rate"
    yield ""
    yield f"**{_render_rate(rows)}**"
    yield ""
    yield "| Change | What it does | Made | Noticed | Rate |"
    yield "|---|---|--:|--:|--:|"
    for kind, said in OPERATORS.items():
        yield _render_line(f"{kind} | {said}", [row for row in rows if row.kind == kind])
    yield ""
    yield "| Resource type | Made | Noticed | Rate |"
    yield "|---|--:|--:|--:|"
    for type_, own in groupby(rows, key=lambda row: row.type):
        yield _render_line(f"`{type_}`", list(own))


def _render_details(rows: Iterable[Row]) -> Iterator[str]:
    """Yield a list for each type that has survivors: argument, and how many of how many survive each change."""
    survivors = [row for row in rows if row.survived]
    for type_, own in groupby(survivors, key=lambda row: row.type):
        yield f"### {type_}"
        yield ""
        for path, changes in groupby(own, key=lambda row: row.path):
            counts = ", ".join(f"{row.operator} {row.survived}/{row.made}" for row in changes)
            yield f"- `{path}`: {counts}"
        yield ""


def _render_line(first: str, rows: Sequence[Row]) -> str:
    made = sum(row.made for row in rows)
    noticed = made - sum(row.survived for row in rows)
    return f"| {first} | {made} | {noticed} | {100 * noticed / made if made else 0:.0f} % |"


def _render_rate(rows: Sequence[Row]) -> str:
    made, survived = sum(row.made for row in rows), sum(row.survived for row in rows)
    return f"{made - survived:,} of {made:,} changes are noticed: {100 * (made - survived) / made:.1f} %."
