"""Which directories are roots, and where module calls lead."""

import json
from pathlib import Path

import pytest

from prodgate.terraform.sources import find_roots, read_manifest, read_tree
from prodgate.terraform.working_copy import copy_tree
from tests.prodgate.terraform.tree_files import TREES, Plant

EMPTY = "\n"


def test_directory_with_files_of_its_own_is_the_root(plant: Plant) -> None:
    tree = plant({"main.tf": EMPTY, "examples/a/main.tf": EMPTY})

    assert find_roots(tree) == (tree,)


def test_roots_below_are_those_that_nobody_calls(plant: Plant) -> None:
    tree = plant(
        {
            "environments/prod/main.tf": 'module "m" {\n  source = "../../modules/m"\n}\n',
            "modules/m/main.tf": 'module "n" {\n  source = "../n"\n}\n',
            "modules/n/main.tf": EMPTY,
            "modules/unused/main.tf": EMPTY,
            "node_modules/x/main.tf": EMPTY,
            ".terraform/modules/y/main.tf": EMPTY,
        }
    )

    assert [str(each.relative_to(tree)) for each in find_roots(tree)] == ["environments/prod", "modules/unused"]


def test_directory_that_links_to_itself_ends(plant: Plant) -> None:
    tree = plant({"a/main.tf": EMPTY})
    (tree / "a" / "loop").symlink_to(tree, target_is_directory=True)

    assert find_roots(tree) == (tree / "a",)


def test_every_path_of_calls_is_a_module() -> None:
    tree = read_tree(TREES / "shop" / "live", TREES, {})

    assert sorted(tree.modules) == ["", "module.alarm", "module.queue", "module.team", "module.topic"]


def test_manifest_of_init_is_read(tmp_path: Path) -> None:
    manifest = tmp_path / "modules.json"
    manifest.write_text(json.dumps({"Modules": [{"Key": "a.b", "Dir": ".terraform/modules/a.b"}]}), encoding="utf-8")

    assert read_manifest(tmp_path, manifest) == {"a.b": tmp_path / ".terraform/modules/a.b"}


def test_manifest_that_is_broken_counts_as_none(tmp_path: Path) -> None:
    manifest = tmp_path / "modules.json"
    manifest.write_text("[]", encoding="utf-8")

    assert read_manifest(tmp_path, manifest) == {}


def test_copy_is_made_of_links_but_for_what_is_edited(plant: Plant, tmp_path: Path) -> None:
    tree = plant(
        {
            ".git/HEAD": "ref: refs/heads/main\n",
            "prod/main.tf": 'module "m" {\n  source = "../m"\n  depends_on = []\n}\n',
            "prod/.terraform.lock.hcl": EMPTY,
            "prod/terraform.tfstate": "{}",
            "prod/terraform.tfstate.backup": "{}",
            "prod/files/big.bin": "0",
            "m/main.tf": EMPTY,
            "unrelated/huge": "0",
        }
    )
    scratch = tmp_path / "scratch"
    scratch.mkdir()

    copy = copy_tree(read_tree(tree / "prod", tree, {}), scratch)

    laid = {
        str(each.relative_to(copy.place)): "link" if each.is_symlink() else "directory" if each.is_dir() else "file"
        for each in copy.place.rglob("*")
        if not any(above.is_symlink() for above in each.parents)
    }
    assert laid == {
        "m": "directory",
        "m/main.tf": "link",
        "prod": "directory",
        "prod/files": "link",
        "prod/main.tf": "file",
        "prod/zzzz_prodgate_override.tf": "file",
    }


@pytest.mark.parametrize(
    ("name", "text", "linked"),
    [
        ("main.tf", 'resource "aws_sqs_queue" "q" {\n  name = "orders"\n}\n', False),
        ("main.tf", 'locals {\n  there = fileexists("../beside/notes")\n}\n', True),
        ("main.tf", 'locals {\n  there = file /* of notes */ ("../beside/notes")\n}\n', True),
        ("main.tf.json", '{"locals": {"there": "${fi\\u006ceexists(\\"../beside/notes\\")}"}}', True),
    ],
)
def test_what_lies_beside_a_root_is_linked_where_something_reads_files(
    tmp_path: Path, name: str, text: str, linked: bool
) -> None:
    (scratch := tmp_path / "scratch").mkdir()
    (tmp_path / "beside").mkdir()
    (root := tmp_path / "root").mkdir()
    (root / name).write_text(text, "utf-8")
    (root / "notes").write_text("its own", "utf-8")
    copy = copy_tree(read_tree(root, root, {}), scratch)
    assert (copy.root / "notes").is_symlink()
    assert (copy.root.parent / "beside").is_symlink() is linked
