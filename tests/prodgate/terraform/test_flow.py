"""Values are followed to everything that decides them, including through templates."""

from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from prodgate.semantics.unresolved import Unknown
from prodgate.terraform.evaluate import evaluate
from prodgate.terraform.flow import explain_unread, write_templates
from prodgate.terraform.hcl import parse_text
from prodgate.terraform.resources import REDACTED
from tests.prodgate.terraform.tree_files import Plant
from tests.trees import write_tree

# Whatever way an account, a region or an ARN takes through an expression, nothing is believed that it decides.
#
# One plan evaluates all of it: a queue for each expression.

ROOT = """
data "aws_caller_identity" "c" {}
data "aws_region" "r" {}
data "aws_availability_zones" "z" {}
data "aws_partition" "p" {}
data "aws_caller_identity" "each" { for_each = toset(["a"]) }
data "aws_caller_identity" "count" { count = 1 }
data "aws_region" "each" { for_each = { "a" = 1 } }
resource "aws_sqs_queue" "other" { name = "other" }
resource "terraform_data" "t" { input = data.aws_caller_identity.c.account_id }
resource "terraform_data" "o" { input = { account = data.aws_caller_identity.c.account_id } }
resource "aws_ssm_parameter" "p" {
  name = "p"
  type = "String"
  value = data.aws_caller_identity.c.account_id
}
resource "aws_sqs_queue" "many" {
  for_each = toset(["a"])
  name     = "many"
}
resource "aws_sqs_queue" "counted" {
  count = 1
  name  = "counted"
}
variable "key" { default = "a" }
locals {
  obj    = { account = data.aws_caller_identity.c.account_id, region = data.aws_region.r.name, n = 5 }
  nested = { one = { two = [data.aws_caller_identity.c.account_id] } }
  list   = [for c in [data.aws_caller_identity.c] : c.account_id]
  map    = { for k, v in data.aws_caller_identity.each : k => v.account_id }
  arns   = { for k, q in aws_sqs_queue.many : k => q.arn }
  arnobj = { q = aws_sqs_queue.other.arn }
  whole  = data.aws_caller_identity.c
  queue  = aws_sqs_queue.other
  merged = merge({ a = 1 }, { account = data.aws_caller_identity.c.account_id })
  name   = "q-${data.aws_caller_identity.c.account_id}"
  arn    = aws_sqs_queue.other.arn
  tags   = { account = data.aws_caller_identity.c.account_id }
  table  = { "999999999999" = 60 }
  byid   = { for q in aws_sqs_queue.many : q.arn => 60 }
  zip    = zipmap(["a"], [data.aws_caller_identity.c.account_id])
}
module "m" {
  source = "./m"
  arn = aws_sqs_queue.other.arn
  account = data.aws_caller_identity.c.account_id
  everything = { account = data.aws_caller_identity.c.account_id, arn = aws_sqs_queue.other.arn }
}
module "e" {
  source = "./m"
  for_each = toset(["a"])
  arn = aws_sqs_queue.other.arn
  account = data.aws_caller_identity.c.account_id
  everything = { account = data.aws_caller_identity.c.account_id, arn = aws_sqs_queue.other.arn }
}
module "l" {
  source = "./m"
  count = 1
  arn = aws_sqs_queue.other.arn
  account = data.aws_caller_identity.c.account_id
  everything = { account = data.aws_caller_identity.c.account_id, arn = aws_sqs_queue.other.arn }
}
"""
MODULE = """
variable "arn" {}
variable "account" {}
variable "everything" {}
output "arn" { value = var.arn }
output "account" { value = var.account }
output "both" { value = { a = var.account, b = var.arn } }
output "list" { value = [for x in [var.account] : x] }
output "everything" { value = var.everything }
data "aws_caller_identity" "in" {}
output "mixed" { value = { kept = 60, arn = var.arn } }
output "own" { value = data.aws_caller_identity.in }
"""
#: How long messages are kept, decided by a stand-in.
DECIDED = {
    "each index": 'data.aws_caller_identity.each["a"].account_id == "999999999999" ? 60 : 1209600',
    "each index var": 'data.aws_caller_identity.each[var.key].account_id == "999999999999" ? 60 : 1209600',
    "count index": 'data.aws_caller_identity.count[0].account_id == "999999999999" ? 60 : 1209600',
    "count splat": 'data.aws_caller_identity.count[*].account_id == ["999999999999"] ? 60 : 1209600',
    "legacy splat": 'data.aws_caller_identity.count.*.account_id == ["999999999999"] ? 60 : 1209600',
    "legacy index": 'data.aws_caller_identity.count.0.account_id == "999999999999" ? 60 : 1209600',
    "region each": 'data.aws_region.each["a"].name == "eu-north-9" ? 60 : 1209600',
    "values": 'values(data.aws_caller_identity.each)[0].account_id == "999999999999" ? 60 : 1209600',
    "one": 'one(data.aws_caller_identity.count).account_id == "999999999999" ? 60 : 1209600',
    "for over data": 'contains([for c in data.aws_caller_identity.each : c.account_id], "999999999999") ? 60 : 1209600',
    "for if": 'length([for c in data.aws_caller_identity.each : 1 if c.account_id == "999999999999"]) == 1 ? 60 : 1209600',
    "for dyn key": 'length({ for c in [data.aws_caller_identity.c.account_id] : c => 1 if c == "999999999999" }) == 1 ? 60 : 1209600',
    "obj": 'local.obj.account == "999999999999" ? 60 : 1209600',
    "obj index": 'local.obj["account"] == "999999999999" ? 60 : 1209600',
    "obj var index": 'local.obj[var.key == "a" ? "account" : "region"] == "999999999999" ? 60 : 1209600',
    "nested": 'local.nested.one.two[0] == "999999999999" ? 60 : 1209600',
    "list": 'local.list[0] == "999999999999" ? 60 : 1209600',
    "map": 'local.map["a"] == "999999999999" ? 60 : 1209600',
    "map values": 'contains(values(local.map), "999999999999") ? 60 : 1209600',
    "whole": 'local.whole.account_id == "999999999999" ? 60 : 1209600',
    "merged": 'local.merged.account == "999999999999" ? 60 : 1209600',
    "zip": 'local.zip["a"] == "999999999999" ? 60 : 1209600',
    "table index": 'local.table[data.aws_caller_identity.c.account_id == "" ? "x" : "999999999999"]',
    "lookup by": "lookup(local.table, data.aws_caller_identity.c.account_id, 1209600)",
    "map by key": "try(local.table[data.aws_caller_identity.c.account_id], 1209600)",
    "tags": 'local.tags["account"] == "999999999999" ? 60 : 1209600',
    "text name": 'local.name == "q-999999999999" ? 60 : 1209600',
    "text interp": '"${data.aws_caller_identity.c.account_id}" == "999999999999" ? 60 : 1209600',
    "format": 'format("%s", data.aws_caller_identity.c.account_id) == "999999999999" ? 60 : 1209600',
    "join": 'join("", [data.aws_caller_identity.c.account_id]) == "999999999999" ? 60 : 1209600',
    "replace": 'replace(local.name, "q-", "") == "999999999999" ? 60 : 1209600',
    "replace num": 'tonumber(replace(data.aws_caller_identity.c.account_id, "/^0*([0-9]{6}).*$/", "1209600"))',
    "split": 'split("-", local.name)[1] == "999999999999" ? 60 : 1209600',
    "regex": 'can(regex("9999", local.name)) ? 60 : 1209600',
    "regexall": 'length(regexall("9999", local.name)) > 0 ? 60 : 1209600',
    "jsondecode": 'jsondecode(jsonencode(local.obj)).account == "999999999999" ? 60 : 1209600',
    "base64": 'base64decode(base64encode(data.aws_caller_identity.c.account_id)) == "999999999999" ? 60 : 1209600',
    "substr": 'substr(data.aws_caller_identity.c.account_id, 0, 1) == "9" ? 60 : 1209600',
    "strcontains": 'strcontains(local.name, "999999999999") ? 60 : 1209600',
    "tonumber": "tonumber(data.aws_caller_identity.c.account_id)",
    "arith": "tonumber(data.aws_caller_identity.c.account_id) + 0",
    "min": "min(tonumber(data.aws_caller_identity.c.account_id), 1209600)",
    "strlen": "length(local.name) == 13 ? 60 : 1209600",
    "arn split": 'split(":", aws_sqs_queue.other.arn)[4] == "999999999999" ? 60 : 1209600',
    "arn each": 'split(":", aws_sqs_queue.many["a"].arn)[4] == "999999999999" ? 60 : 1209600',
    "arn count": 'split(":", aws_sqs_queue.counted[0].arn)[4] == "999999999999" ? 60 : 1209600',
    "arn whole": 'strcontains(jsonencode(aws_sqs_queue.other), "999999999999") ? 60 : 1209600',
    "arn local whole": 'split(":", local.queue.arn)[4] == "999999999999" ? 60 : 1209600',
    "arn map": 'split(":", local.arns["a"])[4] == "999999999999" ? 60 : 1209600',
    "arn obj": 'split(":", local.arnobj.q)[4] == "999999999999" ? 60 : 1209600',
    "arn obj dyn": 'split(":", local.arnobj[var.key == "a" ? "q" : "q"])[4] == "999999999999" ? 60 : 1209600',
    "arn values": 'split(":", values(aws_sqs_queue.many)[0].arn)[4] == "999999999999" ? 60 : 1209600',
    "arn for": 'length([for q in aws_sqs_queue.many : q if strcontains(q.arn, "999999999999")]) > 0 ? 60 : 1209600',
    "arn for2": 'contains([for q in aws_sqs_queue.many : split(":", q.arn)[4]], "999999999999") ? 60 : 1209600',
    "arn splat": 'split(":", (aws_sqs_queue.counted[*].arn)[0])[4] == "999999999999" ? 60 : 1209600',
    "arn one": 'split(":", one(aws_sqs_queue.counted[*].arn))[4] == "999999999999" ? 60 : 1209600',
    "arn merge": 'split(":", merge(local.arnobj, {}).q)[4] == "999999999999" ? 60 : 1209600',
    "arn list": 'anytrue([for a in [aws_sqs_queue.other.arn] : strcontains(a, "999999999999")]) ? 60 : 1209600',
    "arn text": 'strcontains("x-${aws_sqs_queue.other.arn}", "999999999999") ? 60 : 1209600',
    "arn id": 'strcontains(aws_sqs_queue.other.id, "999999999999") ? 60 : 1209600',
    "arn url": 'strcontains(aws_sqs_queue.other.url, "999999999999") ? 60 : 1209600',
    "module account": 'module.m.account == "999999999999" ? 60 : 1209600',
    "module arn": 'split(":", module.m.arn)[4] == "999999999999" ? 60 : 1209600',
    "module both": 'module.m.both.a == "999999999999" ? 60 : 1209600',
    "module both arn": 'split(":", module.m.both.b)[4] == "999999999999" ? 60 : 1209600',
    "module list": 'module.m.list[0] == "999999999999" ? 60 : 1209600',
    "module everything": 'module.m.everything.account == "999999999999" ? 60 : 1209600',
    "module everything arn": 'split(":", module.m.everything.arn)[4] == "999999999999" ? 60 : 1209600',
    "module own": 'module.m.own.account_id == "999999999999" ? 60 : 1209600',
    "module whole": 'strcontains(jsonencode(module.m), "999999999999") ? 60 : 1209600',
    "module each account": 'module.e["a"].account == "999999999999" ? 60 : 1209600',
    "module each arn": 'split(":", module.e["a"].arn)[4] == "999999999999" ? 60 : 1209600',
    "module count account": 'module.l[0].account == "999999999999" ? 60 : 1209600',
    "module each var": 'module.e[var.key].account == "999999999999" ? 60 : 1209600',
    "module each own": 'module.e["a"].own.account_id == "999999999999" ? 60 : 1209600',
    "module values": 'values(module.e)[0].account == "999999999999" ? 60 : 1209600',
    "module for": 'contains([for m in module.e : m.account], "999999999999") ? 60 : 1209600',
    "module splat": 'module.l[*].account == ["999999999999"] ? 60 : 1209600',
    "zones length": "length(data.aws_availability_zones.z.names) == 6 ? 60 : 1209600",
    "partition": 'data.aws_partition.p.partition == "aws-cn" ? 60 : 1209600',
    "cond in list": '[data.aws_caller_identity.c.account_id] == ["999999999999"] ? 60 : 1209600',
    "obj eq": '{ a = data.aws_caller_identity.c.account_id } == { a = "999999999999" } ? 60 : 1209600',
    "index list by": '[1209600, 60][data.aws_caller_identity.c.account_id == "999999999999" ? 1 : 0]',
    "heredoc": 'trimspace(<<-T\n${data.aws_caller_identity.c.account_id}\nT\n) == "999999999999" ? 60 : 1209600',
    "template if": 'tonumber("%{ if data.aws_caller_identity.c.account_id == "999999999999" }60%{ else }1209600%{ endif }")',
    "template for": 'tonumber("%{ for c in [data.aws_caller_identity.c.account_id] }%{ if c == "999999999999" }60%{ else }1209600%{ endif }%{ endfor }")',
    "templatefile": 'templatefile("t.tpl", { a = data.aws_caller_identity.c.account_id }) == "999999999999" ? 60 : 1209600',
    "sort": 'element(sort([data.aws_caller_identity.c.account_id, "1209600"]), 0)',
    "element by": "element([1209600, 60], tonumber(data.aws_caller_identity.c.account_id) % 2 == 1 ? 1 : 0)",
    "coalesce": 'coalesce(data.aws_caller_identity.c.account_id, "") == "999999999999" ? 60 : 1209600',
    "distinct": 'length(distinct([data.aws_caller_identity.c.account_id, "123456789012"])) == 1 ? 60 : 1209600',
    "setunion": 'length(setunion([data.aws_caller_identity.c.account_id], ["123456789012"])) == 1 ? 60 : 1209600',
    "toset": 'length(toset([data.aws_caller_identity.c.account_id, "123456789012"])) == 1 ? 60 : 1209600',
    "merge keys": 'length(keys(merge({ (data.aws_caller_identity.c.account_id) = 1 }, { "123456789012" = 1 }))) == 1 ? 60 : 1209600',
    "each nested for": 'anytrue(flatten([for k, v in local.nested : [for x in v.two : x == "999999999999"]])) ? 60 : 1209600',
    "concat idx": 'concat(["a"], [data.aws_caller_identity.c.account_id])[1] == "999999999999" ? 60 : 1209600',
    "cidrsubnet": 'cidrhost("10.0.0.0/8", tonumber(substr(data.aws_caller_identity.c.account_id,0,2))) == "10.0.0.99" ? 60 : 1209600',
    "arn tonumber split": 'tonumber(split(":", aws_sqs_queue.other.arn)[4])',
    "arn replace regex": 'tonumber(replace(aws_sqs_queue.other.arn, "/^.*$/", "1209600"))',
    "arn replace lit": 'replace(aws_sqs_queue.other.arn, "999999999999", "x") != aws_sqs_queue.other.arn ? 60 : 1209600',
    "arn try regex": 'try(tonumber(regex("999999999999", aws_sqs_queue.other.arn)), 1209600)',
    "try regex text": 'try(tonumber(regex(":(99):", "${aws_sqs_queue.other.arn}")[0]), 1209600)',
    "zip try": 'try(zipmap([data.aws_caller_identity.c.account_id], [60])["999999999999"], 1209600)',
    "obj try": 'try({ (data.aws_caller_identity.c.account_id) = 60 }["999999999999"], 1209600)',
    "obj try arn": 'try({ (split(":", aws_sqs_queue.other.arn)[4]) = 60 }["999999999999"], 1209600)',
    "for key arn": 'try({ for q in aws_sqs_queue.many : split(":", q.arn)[4] => 60 }["999999999999"], 1209600)',
    "for group": 'length({ for q in [aws_sqs_queue.other.arn, "x"] : split(":", "${q}:::::")[4] => q... }) == 1 ? 60 : 1209600',
    "null cond": '(data.aws_caller_identity.c.account_id == "9" ? null : 5) == null ? 60 : 1209600',
    "coalesce null": 'coalesce(data.aws_caller_identity.c.account_id == "9" ? 60 : null, 1209600)',
    "not": '!(data.aws_caller_identity.c.account_id != "9") ? 60 : 1209600',
    "and": 'true && data.aws_caller_identity.c.account_id == "9" ? 60 : 1209600',
    "index expr": "[1209600, 60][length(data.aws_caller_identity.c.account_id) - 12]",
    "formatlist": 'formatlist("%s", [data.aws_caller_identity.c.account_id])[0] == "9" ? 60 : 1209600',
    "setproduct": 'setproduct(["a"], [data.aws_caller_identity.c.account_id])[0][1] == "9" ? 60 : 1209600',
    "chunklist": 'chunklist([data.aws_caller_identity.c.account_id], 1)[0][0] == "9" ? 60 : 1209600',
    "transpose": "length(transpose({ a = [data.aws_caller_identity.c.account_id] })) == 2 ? 60 : 1209600",
    "startswith": 'startswith(data.aws_caller_identity.c.account_id, "9") ? 60 : 1209600',
    "urlencode": 'urlencode(data.aws_caller_identity.c.account_id) == "9" ? 60 : 1209600',
    "upper": 'upper(data.aws_region.r.name) == "X" ? 60 : 1209600',
    "csv": 'csvdecode("a\\n${data.aws_caller_identity.c.account_id}")[0].a == "9" ? 60 : 1209600',
    "nonsens": 'nonsensitive(data.aws_caller_identity.c.account_id) == "9" ? 60 : 1209600',
    "td": 'terraform_data.t.output == "9" ? 60 : 1209600',
    "td obj": 'terraform_data.o.output.account == "9" ? 60 : 1209600',
    "td in": 'terraform_data.o.input.account == "9" ? 60 : 1209600',
    "tdr": 'terraform_data.o.id == "9" ? 60 : 1209600',
    "ssm": 'aws_ssm_parameter.p.value == "9" ? 60 : 1209600',
    "lookup key": 'lookup({ for q in aws_sqs_queue.many : split(":", q.arn)[4] => 60 }, "999999999999", 1209600)',
    "dyn key": 'try({ for q in aws_sqs_queue.many : split(":", q.arn)[4] => 60 }[var.key], 1209600)',
    "local key": 'try(local.byid["999999999999"], 1209600)',
    "local key q": "try(local.byid[var.key], 1209600)",
}
#: How long messages are kept, without a stand-in's influence.
STATED = {
    "field beside it": "local.obj.n == 5 ? 60 : 1209600",
    "field of a loop": "[for k, v in { a = local.obj } : v.n][0]",
    "field of a module": "module.m.mixed.kept",
    "null": "local.obj.account == null ? 1209600 : 60",
    "null of an arn": "aws_sqs_queue.other.arn == null ? 1209600 : 60",
    "null in a conjunction": "var.key != null && aws_sqs_queue.other.arn != null ? 60 : 1209600",
    "length of a list": "length([aws_sqs_queue.other.arn]) == 1 ? 60 : 1209600",
    "length of an object": "length(local.arnobj) == 1 ? 60 : 1209600",
    "keys of instances": 'contains(keys(aws_sqs_queue.many), "a") ? 60 : 1209600',
    "key of a loop": 'contains([for k, q in aws_sqs_queue.many : k], "a") ? 60 : 1209600',
    "number of instances": "length(aws_sqs_queue.many) == 1 ? 60 : 1209600",
    "compact": "length(compact([aws_sqs_queue.other.arn])) == 1 ? 60 : 1209600",
    "other element": "[5, aws_sqs_queue.other.arn][0]",
    "merged beside it": "merge(local.arnobj, { kept = 60 }).kept",
    "looked up beside it": 'lookup({ kept = 60, arn = 5 }, "kept", 5)',
}


