"""Plans a root although something in it can't be evaluated here: that is taken out and is a gap, the rest is judged."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from .advice import CHANGING, CONDITIONS
from .core import Core, PlanResult
from .diagnostics import Diagnostic, TerraformError
from .flow import Flow
from .hcl import Expression, HclBlock, descendants, node_line
from .module_folders import is_filed_in_full
from .provider_versions import WrittenFor, explain_change
from .resources import Gap
from .sources import Tree
from .unread import forget_stand_ins
from .uses import find_uses
from .working_copy import copy_tree

#: How often something more may be taken out: what depends on it can need to go as well.
ROUNDS: Final = 12
_REPETITIONS: Final = frozenset({"Invalid count argument", "Invalid for_each argument"})
_REMOVABLE: Final = ("resource", "data", "module")
#: Errors by values: a stand-in's answer is no JSON, has no such index, and so on.
_COMPUTING: Final = frozenset(
    {"Error in function call", "Invalid function argument", "Invalid index", "Invalid operand"}
)
#: What core says of an object that a configuration computes; of a resource's attributes, it says it in other words.
_NO_SUCH_KEY: Final = re.compile(r"This object does not have an attribute named")
#: What begins a name of something that nobody read here.
_READ: Final = ("data", "ephemeral")
_MODULE: Final = re.compile(r"\(module\.([\w-]+)(?:\[[^\]]*\])? is ")
_GUESSED: Final = (
    "is judged by a copy that has its name, and may be another module than {!r}: {}; run `terraform init`, or keep the "
    "copy under NAMESPACE/NAME/PROVIDER in the folder that --modules names"
)
_UNCOUNTED: Final = "how many there are is decided by what can't be read here"


def plan_leniently(core: Core, options: Sequence[str], written_for: WrittenFor | None) -> tuple[PlanResult, Tree]:
    """Plan; where resources can't be evaluated, or their own conditions do not hold, plan without, and say so as gaps.

    A condition may speak of a value that only AWS knows, for which the stand-in provider has another. ``written_for``
    is the other version of the provider that the root names, if it does: then arguments may have changed. Return the
    plan, and the tree without what was taken out. Raises TerraformError for all other errors.
    """
    broken: tuple[Gap, ...] = ()
    for _ in range(ROUNDS):
        try:
            planned = core.plan(options)
        except TerraformError as error:
            failed = [each for each in error.diagnostics if each.summary in CONDITIONS]
            broken = broken or tuple(map(_describe_condition, failed))
            tree = _take_out(error, core.copy.tree, written_for)
            core = replace(core, copy=copy_tree(tree, core.copy.scratch, conditions=not broken))
        else:
            tree = core.copy.tree
            gaps = (*broken, *find_unread_gaps(tree), *find_guessed_copies(tree), *planned.gaps)
            return replace(planned, plan=forget_stand_ins({**planned.plan}), gaps=gaps), tree
    return core.plan(options), core.copy.tree


def _describe_condition(error: Diagnostic) -> Gap:
    return Gap(error.address or "a condition", f"{error.summary.lower()}: {error.detail}", error.position)


def _take_out(error: TerraformError, tree: Tree, written_for: WrittenFor | None) -> Tree:
    """Return the tree without what core can't evaluate. Raises the error when something else is wrong with it, too."""
    original = tree
    for each in error.diagnostics:
        if each.summary in CONDITIONS:
            continue
        module, block = (original.find_place(each.position) if each.position else None) or (None, None)
        if module and block and (misfit := _find_misfit(each, block, original.borrowed.get(module.directory, {}))):
            tree = tree.without(module.directory, {f"module.{misfit}": _explain_misfit(each)})
            continue
        if _is_of_values(each) and (value := _find_uncomputable(each, original)):
            tree = replace(tree, uncomputable=tree.uncomputable | {value})
            continue
        reason = _explain(each, block.kind if block else "", written_for)
        if not module or not block or not reason or block.kind not in _REMOVABLE:
            raise error
        tree = tree.without(module.directory, {block.address: reason})
    if tree == original and not any(each.summary in CONDITIONS for each in error.diagnostics):
        raise error  # what was taken out before did not help
    return tree


