"""What to do about core's errors: the part of the message that only prod-gate can add."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from .diagnostics import Diagnostic
from .positions import Position
from .sources import Tree

#: Summaries of errors in conditions that the configuration itself states about values.
CONDITIONS: Final = frozenset(
    {"Resource precondition failed", "Resource postcondition failed", "Module output value precondition failed"}
)
OTHER_VERSION: Final = "Unsupported Terraform Core version"

_PREFACE: Final = "Terraform encountered problems during initialisation"
_ADVICE: Final = {
    "No value for required variable": "name a file that sets it with --var-file",
    "Unreadable module directory": "check the source of the module call",
}
_PROVIDER: Final = re.compile(r"for provider ([\w./-]+)")


def advise(errors: Iterable[Diagnostic], tree: Tree) -> tuple[Diagnostic, ...]:
    """Return core's errors with advice, and without those that only introduce others."""
    found = tuple(_advise_on(error, tree) for error in errors)
    return tuple(error for error in found if not error.summary.startswith(_PREFACE)) or found


def _advise_on(error: Diagnostic, tree: Tree) -> Diagnostic:
    if error.summary in ("Failed to query available provider packages", "Failed to install provider"):
        return _explain_missing_provider(error, tree)
    if error.position is None and (states := tuple(_find_remote_states(tree))):
        detail = f"{error.detail.rstrip('.')}; a remote state can't be read here: judge a plan.json of your pipeline"
        return replace(error, detail=detail, position=states[0])
    advice = _ADVICE.get(error.summary)
    return replace(error, detail=f"{error.detail.rstrip('.')}; {advice}") if advice else error


def _explain_missing_provider(error: Diagnostic, tree: Tree) -> Diagnostic:
    named = _PROVIDER.search(error.detail)
    if not named:
        return error
    position = next(_find_uses(named[1], tree), None)
    detail = "its schema is not known here, so judge a plan.json of your pipeline instead"
    return Diagnostic("error", f"provider {named[1].rstrip(':')!r} has no stand-in", detail, position)


def _find_uses(provider: str, tree: Tree) -> Iterator[Position]:
    """Yield where a provider is required, then where its resources are declared."""
    name = provider.rstrip(":").split("/")[-1]
    for module in tree.modules.values():
        for settings in module.of("terraform"):
            for block in settings.blocks:
                if block.kind == "required_providers":
                    stated = block.arguments.get(name)
                    yield from [Position(stated.file, stated.line)] if stated else []
    for module in tree.modules.values():
        for blocks in module.resources.values():
            yield from (Position(each.file, each.line) for each in blocks if each.labels[0].split("_")[0] == name)


def _find_remote_states(tree: Tree) -> Iterator[Position]:
    for module in tree.modules.values():
        for address, blocks in module.resources.items():
            if address.startswith("data.terraform_remote_state."):
                yield Position(blocks[0].file, blocks[0].line)
