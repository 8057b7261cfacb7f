"""The page on labelled examples: how many we answer as their authors do, and each that we don't, with who is right."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

_HEADER: Final = """# Examples that others label

Written by `benchmarks/labelled.py`. Other tools are tested with Terraform whose authors say what is good
and what is bad in it: the resources that tests of [Checkov](https://github.com/bridgecrewio/checkov) expect to pass and
to fail, the snippets of [Trivy](https://github.com/aquasecurity/trivy-checks), and the plans that stand behind
[HashiCorp's FSBP policies](https://github.com/hashicorp/policy-library-fsbp-policy-set-for-aws-terraform). Of those
whose question a policy of ours asks, too (`benchmarks/labelled.toml` says which), this is what we answer. Nothing is
fetched, and none of it is in this repository.

Many examples were written to be parsed only. What they name and don't declare counts as decided later, an argument that
left the provider is taken out, and one that is missing is decided later, too, as is what a mock of a plan keeps of it
but the names; what is refused even then is not asked. A variable that names a bucket and that nobody states is a name.
Of what is good, an example of which we ask nothing at all does not count.

What is compared is decided by rules, and by none for a single example:

- A policy counts by the faults whose words stand behind it below, and by the bound that does, which is theirs.
- A check that asks of less than a policy is compared in what it is about (`[about]` of `benchmarks/labelled.toml`).
- A check that asks something else as a whole is not compared: that origins are told https-only whatever viewers come by
  (`CKV2_AWS_72`), or that logs of state machines hold the data (`CKV_AWS_285`), is asked by no policy.
- A label on a type of resource that none of the policies is about is not asked.
- Nor is one on what something names that core refuses even so, or on a policy document that AWS refuses.
"""
#: Our answers on an example that we don't stop.
PASSED: Final = ("good", "not asked")
_RIGHT: Final = {"ours": "we are right:", "theirs": "**they are right**:"}
_NAMES: Final = {"checkov": "Checkov", "trivy": "Trivy", "sentinel": "HashiCorp"}


@dataclass(frozen=True, slots=True)
class Answered:
    """Our answer on a labelled resource, or on a whole example."""

    source: str
    check: str
    example: str
    resource: str
    bad: bool
    said: str
    """``bad``, ``good``, ``not known``, ``not asked``, or why the example could not be evaluated."""

    @property
    def key(self) -> tuple[str, str, str]:
        """Return the key of a statement on a difference."""
        return (self.check, self.example, self.resource)

    @property
    def agrees(self) -> bool:
        """Whether we call a bad one bad, and a good one good."""
        return self.said == ("bad" if self.bad else "good")

    @property
    def is_refused(self) -> bool:
        """Whether it could not be evaluated, or lacks the values that decide."""
        return self.said.startswith("refused")

    @property
    def is_silent(self) -> bool:
        """Whether no policy judges it and it is good, which would be too cheap an agreement to count."""
        return self.said == "not asked" and not self.bad


Differences = Mapping[tuple[str, str, str], Mapping[str, Any]]


def list_asked(answered: Sequence[Answered]) -> list[Answered]:
    """Return the answers that count: all but those that can't be evaluated, and good ones that no policy judges."""
    return [each for each in answered if not each.is_refused and not each.is_silent]


def count_right(answered: Sequence[Answered], stated: Differences) -> tuple[int, int, int]:
    """Return in how many we agree, in how many others we are right, and the total."""
    asked = list_asked(answered)
    ours = sum(_who(each, stated) == "ours" for each in asked if not each.agrees)
    return sum(each.agrees for each in asked), ours, len(asked)


def _who(each: Answered, stated: Differences) -> str:
    return str(stated.get(each.key, {}).get("right", ""))


def render_summary(answered: Sequence[Answered], stated: Differences) -> Iterator[str]:
    """Yield a table of the sources, and a line for each difference, our wrong passes first."""
    yield "| labelled by | asked | bad, and we say so | good, and we say so | differ | of these we are right |"
    yield "|---|---|---|---|---|---|"
    for source in dict.fromkeys(each.source for each in answered):
        of = list_asked([each for each in answered if each.source == source])
        counts = Counter((each.bad, each.agrees) for each in of)
        agreed, ours, asked = count_right(of, stated)
        bad, good = ((counts[kind, True], counts[kind, True] + counts[kind, False]) for kind in (True, False))
        row = (_NAMES[source], asked, f"{bad[0]} of {bad[1]}", f"{good[0]} of {good[1]}", asked - agreed, ours)
        yield f"| {' | '.join(map(str, row))} |"
    differing = [each for each in list_asked(answered) if not each.agrees]
    for title, chosen in (
        ("bad for them, and passed by us", [each for each in differing if each.bad and each.said in PASSED]),
        ("bad for them, and not known to us, which blocks", [e for e in differing if e.bad and e.said not in PASSED]),
        ("good for them, and not for us", [each for each in differing if not each.bad]),
    ):
        yield f"\n### {title.capitalize()}: {len(chosen)}\n"
        yield from (_render_difference(each, stated.get(each.key)) for each in chosen)


def _render_difference(each: Answered, stated: Mapping[str, Any] | None) -> str:
    said = f"{_RIGHT[stated['right']]} {stated['because']}" if stated else "not looked at"
    return f"- {_name(each)}, {each.said}: {said}"


def _name(each: Answered) -> str:
    return f"`{each.check}` {each.example}{f' `{each.resource}`' if each.resource else ''}"


def render_page(answered: Sequence[Answered], right: Differences, stated: Mapping[str, Any]) -> Iterator[str]:
    """Yield the lines of build/labelled.md."""
    agreed, ours, asked = count_right(answered, right)
    yield _HEADER
    yield f"**{asked} labels are asked, and {agreed} of them answered alike ({agreed / max(asked, 1):.1%})**;"
    yield f"with those in which we are right by our own account, {(agreed + ours) / max(asked, 1):.1%}.\n"
    yield from render_summary(answered, right)
    refused = Counter((each.check, each.said.removeprefix("refused: ")) for each in answered if each.is_refused)
    yield f"\n## Could not be asked: {refused.total()}\n"
    yield from (
        f"- `{check}`{f', {times} of them' if times > 1 else ''}: {why}" for (check, why), times in refused.items()
    )
    yield "\n## What is compared\n"
    yield "| check | policies, with the words of those faults that count, or a bound of theirs | about |\n|---|---|---|"
    for source, name in _NAMES.items():
        for check, policies in stated.get(source, {}).items():
            about = "; ".join(f"`{one}`: `{each}`" for one, each in stated["about"].get(check, {}).items())
            yield _row(f"{name} `{check}`", "; ".join(policies), about)


def _row(*cells: str) -> str:
    return f"| {' | '.join(each.replace('|', ' or ') for each in cells)} |"
