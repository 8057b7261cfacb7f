"""What is known about Checkov's checks is true of the pinned Checkov and of our criteria."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from prodgate.engines.checkov import DRIVER
from prodgate.engines.checkov_table import Silence, load_table
from prodgate.sections.criteria_file import load_criteria
from prodgate.terraform.positions import Origin, Position
from prodgate.terraform.reading import UNKNOWN
from prodgate.terraform.resources import Resource

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="session")
def known(checkov: Path) -> frozenset[str]:
    """The id of every check in the pinned Checkov."""
    script = f"import json, runpy; known = runpy.run_path({str(DRIVER)!r})['list_checks']()\n"
    script += "print('\\n' + json.dumps(sorted(known)))"
    done = subprocess.run([str(checkov), "-c", script], capture_output=True, text=True, timeout=300, check=True)
    return frozenset(json.loads(done.stdout.splitlines()[-1]))


def test_every_check_exists(known: frozenset[str]) -> None:
    assert set(load_table().list_checks()) <= known


def test_every_criterion_exists_and_is_answered_statically() -> None:
    criteria = load_criteria(ROOT / "criteria.toml").criteria
    for criterion in load_table().criteria.values():
        assert "static" in criteria[criterion].layers, criterion


def test_nothing_unreliable_is_mapped() -> None:
    assert not set(load_table().criteria) & set(load_table().unreliable)


def test_a_check_that_is_mapped_twice_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "table.toml"
    file.write_text('[criteria]\na = ["CKV_AWS_1"]\nb = ["CKV_AWS_1"]\n')
    with pytest.raises(ValueError, match=r"table\.toml: mapped twice: CKV_AWS_1"):
        load_table(file)


def test_every_silence_states_one_condition_and_a_reason() -> None:
    for silence in load_table().silences:
        assert silence.reason
        assert [silence.unset, bool(silence.any_of), bool(silence.none_of)].count(True) == 1, silence


def cluster(**values: Any) -> Resource:
    origin = Origin(Position("main.tf", 1), {name: (Position("main.tf", 2),) for name in values})
    return Resource(address="aws_rds_cluster.a", type="aws_rds_cluster", name="a", values=values, origin=origin)


MYSQL_ONLY = Silence(checks=("CKV_AWS_325",), attribute="engine", none_of=("aurora-mysql",), reason="MySQL only")
NO_POLICY = Silence(checks=("CKV_AWS_70",), attribute="policy", unset=True, reason="no policy")


@pytest.mark.parametrize(
    ("silence", "resource", "explained"),
    [
        (MYSQL_ONLY, cluster(engine="aurora-postgresql"), True),
        (MYSQL_ONLY, cluster(engine="aurora-mysql"), False),
        (MYSQL_ONLY, cluster(engine=UNKNOWN), False),
        (MYSQL_ONLY, cluster(engine=None), False),
        (MYSQL_ONLY, cluster(), False),
        (NO_POLICY, cluster(policy=None), True),
        (NO_POLICY, cluster(policy=UNKNOWN), False),
        (NO_POLICY, cluster(policy="{}"), False),
        (NO_POLICY, cluster(), True),
    ],
)
def test_only_a_known_value_explains_a_silence(silence: Silence, resource: Resource, explained: bool) -> None:
    assert silence.explains(silence.checks[0], resource) is explained


def test_an_argument_left_to_the_provider_is_unset() -> None:
    bucket = Resource(
        address="aws_s3_bucket.a", type="aws_s3_bucket", name="a", values={"policy": UNKNOWN},
        origin=Origin(Position("main.tf", 1), {"bucket": (Position("main.tf", 2),)}),
    )  # fmt: skip
    assert NO_POLICY.explains("CKV_AWS_70", bucket)
    assert not NO_POLICY.explains("CKV_AWS_71", bucket)


def test_a_silence_speaks_of_its_types_alone() -> None:
    silence = Silence(checks=("CKV_AWS_70",), types=("aws_s3_bucket",), attribute="policy", unset=True, reason="x")
    assert not silence.explains("CKV_AWS_70", cluster(policy=None))
