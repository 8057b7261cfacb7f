"""What of an account is of another system, by ``[account] exempt``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import Final

#: Subject of a policy that is attached to a role, user or group.
_ATTACHMENT: Final = re.compile(r"(arn:\S+:(?:role|user|group)/\S+) (?:with|policy) .+")
#: Name of a load balancer or target group, to which AWS appends an id.
_BALANCER: Final = re.compile(r":(?:loadbalancer/(?:app|net|gwy)|targetgroup)/([^/]+)/[0-9a-f]+")


def is_foreign(subject: str, patterns: Sequence[str]) -> bool:
    """Whether something is not of this system, by its ARN or the end of it that is a name.

    What a role holds, such as ``ARN of the role with ARN of a policy``, belongs to whoever the role belongs to.
    """
    held = _ATTACHMENT.fullmatch(subject)
    named = held[1] if held else subject
    names = [subject, named, named.rpartition(":")[2], named.rpartition("/")[2]]
    if balancer := _BALANCER.search(named):
        names.append(balancer[1])
    return any(fnmatchcase(name, pattern) for name in names for pattern in patterns)
