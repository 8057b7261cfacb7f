"""What botocore knows of AWS, without the operations that nobody calls: they take most of the memory of a gate."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from botocore.loaders import Loader
from botocore.session import Session, get_session

from .actions import READS

#: Name of the files that describe a service's operations and shapes.
_SERVICE: Final = "service-2"
#: Services that a session itself calls for credentials, such as those of a role; their descriptions stay whole.
_FOR_CREDENTIALS: Final = frozenset({"signin", "sso", "sso-oidc", "sts"})


class ReadingLoader(Loader):  # type: ignore[misc]  # botocore has no types
    """Loads what describes the operations that the gate may call, and forgets the rest at once.

    A client that is made of it has no method that writes. What is not for the gate to ask, such as where a session gets
    its credentials, is as it is.
    """

    def __init__(self) -> None:
        super().__init__()
        self._pruned: dict[tuple[str, tuple[str, ...]], Any] = {}

    def load_service_model(self, service_name: str, type_name: str, api_version: str | None = None) -> Any:
        """Return a description, pruned if it is of operations. Raises what botocore's own loader raises."""
        if type_name != _SERVICE or service_name in _FOR_CREDENTIALS or service_name not in READS:
            return super().load_service_model(service_name, type_name, api_version)
        key = service_name, READS[service_name]
        if key not in self._pruned:
            whole = super().load_service_model(service_name, type_name, api_version)
            for name in [name for name, held in list(self._cache.items()) if _holds(held, whole)]:
                self._cache.pop(name, None)
            self._pruned[key] = prune(whole, key[1])
        return self._pruned[key]


def pruned_session() -> Session:
    """Return a session whose clients know only what the gate may call at the time when they are made."""
    session = get_session()
    session.register_component("data_loader", ReadingLoader())
    return session


def prune(model: Mapping[str, Any], operations: tuple[str, ...]) -> dict[str, Any]:
    """Return a service's description with these operations, the shapes that they use, and no documentation."""
    known = {name: model["operations"][name] for name in operations if name in model["operations"]}
    shapes: dict[str, Any] = {}
    waiting = list(_refer(known))
    while waiting:
        name = waiting.pop()
        if name not in shapes:
            shapes[name] = _without_words(model["shapes"][name])
            waiting.extend(_refer(shapes[name]))
    kept = {name: _without_words(one) for name, one in known.items()}
    return {**model, "operations": kept, "shapes": shapes}


def _holds(held: Any, whole: Any) -> bool:
    return held is whole or (isinstance(held, tuple) and held[0] is whole)


def _refer(value: Any) -> Iterator[str]:
    """Yield the names of the shapes that a part of a description refers to."""
    if isinstance(value, Mapping):
        if isinstance(name := value.get("shape"), str):
            yield name
        for item in value.values():
            yield from _refer(item)
    elif isinstance(value, list):
        for item in value:
            yield from _refer(item)


def _without_words(value: Any) -> Any:
    if isinstance(value, Mapping):
        # a member may have that name, too
        wordless = ((key, one) for key, one in value.items() if key != "documentation" or isinstance(one, Mapping))
        return {key: _without_words(one) for key, one in wordless}
    return [_without_words(item) for item in value] if isinstance(value, list) else value
