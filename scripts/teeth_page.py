"""Write docs/teeth.md: the catalogues of faults, and the faults that turn each criterion red or leave it open.

python scripts/teeth_page.py            # writes it
"""

import re
import sys
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from prodgate.criteria import PROMOTING
from prodgate.layers.live.judging import KINDS
from prodgate.sections.criteria_file import MOMENTS, CriteriaFile
from prodgate.sections.project import open_project
from prodgate.terraform.policy import POLICIES

ROOT: Final = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
TARGET: Final = ROOT / "docs" / "teeth.md"
#: A layer and a criterion.
Asked = tuple[str, str]
#: Layer, criterion, whether the fault turns it red (or leaves it open), and the fault.
Tooth = tuple[str, str, bool, str]

HEADER = """# What turns each criterion red

Written by `scripts/teeth_page.py` from the catalogues of the tests. A criterion that was never seen red proves nothing,
and one that was never seen open may take silence for consent. A test of each catalogue holds the faults to what they
say here, most of them to that and nothing else. `pytest` runs the quick ones, `tox -e faults` the others.

## Catalogues

| layer | faults | what is done | what must be said | test |
| --- | ---: | --- | --- | --- |
"""
EXPLAINED = """
## Criteria

One fault of each is named; most have more. Two faults are done to many:

- `unread`: the fact could not be read (`tests/test_house_teeth.py`)
- `unknown`: Terraform decides every value only later (`tests/policies/test_examples.py`; of permissions
  `tests/terraform/test_permissions.py`)
"""
REQUIREMENTS = """
## Requirements

Each line of `criteria/requirements.toml`, by layer: where its criteria are asked, and a fault that turns the first red.
A rehearsal is part of each pull request and each deploy; `promotion` comes before anything is applied, `before`,
`during` and `after` are moments of a deployment, and a night asks production as it is. What is not declared, and only
production answers, is asked in no rehearsal.

| line | layer | asked at | criteria | witness of the first |
| --- | --- | --- | --- | --- |"""
ALARMS = """
## False alarms

What was blamed though nothing was wrong with it, where this was counted; the page that is named has the figures and
how they were made. Undetermined is no blame, and blocks all the same.

| asked of | counted | blamed wrongly | page |
| --- | --- | --- | --- |"""
#: The layers that a night asks.
NIGHT: Final = re.compile(r"tox -e nightly .*--only ([\w,]+)")
UNREAD, UNKNOWN = "unread", "unknown"
#: Catalogues, and tests of single criteria.
STATED: Final = tomllib.loads(Path(__file__).with_name("teeth.toml").read_text("utf-8"))


def page() -> str:
    """Return the whole page."""
    file = open_project(ROOT / "criteria.toml").stated
    known, layers = list_known(), list_asked(file)
    lines = [HEADER + "\n".join(list_catalogues()), EXPLAINED, *_write_gaps(layers)]
    for layer, asked in layers.items():
        lines += ["", f"### {layer}", "", "| criterion | turned red by | left open by |", "| --- | --- | --- |"]
        lines += [f"| `{one[1]}` | {_name(known[True][one])} | {_name(known[False][one])} |" for one in asked]
    lines += [REQUIREMENTS, *_list_requirements(file, known[True])]
    lines += [
        "",
        "## Faults of the gate and its machine",
        "",
        "| fault | what must come of it | test |",
        "| --- | --- | --- |",
    ]
    lines += [f"| {fault} | {said or '–'} | {_link(test)} |" for fault, (said, test) in STATED["faults"].items()]
    lines += [ALARMS]
    lines += [f"| {what} | {how_many} | {blamed} | {where} |" for what, how_many, blamed, where in STATED["alarms"]]
    lines += ["", "## Our own supply chain", "", "| what holds | test |", "| --- | --- |"]
    lines += [f"| {what} | {_link(test)} |" for what, test in STATED["supply"].items()]
    return "\n".join(lines) + "\n"


def list_asked(file: CriteriaFile) -> Mapping[str, Sequence[Asked]]:
    """Return what each layer is asked."""
    layers: dict[str, list[Asked]] = defaultdict(list)
    for id_, one in file.criteria.items():
        for layer in one.layers:
            layers[layer].append((layer, id_))
    return {layer: sorted(asked) for layer, asked in layers.items()}


