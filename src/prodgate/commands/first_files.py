"""The first files of a team: each is short and valid at once, and what must be known first is a comment in it."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from ..criteria import UsageError
from ..report.text import visible
from ..sections.toml_text import write_string
from .first_dags import write_dags
from .first_pipelines import write_pipeline
from .surveying import STATIC, Survey

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
# start = {start}
# health = "{health}"
#
# [criteria.pages-complete]
# statement = "Each page opens, and is whole."
# why = "Half a page helps nobody."
# source = "our service levels"
# layers = ["e2e"]
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
            site=_write_site(found.sites[0]) if found.sites else "",
        ),
        "waivers.toml": _WAIVERS,
        **write_pipeline(found.pipelines),
    }


def _write_site(site: str) -> str:
    place, _, kind = site.removesuffix(")").rpartition(" (")
    if kind != STATIC:
        return _SITE.format(found=visible(site), start=write_string("uvicorn app:app --port {port}"), health="/healthz")
    folder = shlex.quote(Path(place).parent.as_posix())
    start = f"python3 -m http.server {{port}} --bind 127.0.0.1 --directory {folder}"
    return _SITE.format(found=visible(place), start=_quote(start), health="/")


def _quote(name: str) -> str:
    if name != visible(name):
        raise UsageError(f"{visible(name)}: has a character in its name that nobody sees; rename it")
    return write_string(name)
