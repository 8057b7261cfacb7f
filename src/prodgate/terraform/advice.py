"""What to do about core's errors: the part of the message that only prod-gate can add."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from .diagnostics import Diagnostic
from .hcl import HclBlock
from .positions import Position
from .provider.schema import aws_schemas
from .sources import Tree

#: Summaries of errors in conditions that the configuration itself states about values.
CONDITIONS: Final = frozenset(
    {"Resource precondition failed", "Resource postcondition failed", "Module output value precondition failed"}
)
OTHER_VERSION: Final = "Unsupported Terraform Core version"

#: What core says of arguments and types that a provider has in one version and not in another.
CHANGING: Final = frozenset(
    {
        "Unsupported argument", "Unsupported block type", "Missing required argument", "Insufficient blocks",
        "Too many blocks", "Invalid resource type", "Invalid data source", "Unsupported attribute",
    }
)  # fmt: skip
_PREFACE: Final = "Terraform encountered problems during initialisation"
_ADVICE: Final = {
    "Unreadable module directory": "check the source of the module call",
}
#: What OpenTofu alone knows, by the kind of the outermost block that it stands in.
_OF_TOFU: Final = {
    "provider": "for_each", "terraform": "encryption", "module": "lifecycle", "resource": "enabled", "data": "enabled",
}  # fmt: skip
_TAKE_TOFU: Final = "OpenTofu alone has this: put `tofu` on PATH, or set PRODGATE_TERRAFORM to it"
_WORKSPACE: Final = "terraform.workspace"
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
    advice = _ADVICE.get(error.summary) or _advise_on_block(error, tree)
    return replace(error, detail=f"{error.detail.rstrip('.')}; {advice}") if advice else error


def _advise_on_block(error: Diagnostic, tree: Tree) -> str:
    """Return what depends on the block that an error speaks of: the type of a variable, the version of a provider."""
    _, block = (tree.find_place(error.position) if error.position else None) or (None, None)
    if _WORKSPACE in error.detail:
        return "name the workspace that runs in production with --workspace"
    if block and block.kind == "variable" and error.summary == "No value for required variable":
        stated = block.arguments.get("type")
        kind = f"it is of type {' '.join(stated.text.split())}" if stated else "it may be of any type"
        return f"{kind}: give it with --var '{block.labels[0]}=…', or in a file with --var-file"
    if block and error.position and _is_of_tofu(error, block, error.position.line):
        return _TAKE_TOFU
    if block and block.kind in ("resource", "data") and error.summary in CHANGING:
        return (
            f"AWS provider {aws_schemas().version} judges here; if this is written for another one, say so in "
            "required_providers or keep .terraform.lock.hcl: then only this is undetermined"
        )
    return ""


def _is_of_tofu(error: Diagnostic, block: HclBlock, line: int) -> bool:
    refused = error.summary.startswith(("Reserved", "Unsupported"))
    if not refused or f'"{_OF_TOFU.get(block.kind)}"' not in error.detail:
        return False
    settings = (each for each in block.blocks if each.kind == "lifecycle" and each.line <= line <= each.last_line)
    return block.kind not in ("resource", "data") or any(settings)


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
