"""The formats by name."""

import json
from collections.abc import Callable, Mapping
from typing import Final

from ..view import verdict_to_json
from .asff import render_asff
from .github import render_github
from .junit import render_junit
from .ocsf import render_ocsf
from .oscal import render_oscal
from .sarif import render_sarif
from .source import Source


def _render_json(source: Source) -> str:
    seal = {"seal": source.seal} if source.seal else {}
    value = {"run": source.name, "head": source.head, **seal, **verdict_to_json(source.verdict)}
    return json.dumps(value, ensure_ascii=False, indent=2)


#: Name of a format -> what makes it.
FORMATS: Final[Mapping[str, Callable[[Source], str]]] = {
    "sarif": render_sarif,
    "junit": render_junit,
    "github": render_github,
    "oscal": render_oscal,
    "ocsf": render_ocsf,
    "asff": render_asff,
    "json": _render_json,
}
