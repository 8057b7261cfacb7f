"""What managed policies of AWS allow: data with a day, and never a guess."""

from __future__ import annotations

import pytest

from prodgate.iam import aws_managed
from prodgate.iam.account import ADMINISTRATOR_ACCESS, EVERYTHING

BACKUP = "arn:aws:iam::aws:policy/service-role/AWSBackupServiceRolePolicyForBackup"


def test_a_policy_of_aws_is_read_with_its_version_and_day() -> None:
    document = aws_managed.read_attached(BACKUP)
    assert len(document.statements) > 10
    version = document.statements[0].place.split()[1]
    assert aws_managed.find_document(BACKUP, version) == document
    assert aws_managed.find_document(BACKUP, "v0") is None
    assert aws_managed.read_attached(ADMINISTRATOR_ACCESS) is EVERYTHING


@pytest.mark.parametrize(
    "arn",
    [
        "arn:aws:iam::aws:policy/AWSBackupServiceRolePolicyForBackup",  # without its path
        "arn:aws-cn:iam::aws:policy/ReadOnlyAccess",
        "arn:aws:iam::123456789012:policy/ReadOnlyAccess",
        "arn:aws:iam::aws:policy/readonlyaccess",
    ],
)
def test_what_the_data_does_not_hold_is_not_known(arn: str) -> None:
    assert aws_managed.read_attached(arn).unread == f"what {arn} allows is not known here"


def test_without_the_extra_only_administrators_policy_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aws_managed, "find_spec", lambda name: None)
    assert aws_managed.list_policies.__wrapped__() == {}


def test_every_document_of_the_data_can_be_read() -> None:
    policies = aws_managed.list_policies()
    assert len(policies) > 1000
    assert [arn for arn in policies if aws_managed.read_attached(arn).unread] == []
