"""`python -m prodgate.rehearsal [ROOT]`: a rehearsal account to look around in, until Ctrl-C or end of input."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from ..processes.lifeline import ENDING, hear_signals, wait_for_end
from ..terraform.diagnostics import TerraformError
from .account import RehearsalAccount, provision
from .proxy import Proxy, proxy

HOW = """
{endpoint} is account {id}; its main region is {region}. With the aws command line, or anything that speaks to AWS:
  export HTTP_PROXY={endpoint} AWS_ENDPOINT_URL={endpoint} AWS_DEFAULT_REGION={region}
  export AWS_ACCESS_KEY_ID=rehearsal AWS_SECRET_ACCESS_KEY=rehearsal
A provider of your own applies to it with these instead, after `terraform init` without them; its root stays as it is:
  {own}
Ctrl-C ends it, and all that is in it is gone."""


def main(arguments: list[str]) -> int:
    """Provision the account, say what is in it, and wait."""
    parser = argparse.ArgumentParser(prog="prodgate.rehearsal", description=__doc__)
    parser.add_argument("root", nargs="?", type=Path, default=Path(), help="a Terraform root, or a directory above one")
    parser.add_argument("--var-file", action="append", default=[], type=Path, help="as for terraform apply")
    given = parser.parse_args(arguments)
    parent = os.getppid()
    try:
        with (
            provision(given.root, var_files=given.var_file, progress=_progress) as account,
            proxy(account.endpoint) as own,
        ):
            print("\n".join(_describe(account, own)), flush=True)  # noqa: T201
            wait_for_end(hear_signals(*ENDING), parent)
    except TerraformError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 2
    except KeyboardInterrupt:
        return 130
    return 0


def _describe(account: RehearsalAccount, own: Proxy) -> list[str]:
    created = list(account.applied.list_resources())
    missing = account.not_created
    lines = [f"{len(created)} resources of {len({kind for _, kind, _ in created})} types"]
    for kind, addresses in missing.items():
        lines.append(f"no adapter: {kind} ({len(addresses)}): {addresses[0]}")
    lines += [f"failed: {each.address or each.position}: {each.detail or each.summary}" for each in account.failed]
    lines += [f"no past: [{section}]: {why}" for section, why in account.past_failed.items()]
    settings = "export " + " ".join(f"{name}={value}" for name, value in own.environment.items())
    return [*lines, HOW.format(endpoint=account.endpoint, id=account.id, region=account.region, own=settings)]


def _progress(step: str) -> None:
    print(step, file=sys.stderr, flush=True)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
