"""What the page of a run shows of single layers: of those that left something, whose modules alone are imported."""

from __future__ import annotations

from typing import Any

from ..evidence.runs import Run
from ..verdict import Verdict
from .load.drawing import Words


def make_parts(run: Run, verdict: Verdict, words: Words) -> dict[str, Any]:
    """Return the part of each layer by its name in the template; None, or nothing, for one that left nothing."""
    parts: dict[str, Any] = {"load": [], "self_test": None, "browser": None, "rollout": None, "dags": None}
    left = [event.get("layer") for event in (*run.facts, *run.unreadable)]
    if "load" in left:
        from .load.self_test import self_test  # noqa: PLC0415
        from .load.view import load_blocks  # noqa: PLC0415

        parts |= {"load": load_blocks(run, words), "self_test": self_test(run)}
    if "e2e" in left:
        from .browser import browser_part  # noqa: PLC0415

        parts["browser"] = browser_part(run, verdict)
    if "rollout" in left:
        from .rollout.view import rollout_part  # noqa: PLC0415

        parts["rollout"] = rollout_part(run)
    if "dags" in left:
        from .dags.view import dags_part  # noqa: PLC0415

        parts["dags"] = dags_part(run, words)
    return parts
