"""JUnit XML as Jenkins and most CI systems read it: a suite for each layer, a case for each finding.

Not satisfied is a failure, undetermined an error. Waived, not applicable and deferred (only production can answer) are
skipped, with the reason. The first suite has one case, the verdict, which passes on GO, also on that of a rehearsal.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final
from xml.etree import ElementTree as ET

from ...criteria import LAYERS
from ...findings import Outcome
from ..grouping import OUTCOMES
from ..text import shorten
from .source import Result, Source, list_results, plain

#: Outcome -> tag of the case's child element; a case without a child passed.
_ELEMENTS: Final[Mapping[Outcome, str]] = {
    Outcome.NOT_SATISFIED: "failure",
    Outcome.UNDETERMINED: "error",
    Outcome.WAIVED: "skipped",
    Outcome.NOT_APPLICABLE: "skipped",
}
#: Most characters in the name of a case.
_LONGEST: Final = 500


def render_junit(source: Source) -> str:
    """Return the run as JUnit XML. The same run gives the same bytes."""
    root = ET.Element("testsuites", name=plain(f"prod-gate {source.name}"))
    root.append(_verdict_suite(source))
    by_layer: dict[str, list[Result]] = {}
    for result in list_results(source.verdict):
        by_layer.setdefault(result.finding.layer, []).append(result)
    # a finding without a layer is about a waiver
    for layer in sorted(by_layer, key=[*LAYERS, ""].index):
        root.append(_suite(layer or "waivers", map(_case, by_layer[layer]), source))
    for kind in ("tests", "failures", "errors"):
        root.set(kind, str(sum(int(suite.get(kind, "0")) for suite in root)))
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _verdict_suite(source: Source) -> ET.Element:
    verdict = source.verdict
    case = ET.Element("testcase", classname="prod-gate", name=f"verdict {verdict.decision}")
    if element := _ELEMENTS.get(OUTCOMES[verdict.decision]):
        ET.SubElement(case, element, type=str(verdict.decision), message=source.describe())
    suite = _suite("verdict", [case], source)
    properties = ET.Element("properties")
    for name, value in (
        ("verdict", str(verdict.decision)),
        ("promotes", str(verdict.promotes).lower()),
        ("rehearsal", str(verdict.scope.rehearsal).lower()),
        ("left-out", ", ".join(verdict.scope.left_out())),
        ("commit", source.commit),
        ("head", source.head),
        ("said", source.describe()),
    ):
        ET.SubElement(properties, "property", name=name, value=plain(value))
    suite.insert(0, properties)
    return suite


def _suite(name: str, cases: Iterable[ET.Element], source: Source) -> ET.Element:
    suite = ET.Element("testsuite", name=name, timestamp=f"{source.started:%Y-%m-%dT%H:%M:%S}")
    suite.extend(cases)
    tags = Counter(child.tag for case in suite for child in case)
    counts = {"tests": len(suite), "failures": tags["failure"], "errors": tags["error"], "skipped": tags["skipped"]}
    suite.attrib.update({kind: str(count) for kind, count in counts.items()})
    return suite


def _case(result: Result) -> ET.Element:
    finding = result.finding
    name = shorten(plain(f"{finding.check}: {finding.subject}"), _LONGEST)
    case = ET.Element("testcase", classname=plain(f"{finding.layer or 'waivers'}.{finding.criterion}"), name=name)
    element = "skipped" if result.deferred else _ELEMENTS.get(finding.outcome)
    if element:
        child = ET.SubElement(case, element, type=str(finding.outcome), message=result.describe())
        lines = [*finding.where, *([f"remedy: {result.remedy}"] if result.remedy else [])]
        child.text = "\n".join(map(plain, lines)) or None
    return case
