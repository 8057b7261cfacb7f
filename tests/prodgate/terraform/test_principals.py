"""Principals of a configuration, and what the command says of them."""

from prodgate.commands.reaching import describe_reach, describe_who_can, render_reach, render_who_can
from prodgate.terraform.principals import read_account
from prodgate.terraform.resources import Configuration, Resource

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
            role("idle"),
        ],
    )
    account = read_account(configuration, "2026-01-01T00:00:00+00:00")
    rows = {row["name"]: row for row in describe_reach(account)}
    said = {name: row["administrator"] for name, row in rows.items()}
    assert said == {"ann": "yes", "admin": "yes", "reader": "undetermined", "idle": "no"}
    text = "\n".join(render_reach(list(rows.values())))
    assert "assume admin" in text
    assert "allowed by aws_iam_user_policy.ann Become" in text
    assert "ReadOnlyAccess allows is not known here" in text
    who = describe_who_can(account, "s3:GetObject", "arn:aws:s3:::a/*")
    assert {row["name"]: row["can"] for row in who} == {
        "ann": "no",
        "admin": "yes",
        "reader": "undetermined",
        "idle": "no",
    }
    assert next(render_who_can(who)).startswith("admin: s3:getobject on arn:aws:s3:::a/")
