"""The layers that are built: what each observes, and where its checks are."""

from .dags import DagsLayer
from .e2e import E2eLayer
from .layer import Layer
from .live import LiveLayer
from .load import LoadLayer
from .static import StaticLayer

#: Layers by name; a layer of criteria.LAYERS that is not here is reported as not built.
BUILT: dict[str, Layer] = {
    layer.name: layer for layer in (StaticLayer(), LiveLayer(), LoadLayer(), E2eLayer(), DagsLayer())
}
