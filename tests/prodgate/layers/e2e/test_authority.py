"""A site whose certificate is of a private authority is opened when the criteria state that authority."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from prodgate.aws.answers import Unreadable
from prodgate.layers.e2e.target import open_target
from prodgate.rehearsal.edge_certificate import CertificateOptions, issue_certificate
from prodgate.sections.e2e import BuildMark, E2eSection
from prodgate.sections.site import SiteSection
from prodgate.sections.targets import Target

from ...load.servers import fine, serving

pytestmark = pytest.mark.once


def opened(project: Path, **stated: Any) -> tuple[str, str]:
    """What is trusted: a file, and the keys that the browser is told of."""
    context: Any = SimpleNamespace(
        target=Target("aws://ap-northeast-1"),
        project=project,
        stated=SimpleNamespace(path="criteria.toml", site=SiteSection()),
    )
    mark = BuildMark(header="x-build", expected="text:1")
    with open_target(context, E2eSection(build=mark, credentials={}, pages=(), **stated)) as target:
        return target.ca_file, target.pin


@pytest.mark.parametrize("trusted", [True, False])
def test_the_browser_trusts_the_keys_that_the_authority_vouches_for(tmp_path: Path, trusted: bool) -> None:
    made = issue_certificate(tmp_path, CertificateOptions(trusted=trusted), "TLSv1.2_2021")
    with serving(fine, made.context) as server:
        found = opened(tmp_path, base_url=server.url, ca_file=made.authority.name)
    assert found == (str(made.authority), made.pin if trusted else "")


def test_without_an_authority_nothing_more_is_trusted(tmp_path: Path) -> None:
    assert opened(tmp_path, base_url="https://www.example.com") == ("", "")


def test_an_authority_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match=r"nowhere\.pem: there is no such file"):
        opened(tmp_path, base_url="https://www.example.com", ca_file="nowhere.pem")
