"""``prodgate rehearsal types``: what a rehearsal can create."""

from __future__ import annotations

import argparse
import json
import sys

from ..aws.answers import Unreadable
from ..criteria import UsageError
from ..layers.rehearsal import load_rehearsal


def list_types(args: argparse.Namespace) -> int:
    """Print the types of resources that a rehearsal creates, one a line. Raises UsageError without the extra."""
    try:
        types = load_rehearsal().list_types()
    except Unreadable as error:
        raise UsageError(str(error)) from None
    sys.stdout.write(f"{json.dumps(types, indent=2)}\n" if args.json else "".join(f"{each}\n" for each in types))
    return 0
