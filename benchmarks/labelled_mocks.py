"""The plans behind HashiCorp's policies: Sentinel mocks, read as text and turned into a plan.json."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from labelled_cases import Case

from prodgate.terraform.provider.schema import aws_schemas

_SOURCE: Final = r'mock "{}" \{{\s*module \{{\s*source = "([^"]+)"'
_EXPECTED: Final = re.compile(r"main\s*=\s*(true|false)")
#: Names nothing, so that its value is unknown: stands for a value of which a mock keeps only some names.
_LOST: Final = "data.aws_lost.in_the_mock.value"
Row = Mapping[str, Any]
_NOTHING: Final[Row] = {"attributes": {}, "block_types": {}}


def list_sentinel(root: Path) -> Iterator[Case]:
    """Yield an example of each test whose policy must hold, or must not: a plan, or else a configuration."""
    for test in sorted(each for each in (root / "policies").glob("**/test/**/*.hcl") if each.is_file()):
        stated = test.read_text("utf-8")
        expected, plan = _EXPECTED.search(stated), _read_mock(test, stated, "tfplan/v2")
        configuration, rows = _read_mock(test, stated, "tfconfig/v2"), _list_resources(plan)
        planned = json.dumps(_build_plan(rows, configuration)) if rows else ""
        text = "" if rows else write_configuration((configuration.get("resources") or {}).values())
        if expected and (planned or text):
            bad = expected[1] == "false"
            yield Case(source="sentinel", check=test.parent.name, name=test.stem, text=text, plan=planned, bad=bad)


def write_configuration(rows: Iterable[Row]) -> str:
    """Return Terraform for the configuration in a mock; nothing if it has modules."""
    if any(row.get("module_address") for row in rows):
        return ""
    kinds = {"managed": "resource", "data": "data"}
    written = []
    for row in (each for each in rows if each.get("mode") in kinds):
        kind = kinds[row["mode"]]
        known = row["type"] in aws_schemas().names(kind)
        body = _write_body(row.get("config") or {}, aws_schemas().block(kind, row["type"]) if known else _NOTHING)
        written.append(f'{kind} "{row["type"]}" "{row["name"]}" {{\n{body}}}\n')
    return "".join(written)


def _write_body(stated: Row, block: Row) -> str:
    """Return arguments and blocks. Of a list built from references, a mock keeps only the names."""
    lines = []
    for name, value in stated.items():
        inner = block["block_types"].get(name, {}).get("block")
        held = value.get("constant_value", value) if isinstance(value, dict) else value
        if isinstance(value, dict) and value.get("references"):
            listed = str(block["attributes"].get(name, {}).get("type")).startswith(("['list", "['set"))
            named = value["references"]
            full = [
                each for before, each in zip(["", *named], named, strict=False) if not before.startswith(f"{each}.")
            ]
            whole = named[0] if len(full) == 1 else _LOST
            lines.append(f"{name} = {'[{}]' if listed else '{}'}\n".format(whole))
        elif inner or (held is value and isinstance(held, dict | list)):
            blocks = held if isinstance(held, list) else [held]
            lines += [f"{name} {{\n{_write_body(each, inner or _NOTHING)}}}\n" for each in blocks if each]
        else:
            lines.append(f"{name} = {json.dumps(held).replace('${', '$${')}\n")
    return "".join(lines)


def _read_mock(test: Path, stated: str, kind: str) -> dict[str, Any]:
    """Return the mock of a kind that a test names; nothing if there is none, or none in plain text."""
    source = re.search(_SOURCE.format(kind), stated)
    file = test.parent / source[1] if source else None
    if not file or not file.is_file():
        return {}
    text = re.sub(r"(?m)^\s*(//|#|import ).*$", "", file.read_text("utf-8"))
    found = {}
    for name, value in re.findall(r"(?ms)^(\w+) = (\{\}|\{.*?^\})", text):
        plain = re.sub(r",(\s*[}\]])", r"\1", re.sub(r"\bundefined\b", "null", value))
        try:
            found[name] = json.loads(plain, strict=False)
        except ValueError:
            return {}
    return found


def _list_resources(plan: Row) -> Sequence[Row]:
    planned = (plan.get("planned_values") or {}).get("resources") or {}
    rows = [{**row, "values": row.get("values") or {}} for row in planned.values()]
    changes = [row for row in (plan.get("resource_changes") or {}).values() if row["change"].get("after")]
    rows = rows or [{**row, "values": row["change"]["after"]} for row in changes]
    kept = [row for row in rows if row.get("mode", "managed") == "managed"]
    return [_fill_in(row) for row in kept if row["type"] in aws_schemas().names("resource")]


def _fill_in(row: Row) -> Row:
    values, unknown = _complete(row["values"], aws_schemas().block("resource", row["type"]))
    return {**row, "stated": row["values"], "values": values, "unknown": unknown}


def _build_plan(rows: Sequence[Row], configuration: Row) -> dict[str, Any]:
    """Return a plan in the form of ``terraform show -json``: whatever the mock leaves out of a type is unknown."""
    configured = configuration.get("resources") or {}
    kept = ("address", "type", "name", "index", "values")
    return {
        "format_version": "1.2",
        "terraform_version": "1.9.0",
        "planned_values": {
            "root_module": {
                "resources": [
                    {"mode": "managed", **{key: row[key] for key in kept if row.get(key) is not None}} for row in rows
                ]
            }
        },
        "resource_changes": [
            {
                **_describe(row),
                "change": {"actions": ["create"], "after": row["values"], "after_unknown": row["unknown"]},
            }
            for row in rows
        ],
        "configuration": {
            "root_module": {"resources": [_configure(row, configured.get(row["address"]) or {}) for row in rows]}
        },
    }


def _describe(row: Row) -> dict[str, Any]:
    return {"address": row["address"], "mode": "managed", "type": row["type"], "name": row["name"]}


def _complete(stated: Row, block: Row) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the values of a block with the omissions of the mock filled in, and the ones that are unknown.

    A plan leaves out nothing: an unset argument without a default is null; a computed or required one is unknown. A
    mock holds only written values, so a block type that it does not hold has no blocks.
    """
    values, unknown = dict(stated), dict[str, Any]()
    for name, attribute in block["attributes"].items():
        written_as_blocks = "object" in str(attribute["type"])
        later = attribute.get("computed") or attribute.get("required")
        if name not in values and later and not written_as_blocks:
            unknown[name] = True
        values.setdefault(name, [] if written_as_blocks else None)
    for name, inner in block["block_types"].items():
        held = values.setdefault(name, [])
        if isinstance(held, list):
            pairs = [_complete(each or {}, inner["block"]) for each in held]
            values[name], unknown[name] = [each for each, _ in pairs], [each for _, each in pairs]
    return values, unknown


def _configure(row: Row, configured: Row) -> dict[str, Any]:
    stated = {name: {"constant_value": value} for name, value in row["stated"].items() if value is not None}
    address = row["address"].partition("[")[0]
    return {**_describe(row), "address": address, "expressions": configured.get("config") or stated}
