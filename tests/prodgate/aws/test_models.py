"""Clients that read know the operations that are declared, whenever they were, and nothing that writes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from prodgate.aws import actions
from prodgate.aws.clients import Clients, load_session, rehearsal_clients
from prodgate.aws.models import prune, pruned_session

from .stubbed_calls import REGION


def clients(*, reads: bool = True) -> Clients:
    return rehearsal_clients("http://127.0.0.1:1", REGION, reads=reads)


def test_a_client_that_reads_has_no_method_that_writes() -> None:
    reading, writing = clients()("kms"), clients(reads=False)("kms")
    assert callable(reading.describe_key)
    assert not hasattr(reading, "disable_key")
    assert callable(writing.disable_key)


def test_what_is_declared_later_can_be_called(monkeypatch: pytest.MonkeyPatch) -> None:
    made = clients()
    assert not hasattr(made("kms"), "list_retirable_grants")
    monkeypatch.setitem(actions.READS, "kms", (*actions.READS["kms"], "ListRetirableGrants"))
    assert callable(made("kms").list_retirable_grants)
    assert callable(made("kms").describe_key)


def test_every_declared_operation_keeps_its_shapes() -> None:
    made = clients()
    for service, operations in actions.READS.items():
        model = made(service).meta.service_model
        assert service == "sts" or set(model.operation_names) == set(operations), service
        for operation in operations:
            described = model.operation_model(operation)
            _walk(described.input_shape, set())
            _walk(described.output_shape, set())
            for error in described.error_shapes:
                _walk(error, set())


def _walk(shape: Any, met: set[str]) -> None:
    """Resolve each shape below one; botocore raises for one that is missing."""
    if shape is None or shape.name in met:
        return
    met.add(shape.name)
    inner = [*getattr(shape, "members", {}).values()] if shape.type_name == "structure" else []
    inner += [shape.member] if shape.type_name == "list" else []
    inner += [shape.key, shape.value] if shape.type_name == "map" else []
    for one in inner:
        _walk(one, met)


def test_a_pruned_description_has_no_words_and_keeps_a_member_of_that_name() -> None:
    model = {
        "metadata": {"apiVersion": "1"},
        "operations": {"Get": {"input": {"shape": "A"}, "documentation": "words"}, "Put": {"input": {"shape": "C"}}},
        "shapes": {
            "A": {"type": "structure", "members": {"documentation": {"shape": "B", "documentation": "words"}}},
            "B": {"type": "list", "member": {"shape": "A"}},
            "C": {"type": "string"},
        },
    }
    assert prune(model, ("Get", "Gone")) == {
        "metadata": {"apiVersion": "1"},
        "operations": {"Get": {"input": {"shape": "A"}}},
        "shapes": {
            "A": {"type": "structure", "members": {"documentation": {"shape": "B"}}},
            "B": {"type": "list", "member": {"shape": "A"}},
        },
    }


def test_the_whole_description_is_not_kept() -> None:
    loader = pruned_session().get_component("data_loader")
    known = loader.load_service_model("kms", "service-2")
    assert loader.load_service_model("kms", "service-2") is known
    held = [one[0] if isinstance(one, tuple) else one for one in loader._cache.values()]
    assert not [one for one in held if isinstance(one, dict) and "DisableKey" in one.get("operations", ())]


@pytest.mark.parametrize(
    ("service", "operation"),
    [
        ("sts", "AssumeRole"),
        ("sts", "AssumeRoleWithWebIdentity"),
        ("sso", "GetRoleCredentials"),
        ("sso-oidc", "CreateToken"),
    ],
)
def test_a_session_can_get_the_credentials_of_a_role(service: str, operation: str) -> None:
    model = pruned_session().get_component("data_loader").load_service_model(service, "service-2")
    assert operation in model["operations"]
    assert model["operations"][operation]["input"]["shape"] in model["shapes"]


def test_a_profile_takes_its_role(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "config").write_text(
        "[profile gate]\nrole_arn = arn:aws:iam::123456789012:role/gate\nsource_profile = base\nregion = us-east-1\n"
        "[profile base]\naws_access_key_id = AKIAX\naws_secret_access_key = x\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    session, _ = load_session("gate", "us-east-1", reads=True)
    credentials = session.get_credentials()
    assert credentials is not None
    with pytest.raises(EndpointConnectionError):  # nobody listens there, and it is asked
        credentials.get_frozen_credentials()
