"""Principals of a configuration, and what the command says of them."""

import re
from pathlib import Path

import pytest

from prodgate.cli import main
from prodgate.commands.reaching import describe_reach, describe_who_can, render_reach, render_who_can
from prodgate.semantics.unresolved import Assumed
from prodgate.terraform.principals import read_account
from prodgate.terraform.reading import UNKNOWN
from prodgate.terraform.resources import Configuration, Gap, Resource

ACCOUNT = "111122223333"
TRUST = f'{{"Statement": {{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {{"AWS": "{ACCOUNT}"}}}}}}'
ASSUME = '{"Statement": {"Sid": "Become", "Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}}'


def declared(type: str, label: str, **values: object) -> Resource:
    return Resource(address=f"{type}.{label}", type=type, name=label, values=values)


def role(name: str, **values: object) -> Resource:
    none = {"inline_policy": [], "managed_policy_arns": [], "permissions_boundary": None}
    arn = f"arn:aws:iam::{ACCOUNT}:role/{name}"
    return declared("aws_iam_role", name, **{"arn": arn, "name": name, "assume_role_policy": TRUST, **none, **values})


def test_a_configuration_is_asked_as_an_account() -> None:
    user = {"arn": f"arn:aws:iam::{ACCOUNT}:user/ann", "name": "ann", "permissions_boundary": None}
    administrator = {"role": "admin", "policy_arn": "arn:aws:iam::aws:policy/AdministratorAccess"}
    reader = role("reader", managed_policy_arns=["arn:aws:iam::aws:policy/ReadOnlyAccess"])
    configuration = Configuration(
        root="shop",
        engine="none",
        resources=[
            declared("aws_iam_user", "ann", **user),
            declared("aws_iam_user_policy", "ann", user="ann", policy=ASSUME),
            declared("aws_iam_role_policy_attachment", "admin", **administrator),
            role("admin"),
            reader,
            role("tool", managed_policy_arns=["arn:aws:iam::aws:policy/NotYetWritten"]),
            role("idle"),
        ],
    )
    account = read_account(configuration, "2026-01-01T00:00:00+00:00")
    rows = {row["name"]: row for row in describe_reach(account)}
    said = {name: row["administrator"] for name, row in rows.items()}
    assert said == {"ann": "yes", "admin": "yes", "reader": "no", "tool": "undetermined", "idle": "no"}
    text = "\n".join(render_reach(list(rows.values())))
    assert "assume admin" in text
    assert "allowed by aws_iam_user_policy.ann Become" in text
    assert "NotYetWritten allows is not known here" in text
    who = describe_who_can(account, "s3:GetObject", "arn:aws:s3:::a/*")
    assert {row["name"]: row["can"] for row in who} == {
        "ann": "no",
        "admin": "yes",
        "reader": "yes",
        "tool": "undetermined",
        "idle": "no",
    }
    (by,) = next(row["allowed_by"] for row in who if row["name"] == "reader")
    assert re.fullmatch(r"arn:aws:iam::aws:policy/ReadOnlyAccess v\d+ of \d{4}-\d\d-\d\d \w+", by)
    assert next(render_who_can(who)).startswith("admin: s3:getobject on arn:aws:s3:::a/")


ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
EVERYTHING = '{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}'
NOTHING = '{"Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"}}'
ANN = {"arn": f"arn:aws:iam::{ACCOUNT}:user/ann", "name": "ann", "permissions_boundary": None}


def policy(name: str, written: str) -> Resource:
    return declared("aws_iam_policy", name, arn=f"arn:aws:iam::{ACCOUNT}:policy/{name}", name=name, policy=written)


def later(type: str, argument: str, references: tuple[str, ...], **values: object) -> Resource:
    named = {"values": {**values, argument: UNKNOWN}, "references": {argument: references}}
    return Resource(address=f"{type}.later", type=type, name="later", **named)  # type: ignore[arg-type]


def ask(*resources: Resource, gaps: tuple[Gap, ...] = ()) -> dict[str, str]:
    configuration = Configuration(root="shop", engine="none", resources=resources, gaps=gaps)
    rows = describe_reach(read_account(configuration, "2026-01-01T00:00:00+00:00"))
    return {row["name"]: row["administrator"] for row in rows}


def test_policies_that_are_attached_exclusively_count() -> None:
    exclusive = declared(
        "aws_iam_role_policy_attachments_exclusive", "a", role_name="shop", policy_arns=[ADMINISTRATOR]
    )
    assert ask(role("shop"), exclusive) == {"shop": "yes"}