def evaluate_all(folder: Path, expressions: Mapping[str, str]) -> dict[str, object]:
    queues = [
        f'resource "aws_sqs_queue" "v{n}" {{\n  name = "v{n}"\n  message_retention_seconds = {written}\n}}\n'
        for n, written in enumerate(expressions.values())
    ]
    write_tree(folder, {"m/main.tf": MODULE, "t.tpl": "${a}", "main.tf": ROOT + "".join(queues)})
    found = {each.name: each.values["message_retention_seconds"] for each in evaluate(folder).of("aws_sqs_queue")}
    return {name: found[f"v{number}"] for number, name in enumerate(expressions)}


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, object]:
    return evaluate_all(tmp_path_factory.mktemp("decisions"), {**DECIDED, **STATED})


@pytest.mark.parametrize("name", DECIDED)
def test_what_a_stand_in_decides_is_unknown(found: Mapping[str, object], name: str) -> None:
    assert isinstance(found[name], Unknown), f"{DECIDED[name]} is believed to be {found[name]}"


@pytest.mark.parametrize("name", STATED)
def test_what_is_stated_is_known_whatever_stands_beside_it(found: Mapping[str, object], name: str) -> None:
    assert found[name] in (5, 60), f"{STATED[name]} is {found[name]}"


# What a template does with a name, it does with what that name is given.

