"""Why two runs are not alike, and whether what they measured may be compared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from ...evidence.artifacts import UNREADABLE, describe_flaw, load_json
from ...evidence.runs import Run
from ...findings import Finding

#: Layers whose figures depend on the machine that measured them.
MEASURED: Final = ("load", "e2e", "dags", "rollout")
#: Versions that say which machine it was.
_MACHINE: Final = ("platform", "processors")


def describe_conditions(before: Run, after: Run) -> Iterator[str]:
    """Yield in what the two runs are not alike: target, versions, layers, a run that was cut off."""
    for name in ("system", "target", "rehearsal", "moment"):
        old, new = before.about.get(name), after.about.get(name)
        if (old or "") != (new or ""):
            yield f"{name}: {old or 'none'} -> {new or 'none'}"
    yield from _compare_tables("version of ", before.about.get("versions", {}), after.about.get("versions", {}))
    yield from _describe_judges(before, after)
    for verb, layers in (
        ("no longer judged", before.scope.layers - after.scope.layers),
        ("judged for the first time", after.scope.layers - before.scope.layers),
    ):
        if layers:
            yield f"layers {verb}: {', '.join(sorted(layers))}"
    for name, run in (("earlier", before), ("later", after)):
        if again := run.about.get("judged_again"):
            yield f"the {name} run judges the facts of another again: {again}"
        if run.finished is None:
            yield f"the {name} run was cut off: {run.path.name}"


def _compare_tables(prefix: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    for name in dict.fromkeys((*before, *after)):
        if before.get(name) != after.get(name):
            yield f"{prefix}{name}: {before.get(name, 'none')} -> {after.get(name, 'none')}"


def _describe_judges(before: Run, after: Run) -> Iterator[str]:
    """Say which policies and checks are others; what comes with the gate changes with its version, too."""
    old, new = before.about.get("judges", {}), after.about.get("judges", {})
    if changed := sorted(name for name in {**old, **new} if old.get(name) != new.get(name)):
        more = f" and {len(changed) - 5:,} more" if len(changed) > 5 else ""
        yield f"policies and checks that changed: {', '.join(changed[:5])}{more}"


def find_hindrances(before: Run, after: Run) -> dict[str, tuple[str, ...]]:
    """Return, for each layer, why what it measured in the two runs can't be compared; none where nothing hinders."""
    target = tuple(_compare_about(before, after, ("target", "rehearsal")))
    machine = tuple(_compare_machines(before, after))
    layers = before.scope.layers | after.scope.layers
    found = {layer: (*target, *(machine if layer in MEASURED else ())) for layer in layers}
    return {layer: reasons for layer, reasons in found.items() if reasons}


def _compare_machines(before: Run, after: Run) -> Iterator[str]:
    """Yield in what the machines that measured differ; a run that judges the facts of another does not name theirs."""
    measured = [str(run.about.get("judged_again") or run.path.name) for run in (before, after)]
    if measured[0] == measured[1] and "judged_again" in {**before.about, **after.about}:
        return  # they are the same figures
    for run, name in zip((before, after), measured, strict=True):
        if "judged_again" in run.about:
            yield f"{run.path.name} judges what {name} measured, and does not name its machine"
    old, new = before.about.get("versions", {}), after.about.get("versions", {})
    yield from _compare_tables("", *({key: each.get(key, "none") for key in _MACHINE} for each in (old, new)))


def _compare_about(before: Run, after: Run, names: tuple[str, ...]) -> Iterator[str]:
    for name in names:
        if before.about.get(name) != after.about.get(name):
            yield f"{name}: {before.about.get(name)} -> {after.about.get(name)}"


def find_other_profile(before: Run, then: Finding, after: Run, now: Finding) -> str:
    """Say why two findings of the load layer rest on loads that can't be compared; nothing when they can."""
    from ...facts.load.soundness import find_other_load, why_not_comparable  # noqa: PLC0415  as below

    try:
        one, other = _read_record(before, then), _read_record(after, now)
        if not one or not other:
            return ""
        late = (why_not_comparable(one["record"]), why_not_comparable(other["record"]))
        return "; ".join(filter(None, (*find_other_load(one, other), *late)))
    except UNREADABLE as error:
        return f"the record of the load can't be read: {describe_flaw(error)}"


def _read_record(run: Run, finding: Finding) -> Any:
    """Return the stored load that a finding cites; None when it cites none."""
    from ...layers.load.kinds import RECORD  # noqa: PLC0415  no runs without load need it

    stored = {fact["digest"] for fact in run.facts_of("load", RECORD)}
    cited = [digest for digest in finding.evidence if digest in stored]
    return load_json(run.path, cited[0]) if cited else None
