"""Expands the WAF v2 `statement`, which contains itself, to the depth the real provider allows.

The bindings of `aws_wafv2_web_acl_rule` hold every kind of statement once and then refer back to the first; those of
`aws_wafv2_web_acl` and `aws_wafv2_rule_group` leave the statement out. All three get the same statements here, as named
definitions that refer to each other: written out they would be thirty megabytes.
"""

from collections.abc import Mapping
from typing import Any

LEVELS = 3  # and/or/not inside one another, below the rule's own statement (the real provider's limit)
LOGICAL = ("and_statement", "not_statement", "or_statement")
ROOT_ONLY = ("managed_rule_group_statement", "rate_based_statement", "rule_group_reference_statement")
SCOPED_DOWN = ("managed_rule_group_statement", "rate_based_statement")
NOT_IN_GROUPS = ("managed_rule_group_statement", "rule_group_reference_statement")
REPEATED = ("text_transformation", "rule_action_override", "excluded_rule", "managed_rule_group_configs", "custom_key",
            "custom_keys", "insert_header", "response_header", "statement", "header_order")  # fmt: skip


def expand_statements(resources: dict[str, Any]) -> dict[str, Any]:
    """Put the statement into the three types that have one; returns the definitions they refer to."""
    every = resources["aws_wafv2_web_acl_rule"]["block"]["block_types"]["statement"]["block"]["block_types"]
    leaves = {name: _once(name, nested) for name, nested in every.items() if name not in (*LOGICAL, *ROOT_ONLY)}
    definitions = {"wafv2_statement_1": _block(leaves)}
    for level in range(2, LEVELS + 1):
        definitions[f"wafv2_statement_{level}"] = _block(leaves | _logical(level - 1))
    root = leaves | _logical(LEVELS) | {name: _root_only(name, every[name]) for name in ROOT_ONLY}
    definitions["wafv2_rule_statement"] = _block(root)
    in_group = {name: nested for name, nested in root.items() if name not in NOT_IN_GROUPS}
    definitions["wafv2_rule_group_statement"] = _block(in_group)
    for name in ("aws_wafv2_web_acl", "aws_wafv2_rule_group"):
        rule = resources[name]["block"]["block_types"]["rule"]["block"]
        del rule["attributes"]["statement"]
        rule["block_types"]["statement"] = _one(name == "aws_wafv2_rule_group", required=True)
    resources["aws_wafv2_web_acl_rule"]["block"]["block_types"]["statement"] = _one(False, required=True)
    return definitions


def _one(in_group: bool, *, required: bool) -> dict[str, Any]:
    name = "wafv2_rule_group_statement" if in_group else "wafv2_rule_statement"
    return {"nesting_mode": "list", "min_items": int(required), "max_items": 1, "block": {"$ref": name}}


def _block(block_types: Mapping[str, Any]) -> dict[str, Any]:
    return {"attributes": {}, "block_types": dict(sorted(block_types.items()))}


def _logical(level: int) -> dict[str, Any]:
    """`and`, `or` and `not`, each over statements of the given level."""
    nested = {}
    for name in LOGICAL:
        operand = {"nesting_mode": "list", "min_items": 1, "block": {"$ref": f"wafv2_statement_{level}"}}
        operand |= {"max_items": 1} if name == "not_statement" else {}
        nested[name] = {"nesting_mode": "list", "max_items": 1, "block": _block({"statement": operand})}
    return nested


def _root_only(name: str, nested: Mapping[str, Any]) -> dict[str, Any]:
    found = _once(name, nested)
    if name in SCOPED_DOWN:
        scope = {"nesting_mode": "list", "max_items": 1, "block": {"$ref": f"wafv2_statement_{LEVELS}"}}
        found["block"]["block_types"]["scope_down_statement"] = scope
    if name == "rate_based_statement":  # the older two types write custom_key, and leave out the kind of key: IP
        inner = found["block"]
        inner["block_types"]["custom_key"] = inner["block_types"]["custom_keys"]
        kind = {**inner["attributes"]["aggregate_key_type"], "optional": True}
        inner["attributes"]["aggregate_key_type"] = {key: value for key, value in kind.items() if key != "required"}
    return found


def _once(name: str, nested: Mapping[str, Any]) -> dict[str, Any]:
    """The nested block with `max_items` 1 where AWS takes only one: the bindings of this type don't state it."""
    result: dict[str, Any] = {"nesting_mode": nested["nesting_mode"]}
    if name in ("text_transformation", "insert_header", "response_header"):
        result |= {"nesting_mode": "set", "min_items": 1}
    elif name not in REPEATED:
        result["max_items"] = 1
    blocks = {
        inner: _once(inner, block)
        for inner, block in nested["block"].get("block_types", {}).items()
        if inner != "scope_down_statement"
    }
    result["block"] = {"attributes": nested["block"].get("attributes", {}), "block_types": blocks}
    return result
