"""The directories that are roots, the targets of module calls, and a working copy of a configuration."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from prodgate.report.diff.comparison import find_worse
from prodgate.report.placing import follow_verdict
from prodgate.terraform.core import advise
from prodgate.terraform.diagnostics import Diagnostic, TerraformError
from prodgate.terraform.evaluate import Given, open_configurations
from prodgate.terraform.flow import Flow
from prodgate.terraform.hcl import parse_text
from prodgate.terraform.moves import Move, find_renamed, follow_moves, read_moves
from prodgate.terraform.plan import find_unread_gaps
from prodgate.terraform.positions import Position
from prodgate.terraform.read_files import Place, list_places
from prodgate.terraform.resources import Configuration, Resource
from prodgate.terraform.sources import (
    MANIFEST,
    Module,
    Tree,
    find_in_folders,
    find_roots,
    leave_out_foreign,
    list_roots,
    read_tree,
)
from prodgate.terraform.working_copy import OVERRIDE, copy_tree, edit_source
from tests.prodgate.terraform.tree_files import TREES, Plant
from tests.trees import write_tree

from ..report.diff.test_comparison import judged
from ..report.samples import failing

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
    tree = read_tree(TREES / "shop" / "live", TREES)

    assert sorted(tree.modules) == ["", "module.alarm", "module.queue", "module.team", "module.topic"]


@pytest.mark.parametrize(
    ("listed", "known"),
    [('{"Modules": [{"Key": "a", "Dir": ".terraform/modules/a"}]}', True), ("[]", False), ("{", False)]
    # where init fetches nothing to, somebody else leads: to a copy that is better than what will be applied
    + [(f'{{"Modules": [{{"Key": "a", "Dir": "{each}"}}]}}', False)
       for each in ("good", ".terraform/modules/../../good", ".", ".terraform")],
)  # fmt: skip
def test_manifest_of_init_is_read_and_a_broken_one_counts_as_none(listed: str, plant: Plant, *, known: bool) -> None:
    called, place = 'module "a" {\n  source = "x/a/aws"\n}\n', ".terraform/modules/"
    root = plant({"main.tf": called, f"{place}modules.json": listed, f"{place}a/main.tf": EMPTY, "good/main.tf": EMPTY})

    tree = read_tree(root, root, lenient=True)

    assert sorted(tree.modules) == (["", "module.a"] if known else [""])
    assert (Place(root / MANIFEST) in list_places(tree)) == known


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

    copy = copy_tree(read_tree(tree / "prod", tree), scratch)

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
        f"prod/{OVERRIDE}": "file",
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
    write_tree(root, {name: text, "notes": "its own"})
    copy = copy_tree(read_tree(root, root), scratch)
    assert (copy.root / "notes").is_symlink()
    assert (copy.root.parent / "beside").is_symlink() is linked


def test_a_file_is_added_to_the_copy_alone(tmp_path: Path) -> None:
    (scratch := tmp_path / "scratch").mkdir()
    (root := tmp_path / "root").mkdir()
    (root / "main.tf").write_text('locals {\n  digest = filemd5("build/new.zip")\n}\n', "utf-8")
    (root / "build").mkdir()
    (root / "build/old.zip").write_bytes(b"old")
    (root / "gone.zip").symlink_to(tmp_path / "elsewhere.zip")
    copy = copy_tree(read_tree(root, root), scratch)

    added = ("build/new.zip", "./dist/inner/new.zip", "gone.zip", str(root / "more.zip"))
    assert [copy.add_file(name, b"new") for name in added] == [True] * 4
    assert [copy.add_file(name, b"new") for name in ("build/old.zip", f"{'../' * 99}tmp/new.zip")] == [False] * 2

    places = [copy.root / name for name in ("build/new.zip", "build/old.zip", "dist/inner/new.zip", "gone.zip")]
    assert [each.read_bytes() for each in places] == [b"new", b"old", b"new", b"new"]
    assert sorted(each.name for each in root.rglob("*")) == ["build", "gone.zip", "main.tf", "old.zip"]
    assert not (tmp_path / "elsewhere.zip").exists()


# Modules of registries and repositories are found in folders by the names that people keep them under.


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


# Modules of a registry are taken from a folder that holds copies, if they are those that are called.


def test_module_is_taken_from_a_folder_and_a_variable_from_an_option(tmp_path: Path) -> None:
    root = write_tree(
        tmp_path / "live",
        {
            "main.tf": 'variable "n" {\n  type = number\n}\nmodule "q" {\n'
            '  source  = "terraform-aws-modules/sqs/aws//modules/one"\n  version = "~> 4.0"\n  delay = var.n\n}\n'
        },
    )
    folder = write_tree(
        tmp_path / "copies",
        {
            "terraform-aws-modules/sqs/aws/modules/one/main.tf": 'variable "delay" {}\nresource "aws_sqs_queue" "this" {\n'
            '  name = file("${path.module}/name.txt")\n  delay_seconds = var.delay\n}\n',
            "terraform-aws-modules/sqs/aws/modules/one/name.txt": "one",
        },
    )

    (found,) = open_configurations(root, given=Given(variables=["n=7"], modules=[folder]))

    assert found.complete, found.gaps
    (queue,) = found.of("aws_sqs_queue")
    assert (queue.address, queue.text("name"), queue.number("delay_seconds")) == (
        "module.q.aws_sqs_queue.this",
        "one",
        7,
    )


@pytest.mark.parametrize("source", ["mallory/queue/aws", "git::https://example.com/mallory/queue.git?ref=v1"])
def test_copy_that_has_the_name_alone_is_judged_and_a_gap(source: str, tmp_path: Path) -> None:
    root = write_tree(tmp_path / "live", {"main.tf": f'module "q" {{\n  source = "{source}"\n}}\n'})
    folder = write_tree(tmp_path / "copies", {"queue/main.tf": 'resource "aws_sqs_queue" "this" {}\n'})

    (found,) = open_configurations(root, given=Given(modules=[folder]))

    assert [each.address for each in found.resources] == ["module.q.aws_sqs_queue.this"]
    ((subject, reason),) = [(gap.subject, gap.reason) for gap in found.gaps]
    assert subject == "module.q"
    assert "may be another module than" in reason


def test_copy_of_another_version_than_is_called_is_not_judged(tmp_path: Path) -> None:
    main = """
