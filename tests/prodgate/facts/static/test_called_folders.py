"""The code that goals name: read file by file, and what can't be read is said."""

from __future__ import annotations

import os
from pathlib import Path

from prodgate.facts.static.called.folders import code_facts, observe_code

CALLING = "import boto3\nboto3.client('s3').get_object()"


def test_files_are_read_by_their_place_in_the_repository_and_tests_are_left_out(tmp_path: Path) -> None:
    for name, text in (
        ("jobs/a.py", CALLING),
        ("jobs/in/b.py", "import jobs"),
        ("jobs/tests/c.py", "("),
        ("one.py", CALLING),
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, "utf-8")
    folder, file = code_facts(observe_code(tmp_path, ["jobs/", "one.py"]))
    assert folder.calls == (("client", "s3", "get_object", "jobs/a.py:2"),)
    assert folder.unseen == (("jobs/in/b.py:1", "imports jobs, and what that calls of AWS is not known; name it under 'quiet' if it is nothing", "jobs"),)  # fmt: skip
    assert (file.subject, file.calls) == ("one.py", (("client", "s3", "get_object", "one.py:2"),))


def test_what_can_not_be_read_is_said(tmp_path: Path) -> None:
    jobs = tmp_path / "jobs"
    jobs.mkdir()
    (jobs / "binary.py").write_bytes(b"\xff\xfe")
    (jobs / "large.py").write_text("#" * 1_000_001, "utf-8")
    os.mkfifo(jobs / "pipe.py")
    (jobs / "gone.py").symlink_to("nowhere.py")
    (tmp_path / "elsewhere").mkdir()
    (jobs / "linked").symlink_to(tmp_path / "elsewhere")
    found, missing = code_facts(observe_code(tmp_path, ["jobs", "nothing"]))
    said = {place: why for place, why, _ in found.unseen}
    assert said.keys() == {"jobs/binary.py", "jobs/gone.py", "jobs/large.py", "jobs/linked", "jobs/pipe.py"}
    assert "is larger than 1,000,000 bytes" in said["jobs/large.py"]
    assert "is no regular file" in said["jobs/pipe.py"]
    assert missing.unseen == (("nothing", "holds no Python file", ""),)


def test_what_an_earlier_version_kept_says_what_it_did_not_look_for() -> None:
    (folder,) = code_facts({"jobs": {"calls": [], "unread": []}})
    assert folder.named == ()
    assert [(place, "observe it again" in why) for place, why, _ in folder.unseen] == [("jobs", True)]
