"""What prodgate setup says of the engines."""

from pathlib import Path

import pytest

from prodgate.engines import setup
from prodgate.engines.chromium import Chromium
from prodgate.engines.environments import EngineError, ensure_python
from prodgate.engines.setup import EngineState, check_engines

from .conftest import quiet


def states() -> dict[str, EngineState]:
    return {state.name: state for state in check_engines(quiet)}


def test_what_is_there_is_ready(checkov: Path) -> None:
    found = states()
    assert found["Terraform core"].ready
    assert found["Checkov"] == EngineState("Checkov", True, str(checkov.parents[1]))
    assert found["Airflow"] == EngineState("Airflow", True, str(ensure_python("airflow-3.0.6", quiet).parents[1]))


def test_what_is_missing_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(name: str, _progress: object) -> Path:
        raise EngineError(f"{name}.lock: can't be installed; run prodgate setup")

    monkeypatch.setattr(setup, "ensure_python", refuse)
    monkeypatch.setenv("PRODGATE_TERRAFORM", "/no/such/terraform")
    monkeypatch.setenv("PRODGATE_CHROMIUM", "/no/such/chromium")
    monkeypatch.setenv("PRODGATE_HAPROXY", "/no/such/haproxy")
    found = states()
    assert found["Checkov"].detail == "checkov.lock: can't be installed; run prodgate setup"
    assert found["Airflow"].detail == "airflow-3.0.6.lock: can't be installed; run prodgate setup"
    assert "PRODGATE_TERRAFORM: no program '/no/such/terraform'" in found["Terraform core"].detail
    assert "PRODGATE_CHROMIUM: '/no/such/chromium' is no program" in found["Chromium"].detail
    assert "PRODGATE_HAPROXY: '/no/such/haproxy' is no program" in found["HAProxy"].detail
    assert not any(state.ready for state in found.values())


@pytest.mark.parametrize(("program", "detail"), [("/opt/chromium", "/opt/chromium"), ("", "kept by Playwright")])
def test_chromium_is_needed_and_says_where_it_is(
    monkeypatch: pytest.MonkeyPatch, checkov: Path, program: str, detail: str
) -> None:
    monkeypatch.setattr(setup, "ensure_chromium", lambda _progress: Chromium(program, "Playwright"))
    assert states()["Chromium"] == EngineState("Chromium", True, detail)


def test_a_program_that_is_no_terraform_is_not_ready(monkeypatch: pytest.MonkeyPatch, checkov: Path) -> None:
    monkeypatch.setenv("PRODGATE_TERRAFORM", "/bin/true")
    assert "tells no version" in states()["Terraform core"].detail
