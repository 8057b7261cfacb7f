"""The command line: parse, call, print. Engines are imported only by the command that needs them."""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final, NoReturn

from .processes.ending import describe_missing, describe_refusal, end_with, print_bug, print_failure
from .processes.interpreter import prepare_interpreter
from .processes.lifeline import interrupted_once
from .processes.output import inert_output

GO, NO_GO, INSUFFICIENT, BROKEN, USAGE = range(5)

_EXIT_CODES: Final = (
    "exit codes: 0 GO, or the command did what was asked · 1 NO-GO · 2 INSUFFICIENT EVIDENCE · "
    "3 the gate broke · 4 usage or criteria error"
)


class _Parser(argparse.ArgumentParser):
    """Exits 4 on a usage error: argparse's own 2 would read as INSUFFICIENT EVIDENCE."""

    def error(self, message: str) -> NoReturn:
        self.exit(USAGE, f"{self.prog}: {message}; see {self.prog} --help\n")

    def _get_values(self, action: argparse.Action, arg_strings: list[str]) -> Any:
        """Refuse an empty value: a variable that is not set must not widen what an option asks."""
        if action.nargs != argparse.PARSER and not all(map(str.strip, arg_strings)):
            raise argparse.ArgumentError(action, "is empty; give a value, or leave it out")
        return super()._get_values(action, arg_strings)

    def _print_message(self, message: str, file: Any = None) -> None:
        (file or sys.stderr).write(message)  # argparse's own passes over an output that takes nothing


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; a user's mistake is one line, a bug a traceback."""
    prepare_interpreter(USAGE)
    with inert_output():
        try:
            return _run(_parser().parse_args(arguments))
        except KeyboardInterrupt:
            return _print_error("interrupted; no verdict", INSUFFICIENT)


def _run(args: argparse.Namespace) -> int:
    from .commands.arguments import find_idle, find_unknown  # noqa: PLC0415
    from .criteria import UsageError  # noqa: PLC0415  --help needs nothing of the package

    try:
        if idle := find_idle(args, args.rests) or find_unknown(os.environ):
            raise UsageError(idle)
        code: int = args.command(args)
        sys.stdout.flush()
        return code
    except UsageError as error:
        return _print_error(str(error), USAGE)
    except KeyboardInterrupt:
        raise
    except OSError as error:
        return _print_error(describe_refusal(error), BROKEN)
    except MemoryError:
        return _print_error("there is not enough memory; no verdict", BROKEN)
    except BaseException as error:  # noqa: BLE001  Python would exit 1, a NO-GO, or with what the exception says
        return _end_with(error)


def _end_with(error: BaseException) -> int:
    """Say what is not installed, or that the gate broke, and return the code for that."""
    if isinstance(error, ModuleNotFoundError) and (missing := describe_missing(error)):
        return _print_error(missing, USAGE)
    print_bug()
    return _print_error("the gate broke; this is a bug in it, and no verdict", BROKEN)


def run_and_end() -> NoReturn:
    """Run the command of this process and end it; of the signals that end it, the first counts as Ctrl-C."""
    with interrupted_once():
        end_with(main, broken=BROKEN, usage=USAGE)


def _print_error(message: str, code: int) -> int:
    from .processes.output import visible  # noqa: PLC0415

    print_failure([visible(line) for line in message.splitlines()])
    return code


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="prodgate", description="Decide, on evidence, whether a system may go to production.", epilog=_EXIT_CODES
    )
    parser.add_argument("--version", action="version", version=f"prodgate {version('prod-gate')}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True, parser_class=_Parser)

    from .commands.arguments import COMMANDS  # noqa: PLC0415  --version needs nothing of the package

    for each in COMMANDS:
        added = commands.add_parser(each.name, help=each.help, description=each.help, epilog=_EXIT_CODES)
        added.set_defaults(command=partial(_call, each.run), rests=each.rests)
        for argument in each.arguments:
            argument(added)
    return parser


def _call(name: str, args: argparse.Namespace) -> int:
    """Call a function of the package, which is imported for it; --help needs none of them.

    A bundle in the place of a run is opened for it; ``bundle`` names the file.
    """
    module, _, function = name.rpartition(".")
    found: Callable[[argparse.Namespace], int] = getattr(import_module(f"prodgate.{module}"), function)
    args.bundle = None
    with ExitStack() as bundles:
        for key in ("run", "before", "after"):
            if isinstance(path := getattr(args, key, None), Path) and path.is_file():
                from .sealing.bundles import opened  # noqa: PLC0415  few runs are given as one

                args.bundle = path
                setattr(args, key, bundles.enter_context(opened(path)))
        return found(args)


if __name__ == "__main__":
    run_and_end()