@pytest.mark.slow
def test_a_group_that_is_not_declared_may_allow_anything() -> None:
    user = declared("aws_iam_user", "ann", **ANN)
    assert ask(user) == {"ann": "no"}
    member = declared("aws_iam_user_group_membership", "ann", user="ann", groups=["administrators"])
    assert ask(user, member) == {"ann": "undetermined"}
    member = declared("aws_iam_group_membership", "ann", group="administrators", users=["ann"])
    assert ask(user, member) == {"ann": "undetermined"}
    assert ask(user, later("aws_iam_group_membership", "users", (), group="administrators")) == {"ann": "no"}
    opened = later("aws_iam_group_membership", "users", ("aws_iam_user.ann",), group="administrators")
    assert ask(user, opened) == {"ann": "undetermined"}


def test_of_a_list_that_is_decided_later_no_part_is_left_out() -> None:
    none: dict[str, object] = {"assume_role_policy": TRUST, "inline_policy": [], "permissions_boundary": None}
    named = {"arn": f"arn:aws:iam::{ACCOUNT}:role/shop", "name": "shop", **none}
    reading = policy("reading", '{"Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}')
    both = ("aws_iam_policy.reading", "data.aws_iam_policy.other")
    assert ask(reading, later("aws_iam_role", "managed_policy_arns", both, **named)) == {"shop": "undetermined"}
    assert ask(reading, later("aws_iam_role", "managed_policy_arns", both[:1], **named)) == {"shop": "no"}


@pytest.mark.slow
def test_one_of_several_that_is_decided_later_denies_nothing_for_certain() -> None:
    every = Resource(
        address='aws_iam_policy.each["a"]', type="aws_iam_policy", name="each",
        values={"arn": f"arn:aws:iam::{ACCOUNT}:policy/a", "policy": EVERYTHING},
    )  # fmt: skip
    none = Resource(
        address='aws_iam_policy.each["b"]', type="aws_iam_policy", name="each",
        values={"arn": f"arn:aws:iam::{ACCOUNT}:policy/b", "policy": NOTHING},
    )  # fmt: skip
    attached = later("aws_iam_role_policy_attachment", "policy_arn", ("aws_iam_policy.each",), role="shop")
    assert ask(role("shop"), every, none, attached) == {"shop": "undetermined"}
    denied = later("aws_iam_role_policy", "role", ("aws_iam_role.shop", "aws_iam_role.idle"), policy=NOTHING)
    allowed = declared("aws_iam_role_policy", "all", role="shop", policy=EVERYTHING)
    assert ask(role("shop"), role("idle"), allowed, denied) == {"shop": "undetermined", "idle": "undetermined"}


def test_a_stand_in_for_the_account_is_not_told_from_an_account_that_a_policy_names() -> None:
    arn = Assumed(f"arn:aws:iam::{ACCOUNT}:role/shop", {"account"}, "a stand-in")
    written = '{"Statement": {"Effect": "Allow", "Action": "iam:*", "Resource": "arn:aws:iam::444455556666:role/a"}}'
    allowed = declared("aws_iam_role_policy", "all", role="shop", policy=written)
    assert ask(role("shop"), allowed) == {"shop": "no"}
    assert ask(role("shop", arn=arn), allowed) == {"shop": "undetermined"}


def test_who_can_knows_what_could_not_be_read_and_any_resource() -> None:
    written = '{"Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::shop/*"}}'
    resources = [role("shop"), role("idle"), declared("aws_iam_role_policy", "s3", role="shop", policy=written)]
    for gaps, others in (((), "no"), ((Gap("module.more", "is not here"),), "undetermined")):
        configuration = Configuration(root="shop", engine="none", resources=resources, gaps=gaps)
        account = read_account(configuration, "2026-01-01T00:00:00+00:00")
        said = {row["name"]: row["can"] for row in describe_who_can(account, "s3:GetObject", "*")}
        assert said == {"shop": "yes", "idle": others}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nowhere"], "there is no such file"),
        (["."], "holds several roots; name one: "),
        (["a", "--who-can", "s3", "*"], "is no action"),
        (["a", "--who-can", "s3:Get*", "*"], "without wildcards"),
        (["a", "--who-can", "s3:GetObject", "shop"], "not written as an ARN"),
        (["a", "b"], "is no question"),
    ],
)
def test_what_is_no_question_is_refused(
    words: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in "ab":
        (tmp_path / name).mkdir()
        (tmp_path / name / "main.tf").write_text('output "a" { value = 1 }\n')
    monkeypatch.chdir(tmp_path)
    assert main(["iam", *words]) == 4
    assert said in capsys.readouterr().err
