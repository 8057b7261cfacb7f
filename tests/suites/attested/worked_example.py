"""The worked example's records and documents, copied so that something can be done to them."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from prodgate.evidence import runs
from prodgate.evidence.journal import Journal
from prodgate.layers import BUILT
from prodgate.layers.layer import LayerContext
from prodgate.sections.targets import Target
from prodgate.testing import Finding, load_criteria

ROOT = Path(__file__).parents[3]
LAYER = BUILT["attested"]
#: What the records are of that the repository holds.
RECORDED = frozenset(path.stem for path in (ROOT / "attestations").glob("*.toml"))


@dataclass(frozen=True)
class Example:
    """A copy of what the attested layer reads."""

    root: Path

    def edit(self, path: str, old: str, new: str) -> None:
        """Replace a text once; it must be there."""
        text = (self.root / path).read_text("utf-8")
        assert old in text, f"{path} does not hold {old!r}"
        (self.root / path).write_text(text.replace(old, new, 1), "utf-8")

    def record(self, criterion: str, old: str, new: str) -> None:
        """Edit the record of a criterion."""
        self.edit(f"attestations/{criterion}.toml", old, new)

    def context(self, target: str = "rehearsal://") -> LayerContext:
        """A run of the layer."""
        about = {"system": "nba-news", "target": target, "rehearsal": target == "rehearsal://", "layers": ["attested"]}
        run = runs.create(self.root / "runs", about, self.root / "criteria.toml", self.root / "waivers.toml")
        return LayerContext(
            run=run,
            target=Target(target),
            project=self.root,
            stated=load_criteria(self.root / "criteria.toml"),
            journal=Journal.of(run),
            progress=lambda _step: None,
        )

    def judge(self, target: str = "rehearsal://") -> Mapping[str, Finding]:
        context = self.context(target)
        return by_criterion(LAYER.conclude(LAYER.observe(context), context))


def by_criterion(concluded: Mapping[tuple[str, str], list[Finding]]) -> Mapping[str, Finding]:
    assert all(len(found) == 1 for found in concluded.values())
    return {criterion: found[0] for (_, criterion), found in concluded.items()}


def copy_example(folder: Path) -> Example:
    """Copy criteria, records and the documents of operations."""
    for name in ("criteria", "attestations", "docs/operations"):
        shutil.copytree(ROOT / name, folder / name)
    shutil.copy(ROOT / "criteria.toml", folder / "criteria.toml")
    return Example(folder)
