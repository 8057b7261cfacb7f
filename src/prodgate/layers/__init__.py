"""The layers that this version has: what each observes, and where its checks are."""

from .attested.layer import AttestedLayer
from .dags.layer import DagsLayer
from .e2e.layer import E2eLayer
from .layer import Layer
from .live.layer import LiveLayer
from .load.layer import LoadLayer
from .rollout.layer import RolloutLayer
from .static.layer import StaticLayer

#: Every layer of criteria.LAYERS, by name.
BUILT: dict[str, Layer] = {
    layer.name: layer
    for layer in (
        StaticLayer(), LiveLayer(), LoadLayer(), E2eLayer(), DagsLayer(), RolloutLayer(), AttestedLayer(),
    )
}  # fmt: skip
