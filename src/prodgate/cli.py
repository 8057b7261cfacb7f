"""The command line: parse, call, print. Engines are imported only by the command that needs them."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final, NoReturn

from .processes.ending import describe_missing, describe_refusal, end_with, print_bug, print_failure
from .processes.interpreter import prepare_interpreter

GO, NO_GO, INSUFFICIENT, BROKEN, USAGE = range(5)

_EXIT_CODES: Final = (
    "exit codes: 0 GO, or the command did what was asked · 1 NO-GO · 2 INSUFFICIENT EVIDENCE · "
    "3 the gate broke · 4 usage or criteria error"
)


class _Parser(argparse.ArgumentParser):
    """Exits 4 on a usage error: argparse's own 2 would read as INSUFFICIENT EVIDENCE."""

    def error(self, message: str) -> NoReturn:
        self.exit(USAGE, f"{self.prog}: {message}; see {self.prog} --help\n")

    def _print_message(self, message: str, file: Any = None) -> None:
        (file or sys.stderr).write(message)  # argparse's own passes over an output that takes nothing


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; a user's mistake is one line, a bug a traceback."""
    prepare_interpreter(USAGE)
    args = _parser().parse_args(arguments)
    from .criteria import UsageError  # noqa: PLC0415  --help needs nothing of the package

    command: Callable[[argparse.Namespace], int] = args.command
    try:
        code = command(args)
        sys.stdout.flush()
        return code
    except UsageError as error:
        return _print_error(str(error), USAGE)
    except KeyboardInterrupt:
        return _print_error("interrupted; no verdict", INSUFFICIENT)
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
    """Run the command of this process and end it."""
    end_with(main, broken=BROKEN, usage=USAGE)


def _print_error(message: str, code: int) -> int:
    from .report.text import visible  # noqa: PLC0415

    print_failure([visible(line) for line in message.splitlines()])
    return code


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="prodgate", description="Decide, on evidence, whether a system may go to production.", epilog=_EXIT_CODES
    )
    parser.add_argument("--version", action="version", version=f"prodgate {version('prod-gate')}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True, parser_class=_Parser)

    def command(name: str, run: str, help: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=help, description=help, epilog=_EXIT_CODES)
        added.set_defaults(command=lambda args: _call(run, args))
        return added

    from .commands.preparing_arguments import add_preparing_commands  # noqa: PLC0415  --help needs no more
    from .commands.run_arguments import add_kept_commands, add_run_commands  # noqa: PLC0415  as above

    add_run_commands(command)
    add_kept_commands(command)
    _add_query_commands(command)
    _add_other_commands(command)
    add_preparing_commands(command)
    return parser


def _add_query_commands(command: Callable[[str, str, str], argparse.ArgumentParser]) -> None:
    from .commands.check_arguments import add_arguments as add_check_arguments  # noqa: PLC0415  --help needs no more

    add_check_arguments(
        command("check", "check_command.check", "judge any Terraform root, tree or plan.json by policies")
    )
    explain = command("explain", "explain", "explain why a criterion, policy or check matters and what to write")
    explain.add_argument("id", help="id of a criterion or a policy, or name of a check")
    explain.add_argument("--criteria", type=Path, help="default: criteria.toml, else what comes with the gate")
    trace = command("trace", "trace", "show which requirement leads to which criteria, policies and checks")
    trace.add_argument("--check", action="store_true", help="exit 1 when something leads nowhere")
    trace.add_argument("--criteria", type=Path, default=Path("criteria.toml"))
    trace.add_argument("--json", action="store_true")
    tested = command("test", "policy_examples.test", "see whether your policies say of their examples what these say")
    tested.add_argument("--criteria", type=Path, default=Path("criteria.toml"))
    policy = command("iam-policy", "iam_policy", "print the least-privilege IAM policy of the role the gate reads with")
    policy.add_argument("--criteria", type=Path, default=Path("criteria.toml"), help="whose facts/ count, too")
    form = policy.add_mutually_exclusive_group()
    form.add_argument("--drill", action="store_true", help="print the separate policy that drills need")
    form.add_argument("--managed", type=Path, metavar="FOLDER", help="write it there as managed policies that fit")


def _add_other_commands(command: Callable[[str, str, str], argparse.ArgumentParser]) -> None:
    from .commands.attest_arguments import add_arguments as add_attest_arguments  # noqa: PLC0415
    from .commands.cell_arguments import add_cell_commands  # noqa: PLC0415
    from .commands.iam_arguments import add_arguments as add_iam_arguments  # noqa: PLC0415
    from .commands.seal_arguments import add_seal_commands  # noqa: PLC0415
    from .commands.watch_arguments import add_arguments as add_watch_arguments  # noqa: PLC0415
    from .drills.arguments import add_arguments  # noqa: PLC0415  --version needs nothing of the package

    add_seal_commands(command)
    add_cell_commands(command)
    add_attest_arguments(command("attest", "attest", "record what people say of a criterion; list what is due"))
    add_watch_arguments(
        command("watch", "watch", "follow a deployment to its end, and keep the record for the next run")
    )
    add_iam_arguments(command("iam", "permitting.permissions", "prove what principals can and cannot do"))
    add_arguments(command("drill", "drill", "prove that something works by making it happen once"))


def _call(name: str, args: argparse.Namespace) -> int:
    """Call a handler, or ``module.function`` of another module of the commands; --help needs none of them."""
    module, _, function = name.rpartition(".")
    found: Callable[[argparse.Namespace], int] = getattr(
        import_module(f"prodgate.commands.{module or 'handlers'}"), function
    )
    return found(args)


if __name__ == "__main__":
    run_and_end()
