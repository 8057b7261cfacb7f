"""What the managed policies of AWS say: dated data of the extra ``iam``.

moto keeps every document as IAM listed it, with its version and the day it was changed. Its module is loaded by itself:
all of moto takes a second to import.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from typing import Any, Final

from ..semantics.unresolved import Unresolved
from .account import ADMINISTRATOR_ACCESS, EVERYTHING
from .documents import Document, read_identity_document

#: The ARNs of policies of AWS; those of other partitions may say something else.
PREFIX: Final = "arn:aws:iam::aws:policy"


def read_attached(arn: str) -> Document:
    """Return what a managed policy allows that is not declared beside what it is attached to, as of the data."""
    return find_document(arn) or Document(unread=f"what {arn} allows is not known here")


@cache
def find_document(arn: str, version: str = "") -> Document | None:
    """Return what a policy of AWS allows, as of the data; None where that has none of this ARN, or another version."""
    if arn == ADMINISTRATOR_ACCESS:
        return EVERYTHING
    policy = list_policies().get(arn)
    if policy is None or (version and version != policy["DefaultVersionId"]):
        return None
    changed = policy.get("UpdateDate", policy["CreateDate"])[:10]
    try:
        return read_identity_document(policy["Document"], f"{arn} {policy['DefaultVersionId']} of {changed}")
    except Unresolved as error:
        return Document(unread=str(error))


@cache
def list_policies() -> Mapping[str, Any]:
    """Return each policy as IAM listed it, by its ARN; none without the extra."""
    package = find_spec("moto")
    for folder in (package.submodule_search_locations or ()) if package else ():
        spec = spec_from_file_location("prodgate_policies_of_aws", f"{folder}/iam/aws_managed_policies.py")
        if spec is not None and spec.loader is not None:
            spec.loader.exec_module(module := module_from_spec(spec))
            found = json.loads(module.aws_managed_policies_data)
            return {f"{PREFIX}{one['Path']}{name}": one for name, one in found.items()}
    return {}
