"""A running stand-in provider, and core that is attached to it."""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prodgate.processes.child import Completed
from prodgate.terraform.runner import find_engine, prepare_environment, run, stand_in

PROVIDER = """
terraform {
  required_providers {
    aws = {
      source = "hashicorp/aws"
    }
  }
}
provider "aws" {
  region              = "ap-northeast-1"
  allowed_account_ids = ["111122223333"]
  default_tags {
    tags = { team = "news" }
  }
}
"""


@dataclass(frozen=True)
class Root:
    """A root module, and the core that works in it."""

    directory: Path
    environment: Mapping[str, str]
    sidecar: Path

    def core(self, *arguments: str) -> Completed:
        command = (*find_engine(os.environ).start(self.directory.parent, 120), *arguments)
        return run(command, cwd=self.directory, environment=self.environment, limit=120)

    def plan(self) -> dict[str, Any]:
        planned = self.core("plan", "-input=false", "-no-color", "-out=plan.bin")
        assert planned.code == 0, planned.stdout + planned.stderr
        return json.loads(self.core("show", "-json", "plan.bin").stdout)

    def values(self) -> dict[str, dict[str, Any]]:
        """Plan, and return the planned values by address, without unknown ones."""
        plan = self.plan()
        found = {each["address"]: each["values"] for each in instances(plan["planned_values"]["root_module"])}
        prior = plan.get("prior_state", {}).get("values", {}).get("root_module", {})
        return found | {each["address"]: each["values"] for each in instances(prior)}

    def errors(self) -> Sequence[Mapping[str, Any]]:
        """Validate, and return core's errors."""
        validated = json.loads(self.core("validate", "-json").stdout)
        return [each for each in validated["diagnostics"] if each["severity"] == "error"]


def instances(module: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield from module.get("resources", ())
    for child in module.get("child_modules", ()):
        yield from instances(child)


@contextmanager
def playground(scratch: Path, text: str) -> Iterator[Root]:
    """Write a root, start the provider beside it, and initialise."""
    settings = prepare_environment(os.environ, scratch)
    directory = scratch / "root"
    directory.mkdir()
    (directory / "main.tf").write_text(text, encoding="utf-8")
    with stand_in(scratch, settings) as provider:
        root = Root(directory, {**settings, "TF_REATTACH_PROVIDERS": provider.reattach}, provider.sidecar)
        initialised = root.core("init", "-no-color", "-input=false")
        assert initialised.code == 0, initialised.stdout + initialised.stderr
        yield root
