"""Opening a real account: only the stated one, only really AWS's, and in CI only with temporary credentials."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from prodgate.aws import sessions
from prodgate.aws.sessions import open_account, open_session, open_whichever
from prodgate.criteria import UsageError
from prodgate.sections.targets import parse_target
from tests.prodgate.conftest import Gate

REGION, ACCOUNT = "ap-northeast-1", "123456789012"


@pytest.fixture(autouse=True)
def configured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CI", "AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    (tmp_path / "config").write_text(
        "[profile gate]\nregion = ap-northeast-1\n"
        "[profile elsewhere]\nendpoint_url = http://127.0.0.1:4566\n"
        "[profile services]\nservices = mine\n[services mine]\ns3 =\n  endpoint_url = http://x\n"
        "[profile sso]\nsso_start_url = https://x\nsso_region = us-east-1\nsso_account_id = 123456789012\nsso_role_name = gate\n"
    )
    (tmp_path / "credentials").write_text(
        "[gate]\naws_access_key_id = ASIAX\naws_secret_access_key = x\naws_session_token = x\n"
    )


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    monkeypatch.setattr(sessions, "_resolve_addresses", lambda _host: {"203.0.113.7"})
    with mock_aws():
        yield monkeypatch


def test_the_stated_account_is_opened_and_nothing_else_is_asked(aws: pytest.MonkeyPatch) -> None:
    calls = open_account("gate", REGION, ACCOUNT, {})
    assert [record.call.operation for record in calls.recording.records.values()] == ["GetCallerIdentity"]
    assert calls.account == ACCOUNT
    assert calls.pages("sns", "ListTopics", REGION, {}, whole=True) == [{"Topics": []}]


def test_an_account_that_nobody_states_is_said_with_its_calls(aws: pytest.MonkeyPatch) -> None:
    calls, own = open_whichever("gate", REGION, {})
    assert (own, calls.pages("sns", "ListTopics", REGION, {}, whole=True)) == (ACCOUNT, [{"Topics": []}])
    assert calls.account == ACCOUNT


def test_another_account_is_not_looked_at(aws: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match=f"is of account {ACCOUNT}, and the criteria are about account 210987654321"):
        open_account("gate", REGION, "210987654321", {})


@pytest.mark.parametrize(
    ("arn", "ci", "said"),
    [
        (f"arn:aws:iam::{ACCOUNT}:root", "", "is the root user, who may do anything; use the gate's role"),
        (
            f"arn:aws:iam::{ACCOUNT}:user/deployer",
            "true",
            "is a user with long-lived keys; let the CI take the gate's role",
        ),
        (f"arn:aws:iam::{ACCOUNT}:user/deployer", "", ""),
        (f"arn:aws:sts::{ACCOUNT}:assumed-role/gate/x", "true", ""),
    ],
)
def test_who_may_do_too_much_or_for_too_long_is_refused(arn: str, ci: str, said: str) -> None:
    identity = {"Arn": arn, "Account": ACCOUNT}
    if not said:
        sessions._check_caller(identity["Arn"], {"CI": ci})
        return
    with pytest.raises(UsageError, match=said):
        sessions._check_caller(identity["Arn"], {"CI": ci})


def test_long_lived_keys_are_refused_in_ci_before_anything_is_asked(aws: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "credentials").write_text("[gate]\naws_access_key_id = AKIAX\naws_secret_access_key = x\n")
    with pytest.raises(UsageError, match="credentials: are long-lived keys of a user"):
        open_account("gate", REGION, ACCOUNT, {"CI": "true"})


@pytest.mark.parametrize(
    ("profile", "environment", "said"),
    [
        ("nope", {}, "profile 'nope': is not configured; profiles are"),
        ("elsewhere", {}, "endpoint_url of the profile: sends calls to 'http://127.0.0.1:4566' instead of AWS"),
        ("services", {}, "services of the profile: 'mine' may send calls elsewhere"),
        ("gate", {"AWS_ENDPOINT_URL": "http://127.0.0.1:1"}, "AWS_ENDPOINT_URL: sends calls to 'http://127.0.0.1:1'"),
        (
            "gate",
            {"AWS_ENDPOINT_URL_S3": "http://x"},
            "AWS_ENDPOINT_URL_S3: sends calls to 'http://x' instead of AWS; unset it",
        ),
        (
            "gate",
            {"HTTPS_PROXY": "http://127.0.0.1:8080"},
            "HTTPS_PROXY: sends calls to 'http://127.0.0.1:8080', on this machine",
        ),
        ("gate", {"https_proxy": "localhost:8080"}, "https_proxy: sends calls to"),
        ("gate", {"https_proxy": "http://[::1]:8080"}, "https_proxy: sends calls to"),
    ],
)
def test_what_would_lead_elsewhere_is_refused(profile: str, environment: dict[str, str], said: str) -> None:
    with pytest.raises(UsageError) as error:
        open_session(profile, REGION, environment)
    assert said in str(error.value)


def test_a_proxy_of_the_company_is_fine() -> None:
    open_session("gate", REGION, {"HTTPS_PROXY": "http://proxy.example:3128", "NO_PROXY": "localhost"})


def test_there_must_be_credentials(tmp_path: Path) -> None:
    (tmp_path / "credentials").write_text("")
    with pytest.raises(UsageError, match="credentials: there are none; name a profile that has some"):
        open_account("", REGION, ACCOUNT, {})


def test_a_login_that_has_ended_is_one_line() -> None:
    with pytest.raises(UsageError, match="credentials: can't be used: .*; log in again") as error:
        open_account("sso", REGION, ACCOUNT, {})
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("more", "error", "said"),
    [
        (
            "",
            ClientError({"Error": {"Code": "AccessDenied", "Message": "may not\nassume"}}, "AssumeRole"),
            "AccessDenied",
        ),
        ("mfa_serial = arn:aws:iam::123456789012:mfa/me\n", EOFError(), "EOFError"),
    ],
)
def test_a_role_that_may_not_be_taken_is_one_line(
    more: str, error: Exception, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    role = f"[profile role]\nrole_arn = arn:aws:iam::{ACCOUNT}:role/gate\nsource_profile = gate\n{more}"
    (tmp_path / "config").write_text(f"[profile gate]\n{role}")

    def refuse(_self: object) -> None:
        raise error

    monkeypatch.setattr("botocore.credentials.AssumeRoleCredentialFetcher._get_credentials", refuse)
    with pytest.raises(UsageError, match=f"credentials: can't be used: .*{said}.*; log in again") as raised:
        open_account("role", REGION, ACCOUNT, {})
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("host", "addresses", "foreign"),
    [
        ("sts.ap-northeast-1.amazonaws.com", {"203.0.113.7"}, False),
        ("sts.ap-northeast-1.amazonaws.com", set(), False),
        ("sts.ap-northeast-1.amazonaws.com", {"127.0.0.1"}, True),
        ("sts.ap-northeast-1.amazonaws.com", {"203.0.113.7", "::1"}, True),
        ("127.0.0.1", {"127.0.0.1"}, True),
        ("amazonaws.com.evil.example", {"203.0.113.7"}, True),
        ("evilamazonaws.com", {"203.0.113.7"}, True),
    ],
)
def test_a_host_is_aws_by_its_name_and_not_on_this_machine(
    host: str, addresses: set[str], foreign: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "_resolve_addresses", lambda _host: addresses)
    assert sessions._is_foreign(host) is foreign


@pytest.mark.parametrize(
    ("url", "profile", "region"),
    [
        ("aws://prod@eu-west-1", "prod", "eu-west-1"),
        ("aws://us-gov-west-1", "", "us-gov-west-1"),
        ("aws://a.b+c=d@ap-northeast-1", "a.b+c=d", "ap-northeast-1"),
        ("rehearsal://", "", "ap-northeast-1"),
    ],
)
def test_a_target_names_profile_and_region(url: str, profile: str, region: str) -> None:
    target = parse_target(url)
    assert (target.profile, target.region) == (profile, region)


CRITERIA = """system = "shop"
{account}
[criteria.topics]
statement = {{ en = "It holds.", ja = "成り立つ。" }}
why = "It matters."
source = "X-1"
layers = ["live"]
"""


@pytest.mark.parametrize(
    ("account", "profile", "said"),
    [
        ("", "gate", 'names no account; write [account] with id = "123456789012"'),
        ('[account]\nid = "123456789012"', "nope", "profile 'nope': is not configured"),
    ],
)
def test_what_can_not_be_opened_is_a_mistake_before_there_is_a_run(
    account: str, profile: str, said: str, tmp_path: Path, gate: Gate
) -> None:
    (tmp_path / "criteria.toml").write_text(CRITERIA.format(account=account), "utf-8")
    asked = [
        "run",
        f"aws://{profile}@{REGION}",
        "--criteria",
        str(tmp_path / "criteria.toml"),
        "--runs",
        str(tmp_path / "runs"),
    ]
    assert said in gate(*asked, ends=4).err
    assert not (tmp_path / "runs").exists()
