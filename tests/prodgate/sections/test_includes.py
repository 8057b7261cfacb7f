"""Criteria in several files are the same criteria, and each mistake names the file that it stands in."""

from __future__ import annotations

import dataclasses
import os
import shutil
import subprocess
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prodgate.cli import main
from prodgate.criteria import CriteriaError
from prodgate.evidence import artifacts, runs
from prodgate.run.inputs import find_inputs
from prodgate.sections import includes
from prodgate.sections.criteria_file import CriteriaFile, load_criteria, parse_criteria
from prodgate.sections.project import open_project
from prodgate.sections.toml_text import read_text

from ..sample_run import ABOUT

TOP = """
system = "shop"
include = ["criteria/*.toml"]

[terraform]
root = "infra"

[requirements]
NET-1 = { asks = "Nothing is open", layers = ["static"] }
OPS-2 = { asks = "Backups are kept", layers = ["static"] }
"""
RECOVERY = """
[criteria.backup-retention]
statement = { en = "Backups are kept.", ja = "保持する。" }
why = "They are needed."
require = ">= 30 d"
source = "OPS-2"
layers = ["static"]
"""
NETWORK = """
[criteria.backup-copies]
statement = { en = "Copies are kept as long.", ja = "同じ期間保持する。" }
why = "A region is lost, too."
require = "{backup-retention}"
source = "OPS-2"
layers = ["static"]

[criteria.ports-closed]
statement = { en = "No port is open.", ja = "開放しない。" }
why = "Scanners find it."
source = "NET-1"
layers = ["static"]
""".replace('"{backup', '">= {backup')


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "shop"
    (folder / "criteria").mkdir(parents=True)
    (folder / "criteria.toml").write_text(TOP, "utf-8")
    (folder / "criteria" / "network.toml").write_text(NETWORK, "utf-8")
    (folder / "criteria" / "recovery.toml").write_text(RECOVERY, "utf-8")
    monkeypatch.chdir(folder)
    return folder


def unplaced(stated: CriteriaFile) -> CriteriaFile:
    """What is stated, without where."""
    return dataclasses.replace(stated, path=Path(), included=())


def test_several_files_state_what_one_would(shop: Path) -> None:
    one = TOP.replace('include = ["criteria/*.toml"]\n', "") + NETWORK + RECOVERY
    stated = load_criteria(shop / "criteria.toml")
    assert unplaced(stated) == unplaced(parse_criteria(one, Path("criteria.toml")))
    assert stated.included == ("criteria/network.toml", "criteria/recovery.toml")


def test_criteria_follow_the_requirements_whichever_file_states_them(shop: Path) -> None:
    assert list(load_criteria(Path("criteria.toml")).criteria) == ["ports-closed", "backup-copies", "backup-retention"]
    (shop / "criteria" / "network.toml").rename(shop / "criteria" / "zones.toml")
    assert list(load_criteria(Path("criteria.toml")).criteria) == ["ports-closed", "backup-retention", "backup-copies"]


def test_files_are_read_in_the_order_in_which_they_are_named(shop: Path) -> None:
    named = TOP.replace('"criteria/*.toml"', '"criteria/recovery.toml", "criteria/n*.toml"')
    (shop / "criteria.toml").write_text(named, "utf-8")
    assert load_criteria(Path("criteria.toml")).included == ("criteria/recovery.toml", "criteria/network.toml")
    assert list(load_criteria(Path("criteria.toml")).criteria)[1] == "backup-retention"


TABLES = [*NETWORK.split("\n\n"), RECOVERY, '[account]\nid = "123456789012"', "[repository]\nexempt = ['tests/*']"]
SETTINGS = [text for text in TOP.split("\n\n") if "[requirements]" in text or "[terraform]" in text]


@given(st.lists(st.integers(0, 3), min_size=len(TABLES + SETTINGS), max_size=len(TABLES + SETTINGS)))
def test_however_tables_are_shared_out_they_state_the_same(files: list[int]) -> None:
    texts = dict.fromkeys(range(4), "")
    for table, number in zip([*TABLES, *SETTINGS], files, strict=True):
        texts[number] += f"{table}\n\n"
    included = {f"{number}.toml": texts[number] for number in (1, 2, 3)}
    one = 'system = "shop"\n' + "\n\n".join([*TABLES, *SETTINGS])
    several = parse_criteria(f'system = "shop"\n{texts[0]}', Path("criteria.toml"), included)
    whole = parse_criteria(one, Path("criteria.toml"))
    assert unplaced(several) == unplaced(whole)