#: Each worker would evaluate the shared tree.
pytestmark = pytest.mark.xdist_group("templates")

OTHER = 'resource "aws_sqs_queue" "other" {\n  name = "other"\n}\n'
GIVEN = "{ a = aws_sqs_queue.other.arn, o = { arn = aws_sqs_queue.other.arn, n = 5 }, l = [aws_sqs_queue.other.arn], s = 1 }"
DECIDING = {
    "if": '%{ if strcontains(a, "9") }x%{ else }y%{ endif }',
    "if over lines": '%{ if a == "x" ~}\nx\n%{ endif ~}\ny',
    "cut": '${split(":", a)[4]}',
    "field": '${substr(o.arn, 0, 30)}',
    "index": '${element(split(":", l[0]), 4)}',
    "loop": '%{ for each in l }%{ if each == "x" }x%{ endif }%{ endfor }',
    "loop inside": '${join("", [for each in l : split(":", each)[4]])}',
    "conditional": '${a == "x" ? "x" : "y"}',
    "looked up": '${lookup({ x = "y" }, a, "z")}',
    "quoted": '{ "a": "${sha256(a)}" }',
}  # fmt: skip
HANDING_ON = {
    "as it is": "q-${a}",
    "another": '%{ if s == 1 }x%{ else }${o.n}%{ endif }',
    "field beside it": '${o.n == 5 ? "x" : "y"}',
    "loop": "%{ for each in l }${each}\n%{ endfor }",
    "quoted": '{ "a": "${a}", "b": "\\"$${a}" }',
    "is it there": '%{ if a != null }x%{ endif }',
    "its own names": '%{ for a in ["x"] }${upper(a)}%{ endfor }',
}  # fmt: skip


