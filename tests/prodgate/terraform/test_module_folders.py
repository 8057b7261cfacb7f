"""Modules of registries and repositories are found in folders by the names that people keep them under."""

from pathlib import Path

import pytest

from prodgate.terraform.module_folders import find_in_folders


@pytest.mark.parametrize(
    ("source", "kept"),
    [
        ("terraform-aws-modules/vpc/aws", "terraform-aws-modules/vpc/aws"),
        ("terraform-aws-modules/vpc/aws", "terraform-aws-vpc"),
        ("terraform-aws-modules/vpc/aws", "vpc"),
        ("app.terraform.io/acme/vpc/aws//modules/inner", "terraform-aws-vpc/modules/inner"),
        ("git::https://example.com/acme/network.git//inner?ref=v1.2.0", "network/inner"),
        ("git@github.com:acme/network.git", "network"),
        ("github.com/acme/network//inner/deep", "network/inner/deep"),
        ("s3::https://s3.amazonaws.com/bucket/network.zip", "network"),
    ],
)
def test_module_is_found(source: str, kept: str, tmp_path: Path) -> None:
    (tmp_path / "second" / kept).mkdir(parents=True)

    assert find_in_folders(source, [tmp_path / "first", tmp_path / "second"]) == tmp_path / "second" / kept


@pytest.mark.parametrize(
    "source", ["terraform-aws-modules/vpc/aws//modules/gone", "terraform-aws-modules/rds/aws", "github.com/acme/..", ""]
)
def test_what_is_not_there_is_not_found(source: str, tmp_path: Path) -> None:
    (tmp_path / "terraform-aws-vpc").mkdir()

    assert find_in_folders(source, [tmp_path]) is None
