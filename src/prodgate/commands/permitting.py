"""The abilities of principals: ``prodgate iam``."""

import argparse
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ..criteria import UsageError
from ..iam.account import Account
from ..iam.documents import Document, read_identity_document
from ..iam.evaluation import Request
from ..iam.patterns import read_arn_pattern
from ..iam.truth import Doubt
from ..layers.static.principals import read_account
from ..processes.regular_files import read_measured
from ..semantics.json_texts import read_json
from ..semantics.unresolved import Unresolved
from ..terraform.diagnostics import TerraformError
from ..terraform.evaluate import Given, open_configurations
from ..terraform.resources import Configuration
from ..terraform.sources import list_roots
from .arguments import COMPARING
from .output import write_rows

_NOTHING_NEW, _NEW, _UNDETERMINED = range(3)


def permissions(args: argparse.Namespace) -> int:
    """Say what the principals of a configuration reach, or compare two policies, by proof. Raises UsageError."""
    if find_spec("z3") is None:
        raise UsageError("prodgate iam proves with z3, which is not installed; pip install 'prod-gate[iam]'")
    question, *rest = args.words
    if question == COMPARING and len(rest) == 2:
        if args.who_can or args.var_file or args.idle or args.least or args.fail_on:
            raise UsageError(f"options but --json ask about a PATH; {COMPARING} takes two policy documents alone")
        return _compare(*map(_read, map(Path, rest)), as_json=args.json)
    if rest:
        raise UsageError(
            f"{' '.join(args.words)!r} is no question; write PATH, or {COMPARING} OLD NEW with two policy documents"
        )
    return _reach(question, args)


def _reach(named: str, args: argparse.Namespace) -> int:
    from . import proving  # noqa: PLC0415  it needs z3

    if sum(map(bool, (args.who_can, args.idle, args.least))) > 1:
        raise UsageError("--who-can, --idle and --least are questions of their own; ask them one by one")
    if args.least and args.fail_on:
        raise UsageError("--fail-on: changes nothing with --least; leave it out")
    if args.least:
        return _print_least(named, args)
    if args.who_can:
        _check(*args.who_can)
    account = _read_account(named, args)
    if account.gaps and not account.principals:
        raise UsageError(f"{named}: no user and no role could be read: {'; '.join(account.gaps)}")
    if args.idle:
        rows, render = proving.describe_idle(account), proving.render_idle
    elif args.who_can:
        rows, render = proving.describe_who_can(account, *args.who_can), proving.render_who_can
    else:
        rows, render = proving.describe_reach(account), proving.render_reach
    nobody = ["No user and no role is known."]
    write_rows(rows, render(rows) if rows or args.idle else nobody, as_json=args.json)
    return _conclude(rows if rows or args.idle else [{"can": "undetermined"}], args.fail_on)


def _conclude(rows: Sequence[Mapping[str, Any]], fail_on: str | None) -> int:
    """Return the exit code: 0 where nobody asked for another one."""
    said = {str(row.get("administrator", row.get("can", "yes"))) for row in rows}
    if fail_on and "yes" in said:
        return _NEW
    return _UNDETERMINED if fail_on == "undetermined" and "undetermined" in said else _NOTHING_NEW


def _print_least(named: str, args: argparse.Namespace) -> int:
    from . import proving  # noqa: PLC0415  it needs z3

    goal, stated = proving.find_uses(args.least, args.criteria)
    path = Path(named)
    elsewhere = "://" in named or (path / "run.json").is_file()
    declared = None if elsewhere else _open_root(path, Given(args.var_file))
    account = _read_declared(path, declared) if declared else _read_account(named, args)
    assert goal.uses is not None
    role, seen = proving.find_role(args.least, account), proving.see(named, stated, declared)
    row = proving.describe_least(role, account, goal.uses, seen)
    write_rows(row, proving.render_least(row), as_json=args.json)
    return 0


def _read_account(named: str, args: argparse.Namespace) -> Account:
    path = Path(named)
    asked, kept = "://" in named, (path / "run.json").is_file()
    if args.var_file and (asked or kept):
        raise UsageError("--var-file is for a PATH with Terraform; an account and a run are as they are")
    if asked:
        from .principals import read_asked  # noqa: PLC0415  boto3 takes as long to import as all the rest

        return read_asked(named)
    if kept:
        from .principals import read_kept  # noqa: PLC0415  it needs every observer

        return read_kept(path)
    return _read_declared(path, _open_root(path, Given(args.var_file)))


def _open_root(path: Path, given: Given) -> Configuration:
    """Evaluate the only root at a path; roots know nothing of the principals of one another."""
    try:
        roots = list_roots(path) if path.is_dir() else [path]
        if len(roots) != 1:
            raise UsageError(f"{path}: holds several roots; name one: {', '.join(str(one) for one in roots)}")
        (configuration,) = open_configurations(path, given=given)
    except TerraformError as error:
        raise UsageError(str(error)) from error
    return configuration


def _read_declared(path: Path, configuration: Configuration) -> Account:
    try:
        account = read_account(configuration, datetime.now(UTC).isoformat(timespec="seconds"))
    except Unresolved as error:
        raise UsageError(f"{path}: {error}; name the root that the plan is of") from error
    return account


def _check(action: str, resource: str) -> None:
    if not re.fullmatch(r"[A-Za-z0-9-]+:[A-Za-z0-9_-]+", action):
        raise UsageError(f"--who-can {action!r}: is no action; write one as s3:DeleteObject, without wildcards")
    if resource != "*" and isinstance(read := read_arn_pattern(resource, None), Doubt):
        raise UsageError(f"--who-can: {read}; write one as 'arn:aws:s3:::name/*', or '*' for any resource")


def _read(path: Path) -> Document:
    try:
        return read_identity_document(read_json(read_measured(path)), str(path))
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}; name a file with a policy document") from error
    except ValueError as error:
        raise UsageError(f"{path}: is not JSON: {error}") from error
    except RecursionError as error:
        raise UsageError(f"{path}: is nested too deeply for a policy document") from error
    except Unresolved as error:
        raise UsageError(str(error)) from error


def _compare(old: Document, new: Document, *, as_json: bool) -> int:
    from ..iam.containment import find_new_access  # noqa: PLC0415  z3 comes with an extra

    found = find_new_access((old,), (new,))
    if found is None:
        said: dict[str, Any] = {"new_access": "no"}
        code = _NOTHING_NEW
        text = "No new access: it is proven that OLD allows every request that NEW does."
    elif isinstance(found, Doubt):
        said, code = {"new_access": "undetermined", "reason": str(found)}, _UNDETERMINED
        text = f"Undetermined: {found}."
    else:
        said, code = {"new_access": "yes", "request": _describe(found)}, _NEW
        text = f"New access: NEW allows {render(found)}, and OLD does not."
    write_rows(said, [text], as_json=as_json)
    return code


def _describe(request: Request) -> Mapping[str, Any]:
    return {"action": request.action, "resource": request.resource, "context": dict(request.context)}


def render(request: Request) -> str:
    """Return a request in words."""
    context = ", ".join(f"{key} = {value!r}" for key, value in sorted(request.context.items()))
    return f"{request.action} on {request.resource}" + (f" with {context}" if context else "")