def _is_of_values(error: Diagnostic) -> bool:
    """Whether an error is about a value that was computed, and not about what a type has."""
    return error.summary in _COMPUTING or bool(_NO_SUCH_KEY.match(error.detail))


def _explain(error: Diagnostic, kind: str, written_for: WrittenFor | None) -> str:
    if error.summary in _REPETITIONS:
        return _UNCOUNTED
    changed = kind in ("resource", "data") and error.summary in CHANGING
    return explain_change(error, written_for) if written_for and changed else ""


def _find_misfit(error: Diagnostic, block: HclBlock, borrowed: Container[str]) -> str:
    """Return the name of the call of a borrowed module that is not what the call expects, or nothing."""
    named = _MODULE.search(error.detail) if error.summary == "Unsupported attribute" else None
    name = block.labels[0] if block.kind == "module" and error.summary in CHANGING else ""
    name = named[1] if named else name
    return name if name in borrowed else ""


def _explain_misfit(error: Diagnostic) -> str:
    said = " ".join(error.detail.split())
    return f"could not be read, since the copy that --modules names is of another version: {error.summary}: {said}"


def _find_uncomputable(error: Diagnostic, tree: Tree) -> tuple[str, int, int] | None:
    """Return the file and bytes of a value that can't be computed of what a stand-in answers."""
    module, block = (tree.find_place(error.position) if error.position else None) or (None, None)
    value = _find_value(block, error.position.line) if block and error.position else None
    if not value:
        return None
    flow = Flow(tree, frozenset(), {})
    paths = (path for path, each in tree.modules.items() if each is module)
    uses = (use for path in paths for _, use in flow.follow_all(path, find_uses(value.node)))
    return (value.file, value.node.start_byte, value.node.end_byte) if any(u.parts[0] in _READ for u in uses) else None


def _find_value(block: HclBlock, line: int) -> Expression | None:
    inner = next((each for each in block.blocks if each.line <= line <= each.last_line), None)
    if inner:
        return _find_value(inner, line)
    whole = next((each for each in block.arguments.values() if each.line <= line <= each.last_line), None)
    return whole and _narrow(whole, line)


def _narrow(value: Expression, line: int) -> Expression:
    """Return the entry of an object in a value that alone stands on a line, as deep as there is one; else the value."""
    entries = [each for each in descendants(value.node) if each.type == "object_elem" and _spans(each, line)]
    inner = [each for each in entries if not any(other in entries for other in descendants(each))]
    if len(inner) != 1:
        return value
    found = inner[0].named_children[-1]
    return Expression(value.file, node_line(found), found)


def _spans(node: Any, line: int) -> bool:
    return int(node.start_point.row) < line <= int(node.end_point.row) + 1


def find_unread_gaps(tree: Tree) -> Iterator[Gap]:
    """Yield a gap for each resource and module call that was taken out; data makes nothing, and is unknown."""
    for path, module in tree.modules.items():
        reasons: Mapping[str, str] = tree.unread.get(module.directory, {})
        for address, reason in reasons.items():
            if not address.startswith(("data.", "ephemeral.", "provider.", "check.")):
                yield Gap(f"{path}.{address}".lstrip("."), reason, module.find_position(address))


def find_guessed_copies(tree: Tree) -> Iterator[Gap]:
    """Yield a gap for each module call that is judged by a copy of its name, which may be of another owner."""
    for path, module in tree.modules.items():
        for name, found in tree.borrowed.get(module.directory, {}).items():
            call = module.calls[name]
            if not tree.is_unread(path, f"module.{name}") and not is_filed_in_full(call.source, found, tree.folders):
                yield Gap(f"{path}.module.{name}".lstrip("."), _GUESSED.format(call.source, found), call.position)
