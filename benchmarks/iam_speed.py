"""Says how long it takes to find who reaches administrator in an account of many roles.

    python benchmarks/iam_speed.py 200

Each role has five statements, a third of them under a condition and a tenth that deny; the same every time.
"""

from __future__ import annotations

import random
import resource
import sys
import time
from collections.abc import Iterator
from typing import Any, Final

from prodgate.iam.account import Account, Principal
from prodgate.iam.documents import read_document, read_identity_document
from prodgate.iam.reach import find_reach
from prodgate.iam.truth import Doubt

_ACCOUNT: Final = "111122223333"
_ACTIONS: Final = (
    "s3:GetObject", "s3:PutObject", "sqs:SendMessage", "sns:Publish", "kms:Decrypt", "dynamodb:*", "logs:PutLogEvents",
    "ec2:Describe*", "iam:PassRole", "sts:AssumeRole", "lambda:InvokeFunction", "ecs:RunTask", "iam:Get*",
)  # fmt: skip
_TRUSTED: Final = ({"Service": "ecs-tasks.amazonaws.com"}, {"AWS": _ACCOUNT}, {"Service": "lambda.amazonaws.com"})


def main(count: int) -> int:
    """Print the answers, the seconds of CPU and the memory; exit 1 where nothing was decided."""
    draw = random.Random(1)
    account = Account(id=_ACCOUNT, principals=tuple(_list_roles(count, draw)))
    began = time.process_time()
    found = find_reach(account)
    took = time.process_time() - began
    undetermined = sum(isinstance(one.administrator, Doubt) for one in found)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"{count} roles, {5 * count} statements: {took:.1f} s of CPU, {peak} MB, {undetermined} undetermined")
    return 1 if undetermined == count else 0


def _list_roles(count: int, draw: random.Random) -> Iterator[Principal]:
    for number in range(count):
        written = {"Version": "2012-10-17", "Statement": [_write(count, number * 5 + each, draw) for each in range(5)]}
        trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": draw.choice(_TRUSTED)}
        yield Principal(
            arn=_name(number),
            identity=(read_identity_document(written, f"role {number}"),),
            trust=read_document({"Version": "2012-10-17", "Statement": trust}, f"trust {number}"),
        )


def _write(count: int, number: int, draw: random.Random) -> dict[str, Any]:
    action = draw.choice(_ACTIONS)
    about = action.partition(":")[0]
    named = _name(draw.randrange(count)) if about in ("iam", "sts") else f"arn:aws:{about}:::thing-{number}/*"
    statement: dict[str, Any] = {"Effect": "Allow", "Action": [action, draw.choice(_ACTIONS[:8])], "Resource": named}
    if draw.random() < 0.3:
        statement["Condition"] = {"StringEquals": {"aws:SourceVpc": f"vpc-{number}"}}
    return statement | ({"Effect": "Deny"} if draw.random() < 0.1 else {})


def _name(number: int) -> str:
    return f"arn:aws:iam::{_ACCOUNT}:role/r{number}"


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
