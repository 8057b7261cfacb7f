"""A run in a bucket that nobody can change, and its way back."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from prodgate.aws import sessions
from prodgate.evidence import runs
from prodgate.evidence.archive import ArchiveError, Lock, Place, archive_run, restore_run
from prodgate.run.publishing import seal_again
from tests.prodgate.conftest import Gate
from tests.prodgate.rehearsal.emulated import REGION, Account

from ..sample_run import judge

pytestmark = pytest.mark.xdist_group("emulator")
UNTIL = datetime.now(UTC).replace(microsecond=0) + timedelta(days=400)
LOCK = Lock(mode="COMPLIANCE", until=UNTIL)
BUCKET = Place(bucket="evidence", prefix="nba-news")


@pytest.fixture
def s3(account: Account) -> Any:
    client = account("s3")
    where = {"LocationConstraint": REGION}
    client.create_bucket(Bucket="evidence", CreateBucketConfiguration=where, ObjectLockEnabledForBucket=True)
    client.create_bucket(Bucket="open", CreateBucketConfiguration=where)
    return client


@pytest.fixture
def closed(run: Path) -> Path:
    (run / "logs" / "static").mkdir(parents=True)
    (run / "logs" / "static" / "pytest.txt").write_text("1 passed")
    judge(run)
    (run / "report.html").write_text("<p>GO")
    return run


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_run_comes_back_byte_for_byte_and_is_what_was_written(s3: Any, closed: Path, tmp_path: Path) -> None:
    there = archive_run(s3, closed, BUCKET, LOCK)
    assert str(there) == f"s3://evidence/nba-news/{closed.name}"
    back, touched = restore_run(s3, there, tmp_path / "back")
    assert (contents(back), touched) == (contents(closed), ())
    assert runs.read(back).head == runs.read(closed).head != ""


def test_every_object_is_locked_until_the_date(s3: Any, closed: Path) -> None:
    there = archive_run(s3, closed, BUCKET, LOCK)
    for file in contents(closed):
        found = s3.head_object(Bucket="evidence", Key=there.key(file))
        assert (found["ObjectLockMode"], found["ObjectLockRetainUntilDate"]) == ("COMPLIANCE", UNTIL)
    version = s3.head_object(Bucket="evidence", Key=there.key("journal.jsonl"))["VersionId"]
    with pytest.raises(s3.exceptions.ClientError, match="AccessDenied"):
        s3.delete_object(Bucket="evidence", Key=there.key("journal.jsonl"), VersionId=version)


def test_what_was_written_over_or_deleted_comes_back_as_it_was_locked(s3: Any, closed: Path, tmp_path: Path) -> None:
    there = archive_run(s3, closed, BUCKET, LOCK)
    s3.put_object(Bucket="evidence", Key=there.key("run.json"), Body=b"{}")
    s3.delete_object(Bucket="evidence", Key=there.key("logs/static/pytest.txt"))
    back, touched = restore_run(s3, there, tmp_path / "back")
    assert contents(back) == contents(closed)
    assert [line.split(" ")[0] for line in touched] == ["logs/static/pytest.txt", "run.json"]


def test_what_was_added_to_an_archive_comes_back_and_is_no_run(s3: Any, closed: Path, tmp_path: Path) -> None:
    there = archive_run(s3, closed, BUCKET, LOCK)
    s3.put_object(Bucket="evidence", Key=there.key("logs/static/more.txt"), Body=b"2 passed")
    back, _ = restore_run(s3, there, tmp_path / "back")
    with pytest.raises(runs.RunError, match="UNLISTED: logs/static/more.txt"):
        runs.read(back)


class _Listing:
    """A client whose bucket holds a run, and one more file."""

    def __init__(self, prefix: str, file: str) -> None:
        self.rows = [{"Key": f"{prefix}/{name}", "VersionId": "1"} for name in ("journal.jsonl", file)]

    def get_paginator(self, _: str) -> Any:
        return self

    def paginate(self, **_: str) -> Any:
        return [{"Versions": self.rows}]


@pytest.mark.parametrize("file", ["../../outside", "logs/../../outside", "/outside", "logs\\..\\outside", "logs/./x"])
def test_nothing_is_restored_outside_of_its_folder(tmp_path: Path, file: str) -> None:
    there = Place(bucket="evidence", prefix="nba-news/2026-11-24T130000Z-3f2a9c1")
    with pytest.raises(ArchiveError, match="would lead out of its folder; nothing was restored"):
        restore_run(_Listing(there.prefix, file), there, tmp_path / "back")
    assert not (tmp_path / "back").exists()


@dataclass
class _Interrupting:
    """A client whose operation of one name is interrupted when it is called for the third time."""

    s3: Any
    name: str
    called: int = 0

    def __getattr__(self, name: str) -> Any:
        if name == self.name:
            self.called += 1
            if self.called == 3:
                raise KeyboardInterrupt
        return getattr(self.s3, name)


def test_an_archive_that_was_interrupted_is_no_run_and_can_be_gone_on_with(
    s3: Any, closed: Path, tmp_path: Path
) -> None:
    with pytest.raises(KeyboardInterrupt):
        archive_run(_Interrupting(s3, "put_object"), closed, BUCKET, LOCK)
    there = Place(bucket="evidence", prefix=BUCKET.key(closed.name))
    with pytest.raises(ArchiveError, match=r"holds no whole run: there is no journal\.jsonl"):
        restore_run(s3, there, tmp_path / "back")
    archive_run(s3, closed, BUCKET, LOCK)
    assert contents(restore_run(s3, there, tmp_path / "back")[0]) == contents(closed)


def test_a_restore_that_was_interrupted_leaves_nothing(s3: Any, closed: Path, tmp_path: Path) -> None:
    there = archive_run(s3, closed, BUCKET, LOCK)
    with pytest.raises(KeyboardInterrupt):
        restore_run(_Interrupting(s3, "get_object"), there, tmp_path / "back")
    assert [*(tmp_path / "back").iterdir()] == []


def test_a_file_that_leads_elsewhere_is_not_archived(s3: Any, closed: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("of somebody else")
    (closed / "report.ja.html").symlink_to(tmp_path / "secret")
    with pytest.raises(ArchiveError, match=r"report\.ja\.html: is no file of the run"):
        archive_run(s3, closed, BUCKET, LOCK)
    assert "Versions" not in s3.list_object_versions(Bucket="evidence")


def test_a_bucket_without_a_lock_is_refused(s3: Any, closed: Path) -> None:
    with pytest.raises(ArchiveError, match="s3://open: has no Object Lock, so that anybody could delete a run"):
        archive_run(s3, closed, Place(bucket="open", prefix=""), LOCK)
    assert "Versions" not in s3.list_object_versions(Bucket="open")


def test_a_run_is_archived_once(s3: Any, closed: Path) -> None:
    archive_run(s3, closed, BUCKET, LOCK)
    with pytest.raises(ArchiveError, match="is archived already"):
        archive_run(s3, closed, BUCKET, LOCK)


def test_an_archive_that_was_not_finished_is_no_run_and_can_be_finished(s3: Any, closed: Path, tmp_path: Path) -> None:
    class Broken:
        def __getattr__(self, name: str) -> Any:
            return getattr(s3, name)

        def put_object(self, **given: Any) -> Any:
            if given["Key"].endswith("journal.jsonl"):
                raise ConnectionError("the network is gone")
            return s3.put_object(**given)

    with pytest.raises(ConnectionError):
        archive_run(Broken(), closed, BUCKET, LOCK)
    there = Place(bucket="evidence", prefix=f"nba-news/{closed.name}")
    with pytest.raises(ArchiveError, match=r"holds no whole run: there is no journal\.jsonl"):
        restore_run(s3, there, tmp_path / "back")
    back, _ = restore_run(s3, archive_run(s3, closed, BUCKET, LOCK), tmp_path / "back")
    assert contents(back) == contents(closed)


def test_what_a_failed_attempt_left_never_stands_for_what_is_archived(s3: Any, closed: Path) -> None:
    there = Place(bucket="evidence", prefix=f"nba-news/{closed.name}")
    s3.put_object(Bucket="evidence", Key=there.key("report.html"), Body=b"<p>of before it was signed")
    with pytest.raises(ArchiveError, match=r"holds another report\.html of an attempt that failed"):
        archive_run(s3, closed, BUCKET, LOCK)
    s3.put_object(Bucket="evidence", Key=there.key("seal.tsr"), Body=b"nobody's")
    (closed / "report.html").write_bytes(b"<p>of before it was signed")
    with pytest.raises(ArchiveError, match=r"holds another seal\.tsr"):
        archive_run(s3, closed, BUCKET, LOCK)


def test_what_could_not_be_brought_back_whole_leaves_nothing(s3: Any, closed: Path, tmp_path: Path) -> None:
    class Broken:
        def __getattr__(self, name: str) -> Any:
            return getattr(s3, name)

        def get_object(self, **given: Any) -> Any:
            if given["Key"].endswith("journal.jsonl"):
                raise ConnectionError("the network is gone")
            return s3.get_object(**given)

    there = archive_run(s3, closed, BUCKET, LOCK)
    with pytest.raises(ConnectionError):
        restore_run(Broken(), there, tmp_path / "back")
    assert [*(tmp_path / "back").iterdir()] == []
    assert contents(restore_run(s3, there, tmp_path / "back")[0]) == contents(closed)


@pytest.mark.parametrize("url", ["evidence", "s3://", "s3://UPPER/x", "https://evidence", "s3://ev/../x?y"])
def test_what_names_no_bucket_is_refused(url: str) -> None:
    with pytest.raises(ArchiveError, match="write s3://BUCKET/PREFIX"):
        Place.parse(url)


def test_a_folder_that_is_no_run_is_not_restored(s3: Any, tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match="ends in no name of a run"):
        restore_run(s3, BUCKET, tmp_path)


VIA = ("--via", f"aws://{REGION}")


@pytest.fixture
def opened(s3: Any, account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "open_elsewhere", lambda profile, region: account.clients)


@pytest.mark.usefixtures("opened")
def test_the_commands_archive_and_restore(closed: Path, tmp_path: Path, gate: Gate) -> None:
    said = gate("archive", closed, "s3://evidence/nba-news", *VIA).out
    assert f"archived: s3://evidence/nba-news/{closed.name}, locked until " in said
    assert "(COMPLIANCE); not sealed\n" in said
    assert runs.read(closed).head in said
    said = gate("restore", f"s3://evidence/nba-news/{closed.name}", tmp_path / "back", *VIA).out
    assert "\nGO for shop" in said
    assert "layers without criteria: live, load, e2e, dags, rollout, attested; not sealed\n" in said
    assert (tmp_path / "back" / closed.name).stat().st_mode & 0o077 == 0
    assert runs.read(closed).head in said


@pytest.mark.usefixtures("opened")
def test_a_run_that_was_edited_or_cut_off_is_not_archived(closed: Path, run: Path, s3: Any, gate: Gate) -> None:
    (closed / "run.json").write_text("{}")
    assert "CHANGED: run.json" in gate("archive", closed, "s3://evidence", *VIA, ends=4).err
    assert "Versions" not in s3.list_object_versions(Bucket="evidence")


@pytest.mark.usefixtures("opened")
def test_a_sealed_run_is_archived_and_comes_back_as_it_was_sealed(
    closed: Path, s3: Any, tmp_path: Path, gate: Gate
) -> None:
    seal_again(closed, None)
    sound = (closed / "report.html").read_bytes()
    (closed / "report.html").write_text("<p>GO")
    assert "is not as it was sealed: CHANGED: report.html" in gate("archive", closed, "s3://evidence", *VIA, ends=4).err
    (closed / "report.html").write_bytes(sound)
    gate("archive", closed, "s3://evidence", *VIA)
    s3.put_object(Bucket="evidence", Key=f"{closed.name}/more.txt", Body=b"of somebody else")
    assert "UNLISTED: more.txt" in gate("restore", f"s3://evidence/{closed.name}", tmp_path / "back", *VIA, ends=4).err


@pytest.mark.usefixtures("opened")
def test_a_run_that_was_cut_off_is_not_archived(run: Path, gate: Gate) -> None:
    judge(run, close=False)
    assert "was cut off" in gate("archive", run, "s3://evidence", *VIA, ends=4).err


@pytest.mark.usefixtures("opened")
def test_what_aws_refuses_is_said(closed: Path, gate: Gate) -> None:
    assert "NoSuchBucket" in gate("archive", closed, "s3://nobodys-bucket", *VIA, ends=4).err
    gate("archive", closed, "s3://evidence", "--via", "rehearsal://", ends=4)
