"""Renders `data "aws_iam_policy_document"` as the real provider does, to the byte."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping, Sequence
from typing import Any, Final

from ...semantics.json_texts import read_json

OLD_VERSION: Final = "2008-10-17"
VERSION: Final = "2012-10-17"
_LISTS: Final = (
    ("actions", "Action"), ("not_actions", "NotAction"), ("resources", "Resource"), ("not_resources", "NotResource"),
)  # fmt: skip
_PRINCIPALS: Final = (("principals", "Principal"), ("not_principals", "NotPrincipal"))
_ORDER: Final = (
    "Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Principal", "NotPrincipal", "Condition",
)  # fmt: skip

Document = dict[str, Any]


class PolicyError(Exception):
    """A policy document that the real provider refuses; the text is its message."""


def render(config: Mapping[str, Any]) -> tuple[str, str]:
    """Return the document as (indented, minified) JSON. Raises PolicyError."""
    document: Document = {"Version": "", "Id": "", "Statement": []}
    sids: set[str] = set()
    for index, text in enumerate(_drop_empty(config.get("source_policy_documents"))):
        source = _parse_document(text, "source_policy_documents", index)
        for sid in (each.get("Sid") for each in source["Statement"]):
            if sid and sid in sids:
                raise PolicyError(
                    f"duplicate Sid ({sid}) in source_policy_documents (item {index}; check previous items)"
                )
            sids.update([sid] if sid else [])
        _merge(document, source)
    _merge(document, _build_document(config))
    for index, text in enumerate(_drop_empty(config.get("override_policy_documents"))):
        _merge(document, _parse_document(text, "override_policy_documents", index))
    shown = {key: value for key, value in document.items() if value}
    return _escape_like_go(json.dumps(shown, indent=2, ensure_ascii=False)), _escape_like_go(
        json.dumps(shown, separators=(",", ":"), ensure_ascii=False)
    )


def document_id(text: str) -> str:
    """Return the id that the real provider gives a document."""
    return str(zlib.crc32(text.encode()))


def _build_document(config: Mapping[str, Any]) -> Document:
    """Return the document that the statement blocks make."""
    version = config.get("version") or VERSION
    statements, sids = [], set()
    for block in config.get("statement") or ():
        sid = block.get("sid") or ""
        if sid in sids:
            raise PolicyError(f"duplicate Sid ({sid}). Remove the Sid or ensure the Sid is unique.")
        sids.update([sid] if sid else [])
        statements.append(_build_statement(block, version))
    return {"Version": version, "Id": config.get("policy_id") or "", "Statement": statements}


def _build_statement(block: Mapping[str, Any], version: str) -> Document:
    statement: Document = {"Sid": block.get("sid") or "", "Effect": block.get("effect") or "Allow"}
    for argument, key in _LISTS:
        if block.get(argument):
            values = _one_or_sorted(block[argument])
            statement[key] = _replace_variables(values, version) if "esource" in key else values
    for argument, key in _PRINCIPALS:
        if block.get(argument):
            statement[key] = _build_principals(block[argument], version)
    if block.get("condition"):
        statement["Condition"] = _build_conditions(block["condition"], version)
    return {key: statement[key] for key in _ORDER if statement.get(key)}


def _one_or_sorted(values: Sequence[str]) -> Any:
    """One value as text; several in descending order, as the real provider puts them."""
    return values[0] if len(values) == 1 else sorted(values, key=str.encode, reverse=True)


def _build_principals(blocks: Sequence[Mapping[str, Any]], version: str) -> Any:
    found: dict[str, Any] = {}
    if len(blocks) == 1 and blocks[0]["type"] == "*" and blocks[0]["identifiers"] == ["*"]:
        return "*"
    for block in blocks:
        identifiers = _replace_variables(_one_or_sorted(block["identifiers"]), version)
        before = found.get(block["type"])
        if before is None:
            found[block["type"]] = identifiers
        else:
            found[block["type"]] = [*_as_list(before), *_as_list(identifiers)]
    return dict(sorted(found.items()))


def _build_conditions(blocks: Sequence[Mapping[str, Any]], version: str) -> Any:
    found: dict[str, dict[str, Any]] = {}
    for block in blocks:
        values = _replace_variables(block["values"][0] if len(block["values"]) == 1 else list(block["values"]), version)
        variables = found.setdefault(block["test"], {})
        before = variables.get(block["variable"])
        variables[block["variable"]] = values if before is None else [*_as_list(before), *_as_list(values)]
    return {test: dict(sorted(variables.items())) for test, variables in sorted(found.items())}


def _replace_variables(value: Any, version: str) -> Any:
    """Turn `&{aws:username}`, which Terraform does not take for its own, into the IAM policy variable."""
    if isinstance(value, list):
        return [_replace_variables(each, version) for each in value]
    if "&{" in value and version == OLD_VERSION:
        raise PolicyError(f"found &{{ sequence in ({value}), which is not supported in document version {version}")
    return value.replace("&{", "${")


def _merge(document: Document, newer: Document) -> None:
    """Put a document over another: statements with the same Sid are replaced in place, others appended."""
    document["Id"] = newer["Id"] or document["Id"]
    document["Version"] = max(document["Version"], newer["Version"])
    places = {each["Sid"]: index for index, each in enumerate(document["Statement"]) if each.get("Sid")}
    for statement in newer["Statement"]:
        place = places.get(statement.get("Sid", ""))
        if place is None:
            document["Statement"].append(statement)
        else:
            document["Statement"][place] = statement


def _parse_document(text: str, argument: str, index: int) -> Document:
    try:
        found = read_json(text)
        statements = found.get("Statement") or []
        ordered = [_normalise(each) for each in ([statements] if isinstance(statements, dict) else statements)]
    except (ValueError, AttributeError) as error:
        raise PolicyError(f"merging {argument} (item {index}): it is not a policy document: {error}") from error
    return {"Version": found.get("Version") or "", "Id": found.get("Id") or "", "Statement": ordered}


def _normalise(statement: Mapping[str, Any]) -> Document:
    """A statement read from JSON, with its parts in the provider's order."""
    found = dict(statement)
    for key in ("Principal", "NotPrincipal"):
        if isinstance(found.get(key), dict):
            found[key] = {kind: _sort_descending(each) for kind, each in sorted(found[key].items())}
    if isinstance(found.get("Condition"), dict):
        found["Condition"] = {
            test: {variable: _flatten(value) for variable, value in sorted(each.items())}
            for test, each in sorted(found["Condition"].items())
        }
    return {key: found[key] for key in _ORDER if found.get(key)}


def _sort_descending(value: Any) -> Any:
    return sorted(value, key=str.encode, reverse=True) if isinstance(value, list) else value


def _flatten(value: Any) -> Any:
    """The value of a condition that was read from JSON: text, or a list of more than one."""
    if isinstance(value, bool):
        return str(value).lower()
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def _drop_empty(value: Any) -> list[str]:
    return [each for each in value or () if each]


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _escape_like_go(text: str) -> str:
    """Write the characters that Go's encoder escapes in JSON the same way."""
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text