@pytest.mark.parametrize(
    ("text", "shares"),
    [
        ("[dags.a]\ncron = '@daily'", ("[dags.b]\ncron = '@daily'",)),
        ("[load]\nhosts = ['x']", ("[load.rehearsal]\nsteady = { rate = '1 /s' }",)),
    ],
)
def test_tables_within_a_section_come_together(text: str, shares: tuple[str, ...]) -> None:
    from prodgate.sections.includes import merge

    merged = merge(text, Path("criteria.toml"), {f"{number}.toml": each for number, each in enumerate(shares)})
    assert merged.data == tomllib.loads("\n".join((text, *shares)))
    assert merged.mistakes == ()


def link(target: str) -> Callable[[Path], None]:
    def made(path: Path) -> None:
        path.unlink(missing_ok=True)
        path.symlink_to(target)

    return made


def write(text: str) -> Callable[[Path], None]:
    return lambda path: path.write_bytes(text.encode()) and None


@pytest.mark.parametrize(
    ("include", "file", "made", "message"),
    [
        ("3", "", None, "criteria.toml: include: is 3; write a list of files, e.g. include = ["),
        ('"criteria/*.toml"', "", None, "criteria.toml: include: is 'criteria/*.toml'; write a list of files"),
        ('[""]', "", None, "criteria.toml: include: is ['']; write a list of files"),
        ('["criteria/*.tml"]', "", None, "criteria.toml: include: 'criteria/*.tml' matches no file; did you mean"),
        ('["rules/*.yaml"]', "", None, "include: 'rules/*.yaml' matches no file; write a file or a pattern, e.g. include = ["),
        ('["criteria/netwrk.toml"]', "", None, "'criteria/netwrk.toml' matches no file; did you mean 'criteria/network.toml'?"),
        ('["a\\u0000b/*.toml"]', "", None, "criteria.toml: include: holds the control character"),
        ('["../other/*.toml"]', "", None, "criteria.toml: include: '../other/*.toml' leads out of the folder of criteria.toml; write"),
        ('["/etc/*.conf"]', "", None, "criteria.toml: include: '/etc/*.conf' leads out of the folder of criteria.toml; write"),
        ('["criteria/*.toml"]', "criteria/far.toml", link("/etc/hostname"), "'criteria/far.toml' is a link to /etc/hostname, out of the folder of criteria.toml; put the file itself there"),
        ('["criteria/*.toml"]', "criteria/near.toml", link("network.toml"), "is included twice, by 'criteria/*.toml' and by 'criteria/*.toml'; include it once"),
        ('["criteria/*.toml"]', "criteria/gone.toml", link("nowhere.toml"), "criteria.toml: include: 'criteria/gone.toml' is no file; write"),
        ('["criteria/*.toml"]', "criteria/loop.toml", link("loop.toml"), "criteria.toml: include: 'criteria/loop.toml' is no file; write"),
        ('["criteria/*.toml"]', "criteria/pipe.toml", os.mkfifo, "criteria.toml: include: 'criteria/pipe.toml' is no file; write"),
        ('["criteria"]', "", None, "criteria.toml: include: 'criteria' is a folder; write the files in it, e.g. 'criteria/*.toml'"),
        ('["criteria/*"]', "criteria/old", Path.mkdir, "criteria.toml: include: 'criteria/old' is a folder; write the files in it"),
        ('["criteria/*.toml", "criteria/network.toml"]', "", None, "'criteria/network.toml' is included twice, by 'criteria/*.toml' and by 'criteria/network.toml'; include it once"),
        ('["criteria/network.toml", "./criteria//network.toml"]', "", None, "'criteria/network.toml' is included twice, by 'criteria/network.toml' and"),
        ('["criteria.toml"]', "", None, "criteria.toml: include: 'criteria.toml' includes criteria.toml itself; write a pattern that leaves it out"),
        ('["**/*.toml"]', "", None, "criteria.toml: include: '**/*.toml' includes criteria.toml itself; write"),
        ('["criteria/*.toml"]', "criteria/again.toml", link("../criteria.toml"), "includes criteria.toml itself; write"),
        ('["criteria/*.toml"]', "criteria/more.toml", write('include = ["recovery.toml"]'), "criteria/more.toml: include: is ['recovery.toml']; only the criteria file itself includes others, write it there"),
        ('["criteria/*.toml"]', "criteria/back.toml", write('include = ["../criteria.toml"]'), "criteria/back.toml: include: is ['../criteria.toml']; only the criteria file itself"),
        ('["criteria/*.toml"]', "criteria/latin.toml", lambda path: path.write_bytes(b"# caf\xe9"), "criteria/latin.toml: is not UTF-8 text: unexpected end of data at byte 5; save it as UTF-8"),
        ('["criteria/*.toml"]', "criteria/broken.toml", write("a = 1\n= 3"), "criteria/broken.toml: is not TOML: Invalid statement (at line 2, column 1)"),
        ('["criteria/*.toml"]', "criteria/twice.toml", write(RECOVERY), "criteria/twice.toml: criteria.backup-retention: is stated in criteria/recovery.toml, too; state it in one of the two"),
        ('["criteria/*.toml"]', "criteria/part.toml", write("[criteria.ports-closed]\nsamples = 3"), "criteria/part.toml: criteria.ports-closed: is stated in criteria/network.toml, too; state"),
        ('["criteria/*.toml"]', "criteria/twice.toml", write("[requirements]\nOPS-2 = { layers = [] }"), "criteria/twice.toml: requirements.OPS-2: is stated in criteria.toml, too; state it in one"),
        ('["criteria/*.toml"]', "criteria/twice.toml", write('[terraform]\nroot = "other"'), "criteria/twice.toml: terraform.root: is stated in criteria.toml, too; state it in one"),
        ('["criteria/*.toml"]', "criteria/twice.toml", write('terraform = "other"'), "criteria/twice.toml: terraform: is stated in criteria.toml, too; state it in one"),
        ('["criteria/*.toml"]', "criteria/twice.toml", write('system = "other"'), "criteria/twice.toml: system: is stated in criteria.toml, too; state it in one"),
        ('["criteria/*.toml"]', "criteria/twice.toml", write('[system]\nname = "other"'), "criteria/twice.toml: system: is stated in criteria.toml, too; state it in one"),
        ('["criteria/*.toml"]', "criteria/recovery.toml", write(f"{RECOVERY}sample = 3"), "criteria/recovery.toml: criteria.backup-retention.sample: is not a key; did you mean 'samples'?"),
        ('["criteria/*.toml"]', "criteria/recovery.toml", write(RECOVERY.replace("backup-retention", "backups")), "criteria/network.toml: criteria.backup-copies.require: {backup-retention} names no criterion"),
        ('["criteria/*.toml"]', "criteria/recovery.toml", write(RECOVERY.replace("OPS-2", "OPS-3")), "criteria/recovery.toml: criteria.backup-retention.source: 'OPS-3' is not a requirement"),
        ('["criteria/*.toml"]', "criteria/more.toml", write("[account]\nid = 3"), "criteria/more.toml: account: is {'id': 3}; write [account]"),
        ('["criteria/*.toml"]', "criteria/more.toml", write("[waivers.x]\n"), "criteria/more.toml: waivers: is not a section"),
        ('["criteria/*.toml"]', "criteria/more.toml", write("[terraform]\nvar_files = 3"), "criteria/more.toml: terraform.var_files: is 3; write a list of paths"),
    ],
)  # fmt: skip
def test_one_mistake_is_one_line_that_names_its_file(
    shop: Path,
    capsys: pytest.CaptureFixture[str],
    *,
    include: str,
    file: str,
    made: Callable[[Path], object] | None,
    message: str,
) -> None:
    (shop / "criteria.toml").write_text(TOP.replace('["criteria/*.toml"]', include), "utf-8")
    if made:
        made(shop / file)
    assert main(["run", "--only", "static"]) == 4
    told = capsys.readouterr().err
    assert message in told
    assert told.count("\n") == 1


