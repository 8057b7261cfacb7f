"""What the rehearsal provider does with one resource."""

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from prodgate.rehearsal.provider.creator import Adapters, NotLoopback
from prodgate.terraform.provider.creation import Creation, CreationError
from prodgate.terraform.provider.functions import AWS_FUNCTIONS
from prodgate.terraform.provider.schema import aws_schemas
from prodgate.terraform.provider.service import Service, Sidecar
from prodgate.terraform.provider.settings import Settings
from prodgate.terraform.provider.synthesis import Identities
from prodgate.terraform.provider.values import UNKNOWN, decode, empty_block, encode, is_unknown
from prodgate.terraform.provider.wire import CLASSES


class Recorder:
    """Creates nothing, and remembers what it was asked to."""

    def __init__(self, answer: Mapping[str, Any] | None) -> None:
        self.answer, self.declared = answer, {}

    def create(self, kind: str, declared: Mapping[str, Any], settings: Settings) -> Mapping[str, Any] | None:
        self.declared = dict(declared)
        return self.answer

    def read(self, kind: str, config: Mapping[str, Any], settings: Settings) -> Mapping[str, Any] | None:
        return None


def created(
    kind: str, answer: Mapping[str, Any] | None, config: Mapping[str, Any], **planned: Any
) -> tuple[dict[str, Any], Recorder]:
    block, recorder = aws_schemas().block("resource", kind), Recorder(answer)
    stated = empty_block(block) | dict(config)
    identity = Identities().identify(kind, stated, Settings())
    state, _ = Creation(kind, block, stated | planned, stated, Settings(), identity).create_with(recorder)
    return state, recorder


def test_what_was_answered_fills_what_was_open_and_the_rest_is_closed() -> None:
    open_ = {"arn": UNKNOWN, "id": UNKNOWN, "owner": UNKNOWN}
    state, recorder = created("aws_sns_topic", {"arn": "arn:x", "id": "arn:x"}, {"name": "t"}, **open_)

    assert (state["arn"], state["name"], state["owner"]) == ("arn:x", "t", None)
    assert recorder.declared["arn"] is None


def test_what_is_declared_stays_as_declared() -> None:
    answer = {"name": "other", "display_name": "shown"}
    state, _ = created("aws_sns_topic", answer, {"name": "t"})

    assert (state["name"], state["display_name"]) == ("t", None)


def test_numbers_and_flags_take_the_form_of_the_schema() -> None:
    state, _ = created(
        "aws_lambda_function", {"version": 3, "source_code_size": 10}, {"function_name": "f"}, version=None
    )

    assert (state["version"], state["source_code_size"]) == ("3", 10)


def test_an_attribute_that_the_type_has_not_is_the_adapters_mistake() -> None:
    with pytest.raises(CreationError, match="the adapter of aws_sns_topic returned 'arm'"):
        created("aws_sns_topic", {"arm": "x"}, {"name": "t"})


def test_a_value_that_is_only_written_reaches_the_adapter_and_not_the_state() -> None:
    config = {"secret_id": "s", "secret_string_wo": "hush", "secret_string_wo_version": 1}
    state, recorder = created("aws_secretsmanager_secret_version", {}, config, secret_string_wo=None)

    assert recorder.declared["secret_string_wo"] == "hush"
    assert state["secret_string_wo"] is None


def test_a_type_without_adapter_gets_an_identity_for_what_depends_on_it() -> None:
    state, _ = created("aws_sns_topic", None, {"name": "t"}, arn=UNKNOWN)

    assert state["arn"].endswith(":t")


def service(creator: Recorder) -> Service:
    return Service(aws_schemas(), AWS_FUNCTIONS, Sidecar(None), creator=creator)


def test_nothing_is_invented_before_creation() -> None:
    block = aws_schemas().block("resource", "aws_rds_cluster")
    stated = empty_block(block) | {
        "cluster_identifier": "c",
        "engine": "aurora-mysql",
        "manage_master_user_password": True,
    }
    request = CLASSES["Plan"](
        type_name="aws_rds_cluster", prior_state=encode(None), proposed_new_state=encode(stated), config=encode(stated)
    )

    planned = decode(service(Recorder({})).plan_resource_change(request).planned_state)

    assert is_unknown(planned["arn"])
    assert is_unknown(planned["master_user_secret"][0]["secret_arn"])
    assert planned["port"] == 3306


@pytest.mark.parametrize("after", [{"name": "t", "display_name": "new"}, None], ids=["change", "removal"])
def test_what_exists_is_neither_changed_nor_removed(after: Mapping[str, Any] | None) -> None:
    block = aws_schemas().block("resource", "aws_sns_topic")
    prior = encode(empty_block(block) | {"name": "t"})
    planned = encode(None if after is None else empty_block(block) | dict(after))
    request = CLASSES["Apply"](type_name="aws_sns_topic", prior_state=prior, planned_state=planned, config=planned)

    answer = service(Recorder({})).apply_resource_change(request)

    assert "neither changed nor removed" in answer.diagnostics[0].detail
    assert decode(answer.new_state)["name"] == "t"


@pytest.mark.parametrize(
    "endpoint",
    ["https://sns.ap-northeast-1.amazonaws.com", "http://10.0.0.1:80", "http://localhost.example:1", "", "x"],
)
def test_only_this_machine_is_ever_created_in(endpoint: str) -> None:
    with pytest.raises(NotLoopback, match="is not on this machine"):
        Adapters(endpoint, {})


def test_the_process_refuses_another_machine(tmp_path: Path) -> None:
    command = [sys.executable, "-P", "-m", "prodgate.rehearsal.provider", str(tmp_path / "s"), "--tree", str(tmp_path)]

    done = subprocess.run(
        [*command, "--endpoint", "http://192.0.2.1:80"], capture_output=True, text=True, check=False, timeout=60
    )

    assert done.returncode == 1
    assert "'http://192.0.2.1:80': is not on this machine" in done.stderr


def test_an_adapter_that_is_wrong_is_named_with_its_line() -> None:
    def wrong(declared: Mapping[str, Any], aws: Any) -> Mapping[str, Any]:
        raise KeyError("nmae")

    adapters = Adapters("http://127.0.0.1:1", {"aws_sns_topic": wrong})

    with pytest.raises(
        CreationError, match=r"aws_sns_topic 't': KeyError: 'nmae' \(test_provisioning_provider\.py:\d+, in wrong\)"
    ):
        adapters.create("aws_sns_topic", {"name": "t"}, Settings())
