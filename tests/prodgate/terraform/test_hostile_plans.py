"""Whatever stands in a plan.json, it is read as it is meant or refused in one line that names the file."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any, Final

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from prodgate.findings import Concluded
from prodgate.semantics.unresolved import Unresolved
from prodgate.terraform.diagnostics import TerraformError
from prodgate.terraform.plan import read_plan
from prodgate.terraform.reading import NoSuchAttribute
from prodgate.terraform.resources import Configuration

KEPT: Final = 1209600
ADDRESS: Final = "module.m.aws_sqs_queue.orders[0]"
VALUES: Final = {"name": "orders", "message_retention_seconds": KEPT, "tags": {"a": "b"}}
RESOURCE: Final = {"address": ADDRESS, "mode": "managed", "type": "aws_sqs_queue", "name": "orders", "index": 0}
PLAN: Final[dict[str, Any]] = {
    "format_version": "1.2",
    "terraform_version": "1.9.5",
    "variables": {"n": {"value": 3}},
    "planned_values": {
        "outputs": {"o": {"sensitive": False}},
        "root_module": {
            "child_modules": [
                {"address": "module.m", "resources": [{**RESOURCE, "values": VALUES, "sensitive_values": {"tags": {}}}]}
            ]
        },
    },
    "resource_changes": [
        {
            **RESOURCE,
            "module_address": "module.m",
            "change": {
                "actions": ["create"],
                "before": None,
                "after": VALUES,
                "after_unknown": {"arn": True, "tags": {}},
                "after_sensitive": {"tags": {}},
            },
        }
    ],
    "prior_state": {"values": {"root_module": {"resources": []}}},
    "configuration": {
        "provider_config": {"aws": {"name": "aws", "expressions": {"region": {"constant_value": "eu-west-1"}}}},
        "root_module": {
            "module_calls": {
                "m": {
                    "source": "./m",
                    "expressions": {"days": {"references": ["var.n"]}},
                    "module": {"resources": [{**RESOURCE, "address": "aws_sqs_queue.orders", "expressions": {}}]},
                }
            }
        },
    },
    "checks": [{"address": {"to_display": "check.a"}, "status": "pass", "instances": [{"status": "pass"}]}],
}
WRITTEN: Final = json.dumps(PLAN)


def places(data: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in nested tables and lists, by the keys that lead there."""
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    return [at, *(place for key, each in items for place in places(each, (*at, key)))]


def put(at: tuple[Any, ...], value: Any) -> Any:
    """Return the plan with another value at a place, or without the place when the value is GONE."""
    if not at:
        return value
    made = copy.deepcopy(PLAN)
    inner: Any = made
    for key in at[:-1]:
        inner = inner[key]
    if value is GONE:
        del inner[at[-1]]
    else:
        inner[at[-1]] = value
    return made


def find_retention(path: Path) -> object:
    """Return what the queue of a plan keeps, or why that is not known."""
    try:
        (found,) = read_plan(path).of("aws_sqs_queue") or ("no queue",)
        return found if isinstance(found, str) else found.number("message_retention_seconds")
    except TerraformError as refused:
        told = str(refused)
        return told if told.startswith(f"{path}:") and "\n" not in told else f"BAD: {told}"
    except (Concluded, NoSuchAttribute, Unresolved) as doubt:  # each makes a finding undetermined
        return f"not known: {doubt}"
    except ValueError:
        return "several queues"


GONE: Final = object()
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9)
ODD = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
)
KEY: Final = "message_retention_seconds"
#: What the queue keeps is itself for the plan to say.
PLACES = [at for at in places(PLAN) if at[-1:] != (KEY,) and at != ()]
TMP = [HealthCheck.function_scoped_fixture]


@settings(max_examples=250, suppress_health_check=TMP)
@given(st.sampled_from(PLACES), ODD | st.just(GONE))
@example(("resource_changes", 0, "change", "after_unknown"), True)
@example(("resource_changes", 0, "change", "after_unknown"), [])
@example(("resource_changes", 0, "change", "after_unknown"), {KEY: True})
@example(("planned_values", "root_module", "child_modules"), GONE)
def test_any_value_at_any_key(tmp_path: Path, place: tuple[Any, ...], value: Any) -> None:
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(put(place, value)), "utf-8")
    told = find_retention(path)
    assert told == KEPT or (isinstance(told, str) and not told.startswith("BAD")) or KEY in str(value), told


@settings(max_examples=150, suppress_health_check=TMP)
@given(st.integers(0, len(WRITTEN)), st.integers(0, 40), st.binary(max_size=6))
@example(0, 0, b"\xef\xbb\xbf")
@example(1, 0, b"\0")
@example(len(WRITTEN) - 1, 1, b"")
def test_any_bytes_in_between(tmp_path: Path, at: int, gone: int, more: bytes) -> None:
    path, data = tmp_path / "plan.json", WRITTEN.encode()
    path.write_bytes(data[:at] + more + data[at + gone :])
    told = find_retention(path)
    begin = WRITTEN.index(KEY)
    touches_values = begin - gone - 2 <= at <= WRITTEN.rindex("after_unknown")
    assert told == KEPT or isinstance(told, str) or touches_values, told
    assert not str(told).startswith("BAD")


def test_the_plan_that_is_varied_is_valid_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    path.write_text(WRITTEN)
    found: Configuration = read_plan(path)
    assert (find_retention(path), found.gaps) == (KEPT, ())
