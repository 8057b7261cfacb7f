"""The first files of a team: each is short and valid at once, and what must be known first is a comment in it."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import version
from typing import Final

from ..criteria import UsageError
from ..report.text import visible
from ..sections.toml_text import write_string
from .first_dags import write_dags
from .surveying import Survey

WORKFLOW: Final = ".github/workflows/prod-gate.yml"

_CRITERIA: Final = """\
# What "ready for production" means for {name}. `prodgate run rehearsal:// --only static` judges it without credentials.
system = {system}

# Good practice for any team, asked where there is something to ask about. By area: extends = ["baseline/identity"].
# A criterion below under the id of one of them needs overrides = true. `prodgate explain ID` says why each matters.
# What principals can and cannot do is proven, too, with extends = ["baseline", "baseline/permissions"] and the extra:
# pip install 'prod-gate[iam]'.
extends = "baseline"

{terraform}
{account}{dags}{site}
# A criterion of your own, judged by a policy in policies/ or a check in suites/. Every number that decides stands here.
# [criteria.queue-retention]
# statement = "Messages are kept long enough to survive a long weekend."
# why = "What failed on Friday is looked at on Tuesday."
# require = ">= 7 d"
# source = "our service levels"
# layers = ["static"]
"""

_ROOT: Final = """\
[terraform]
root = {root}
"""

_ACCOUNT: Final = """\
# The account that the system runs in; `prodgate run aws://PROFILE@REGION` looks at no other.
[account]
id = {id}
"""

_NO_ACCOUNT: Final = """\
# The account that the system runs in; `prodgate run aws://PROFILE@REGION` looks at no other. Until somebody says which
# it is, a run of declarations that name or count something of their account is no GO.
# [account]
# id = "123456789012"
"""

_NO_ROOT: Final = """\
# No Terraform was found. Where it is, so that it can be judged:
# [terraform]
# root = "infra"
"""

_SITE: Final = """
# The site as people meet it, which {found} seems to serve: pages that must open without an error.
# [e2e]
# base_url = "https://www.example.com"
# hosts = ["example.com"]
#
# [e2e.pages]
# front = {{ path = "/", regions = ["main"] }}
#
# How a rehearsal starts it, on a free port that the gate chooses; it is ready when its health answers.
# [rehearsal]
# start = "uvicorn app:app --port {{port}}"
# health = "/healthz"
"""

_WAIVERS: Final = """\
# Accepted risks, each with an owner, another approver and an end. One that expires or matches nothing blocks.
# [waivers.exports-unversioned]
# covers = "bucket-versioned"
# subject = "aws_s3_bucket.exports"
# reason = "The exports can be made again within an hour."
# owner = "platform@example.com"
# approver = "security@example.com"
# opened = 2026-11-27
# expires = 2027-02-19
"""

_WORKFLOW: Final = """\
# May this change go to production, as far as its declarations say? Needs no credentials.
name: prod-gate

on:
  pull_request:
  push:
    branches: [main]

permissions: {}

jobs:
  gate:
    runs-on: ubuntu-24.04
    timeout-minutes: 15
    permissions:
      contents: read
    steps:
      - uses: actions/checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8 # v5.0.0
        with:
          persist-credentials: false
      - uses: actions/setup-python@e797f83bcb11b83ae66e0230d6156d7c80228e7c # v6.0.0
        with:
          python-version: "3.13"
      - run: pipx run --spec 'prod-gate[core]==VERSION' prodgate run rehearsal:// --only static
      - if: ${{ !cancelled() }}
        run: cat runs/*/summary.md >> "$GITHUB_STEP_SUMMARY"
      - if: ${{ !cancelled() }}
        uses: actions/upload-artifact@330a01c490aca151604b8cf639adc76d48f6c5d4 # v5.0.0
        with:
          name: prod-gate-run
          path: runs/
          if-no-files-found: error
          overwrite: true
          retention-days: 90
"""


def write_first_files(found: Survey) -> Mapping[str, str]:
    """Return the text of each file by its path from the folder that was looked at.

    Raises UsageError for a folder whose name can't be written down.
    """
    dags = found.dags[0] if found.dags else ""
    return {
        "criteria.toml": _CRITERIA.format(
            name=found.name,
            system=_quote(found.name),
            terraform=_ROOT.format(root=_quote(found.roots[0])) if found.roots else _NO_ROOT,
            account=_ACCOUNT.format(id=_quote(found.account)) if found.account else _NO_ACCOUNT,
            dags=write_dags(dags, _quote(dags), found.guesses) if dags else "",
            site=_SITE.format(found=visible(found.sites[0])) if found.sites else "",
        ),
        "waivers.toml": _WAIVERS,
        WORKFLOW: _WORKFLOW.replace("VERSION", version("prod-gate")),
    }


def _quote(name: str) -> str:
    if name != visible(name):
        raise UsageError(f"{visible(name)}: has a character in its name that nobody sees; rename it")
    return write_string(name)
