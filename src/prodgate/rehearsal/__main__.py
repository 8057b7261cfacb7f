"""`python -m prodgate.rehearsal [ROOT]`: a rehearsal account to look around in, until Ctrl-C or end of input."""

import argparse
import os
import sys
from functools import partial
from pathlib import Path

from ..aws.clients import name_proxy
from ..processes.lifeline import ENDING, hear_signals, wait_for_end
from ..processes.output import inert_output
from ..terraform.diagnostics import TerraformError
from .account import RehearsalAccount, provision
from .proxy import Proxy, proxy

HOW = """
{endpoint} is account {id}; its main region is {region}. With the aws command line, or anything that speaks to AWS:
  export HTTP_PROXY={proxy} AWS_ENDPOINT_URL={endpoint} AWS_DEFAULT_REGION={region}
  export AWS_ACCESS_KEY_ID=rehearsal AWS_SECRET_ACCESS_KEY=rehearsal
A provider of your own applies to it with these instead, after `terraform init` without them; its root stays as it is:
  {own}
Ctrl-C ends it, and all that is in it is gone."""


def main(arguments: list[str]) -> int:
    """Provision the account, print its contents, and wait."""
    parser = argparse.ArgumentParser(prog="prodgate.rehearsal", description=__doc__)
    parser.add_argument("root", nargs="?", type=Path, default=Path(), help="a Terraform root, or a directory above one")
    parser.add_argument("--var-file", action="append", default=[], type=Path, help="as for terraform apply")
    given = parser.parse_args(arguments)
    parent = os.getppid()
    try:
        with (
            provision(
                given.root, var_files=given.var_file, progress=partial(print, file=sys.stderr, flush=True)
            ) as account,
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
    place = {"endpoint": account.endpoint, "proxy": name_proxy(account.endpoint)}
    return [*lines, HOW.format(id=account.id, region=account.region, own=settings, **place)]


if __name__ == "__main__":
    with inert_output():
        sys.exit(main(sys.argv[1:]))
