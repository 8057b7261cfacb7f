"""Which secrets a criteria file says to read: by name, without the part that is wanted of them, each once."""

from __future__ import annotations

from pathlib import Path

import pytest

from prodgate.sections.criteria_file import parse_criteria
from prodgate.sections.secrets import list_secrets

BARE = """system = "shop"

[criteria.works]
statement = { en = "Works.", ja = "動く。" }
why = "Else it does not."
source = "X-1"
layers = ["live"]

"""
ARN = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:shop/reader-AbCdEf"


def read(text: str) -> tuple[str, ...]:
    return list_secrets(parse_criteria(BARE + text, Path("criteria.toml"), {}))


@pytest.mark.parametrize(
    ("text", "secrets"),
    [
        ("", ()),
        (
            f"""[e2e]
base_url = "https://www.shop.example"
health = "/health"
[e2e.pages]
front = {{ path = "/", regions = ["main"] }}
[e2e.credentials]
reader = {{ user = "secret:{ARN}#user", password = "secret:{ARN}#password" }}
other = {{ user = "env:OTHER", password = "secret:shop/other" }}
""",
            (ARN, "shop/other"),
        ),
        (
            """[rollout.migrations]
tool = "alembic"
folder = "migrations"
database = "secret:shop/database"
task = "shop-migration"
""",
            ("shop/database",),
        ),
        (
            """[airflow]
version = "3.0.6"
url = "https://airflow.shop.example"
token = "secret:shop/airflow"
[dags.collect]
cron = "0 2 * * *"
timezone = "Asia/Tokyo"
data = { database = "secret:shop/database", table = "t", source = "s", slot = "a", written = "w", rows = "r", sources = ["x"] }
[dags.clean]
cron = "0 3 * * *"
timezone = "Asia/Tokyo"
data = { prefix = "s3://bucket/raw/{source}/", sources = ["x"] }
""",
            ("shop/airflow", "shop/database"),
        ),
    ],
)
def test_secrets_are_listed_wherever_one_is_referred_to(text: str, secrets: tuple[str, ...]) -> None:
    assert read(text) == secrets
