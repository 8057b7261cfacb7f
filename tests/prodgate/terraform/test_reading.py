"""Values that are none: a policy must not pass on them, and must not print sensitive ones."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import pytest

from prodgate import Configuration, Resource, Unresolved
from prodgate.terraform.positions import Origin, Position
from prodgate.terraform.resources import REDACTED, UNKNOWN, NoSuchAttribute
from prodgate.terraform.serialization import from_json, to_json


def task(value: object, *, sensitive: bool = False) -> Resource:
    hidden = frozenset({"cpu"}) if sensitive else frozenset[str]()
    return Resource(
        address="aws_ecs_task_definition.api", type="aws_ecs_task_definition", name="api",
        values={"cpu": value}, sensitive=hidden,
    )  # fmt: skip


def test_a_sensitive_value_is_not_told() -> None:
    with pytest.raises(Unresolved) as number:
        task("hunter2", sensitive=True).number("cpu")
    with pytest.raises(Unresolved) as flag:
        task("hunter2", sensitive=True).flag("cpu")
    assert "hunter2" not in f"{number.value}{flag.value}"


def service(**values: object) -> Resource:
    return Resource(address="aws_ecs_service.api", type="aws_ecs_service", name="api", values=values)


HERE = (Position("main.tf", 2),)


def declared(values: Mapping[str, Any], *written: str, names: tuple[str, ...] = ()) -> Resource:
    origin = Origin(Position("main.tf", 1), dict.fromkeys(written, HERE))
    references = dict.fromkeys(written, names)
    resource = Resource(
        address="aws_x.it", type="aws_x", name="it", values=values, origin=origin, references=references
    )
    Configuration(root="it", engine="none", resources=[resource])
    return resource


LEFT = declared({"engine": "mysql", "encrypted": UNKNOWN, "groups": UNKNOWN}, "engine")
RULE = declared({"rule": [{"key": UNKNOWN, "algorithm": UNKNOWN}]}, "rule", "rule.algorithm")
ABSENT = service(volume_configuration=[])
BARE = Resource(address="aws_x.it", type="aws_x", name="it", values={"encrypted": UNKNOWN})
#: The argument, how it is read, and the result: a value, or an exception.
READ: Mapping[str, tuple[Resource, Callable[[Resource], object], object]] = {
    "a number as text": (task("1024"), lambda one: one.number("cpu"), Decimal(1024)),
    "a text in a block that is not there": (ABSENT, lambda one: one.text("volume_configuration.a.size"), None),
    "a flag in one": (ABSENT, lambda one: one.flag("volume_configuration.a.encrypted"), False),
    "below a value that is none": (service(name=None), lambda one: one.text("name.a"), NoSuchAttribute),
    "a misspelt argument": (service(a=[{"name": "b"}]), lambda one: one.text("a.nmae"), NoSuchAttribute),
    # an argument that the source does not state is not set, although a plan calls its value unknown
    "a flag that is not written": (LEFT, lambda one: one.flag("encrypted"), False),
    "whether it is set": (LEFT, lambda one: one.has("encrypted"), False),
    "texts that are not written": (LEFT, lambda one: one.texts("groups"), ()),
    "what they name": (LEFT, lambda one: one.related("groups", "aws_security_group"), ()),
    "in a block, not written": (RULE, lambda one: one.text("rule.key"), None),
    "in a block, written": (RULE, lambda one: one.text("rule.algorithm"), Unresolved),
    "in a block that is not traced": (
        declared({"rule": [{"key": UNKNOWN}]}, "engine"), lambda one: one.text("rule.key"), Unresolved,
    ),
    "written": (declared({"encrypted": UNKNOWN}, "encrypted"), lambda one: one.flag("encrypted"), Unresolved),
    "without the source": (BARE, lambda one: one.flag("encrypted"), Unresolved),
    "set by one resource": (
        declared({"key": UNKNOWN}, "key", names=("aws_kms_key.data",)), lambda one: one.has("key"), True,
    ),
    "redacted, and set": (declared({"password": REDACTED}, "password"), lambda one: one.has("password"), True),
    "redacted, and not written": (
        declared({"engine": "mysql", "password": REDACTED}, "engine"), lambda one: one.text("password"), Unresolved,
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", READ)
def test_what_is_no_value_is_not_taken_for_one(case: str) -> None:
    resource, read, found = READ[case]
    if isinstance(found, type):
        with pytest.raises(found):
            read(resource)
    else:
        assert read(resource) == found


@pytest.mark.parametrize("value", ["Infinity", "nan", "-inf", "many", True, [1]])
def test_what_is_no_number_is_unresolved(value: object) -> None:
    with pytest.raises(Unresolved, match="which is not a number"):
        task(value).number("cpu")


@pytest.mark.parametrize("names", [(), ("aws_kms_key.data", "aws_ssm_parameter.encrypt")])
def test_what_none_or_several_decide_may_be_null(names: tuple[str, ...]) -> None:
    with pytest.raises(Unresolved, match="aws_x.it.key is decided later"):
        declared({"key": UNKNOWN}, "key", names=names).has("key")


def test_what_is_not_set_is_not_redacted() -> None:
    values = {"password": None, "token": UNKNOWN, "keys": [], "user": "admin"}
    resource = Resource(address="aws_x.it", type="aws_x", name="it", values=values, sensitive=frozenset(values))
    kept = from_json(to_json(Configuration(root="it", engine="none", resources=[resource])))
    (again,) = kept.resources
    assert again.values == {"password": None, "token": UNKNOWN, "keys": [], "user": REDACTED}
    assert again.has("password") is False
