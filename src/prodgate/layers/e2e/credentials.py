"""Who signs in at a site, and which build is under test: a criteria file refers to both and holds neither."""

from __future__ import annotations

import os
from collections.abc import Callable

from ...aws.answers import Unreadable
from ...collected.references import Secret, resolve, secret_reader
from ...criteria import UsageError
from ...evidence import runs
from ...sections.e2e import E2eSection
from ...semantics.json_texts import read_json
from ..layer import LayerContext
from ..named_site import why_no_account

Logins = dict[str, dict[str, str]]


def read_credentials(context: LayerContext, section: E2eSection) -> tuple[Logins, dict[str, str]]:
    """Return the credentials by name, and why others can't be resolved. None of it is recorded."""
    known: Logins = {}
    unresolved: dict[str, str] = {}
    secret = _make_secret_reader(context)
    for name, account in section.credentials.items():
        try:
            pair = {"user": account.user, "password": account.password}
            known[name] = {key: resolve(reference, os.environ, secret) for key, reference in pair.items()}
        except Unreadable as error:
            unresolved[name] = error.reason
    return known, unresolved


def build_under_test(context: LayerContext, section: E2eSection) -> tuple[str, str]:
    """Return the build under test, or an empty one and why nobody knows it."""
    stated = section.build.expected if section.build else "commit"
    kind, _, text = stated.partition(":")
    if kind == "text":
        return text, ""
    if kind == "env":
        found = os.environ.get(text, "")
        return found, "" if found else f"the environment has no {text}; set it to the build under test"
    found = find_commit(context)
    return found, "" if found else "no commit is known of what is judged; run it in its repository"


def find_commit(context: LayerContext) -> str:
    """Return the commit that this run judges, if that is known."""
    return str(runs.read(context.run).about.get("commit", ""))


def _make_secret_reader(context: LayerContext) -> Secret:
    """Return a function that reads a secret, or one value of it for ``ID#KEY``; the account is opened on first use."""
    asked: dict[str, str] = {}

    def secret(name: str) -> str:
        id_, _, key = name.partition("#")
        if id_ not in asked:
            asked[id_] = _open_secrets(context)(id_)
        if not key:
            return asked[id_]
        try:
            return str(read_json(asked[id_])[key])
        except (ValueError, KeyError, TypeError):
            raise Unreadable(f"secret:{name}: is no JSON object with {key!r}; name another key") from None

    return secret


def _open_secrets(context: LayerContext) -> Callable[[str], str]:
    from ...aws.sessions import open_for_drill  # noqa: PLC0415  it takes a second, and few need it

    if reason := why_no_account(context):
        raise Unreadable(f"{reason}, or name an environment variable instead of the secret")
    if not context.stated.account:
        raise Unreadable(f'{context.stated.path}: names no account to ask; write [account] with id = "123456789012"')
    try:
        return secret_reader(open_for_drill(context.target.profile, context.target.region, context.stated.account))
    except UsageError as error:
        raise Unreadable(str(error)) from error
