"""Reads a plan.json, and says what a file is instead when it is not one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from ..semantics.json_texts import DuplicateKeyError, read_json
from .diagnostics import TerraformError, refusal

ADVICE: Final = "write one with `terraform show -json PLANFILE > plan.json`"


def load_plan(path: Path) -> dict[str, Any]:
    """Return the plan in a file that ``terraform show -json`` wrote, of format 1.x.

    Raises TerraformError, which says what the file is instead.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise refusal(f"{path}: can't be read: {error.strerror}") from None
    return check_plan(_parse_json(path, content), path)


def check_plan(stated: object, path: Path) -> dict[str, Any]:
    """Return parsed JSON that is a plan. Raises TerraformError when it is something else."""
    if not isinstance(stated, dict):
        raise not_a_plan(path, f"is a JSON {type(stated).__name__}")
    if "planned_values" not in stated:
        raise not_a_plan(path, _describe_kind(stated))
    version = str(stated.get("format_version", ""))
    if version.partition(".")[0] != "1":
        raise refusal(
            f"{path}: has plan format {version!r}, and only 1.x is known", "write it with Terraform 1.1 or later"
        )
    return stated


def _parse_json(path: Path, content: bytes) -> object:
    if content.startswith(b"PK\x03\x04"):
        raise not_a_plan(path, "is a binary plan, which only core can read")
    if not content.strip():
        raise not_a_plan(path, "is empty")
    encoding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        text = content.decode(encoding)
        parsed: object = read_json(text, parse_constant=_refuse_constant)
    except UnicodeDecodeError:
        raise not_a_plan(path, "is neither text nor JSON") from None
    except _NotANumber as error:
        raise not_a_plan(path, f"is not JSON: it holds {error}") from None
    except RecursionError:
        raise not_a_plan(path, "is nested too deeply") from None
    except json.JSONDecodeError as error:
        raise _explain_bad_json(path, text, error) from None
    except DuplicateKeyError as error:
        raise not_a_plan(path, str(error).partition(";")[0]) from None
    except ValueError:
        raise not_a_plan(path, "holds a number of more digits than any plan has") from None
    return parsed


class _NotANumber(Exception):
    """NaN or Infinity, which Python would read as a number that keeps any bound."""


def _refuse_constant(text: str) -> object:
    raise _NotANumber(text)


def _explain_bad_json(path: Path, text: str, error: json.JSONDecodeError) -> TerraformError:
    if text.lstrip().startswith('{"@level"'):
        return not_a_plan(path, "is the log of `terraform plan -json`, which lacks the values")
    if text.lstrip()[:1] != "{":
        return not_a_plan(path, f"is not JSON: it starts with {text.lstrip()[:20]!r}")
    if error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated string"):
        return refusal(f"{path}:{error.lineno}: is cut off after {len(text)} characters", "write it again, in full")
    return not_a_plan(path, f"is not JSON: {error.msg} at line {error.lineno}, column {error.colno}")


def _describe_kind(stated: dict[str, Any]) -> str:
    if "lineage" in stated or "serial" in stated:
        return "is a state file"
    if "values" in stated and "terraform_version" in stated:
        return "is the JSON form of a state, not of a plan"
    if "provider_schemas" in stated:
        return "is a provider schema"
    if "@level" in stated:
        return "is the log of `terraform plan -json`, which lacks the values"
    if "planned_values" not in stated and "resource_changes" in stated:
        return "has resource_changes but no planned_values"
    keys = ", ".join(list(stated)[:4])
    return f"has no planned_values; its keys are {keys}" if keys else "is an empty JSON object"


def not_a_plan(path: Path, what: str) -> TerraformError:
    """Return the error for a file that is not a plan."""
    return refusal(f"{path}: {what}", ADVICE)
