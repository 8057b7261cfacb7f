"""``prodgate rehearsal types``: which declared resources a rehearsal account can have."""

import argparse
import json
import sys
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Final

from ..aws.answers import Unreadable
from ..criteria import UsageError
from ..facts.observers import import_all
from ..layers.live.target import is_asked
from ..layers.rehearsal import load_rehearsal
from ..processes.output import visible
from ..terraform.diagnostics import TerraformError
from ..terraform.sources import find_only_root, read_tree

#: The layers whose observers ask an account.
_ASKING: Final = ("live", "dags", "rollout")


def list_types(args: argparse.Namespace) -> int:
    """Print all types, or what a root has besides; return 1 when a check asks about some of it. Raises UsageError."""
    try:
        known = load_rehearsal().list_types()
        declared = dict(_list_declared(args.path)) if args.path else {}
    except (Unreadable, TerraformError) as error:
        raise UsageError(str(error)) from error
    if not args.path:
        sys.stdout.write(f"{json.dumps([*known], indent=2)}\n" if args.json else "".join(f"{each}\n" for each in known))
        return 0
    for asking in _ASKING:
        import_all(f"prodgate.facts.{asking}")
    missing = {address: kind for address, kind in declared.items() if kind not in known}
    asked = {address for address in missing if is_asked(address)}
    sys.stdout.writelines(f"{visible(line)}\n" for line in _render({*declared.values()}, missing, asked))
    return 1 if asked else 0


def _list_declared(path: Path) -> Iterator[tuple[str, str]]:
    """Yield address, without indices, and type of each resource of AWS that a root and its modules declare."""
    root = find_only_root(path)
    for place, module in read_tree(root, root).modules.items():
        for address in module.resources:
            if address.startswith("aws_"):
                yield ".".join(filter(None, (place, address))), address.partition(".")[0]


def _render(kinds: Collection[str], missing: Mapping[str, str], asked: Collection[str]) -> Iterator[str]:
    for address, kind in sorted(missing.items()):
        if address in asked:
            yield f"{address}: {kind} can't be rehearsed yet; what depends on it is undetermined in a rehearsal"
        else:
            yield f"{address}: {kind} is judged as it is declared; no check of the gate asks an account about it"
    unasked = len({kind for address, kind in missing.items() if address not in asked})
    rest = f"; {unasked} need{'' if unasked > 1 else 's'} none" if unasked else ""
    yield f"{len(set(kinds) - set(missing.values()))} of {len(kinds)} types can be rehearsed{rest}"
