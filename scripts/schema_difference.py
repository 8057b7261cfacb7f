"""Compares an extracted provider schema with an exact one, counting each kind of difference."""

import collections
import gzip
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

FLAGS = ("required", "optional", "computed", "sensitive", "write_only")


def differences(path: str, ours: Mapping[str, Any], exact: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(kind of difference, where and what) for two blocks."""
    for name in sorted(_names(ours) | _names(exact)):
        here = f"{path}.{name}"
        mine, theirs = _kind(ours, name), _kind(exact, name)
        if mine != theirs:
            yield f"{theirs} is {mine}", here
        elif mine == "attribute":
            yield from _attribute_differences(here, ours["attributes"][name], exact["attributes"][name])
        else:
            yield from _block_differences(here, ours["block_types"][name], exact["block_types"][name])


def _names(block: Mapping[str, Any]) -> set[str]:
    return {*block.get("attributes", {}), *block.get("block_types", {})}


def _kind(block: Mapping[str, Any], name: str) -> str:
    if name in block.get("attributes", {}):
        return "attribute"
    return "block" if name in block.get("block_types", {}) else "absent"


def _attribute_differences(path: str, ours: Mapping[str, Any], exact: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield "attributes compared", path
    if ours["type"] != exact["type"]:
        yield "type", f"{path}: {json.dumps(ours['type'])} instead of {json.dumps(exact['type'])}"
    for flag in FLAGS:
        if bool(ours.get(flag)) != bool(exact.get(flag)):
            yield f"{flag} {'lost' if exact.get(flag) else 'added'}", path


def _block_differences(path: str, ours: Mapping[str, Any], exact: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield "blocks compared", path
    for key in ("nesting_mode", "min_items", "max_items"):
        if (ours.get(key) or 0) != (exact.get(key) or 0):
            yield key, f"{path}: {ours.get(key)} instead of {exact.get(key)}"
    yield from differences(path, ours["block"], exact["block"])


def compare(ours: Mapping[str, Any], exact: Mapping[str, Any]) -> dict[str, list[str]]:
    """Kind of difference -> where. Both arguments: {"resource": {type: schema}, "data": …, "ephemeral": …}."""
    found: dict[str, list[str]] = collections.defaultdict(list)
    for kind in ("resource", "data", "ephemeral"):
        for name in sorted(ours[kind].keys() & exact[kind].keys()):
            for what, where in differences(f"{kind}.{name}", ours[kind][name]["block"], exact[kind][name]["block"]):
                found[what].append(where)
        found[f"{kind} types only in the exact schema"] = sorted(exact[kind].keys() - ours[kind].keys())
        found[f"{kind} types only in ours"] = sorted(ours[kind].keys() - exact[kind].keys())
    return found


def main(ours: str, exact: str) -> None:
    """Print the differences between two files of JSON, each with examples."""
    documents = []
    for path in map(Path, (ours, exact)):
        text = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        documents.append(json.loads(text))
    for kind, places in sorted(compare(documents[0], documents[1]).items(), key=lambda pair: -len(pair[1])):
        print(f"{len(places):6} {kind}")
        for place in places[:: max(1, len(places) // 8)][:8] if "compared" not in kind else ():
            print(f"         {place[:230]}")


if __name__ == "__main__":
    main(*sys.argv[1:])
