"""The kinds of evidence that the rollout layer stores, and the kinds of fact in each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ...facts import Fact
from ...facts.rollout.deployments import Deployment

#: What AWS answered about the last deployment of one service.
DEPLOYMENT: Final = "rollout-deployment"

#: Kind of evidence -> the kinds of fact in it. Each of them must be there.
KINDS: Final[Mapping[str, tuple[type[Fact], ...]]] = {
    DEPLOYMENT: (Deployment,),
}
