"""The sections of a criteria file besides the criteria: the system, its Terraform, repository, account, load, …"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from ..criteria import suggest
from .attested import attested_mistakes
from .cells import cells_mistakes
from .dags import airflow_mistakes
from .e2e import e2e_mistakes
from .evidence import evidence_mistakes
from .facts import facts_mistakes
from .load import load_mistakes
from .organization import organization_mistakes
from .rehearsal import rehearsal_mistakes
from .rollout import rollout_mistakes
from .site import site_mistakes
from .validation import is_text_list, key_mistakes

SECTIONS: Final = (
    "system", "include", "extends", "terraform", "account", "cells", "repository", "facts", "evidence", "load",
    "airflow", "dags", "e2e", "rollout", "rehearsal", "site", "attested", "organization", "requirements",
    "criteria",
)  # fmt: skip
#: An availability zone of a region.
_ZONE: Final = re.compile(r"[a-z]{2}(-[a-z]+)+-\d[a-z]")


def section_mistakes(data: Mapping[str, Any]) -> Iterator[str]:
    """Say what is wrong with each section but the criteria's own tables."""
    for key in data:
        if key not in SECTIONS:
            yield f"{key}: is not a section{suggest(key, SECTIONS) or '; sections are ' + ', '.join(SECTIONS)}"
    if not isinstance(data.get("system"), str):
        yield 'system: names no system; write e.g. system = "nba-news"'
    yield from _terraform_mistakes(data.get("terraform", {}))
    yield from _account_mistakes(data.get("account", {"id": "0" * 12}))
    yield from cells_mistakes(data["cells"]) if "cells" in data else ()
    yield from _repository_mistakes(data.get("repository", {}))
    yield from facts_mistakes(data.get("facts", {}))
    yield from evidence_mistakes(data["evidence"]) if "evidence" in data else ()
    yield from load_mistakes(data["load"]) if "load" in data else ()
    yield from airflow_mistakes(data)
    yield from e2e_mistakes(data["e2e"]) if "e2e" in data else ()
    yield from rollout_mistakes(data["rollout"], data.get("load")) if "rollout" in data else ()
    yield from rehearsal_mistakes(data["rehearsal"]) if "rehearsal" in data else ()
    yield from site_mistakes(data.get("site", {}))
    yield from attested_mistakes(data.get("attested", {}))
    yield from organization_mistakes(data["organization"]) if "organization" in data else ()
    if not isinstance(data.get("criteria"), dict) or not data["criteria"]:
        yield "criteria: holds no criterion; write at least one [criteria.<id>]"


def _repository_mistakes(repository: Any) -> Iterator[str]:
    known = isinstance(repository, dict) and set(repository) <= {"exempt"}
    if not known or not is_text_list(repository.get("exempt", [])):
        yield f'repository: is {repository!r}; write [repository] with exempt = ["tests/*"]'


def _terraform_mistakes(terraform: Any) -> Iterator[str]:
    if not isinstance(terraform, dict):
        yield 'terraform: is not a table; write [terraform] with root = "path/to/root"'
        return
    yield from key_mistakes("terraform", terraform, ("root", "source", "var_files"))
    for key in ("root", "source"):
        if not isinstance(terraform.get(key, ""), str):
            yield f"terraform.{key}: is {terraform[key]!r}; write the path of the root module as a text"
    if not is_text_list(terraform.get("var_files", [])):
        yield f"terraform.var_files: is {terraform['var_files']!r}; write a list of paths"


def _account_mistakes(account: Any) -> Iterator[str]:
    if (
        not isinstance(account, dict)
        or not isinstance(account.get("id"), str)
        or not re.fullmatch(r"\d{12}", account["id"])
    ):
        yield f'account: is {account!r}; write [account] with id = "123456789012"'
        return
    yield from key_mistakes("account", account, ("id", "exempt", "zones"))
    if not is_text_list(account.get("exempt", [])):
        yield f'account.exempt: is {account["exempt"]!r}; write a list of names or ARNs, e.g. ["other-system-*"]'
    zones = account.get("zones", [])
    if not is_text_list(zones) or not all(map(_ZONE.fullmatch, zones)) or len({*zones}) < len(zones):
        yield f'account.zones: is {zones!r}; write the availability zones, each once, e.g. ["eu-west-1a", "eu-west-1b"]'
