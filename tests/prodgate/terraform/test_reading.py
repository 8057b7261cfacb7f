"""Values that are no values: a policy must not pass on them, and must not tell them when they are sensitive."""

from decimal import Decimal

import pytest

from prodgate.semantics.unresolved import Unresolved
from prodgate.terraform.reading import NoSuchAttribute
from prodgate.terraform.resources import Resource


def task(value: object, *, sensitive: bool = False) -> Resource:
    hidden = frozenset({"cpu"}) if sensitive else frozenset[str]()
    return Resource(
        address="aws_ecs_task_definition.api", type="aws_ecs_task_definition", name="api",
        values={"cpu": value}, sensitive=hidden,
    )  # fmt: skip


def test_a_number_may_be_written_as_text() -> None:
    assert task("1024").number("cpu") == Decimal(1024)


@pytest.mark.parametrize("value", ["Infinity", "nan", "-inf", "many", True, [1]])
def test_what_is_no_number_is_unresolved(value: object) -> None:
    with pytest.raises(Unresolved, match="which is not a number"):
        task(value).number("cpu")


def test_a_sensitive_value_is_not_told() -> None:
    with pytest.raises(Unresolved) as number:
        task("hunter2", sensitive=True).number("cpu")
    with pytest.raises(Unresolved) as flag:
        task("hunter2", sensitive=True).flag("cpu")
    assert "hunter2" not in f"{number.value}{flag.value}"


def service(**values: object) -> Resource:
    return Resource(address="aws_ecs_service.api", type="aws_ecs_service", name="api", values=values)


def test_what_stands_in_blocks_of_a_block_that_is_not_there_is_unset() -> None:
    absent = service(volume_configuration=[])
    assert absent.text("volume_configuration.managed_ebs_volume.size_in_gb") is None
    assert not absent.flag("volume_configuration.managed_ebs_volume.encrypted")


def test_what_a_value_has_no_place_for_is_no_attribute() -> None:
    with pytest.raises(NoSuchAttribute):
        service(name=None).text("name.managed_ebs_volume")
    with pytest.raises(NoSuchAttribute):
        service(volume_configuration=[{"name": "data"}]).text("volume_configuration.nmae")
