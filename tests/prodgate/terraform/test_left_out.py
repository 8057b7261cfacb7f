"""An argument that the source does not state is not set, although a plan calls its value unknown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from prodgate import Configuration, Resource, Unresolved
from prodgate.terraform.positions import Origin, Position
from prodgate.terraform.reading import REDACTED, UNKNOWN
from prodgate.terraform.serialization import from_json, to_json

HERE = (Position("main.tf", 2),)


def declared(values: Mapping[str, Any], *written: str, names: tuple[str, ...] = ()) -> Resource:
    origin = Origin(Position("main.tf", 1), dict.fromkeys(written, HERE))
    references = dict.fromkeys(written, names)
    resource = Resource(
        address="aws_x.it", type="aws_x", name="it", values=values, origin=origin, references=references
    )
    Configuration(root="it", engine="none", resources=[resource])
    return resource


def test_what_is_not_written_is_not_set() -> None:
    resource = declared({"engine": "mysql", "encrypted": UNKNOWN, "groups": UNKNOWN}, "engine")
    assert resource.flag("encrypted") is False
    assert resource.has("encrypted") is False
    assert resource.texts("groups") == ()
    assert resource.related("groups", "aws_security_group") == ()


def test_what_is_written_is_decided_later() -> None:
    resource = declared({"encrypted": UNKNOWN}, "encrypted")
    with pytest.raises(Unresolved):
        resource.flag("encrypted")


def test_what_one_resource_decides_is_set() -> None:
    assert declared({"key": UNKNOWN}, "key", names=("aws_kms_key.data",)).has("key")


@pytest.mark.parametrize("names", [(), ("aws_kms_key.data", "aws_ssm_parameter.encrypt")])
def test_what_none_or_several_decide_may_be_null(names: tuple[str, ...]) -> None:
    with pytest.raises(Unresolved, match="aws_x.it.key is decided later"):
        declared({"key": UNKNOWN}, "key", names=names).has("key")


def test_what_was_redacted_is_set() -> None:
    assert declared({"password": REDACTED}, "password").has("password")


def test_what_is_not_set_is_not_redacted() -> None:
    values = {"password": None, "token": UNKNOWN, "keys": [], "user": "admin"}
    resource = Resource(address="aws_x.it", type="aws_x", name="it", values=values, sensitive=frozenset(values))
    kept = from_json(to_json(Configuration(root="it", engine="none", resources=[resource])))
    (again,) = kept.resources
    assert again.values == {"password": None, "token": UNKNOWN, "keys": [], "user": REDACTED}
    assert again.has("password") is False


def test_inside_a_block_that_is_written_the_same_holds() -> None:
    values = {"rule": [{"key": UNKNOWN, "algorithm": UNKNOWN}]}
    resource = declared(values, "rule", "rule.algorithm")
    assert resource.text("rule.key") is None
    with pytest.raises(Unresolved):
        resource.text("rule.algorithm")


def test_inside_a_block_that_is_not_traced_it_stays_unknown() -> None:
    with pytest.raises(Unresolved):
        declared({"rule": [{"key": UNKNOWN}]}, "engine").text("rule.key")


def test_without_the_source_it_stays_unknown() -> None:
    resource = Resource(address="aws_x.it", type="aws_x", name="it", values={"encrypted": UNKNOWN})
    with pytest.raises(Unresolved):
        resource.flag("encrypted")


def test_what_was_redacted_stays_unknown() -> None:
    with pytest.raises(Unresolved):
        declared({"engine": "mysql", "password": REDACTED}, "engine").text("password")
