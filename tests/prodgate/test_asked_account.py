"""`prodgate iam aws://…`: the principals of an account as they are now."""

from __future__ import annotations

import json
from typing import Any

import pytest

from prodgate.aws.answers import Unreadable
from prodgate.cli import main
from prodgate.commands import asked_account
from tests.prodgate.facts.live.stated_account import ACCOUNT, Stated

EDIT: dict[str, Any] = {
    "Version": "2012-10-17",
    "Statement": {"Effect": "Allow", "Action": "iam:PutUserPolicy", "Resource": "*"},
}
ANN: dict[str, Any] = {
    "Arn": f"arn:aws:iam::{ACCOUNT}:user/ann",
    "UserName": "ann",
    "UserPolicyList": [{"PolicyName": "own", "PolicyDocument": EDIT}],
}


def answering(monkeypatch: pytest.MonkeyPatch, details: Any) -> None:
    calls = Stated({"GetAccountAuthorizationDetails": details})
    monkeypatch.setattr(asked_account, "open_whichever", lambda profile, region: (calls, ACCOUNT))


def test_an_account_is_asked_as_it_is(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    answering(monkeypatch, {"UserDetailList": [ANN]})
    assert main(["iam", "aws://gate@eu-west-1", "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["name"], row["administrator"]) == ("ann", "yes")
    assert main(["iam", "aws://eu-west-1", "--who-can", "s3:GetObject", "*"]) == 0
    assert "it is proven of each principal" in capsys.readouterr().out


def test_what_can_t_be_asked_is_said(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def deny(parameters: Any) -> Any:
        raise Unreadable("iam GetAccountAuthorizationDetails: denied")

    answering(monkeypatch, deny)
    for words, said in (
        (["aws://eu-west-1"], "what IAM lists can't be read: iam GetAccountAuthorizationDetails: denied"),
        (["rehearsal://"], "the rehearsal holds what is declared; name its root"),
        (["aws://nowhere"], "names no profile and region"),
        (["aws://eu-west-1", "--var-file", "x"], "an account and a run are as they are"),
    ):
        assert main(["iam", *words]) == 4
        assert said in capsys.readouterr().err


def test_statements_that_never_grant_are_printed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    odd = {"PolicyName": "odd", "PolicyDocument": {**EDIT, "Statement": {**EDIT["Statement"], "Action": "iam:PutUser"}}}
    answering(monkeypatch, {"UserDetailList": [{**ANN, "UserPolicyList": [*ANN["UserPolicyList"], odd]}]})
    assert main(["iam", "aws://gate@eu-west-1", "--idle"]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith(f"ann: arn:aws:iam::{ACCOUNT}:user/ann odd statement 1: AWS has no action of that name")
    assert main(["iam", "aws://gate@eu-west-1", "--idle", "--json"]) == 0
    ((row,),) = (one["idle"] for one in json.loads(capsys.readouterr().out))
    assert row["why"].endswith(": iam:PutUser")
    answering(monkeypatch, {"UserDetailList": [ANN]})
    assert main(["iam", "aws://gate@eu-west-1", "--idle"]) == 0
    assert "it is shown that it can never grant" in capsys.readouterr().out
    assert main(["iam", "aws://gate@eu-west-1", "--idle", "--who-can", "s3:GetObject", "*"]) == 4