PLAIN = 'templatefile("${path.module}/t.tftpl", GIVEN)'
CALLS = [
    'upper(templatefile("t.tftpl", GIVEN))',
    '"x-${templatefile("t.tftpl", merge({ z = 1 }, GIVEN))}"',
    'core::templatefile("${path.root}/t.tftpl", GIVEN)',
    '[for each in [GIVEN] : templatefile("t.tftpl", each)][0]',
    'true ? templatefile("t.tftpl", GIVEN) : ""',
]
NESTED = 'templatefile("t.tftpl", { a = templatefile("t.tftpl", GIVEN) })'
FIRST = '${split(":", a)[0]}'
#: Call and template.
CASES = [
    *((PLAIN, template) for template in (*DECIDING.values(), *HANDING_ON.values())),
    *((call, template) for call in CALLS for template in (DECIDING["cut"], HANDING_ON["as it is"])),
    (NESTED, FIRST),
    (NESTED, "${a}"),
]
Names = Mapping[tuple[str, str], object]


@pytest.fixture(scope="module")
def names(plant_once: Plant) -> Names:
    """The name that each template makes by each call, all of them in one tree."""
    files = {"main.tf": OTHER}
    for number, (call, template) in enumerate(CASES):
        files[f"t{number}.tftpl"] = template
        name = call.replace("GIVEN", GIVEN).replace("t.tftpl", f"t{number}.tftpl")
        files["main.tf"] += f'resource "aws_sqs_queue" "q{number}" {{\n  name = {name}\n}}\n'
    found = {each.name: each.values["name"] for each in evaluate(plant_once(files)).of("aws_sqs_queue")}
    return {case: found[f"q{number}"] for number, case in enumerate(CASES)}