module "q" {
  source  = "acme/queue/aws"
  version = "~> 1.0"
  waits   = 7
}
module "r" {
  source = "acme/queue/aws"
}
resource "aws_sns_topic" "t" {
  name = module.r.queue_name
}
"""
    root = write_tree(tmp_path / "live", {"main.tf": main})
    queue = (
        'resource "aws_sqs_queue" "this" {\n  name = "q"\n}\noutput "name" {\n  value = aws_sqs_queue.this.name\n}\n'
    )
    folder = write_tree(tmp_path / "copies", {"queue/main.tf": queue})

    (found,) = open_configurations(root, given=Given(modules=[folder]))

    assert {gap.subject for gap in found.gaps} == {"module.q", "module.r"}
    assert all("the copy that --modules names is of another version" in gap.reason for gap in found.gaps)
    assert [each.address for each in found.resources] == ["aws_sns_topic.t"]


# A resource that a ``moved`` block gave another address is the same one.

QUEUE = Move("", "aws_sqs_queue.old", "module.jobs.aws_sqs_queue.this")


@pytest.mark.parametrize(
    ("move", "was", "now"),
    [
        (QUEUE, "aws_sqs_queue.old", "module.jobs.aws_sqs_queue.this"),
        (QUEUE, 'aws_sqs_queue.old["a"]', 'module.jobs.aws_sqs_queue.this["a"]'),
        (QUEUE, "aws_sqs_queue.older", "aws_sqs_queue.older"),
        (QUEUE, "aws_sqs_queue.old-one", "aws_sqs_queue.old-one"),
        (QUEUE, "module.x.aws_sqs_queue.old", "module.x.aws_sqs_queue.old"),
        (QUEUE, "shared with aws_sqs_queue.old", "shared with module.jobs.aws_sqs_queue.this"),
        (Move("", "module.a", "module.b"), "module.a.aws_sqs_queue.x[0]", "module.b.aws_sqs_queue.x[0]"),
        (Move("", "aws_sqs_queue.q[0]", 'aws_sqs_queue.q["a"]'), "aws_sqs_queue.q[0]", 'aws_sqs_queue.q["a"]'),
        (
            Move("module.m.module.n", "aws_sqs_queue.old", "aws_sqs_queue.new"),
            'module.m["eu"].module.n.aws_sqs_queue.old',
            'module.m["eu"].module.n.aws_sqs_queue.new',
        ),
    ],
)
def test_an_address_is_followed(move: Move, was: str, now: str) -> None:
    assert follow_moves(was, [move]) == now


def test_moves_are_followed_one_after_the_other_and_never_for_ever() -> None:
    chain = [Move("", f"aws_sqs_queue.{a}", f"aws_sqs_queue.{b}") for a, b in ("bc", "ab")]
    assert follow_moves("aws_sqs_queue.a", chain) == "aws_sqs_queue.c"
    circle = [Move("", f"aws_sqs_queue.{a}", f"aws_sqs_queue.{b}") for a, b in ("ab", "ba")]
    assert follow_moves("aws_sqs_queue.a", circle).startswith("aws_sqs_queue.")


def test_moves_are_read_of_every_module_and_of_json(tmp_path: Path) -> None:
    write_tree(
        tmp_path,
        {
            "main.tf": 'module "jobs" {\n  source = "./jobs"\n}\n'
            'moved {\n  from = aws_sqs_queue.a["x"]\n  to   = module.jobs.aws_sqs_queue.b\n}\n',
            "jobs/main.tf": "moved {\n  from = aws_sqs_queue.b\n  to = aws_sqs_queue.c\n}\n",
            "jobs/more.tf.json": '{"moved": [{"from": "aws_sqs_queue.c", "to": "aws_sqs_queue.d"}]}',
        },
    )
    assert set(read_moves(tmp_path)) == {
        Move("", 'aws_sqs_queue.a["x"]', "module.jobs.aws_sqs_queue.b"),
        Move("module.jobs", "aws_sqs_queue.b", "aws_sqs_queue.c"),
        Move("module.jobs", "aws_sqs_queue.c", "aws_sqs_queue.d"),
    }
    plan = tmp_path / "plan.json"
    plan.write_text("{}")
    assert read_moves(plan) == ()


def test_a_fault_that_moved_with_its_resource_is_not_new() -> None:
    before, after = failing("c", "aws_sqs_queue.old"), failing("c", "module.jobs.aws_sqs_queue.this")
    assert find_worse(judged(before), judged(after), since="main").verdict.decision.exit_code == 1
    found = find_worse(follow_verdict(judged(before), [QUEUE]), judged(after), since="main")
    assert (found.verdict.decision.exit_code, found.standing, found.gone) == (0, 1, ())


def declared(**queues: str) -> Configuration:
    made = [
        Resource(address=f"aws_sqs_queue.{key}", type="aws_sqs_queue", name=key, values={"name": name})
        for key, name in queues.items()
    ]
    return Configuration(root="here", engine="none", resources=made)


def test_what_is_declared_alike_under_another_address_is_a_rename() -> None:
    renamed = find_renamed([declared(old="jobs", kept="kept")], [declared(new="jobs", kept="kept", other="x")])
    assert list(renamed) == [("aws_sqs_queue.old", "aws_sqs_queue.new")]
    assert list(find_renamed([declared(old="jobs")], [declared(old="jobs", copy="jobs")])) == []


# ── A copy of a configuration: its edits, removals and additions

# The edits that let one plan decide everything keep every line where it was.

SOURCE = """\
resource "aws_sns_topic" "t" {
  name = "t"
  provisioner "local-exec" {
    command = "rm -rf /"
  }
  lifecycle {
    postcondition {
      condition     = self.arn != ""
      error_message = "no"
    }
  }
}
data "aws_iam_policy_document" "d" {
  depends_on = [
    aws_sns_topic.t,
  ]
  statement {
    resources = ["${aws_sns_topic.t.arn}/*", aws_sns_topic.elsewhere.arn]
  }
}
module "m" {
  source     = "./m"
  depends_on = [aws_sns_topic.t]
}
"""


def edit(text: str, references: list[str] | None = None, *, conditions: bool = True, unread: Sequence[str] = ()) -> str:
    source = parse_text(text.encode(), "main.tf")
    module = Module(Path(), (source,))
    tree = Tree(Path(), {"": module}, {Path(): dict.fromkeys(unread, "")})
    return edit_source(source, module, tree, [] if references is None else references, conditions=conditions).decode()


def test_data_names_managed_resources_through_local_values() -> None:
    references: list[str] = []

    text = edit(SOURCE, references)

    assert references == ["aws_sns_topic.t"]
    assert '["${local.prodgate_reference_0.arn}/*", aws_sns_topic.elsewhere.arn]' in text


def test_what_would_put_off_or_run_something_is_blank() -> None:
    text = edit(SOURCE)

    assert [word for word in ("depends_on", "provisioner", "rm -rf", "postcondition") if word in text] == [
        "postcondition"
    ]


def test_conditions_go_when_asked_and_every_line_stays() -> None:
    before, after = SOURCE.splitlines(), edit(SOURCE, conditions=False).splitlines()

    assert [line for line in after if "postcondition" in line or "error_message" in line] == []
    assert len(after) == len(before)
    assert after[18:22] == before[18:22]


def test_text_that_core_will_refuse_is_left_as_it_is() -> None:
    text = 'data "x" "y" {\n  depends_on = [\n'

    assert edit(text) == text


def test_what_was_taken_out_is_named_no_more() -> None:
    text = """\
