"""What expressions refer to, in every form that an expression can take."""

from pathlib import Path

import pytest

from prodgate.terraform.hcl import parse


@pytest.mark.parametrize(
    ("expression", "references"),
    [
        ("var.a", ["var.a"]),
        ("!var.a", ["var.a"]),
        ('data.x.y.z == "big" ? var.q[0].r : !local.k.z', ["data.x.y.z", "var.q.r", "local.k.z"]),
        ("var.a + 1 * local.b", ["var.a", "local.b"]),
        ("[for x in var.y : x.z if x.k != local.w]", ["var.y", "x.z", "x.k", "local.w"]),
        ('{ (local.k) = var.v, "s" = each.value["t"] }', ["local.k", "var.v", "each.value.t"]),
        ("merge(var.a, { b = aws_x.y[*].arn })", ["var.a", "aws_x.y"]),
        ('"${var.a}-%{ if var.b }x%{ endif }"', ["var.a", "var.b"]),
        ("<<-EOT\n  ${var.a}\nEOT\n", ["var.a"]),
        ("(var.a).b", ["var.a"]),
        ('aws_x.y["k"].arn', ["aws_x.y.k.arn"]),
        ("aws_x.y[count.index].arn", ["aws_x.y.arn", "count.index"]),
        ('"plain"', []),
    ],
)
def test_references(expression: str, references: list[str], tmp_path: Path) -> None:
    file = tmp_path / "main.tf"
    file.write_text(f"value = {expression}\n", encoding="utf-8")

    found = parse(file, "main.tf").arguments["value"].references

    assert [".".join(each.parts) for each in found] == references
