"""Distinguishing secrets from ordinary values: those that must be found, also handed on, and those that must not
be mistaken."""

from pathlib import Path

import pytest
from policies.encryption import find_undecided, refuse_secrets, secrets_in, texts_in
from policies.secrets import no_credential_is_handed_on

from prodgate import Configuration, Resource, Unresolved
from prodgate.semantics.secret_forms import credential_form
from prodgate.testing import POLICIES, UNKNOWN, NotSatisfied, Outcome, apply, load_criteria
from tests.prodgate.samples import criterion


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DB_PASSWORD", "correct-horse"),
        ("dbPassword", "correct-horse"),
        ("/news/db/password", "correct-horse"),
        ("smtp.smtp_password", "correct-horse"),
        ("JWT_SECRET", "s3cr3t"),
        ("API-KEY", "4f6d1c2b"),
        ("DATABASE_URL", "postgres://news:correct-horse@db/news"),
        ("core.sql_alchemy_conn", "postgresql://db"),
        ("ORDINARY", "AKIAIOSFODNN7EXAMPLE"),
        ("command", "serve --password=correct-horse"),
        ("user_data", "#!/bin/sh\nexport API_TOKEN='4f6d1c2b'\n"),
        ("user_data", "curl -sS -u admin:Tr0ub4dor https://example.com"),
        ("user_data", "mysql -h db -u root -pTr0ub4dor -e 'select 1'"),
        ("user_data", "sshpass -p 'Tr0ub4dor' ssh web"),
        ("user_data", "redis-cli -h cache -a Tr0ub4dor ping"),
        ("user_data", "docker login -u me -p dckr_pat_Tr0ub4dor"),
        ("user_data", "htpasswd -cb /etc/nginx/.htpasswd admin Tr0ub4dor"),
        ("user_data", "aws configure set profile.x.aws_secret_access_key Tr0ub4dor"),
        ("user_data", "setup --admin-password Tr0ub4dor"),
        ("SESSION_AUTH", "q8Zr1xVf0LkT7wYb3NcHs5JdPg2Mu9Ea"),
    ],
)
def test_a_secret_is_found(name: str, value: str) -> None:
    assert secrets_in([(name, value)])


@pytest.mark.parametrize(
    ("unknown", "outcome"),
    [("ami", Outcome.SATISFIED), ("subnet_id", Outcome.SATISFIED), ("user_data", Outcome.UNDETERMINED)],
)
def test_an_argument_that_takes_only_a_name_leaves_no_secret_open(unknown: str, outcome: Outcome) -> None:
    values = {"ami": "ami-1", "subnet_id": "subnet-1", "user_data": "echo", unknown: UNKNOWN}
    machine = Resource(address="aws_instance.a", type="aws_instance", name="a", values=values)
    tree = Configuration(root=".", engine="none", resources=[machine])
    (finding,) = apply(POLICIES["PG_SEC_2"], tree, criterion(bound=None))
    assert finding.outcome is outcome


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DB_PASSWORD", "arn:aws:secretsmanager:ap-northeast-1:123456789012:secret:db"),
        ("DB_PASSWORD", "${DB_PASSWORD}"),
        ("DB_PASSWORD", ""),
        ("DB_SECRET_ARN", "anything"),
        ("DB_SECRET_NAME", "news/db"),
        ("TOKEN_TTL", "3600"),
        ("MAX_TOKENS", "4096"),
        ("secrets.backend", "airflow.providers.amazon.aws.secrets.secrets_manager.SecretsManagerBackend"),
        ("secrets.backend_kwargs", '{"connections_prefix": "airflow/connections"}'),
        ("DATABASE_URL", "postgres://db.internal/news"),
        ("LOG_LEVEL", "info"),
        ("command", "aws ecr get-login-password --region=ap-northeast-1"),
        ("user_data", "export API_TOKEN=$(aws secretsmanager get-secret-value --secret-id=news)"),
        ("user_data", "curl -u $USER:$PASSWORD https://example.com"),
        ("user_data", "mysql -u root -p\"$PASSWORD\" -e 'select 1'"),
        ("user_data", "mysql -h db -P 3306 -p < schema.sql"),
        ("user_data", "mkdir -p /opt/mysql\nmysql --version"),
        ("user_data", "aws ecr get-login-password | docker login --username AWS --password-stdin 1.dkr.ecr"),
        ("user_data", "setup --password $(cat /run/secret)"),
        ("user_data", "setup --admin-password --verbose"),
        ("PUBLIC_KEY_PATH", "/etc/keys/public.pem"),
        ("COMMIT", "3f2a9c1d8e7b6a5f4c3d2e1f0a9b8c7d6e5f4a3b"),
    ],
)
def test_an_ordinary_value_is_not_taken_for_a_secret(name: str, value: str) -> None:
    assert secrets_in([(name, value)]) == []


def test_a_secret_that_is_decided_later_is_not_passed_over() -> None:
    assert [*find_undecided(texts_in({"REPLICA": UNKNOWN}))] == []
    with pytest.raises(Unresolved, match="DB_PASSWORD has the name of a secret"):
        refuse_secrets(texts_in({"variables": {"DB_PASSWORD": UNKNOWN}}), criterion(), expected="an ARN")


def test_a_secret_that_is_written_is_not_hidden_by_one_that_is_decided_later() -> None:
    with pytest.raises(NotSatisfied, match="API_TOKEN"):
        refuse_secrets([("DB_PASSWORD", None), ("API_TOKEN", "hunter2")], criterion(), expected="an ARN")


def test_a_form_is_found_wherever_it_stands() -> None:
    assert credential_form("x\n-----BEGIN RSA PRIVATE KEY-----\n") == "a private key"
    assert credential_form("-----BEGIN PUBLIC KEY-----") == ""


# ── A sensitive value of untraceable origin may be a credential

CRITERIA = load_criteria(Path(__file__).parents[2] / "criteria.toml").criteria


def test_sensitive_value_of_unknown_origin_is_undetermined() -> None:
    policy = next(each for each in POLICIES.values() if each.judge is no_credential_is_handed_on)
    kind, secret = "aws_lambda_function", frozenset({"environment"})
    values = {"environment": [{"variables": {"PASSWORD": "hunter2"}}]}
    lost = Resource(address=f"{kind}.a", type=kind, name="a", values=values, references={}, sensitive=secret)

    (finding,) = apply(policy, Configuration(root="r", engine="e", resources=[lost]), CRITERIA[policy.criterion])

    assert finding.outcome is Outcome.UNDETERMINED
    assert "nothing says where it comes from" in finding.reason
