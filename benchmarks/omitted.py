"""Prints which members recorded AWS responses leave out, of those that a run of the gate received.

Run from the root: PYTHONPATH=. python benchmarks/omitted.py RUN FOLDER… > tests/suites/live/omitted_members.toml

A FOLDER holds responses as placebo records them, such as ``tests/data/placebo`` of Cloud Custodian's repository. A
member counts as left out if the structure that would hold it is there. RUN is a run of the gate with a live layer.
"""

import argparse
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from recorded_answers import read_examples, read_folder, shape

from prodgate.aws.recording import recall
from prodgate.evidence import journal
from prodgate.evidence.artifacts import load_json
from prodgate.layers.live.observing import ANSWERS

HEADER = """\
# Members that answers of real accounts leave out, and that the emulated account states. Of Cloud Custodian's
# recordings and botocore's examples, written by `benchmarks/omitted.py`; do not edit."""


def find_omitted(value: Any, of: Any, path: str = "") -> Iterator[str]:
    """Yield the paths of the members that a value of a shape leaves out."""
    kind = getattr(of, "type_name", "")
    if kind == "structure" and isinstance(value, Mapping) and value:
        for name, inner in of.members.items():
            below = f"{path}.{name}" if path else name
            yield from find_omitted(value[name], inner, below) if name in value else (below,)
    elif kind == "list" and isinstance(value, list):
        for one in value:
            yield from find_omitted(one, of.member, f"{path}[]")
    elif kind == "map" and isinstance(value, Mapping):
        for one in value.values():
            yield from find_omitted(one, of.value, f"{path}{{}}")


def find_stated(value: Any, path: str = "") -> Iterator[str]:
    """Yield the paths of the members that a plain value states; below a map's keys there are none."""
    if isinstance(value, Mapping):
        for name, one in value.items():
            below = f"{path}.{name}" if path else name
            yield below
            yield from find_stated(one, below)
    elif isinstance(value, list):
        for one in value:
            yield from find_stated(one, f"{path}[]")


def render(members: Mapping[tuple[str, str], Iterable[str]]) -> Iterator[str]:
    """Yield the lines of the table."""
    yield HEADER
    for (service, operation), paths in sorted(members.items()):
        yield f'\n["{service} {operation}"]\nmembers = ['
        yield from (f'    "{path}",' for path in sorted(paths))
        yield "]"


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path, metavar="RUN", help="a run of the gate with a live layer")
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER", help="answers as placebo records them")
    given = parser.parse_args()
    events = [one for one in journal.read(given.run / "journal.jsonl") if one["event"] == "fact"]
    kept = (load_json(given.run, one["digest"]) for one in events if one["kind"] == ANSWERS)
    stated: dict[tuple[str, str], set[str]] = defaultdict(set)
    for record in recall(kept).records.values():
        stated[record.call.service, record.call.operation].update(*map(find_stated, record.pages))
    omitted: dict[tuple[str, str], set[str]] = defaultdict(set)
    for one in [*read_examples(), *(each for folder in given.folders for each in read_folder(folder))]:
        if not one.error and one.call in stated:
            omitted[one.call].update(find_omitted(one.members, shape(*one.call)))
    found = {call: paths & stated[call] for call, paths in omitted.items() if paths & stated[call]}
    print("\n".join(render(found)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