@cache
def list_known() -> Mapping[bool, Mapping[Asked, Sequence[str]]]:
    """Return the faults that turn each criterion of a layer red (or leave it open)."""
    known = {True: defaultdict[Asked, list[str]](list), False: defaultdict[Asked, list[str]](list)}
    for layer, criterion, red, fault in list_teeth():
        if fault not in known[red][layer, criterion]:
            known[red][layer, criterion].append(fault)
    return known


def list_gaps(asked: Iterable[Asked]) -> Iterator[tuple[bool, str]]:
    """Yield each criterion that no fault turns red (or leaves open), as ``LAYER CRITERION``."""
    return ((red, " ".join(one)) for one in asked for red in (True, False) if not list_known()[red].get(one))


def _write_gaps(layers: Mapping[str, Sequence[Asked]]) -> Iterator[str]:
    yield from ("| layer | criteria | never seen red | never seen open |", "| --- | ---: | --- | --- |")
    for layer, asked in layers.items():
        gaps = list(list_gaps(asked))
        without = (", ".join(f"`{one.split()[1]}`" for wanted, one in gaps if wanted == red) for red in (True, False))
        yield f"| {layer} | {len(asked)} | {' | '.join(each or '–' for each in without)} |"


def _list_requirements(file: CriteriaFile, red: Mapping[Asked, Sequence[str]]) -> Iterator[str]:
    """Yield a row for each layer of each line of the requirements."""
    night = NIGHT.findall((ROOT / ".github/workflows/nightly.yml").read_text("utf-8"))[0].split(",")
    for line in file.requirements:
        for layer in line.layers:
            asked = [one for one in file.criteria.values() if one.source == line.id and layer in one.layers]
            moments = {file.moments.get(one.id, "") for one in asked}
            stations = {
                "rehearsal": layer == "static" or not all(one.needs_production for one in asked),
                "promotion": layer in PROMOTING and not moments.isdisjoint(("", "before")),
                **{moment: moment in moments for moment in MOMENTS},
                "night": layer in night,
            }
            names, told = ", ".join(f"`{one.id}`" for one in asked), ", ".join(key for key in stations if stations[key])
            yield f"| {line.id} | {layer} | {told} | {names} | {_name(red[layer, asked[0].id])} |"


def _link(test: str) -> str:
    """Name a test and its file."""
    file, _, name = test.partition("::")
    return f"`{name}` in `tests/{file}`" if test else "**not tested**"


def _name(faults: Sequence[str]) -> str:
    """Name the fault that says most: one of a catalogue before those that are done to all."""
    if not faults:
        return "–"
    first = min(faults, key=(UNREAD, UNKNOWN).__contains__)
    return first.replace("|", "\\|")


def list_teeth() -> Iterator[Tooth]:
    """Yield every fault that a catalogue has for a criterion."""
    for kind, tests in STATED["tested"].items():
        for asked, test in tests.items():
            layer, criterion = asked.split()
            yield layer, criterion, kind == "red", f"`{test.partition('::')[2]}`"
    yield from _list_static()
    yield from _list_workflows()
    yield from _list_live()
    yield from _list_site()
    yield from _list_others()


def _list_static() -> Iterator[Tooth]:
    examples = import_module("tests.policies.test_examples")  # which imports the policies
    for edit in import_module("tests.mutations.edits").read_edits():
        for policy in sorted(edit.policies):
            yield "static", POLICIES[policy].criterion, True, f"`{edit.id}`"
    for file in sorted((ROOT / "policies" / "examples").glob("*.tf")):
        id_, text, policy = file.stem, file.read_text("utf-8"), POLICIES[file.stem]
        for mark, red in (("violates", True), ("undetermined", False)):
            if re.search(rf"# {mark}\b.*\b{id_}\b", text):
                yield "static", policy.criterion, red, f"`{file.name}`"
        if id_ not in examples.KNOWN_LATER:
            yield "static", policy.criterion, False, UNKNOWN
    goals = import_module("tests.terraform.test_permissions")
    for criterion, (role, where, _) in goals.EDITS.items():
        yield "static", criterion, True, f"the {where} of `{role}`"
        yield from [("static", criterion, False, UNKNOWN)] * (where == "policy")