def test_an_included_file_that_cannot_be_read_says_so(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(path: Path) -> str:
        if path.name == "recovery.toml":
            raise PermissionError(13, "Permission denied")
        return read_text(path)

    monkeypatch.setattr(includes, "read_text", denied)
    with pytest.raises(
        CriteriaError, match=r"^criteria/recovery\.toml: cannot be read: Permission denied; make it read"
    ):
        load_criteria(Path("criteria.toml"))


def test_an_absolute_place_in_a_link_above_the_project_is_no_way_out(shop: Path, tmp_path: Path) -> None:
    (tmp_path / "linked").symlink_to(shop)
    assert (
        load_criteria(tmp_path / "linked" / "criteria.toml").criteria.keys()
        == load_criteria(shop / "criteria.toml").criteria.keys()
    )


def test_a_link_to_a_criteria_file_does_not_move_the_project(shop: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "criteria.toml").symlink_to(shop / "criteria.toml")
    with pytest.raises(CriteriaError, match=r"'criteria/\*\.toml' matches no file"):
        load_criteria(other / "criteria.toml")
    (other / "criteria").symlink_to(shop / "criteria")
    with pytest.raises(CriteriaError, match="out of the folder of criteria.toml; put the file itself there"):
        load_criteria(other / "criteria.toml")
    (other / "criteria").unlink()
    shutil.copytree(shop / "criteria", other / "criteria")
    assert open_project(other / "criteria.toml").root == other


def test_files_behind_links_within_the_folder_are_read_as_a_cluster_mounts_them(shop: Path) -> None:
    (shop / "..data").mkdir()
    for name in ("criteria", "criteria.toml"):
        (shop / name).rename(shop / "..data" / name)
        (shop / name).symlink_to(f"..data/{name}")
    assert len(load_criteria(shop / "criteria.toml").criteria) == 3
    assert open_project(shop / "criteria.toml").root == shop


def test_all_mistakes_of_all_files_are_said_at_once(shop: Path) -> None:
    (shop / "criteria.toml").write_text(TOP.replace('root = "infra"', "rot = 3"), "utf-8")
    (shop / "criteria" / "more.toml").write_text(RECOVERY + "\n[acount]\n", "utf-8")
    (shop / "criteria" / "network.toml").write_text(NETWORK.replace('layers = ["static"]', 'layers = ["statik"]'))
    with pytest.raises(CriteriaError) as refused:
        load_criteria(Path("criteria.toml"))
    files = [line.split(": ")[0] for line in str(refused.value).splitlines()]
    assert sorted(set(files)) == [
        "criteria.toml",
        "criteria/more.toml",
        "criteria/network.toml",
        "criteria/recovery.toml",
    ]


def test_a_hidden_file_of_an_editor_is_not_included(shop: Path) -> None:
    (shop / "criteria" / ".#network.toml").symlink_to("someone@somewhere:123")
    assert len(load_criteria(Path("criteria.toml")).included) == 2


def test_a_run_keeps_every_file_and_needs_none_of_them_afterwards(shop: Path) -> None:
    run = runs.create(shop / "runs", ABOUT, Path("criteria.toml"), Path("waivers.toml"))
    before = load_criteria(Path("criteria.toml"))
    kept = {path.read_bytes() for path in (run / artifacts.FOLDER).iterdir()}
    assert {text.encode() for text in (TOP, NETWORK, RECOVERY)} <= kept
    shutil.rmtree(shop / "criteria")
    assert unplaced(runs.read(run).criteria) == unplaced(before)


def test_a_run_by_a_variant_that_includes_the_usual_file_keeps_both(shop: Path) -> None:
    usual = TOP.replace('include = ["criteria/*.toml"]\n', "") + RECOVERY
    (shop / "criteria.toml").write_text(usual, "utf-8")
    (shop / "strict.toml").write_text(f'include = ["criteria.toml"]\n{NETWORK}', "utf-8")
    run = runs.create(shop / "runs", ABOUT, Path("strict.toml"), Path("waivers.toml"))
    assert unplaced(runs.read(run).criteria) == unplaced(load_criteria(Path("strict.toml")))


def test_a_run_whose_included_criteria_were_changed_is_refused(shop: Path) -> None:
    run = runs.create(shop / "runs", ABOUT, Path("criteria.toml"), Path("waivers.toml"))
    (file,) = (path for path in (run / artifacts.FOLDER).iterdir() if path.read_bytes() == RECOVERY.encode())
    file.write_bytes(RECOVERY.replace("30 d", "1 d").encode())
    with pytest.raises(runs.RunError, match="CHANGED: evidence/"):
        runs.read(run)


def test_criteria_in_no_commit_are_changes(shop: Path) -> None:
    from prodgate.sections.project import open_project

    def git(*words: str) -> None:
        identity = ("-c", "user.name=a", "-c", "user.email=a@example.com")
        subprocess.run(["git", *identity, *words], cwd=shop, check=True, capture_output=True)

    git("init", "--quiet")
    git("add", "criteria.toml", "criteria/network.toml")
    git("commit", "--quiet", "--message", "criteria")
    (shop / "notes.txt").write_text("in no commit, and no criteria")
    assert find_inputs(open_project(Path("criteria.toml")), {}).commit.endswith("+changes")
    git("add", "criteria")
    git("commit", "--quiet", "--message", "all of them")
    assert len(find_inputs(open_project(Path("criteria.toml")), {}).commit) == 40
    (shop / "criteria" / "network.toml").write_text(NETWORK + "\n", "utf-8")
    assert find_inputs(open_project(Path("criteria.toml")), {}).commit.endswith("+changes")