@pytest.mark.parametrize("name", DECIDING)
def test_what_a_template_decides_by_an_arn_is_unknown(names: Names, name: str) -> None:
    assert isinstance(names[PLAIN, DECIDING[name]], Unknown)


@pytest.mark.parametrize("name", HANDING_ON)
def test_what_a_template_hands_on_is_known(names: Names, name: str) -> None:
    assert isinstance(names[PLAIN, HANDING_ON[name]], str)


@pytest.mark.parametrize("call", CALLS)
def test_wherever_the_call_stands(names: Names, call: str) -> None:
    assert isinstance(names[call, DECIDING["cut"]], Unknown)
    assert isinstance(names[call, HANDING_ON["as it is"]], str)


@pytest.mark.parametrize(
    "path",
    ["local.t", '"${local.t}"', '"missing.tftpl"', '"${path.module}/${"t"}.tftpl"', '"binary.tftpl"', '"large.tftpl"'],
)
def test_a_template_that_cant_be_told_is_left_as_it_is(tmp_path: Path, path: str) -> None:
    write_tree(tmp_path, {"t.tftpl": "${a}", "binary.tftpl": b"\xff\xfe${a}", "large.tftpl": "x" * 1_000_001})
    source = parse_text(f"locals {{\n  a = templatefile({path}, {{ a = 1 }})\n}}\n".encode(), "main.tf")

    assert write_templates(source, tmp_path, tmp_path).text == source.text


def test_a_template_that_core_would_refuse_leaves_the_blocks_of_a_json_file(tmp_path: Path) -> None:
    (tmp_path / "t.tftpl").write_text("${ unfinished")
    text = b'{"locals": {"a": "${templatefile(\\"t.tftpl\\", {})}"}}'
    source = parse_text(text, "main.tf.json")
    assert source.blocks
    assert write_templates(source, tmp_path, tmp_path).blocks == source.blocks


def test_a_template_in_what_another_is_given_is_followed(names: Names) -> None:
    assert isinstance(names[NESTED, FIRST], Unknown)
    assert isinstance(names[NESTED, "${a}"], str)


def test_what_is_not_known_for_another_reason_keeps_it() -> None:
    flow: Any = SimpleNamespace(tree=SimpleNamespace(unread=["a block"], once=[]), find_cause=lambda *_: None)
    assert explain_unread("aws_instance.web", {"user_data": REDACTED}, flow) == {"user_data": REDACTED}