def _list_workflows() -> Iterator[Tooth]:
    for name, (_, criteria) in import_module("tests.suites.static.test_own_pipeline").SABOTAGES.items():
        yield from (("static", each, True, name) for each in criteria.split())
    pipelines = import_module("tests.suites.static.test_pipeline_checks")
    for red, table in ((True, pipelines.BROKEN), (False, pipelines.HIDDEN)):
        for number, (_, _, criteria) in enumerate(table):
            yield from (("static", each, red, f"change {number} of a sound pipeline") for each in criteria.split())
    checks = import_module("tests.suites.static.workflow_judging").CHECKS
    for file, old, new, names in import_module("tests.suites.static.test_workflow_checks").CHANGES:
        for name in names.split():
            fault = f"`{_shorten(old)}` → `{_shorten(new) or '(gone)'}` in `{file}.yml`"
            yield "static", checks[name].criterion, True, fault


def _shorten(text: str) -> str:
    return " ".join(text.split())[:60]


def _list_live() -> Iterator[Tooth]:
    for each in import_module("tests.suites.live.harness").sabotages():
        yield from _read_sabotage("live", each)
    denied = next(iter(import_module("tests.suites.live.test_proofs").ALL_GONE))
    live = {POLICIES[policy].criterion for policy in KINDS} | {
        each.criterion for layer, each in import_module("tests.test_house_teeth").list_checks() if layer == "live"
    }
    yield from (("live", criterion, False, denied) for criterion in live)


def _list_others() -> Iterator[Tooth]:
    for subject in import_module("tests.suites.rollout.test_sabotages").SUBJECTS:
        for each in subject.sabotages:
            yield from _read_sabotage("rollout", each)
    for each in import_module("tests.suites.dags.test_sabotages").SABOTAGES:
        yield from _read_sabotage("dags", each)
    for dag, criteria in import_module("tests.suites.dags.test_faults").BREAKS.items():
        yield from (("dags", criterion, True, f"a DAG that is {dag}") for criterion in criteria)
    records = import_module("tests.suites.attested.test_records")
    for wrong in records.WRONG:
        yield "attested", wrong.criterion, wrong.outcome is records.NOT_SATISFIED, wrong.what
    for criterion in {*records.RECORDED, *records.OF_PRODUCTION}:
        yield "attested", criterion, True, "a record made for rehearsals"
        yield "attested", criterion, False, "a folder that is a link"
    for layer, each in import_module("tests.test_house_teeth").list_checks():
        yield layer, each.criterion, False, UNREAD


def _list_site() -> Iterator[Tooth]:
    for defective in import_module("tests.e2e.test_real_pages").DEFECTIVE:
        yield from (("e2e", criterion, True, f"a page that is {defective}") for criterion in defective.signs)
    for name, defect in import_module("tests.e2e_probes.test_outages").DEFECTS.items():
        yield from (("e2e", criterion, True, name) for criterion in defect.breaks)
        yield from (("e2e", criterion, False, name) for criterion in defect.hides)
    for each in import_module("tests.loadtests.test_faults").SABOTAGES:
        yield from (("load", criterion, True, each.name) for criterion in each.breaks)
    tables = import_module("tests.loadtests.test_load")
    for red, table in ((True, tables.BROKEN), (False, tables.OPEN)):
        for criterion, _, said in table:
            yield "load", criterion.id, red, f"“{said}”"


def _read_sabotage(layer: str, sabotage: Any) -> Iterator[Tooth]:
    yield from ((layer, criterion, True, sabotage.name) for criterion in sabotage.breaks)
    yield from ((layer, criterion, False, sabotage.name) for criterion in sabotage.unsettles)


def list_catalogues() -> Iterator[str]:
    """Yield a row for each catalogue, with the number of its faults; those of the tests first."""
    for one in STATED["catalogues"]:
        module, _, name = one["list"].partition(":")
        found = getattr(import_module(f"tests.{module}"), name)
        count = sum(len(getattr(each, "sabotages", [each])) for each in (found() if callable(found) else found))
        yield f"| {one['layer']} | {_round(count)} | {one['done']} | {one['said']} | `tests/{one['test']}` |"
    disturbed = import_module("benchmarks.disturbed")
    count = len(disturbed.DISTURBANCES) - 1
    yield f"| whole runs | {count} | a disturbance of a rehearsal | GO all the same | `benchmarks/disturbed.py` |"
    yield (
        f"| whole runs | {len(disturbed.SABOTAGES)} | a fault in a rehearsal | never GO "
        "| `benchmarks/disturbed.py --sabotages` |"
    )


def _round(count: int) -> str:
    """Return a number that few additions change."""
    return f"{count // 10 * 10}+" if count > 20 else str(count)


if __name__ == "__main__":
    TARGET.write_text(page(), "utf-8")
