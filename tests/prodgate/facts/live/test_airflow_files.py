"""Files in the bucket beside files of the repository: the same, changed, missing, strange, or nothing to compare."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from prodgate.aws.account import Account
from prodgate.aws.answers import Absent
from prodgate.facts.live.airflow_files import AirflowFiles, observe_airflow_files
from prodgate.findings import Undetermined

ARN = "arn:aws:airflow:ap-northeast-1:123456789012:environment/news"
ENVIRONMENT = {
    "Arn": ARN,
    "Name": "news",
    "SourceBucketArn": "arn:aws:s3:::dags",
    "DagS3Path": "dags",
    "RequirementsS3Path": "requirements.txt",
    "RequirementsS3ObjectVersion": "1",
    "PluginsS3Path": "plugins.zip",
    "PluginsS3ObjectVersion": "2",
}
REPOSITORY = {
    "dags": {"scraper.py": "s", "parts/pages.py": "p", "tests/test_scraper.py": "t"},
    "terraform": {"prod/airflow/requirements.txt": "r", "prod/airflow/plugins/news.py": "n", "prod/main.tf": "m"},
}
HELD = {
    "dags/scraper.py": {"Sha256": "s"},
    "dags/parts/pages.py": {"Sha256": "p"},
    "requirements.txt": {"Sha256": "r"},
    "plugins.zip": {"Sha256": "z", "Files": {"news.py": "n"}},
}


@dataclass
class Bucket:
    """Answers for an environment and its bucket."""

    held: Mapping[str, Mapping[str, Any]] = field(default_factory=lambda: HELD)

    def pages(
        self, service: str, operation: str, region: str, parameters: Mapping[str, Any], *, whole: bool
    ) -> Sequence[Any]:
        if operation == "GetObject":
            if parameters["Key"] not in self.held:
                raise Absent("NoSuchKey")
            return [{"Body": self.held[parameters["Key"]]}]
        keys = [{"Key": key} for key in self.held if key.startswith(parameters.get("Prefix", "-"))]
        return [
            {
                "ListEnvironments": {"Environments": ["news"]},
                "GetEnvironment": {"Environment": ENVIRONMENT},
                "GetBucketVersioning": {"Status": "Enabled"},
                "ListObjectsV2": {"Contents": keys},
            }[operation]
        ]


@contextmanager
def seen(held: Mapping[str, Any], repository: Mapping[str, Mapping[str, str]] = REPOSITORY) -> Iterator[AirflowFiles]:
    with ThreadPoolExecutor(2) as pool:
        account = Account(
            id="123456789012",
            region="ap-northeast-1",
            now=datetime(2026, 11, 25, tzinfo=UTC),
            calls=Bucket(held),
            pool=pool,
            declared=lambda _type: {},
            files=lambda folder: repository.get(folder, {}),
        )
        (files,) = observe_airflow_files(account)
        yield files


def test_the_same_files_are_the_same() -> None:
    with seen(HELD) as files:
        assert (files.subject, files.versioning) == (ARN, "Enabled")
        assert (files.unnamed, files.absent, files.strange_dags, files.strange_packages) == ((), (), (), ())


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"dags/scraper.py": {"Sha256": "edited"}}, "scraper.py differs from the repository's"),
        ({"dags/by_hand.py": {"Sha256": "x"}}, "by_hand.py is not in the repository"),
        ({"dags/parts/pages.py": None}, "parts/pages.py is missing in the bucket"),
    ],
)
def test_a_strange_dag_is_named(change: dict[str, Any], said: str) -> None:
    held = {key: value for key, value in {**HELD, **change}.items() if value}
    with seen(held) as files:
        assert files.strange_dags == (said,)
        assert files.strange_packages == ()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"requirements.txt": {"Sha256": "x"}}, "requirements.txt: requirements.txt differs from the repository's"),
        ({"requirements.txt": None}, "requirements.txt: requirements.txt differs from the repository's"),
        (
            {"plugins.zip": {"Sha256": "z", "Files": {"news.py": "x"}}},
            "plugins.zip: news.py differs from the repository's",
        ),
        (
            {"plugins.zip": {"Sha256": "z", "Files": {"news.py": "n", "evil.py": "e"}}},
            "plugins.zip: evil.py is not in the repository",
        ),
        ({"plugins.zip": {"Sha256": "z"}}, "plugins.zip: plugins.zip is not in the repository"),
    ],
)
def test_a_strange_package_is_named(change: dict[str, Any], said: str) -> None:
    held = {key: value for key, value in {**HELD, **change}.items() if value}
    with seen(held) as files:
        assert files.strange_packages == (said,)
        assert files.strange_dags == ()


def test_a_plugin_that_is_left_out_is_missing() -> None:
    more = {**REPOSITORY["terraform"], "prod/airflow/plugins/more.py": "o"}
    with seen(HELD, {**REPOSITORY, "terraform": more}) as files:
        assert files.strange_packages == ("plugins.zip: more.py is missing in the bucket",)


def test_a_version_that_the_bucket_does_not_hold_is_absent() -> None:
    with seen({key: value for key, value in HELD.items() if key != "plugins.zip"}) as files:
        assert files.absent == ("plugins.zip in version 2",)


def test_a_project_without_dags_has_nothing_to_compare_with() -> None:
    with seen(HELD, {"terraform": REPOSITORY["terraform"]}) as files:
        with pytest.raises(Undetermined, match="no dags/ folder"):
            _ = files.strange_dags
        assert files.strange_packages == ()