module "m" {
  source = "far/away"
}
resource "aws_sns_topic" "t" {
  name       = "x-${module.m.name}"
  depends_on = [module.m]
  lifecycle {
    replace_triggered_by = [data.aws_region.here]
  }
}
data "aws_region" "here" {}
output "o" {
  value = [data.aws_region.here.name, module.m[0].ids, aws_sns_topic.t.arn]
}
moved {
  from = module.l
  to   = module.m
}
"""
    after = edit(text, unread=["module.m", "data.aws_region.here"])

    assert [line.strip() for line in after.splitlines() if line.strip()] == [
        'resource "aws_sns_topic" "t" {',
        'name       = "x-${local.prodgate_unread.name}"',
        "lifecycle {",
        "}",
        "}",
        'output "o" {',
        "value = [local.prodgate_unread.name, local.prodgate_unread[0].ids, aws_sns_topic.t.arn]",
        "}",
    ]
    assert len(after.splitlines()) == len(text.splitlines())


# Blocks and files of newer cores that declare nothing are without effect, and OpenTofu's own are told.

ACTION = """\
action "aws_lambda_invoke" "told" {
  config {
    function_name = "f"
  }
}
resource "aws_sqs_queue" "q" {
  lifecycle {
    prevent_destroy = true
    action_trigger {
      events  = [after_create]
      actions = [action.aws_lambda_invoke.told]
    }
  }
}
"""
CHECK = """
check "site" {
  data "%s" "site" {
    url = "https://example.com"
  }
  assert {
    condition     = data.%s.site.id != ""
    error_message = "down"
  }
}
"""


def test_actions_run_something_and_declare_nothing() -> None:
    text = edit(ACTION)

    assert "action" not in text
    assert 'resource "aws_sqs_queue" "q"' in text
    assert "prevent_destroy = true" in text
    assert text.count("\n") == ACTION.count("\n")


@pytest.mark.parametrize(("kind", "left_out"), [("http", True), ("aws_caller_identity", False)])
def test_a_check_by_a_provider_that_nobody_knows_is_left_out(tmp_path: Path, kind: str, left_out: bool) -> None:
    (tmp_path / "main.tf").write_text(CHECK % (kind, kind))

    tree = leave_out_foreign(read_tree(tmp_path, tmp_path), ("registry.terraform.io/hashicorp/aws",))

    assert tree.is_unread("", "check.site") is left_out
    assert [*find_unread_gaps(Flow(tree))] == []


def test_core_is_given_no_tests_queries_and_stacks(tmp_path: Path) -> None:
    root, scratch = tmp_path / "root", tmp_path / "scratch"
    (root / "tests").mkdir(parents=True)
    scratch.mkdir()
    for name in ("main.tf", "a.tftest.hcl", "b.tftest.json", "c.tofutest.hcl", "d.tfquery.hcl", "e.tfdeploy.hcl"):
        (root / name).write_text("")
    for name in ("f.tftest.hcl", "data.json"):
        (root / "tests" / name).write_text("")

    copied = copy_tree(read_tree(root, root), scratch).root

    ours = {each.relative_to(copied).as_posix() for each in copied.rglob("*") if "prodgate" not in each.name}
    assert ours == {"main.tf", "tests", "tests/data.json"}


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        (
            'provider "aws" {\n  for_each = {}\n}\n',
            2,
            'Reserved argument name; The provider argument name "for_each" is',
        ),
        ("terraform {\n  encryption {\n  }\n}\n", 2, 'Unsupported block type; Blocks of type "encryption" are not'),
        (
            'resource "aws_sqs_queue" "q" {\n  lifecycle {\n    enabled = false\n  }\n}\n',
            3,
            'Unsupported argument; An argument named "enabled" is not expected here',
        ),
    ],
)
def test_what_opentofu_alone_has_is_told(tmp_path: Path, text: str, line: int, said: str) -> None:
    (tmp_path / "main.tf").write_text(text)
    summary, _, detail = said.partition("; ")

    (error,) = advise([Diagnostic("error", summary, detail, Position("main.tf", line))], read_tree(tmp_path, tmp_path))

    assert error.detail.endswith("OpenTofu alone has this: put `tofu` on PATH, or set PRODGATE_TERRAFORM to it")


def test_an_argument_of_a_resource_that_is_called_enabled_is_the_providers(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text('resource "aws_sqs_queue" "q" {\n  enabled = false\n}\n')
    unknown = Diagnostic("error", "Unsupported argument", 'An argument named "enabled" is', Position("main.tf", 2))

    (error,) = advise([unknown], read_tree(tmp_path, tmp_path))

    assert "AWS provider" in error.detail


def test_a_stack_is_no_root(tmp_path: Path) -> None:
    (tmp_path / "main.tfcomponent.hcl").write_text("")

    with pytest.raises(TerraformError, match="declares a stack; name the folder of one of its components"):
        list_roots(tmp_path)


def test_a_module_that_is_judged_alone_is_handed_the_providers_that_it_asks_for(tmp_path: Path) -> None:
    root, scratch = tmp_path / "root", tmp_path / "scratch"
    root.mkdir()
    scratch.mkdir()
    (root / "main.tf").write_text(
        "terraform {\n  required_providers {\n    aws = {\n"
        "      configuration_aliases = [aws.edge, aws.home]\n    }\n"
        "    datadog = {\n      configuration_aliases = [datadog.other]\n    }\n  }\n}\n"
        'provider "aws" {\n  alias = "home"\n}\n'
    )

    tree = leave_out_foreign(read_tree(root, root), ("registry.terraform.io/hashicorp/aws",))
    copied = copy_tree(tree, scratch).root

    assert (copied / "zzzz_prodgate.tf").read_text() == 'provider "aws" {\n  alias = "edge"\n}\n'
