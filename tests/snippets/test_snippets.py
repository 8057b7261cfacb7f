"""Every fenced block of every page is read as its users read it, is run by a test that is named, or says why not."""

import re
from contextlib import nullcontext
from pathlib import Path

import pytest

from .blocks import PAGES, ROOT, Block, all_blocks, find_blocks, list_run_by, list_tracked, parse
from .commands import find_strange
from .outputs import differ, follow
from .readers import READERS, read

BLOCKS = all_blocks()
#: Fewest words of a reason.
LEAST = 4


def shown(language: str, text: str) -> Block:
    return Block("docs/page.md", 1, language, text)


@pytest.mark.parametrize("block", [each for each in BLOCKS if not (each.run_by or each.because)], ids=str)
def test_a_block_can_be_read(block: Block) -> None:
    read(block)


@pytest.mark.parametrize("block", [each for each in BLOCKS if each.run_by], ids=str)
def test_who_is_said_to_run_a_block_takes_it_from_its_page(block: Block) -> None:
    path = ROOT / block.run_by
    assert path.is_file(), f"{block}: there is no {block.run_by}"
    asked = f'list_run_by(__file__, "{block.page}")'
    assert asked in path.read_text("utf-8"), f"{block}: {block.run_by} does not ask {asked}"


@pytest.mark.parametrize("block", [each for each in BLOCKS if each.because], ids=str)
def test_what_is_not_run_says_why_and_could_not_be_read(block: Block) -> None:
    assert not find_excuse(block)


def find_excuse(block: Block) -> str:
    """Return why a block that is marked as not run must not be; nothing where nothing reads it."""
    if len(block.because.split()) < LEAST:
        return "say why it isn't run"
    if block.language == "text":
        return ""
    if block.language not in READERS:
        return f"nothing reads {block.language!r}; call it text, or by the name of its reader"
    try:
        read(block)
    except (ValueError, LookupError):
        return ""
    return "it can be read; take the mark away"


@pytest.mark.parametrize(
    ("language", "text", "because", "said"),
    [
        ("sh", "prodgate run", "it would take an account", "it can be read"),
        ("sh", "git push", "it would take an account", ""),
        ("sh", "git push", "no account", "say why"),
        ("bash", "git push", "it would take an account", "nothing reads 'bash'"),
        ("", "git push", "it would take an account", "nothing reads ''"),
        ("text", "GO", "what a run printed that day", ""),
        ("python", "print(1)", "what a run printed that day", "it can be read"),
        ("hcl", "resource {", "half of a file of somebody's", ""),
    ],
)  # fmt: skip
def test_a_mark_is_no_way_around_a_reader(language: str, text: str, because: str, said: str) -> None:
    found = find_excuse(Block("docs/page.md", 1, language, text, because=because))
    assert found.startswith(said)
    assert bool(found) == bool(said)


@pytest.mark.parametrize(
    ("language", "text", "said"),
    [
        ("", "anything", "name its language"),
        ("text", "what was printed", "nothing reads text"),
        ("sh", "prodgate run --onyl static", "unrecognized arguments: --onyl"),
        ("sh", "prodgate runn", "invalid choice: 'runn'"),
        ("sh", "pipx run tox -e nothing", "no environment nothing"),
        ("sh", "pipx run --spec 'prod-gate[all]' prodgate check .", "published"),
        ("sh", "pipx run --spec 'prod-gate[core]' prodgate chekc .", "invalid choice"),
        ("sh", "git log | prodgate run", "command git"),
        ("sh", "aws deploy stop-deployments --deployment-id ID", "has no stop-deployments"),
        ("sh", "aws deploy stop-deployment --id ID", "takes no --id"),
        ("sh", "openssl genpkey -algorthm ed25519", "takes no -algorthm"),
        ("sh", "python -m prodgate.rehearsals .", "there is no"),
        ("console", "$ prodgate run\nGO", "name the test that compares it"),
        ("toml", "[load]\nworker = 1", "worker"),
        ("toml", "[load]\nhosts = ['a.example']\nmost = { rate = '5 parsecs', duration = '1 s' }", "parsecs"),
        ("toml", "criterion = 'a'\nwhen = 2026-01-01T00:00:00Z\n[by]\nname = 'A'", "statement: is missing"),
        ("toml", "'{names} of {all}' = '{name}'", "other fields"),
        ("python", "from prodgate import Nothing", "Nothing"),
        ("python", "def f(a: Ressource): ...", "nobody knows Ressource"),
        ("python", "def f(:", "invalid syntax"),
        ("hcl", 'resource "a" "b" {', "no HCL"),
        ("yaml", "a: [", "expected"),
        ("json", "{", "Expecting"),
        ("sql", "SELECT FROM WHERE (", "Expect"),
    ],
)  # fmt: skip
def test_what_a_user_could_not_use_is_noticed(language: str, text: str, said: str) -> None:
    with pytest.raises(Exception, match=re.escape(said)):
        read(shown(language, text))


@pytest.mark.parametrize(
    ("shown", "said"),
    [
        ("$ prodgate check nowhere\nSHOP_1: right\n", "-SHOP_1: right"),
        ("$ prodgate check nowhere\n", "+prodgate: "),
        ("$ prodgate check nowhere\n{printed}", "ends with exit code 4, and does not show it"),
        ("$ prodgate check nowhere\n{printed}$ echo $?\n1\n", "-1"),
        ("GO\n$ prodgate check nowhere\n", "begins with a command"),
        ("$ git push\n", "nobody here gives the command git"),
        ("$ prodgate check nowhere\n{printed}$ echo $?\n4\n", ""),
    ],
)
def test_a_terminal_is_compared_whole(shown: str, said: str, tmp_path: Path) -> None:
    printed = "prodgate: nowhere: there is no such file or directory; name a Terraform root or a plan.json\n"
    with pytest.raises(AssertionError, match=re.escape(said)) if said else nullcontext():
        follow(Block("docs/page.md", 1, "console", shown.format(printed=printed)), tmp_path)


def test_what_varies_has_a_name_and_nothing_else_does() -> None:
    one, other = (f"runs/2026-12-0{day}T081730Z-5bb657{day}/report.html: 9{day} satisfied, 2 waived" for day in (1, 2))
    assert not differ(one, other)
    assert differ(one, one.replace("report", "summary"))
    assert differ("1 not-satisfied", "2 not-satisfied")


def test_marks_and_indented_blocks_are_read_and_an_open_block_is_an_error() -> None:
    text = "1. a\n\n   <!-- not run: it takes an account -->\n   ```sh\n   a\n   ```\n\n```toml\nb = 1\n```\n"
    first, second = find_blocks(text, "a.md")
    assert (first.text, first.line, first.because) == ("a\n", 4, "it takes an account")
    assert (second.language, second.text, second.because, second.run_by) == ("toml", "b = 1\n", "", "")
    for open_one in ("```sh\na\n", "- ```sh\n  a\n\nb\n", "````sh\na\n```\n", "```sh\na\n~~~\n", "```"):
        with pytest.raises(ValueError, match=r"a\.md:1: nothing closes"):
            list(find_blocks(open_one, "a.md"))
    with pytest.raises(ValueError, match=r"a\.md:1: no block stands below"):
        list(find_blocks("<!-- not run: it takes an account -->\n\n```sh\na\n```\n", "a.md"))


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("~~~ sh\nrm -r a\n~~~\n", "sh"),
        ("a\n\n    rm -r a\n", ""),
        ("- ```sh\n  rm -r a\n  ```\n", "sh"),
        ("1. b\n   - ````sh\n     rm -r a\n     `````\n", "sh"),
        ("> ```sh\n> rm -r a\n> ```\n", "sh"),
        ("> - c\n>\n>       rm -r a\n", ""),
        ("<pre><code>\nrm -r a\n</code></pre>\n", ""),
        ("<details>\n```sh\nrm -r a\n```\n</details>\n", ""),
        ("   ```sh\n   rm -r a\n```\n", "sh"),
        ("<!-- -->\n    rm -r a\n", ""),
    ],
)
def test_no_block_escapes(text: str, language: str) -> None:
    (block,) = find_blocks(text, "docs/page.md")
    assert (block.language, "rm -r a" in block.text) == (language, True)
    with pytest.raises(ValueError, match="nobody here knows the command rm|name its language"):
        read(block)


def test_pages_of_examples_and_modules_are_read_too() -> None:
    pages = {path.relative_to(ROOT).as_posix() for path in PAGES}
    assert {"README.md", "docs/tutorial.md", "examples/shop/README.md", "terraform/modules/load/README.md"} <= pages


def commands_in_text() -> set[str]:
    """Every command of the gate that the text of a page names, besides its blocks."""
    tokens = [token for path in PAGES for token in parse(path.read_text("utf-8"))]
    code = [each.content for token in tokens for each in token.children or () if each.type == "code_inline"]
    return {text.removeprefix("prodgate ") for text in code if re.match("prodgate [a-z]", text)}


def test_commands_in_the_text_have_names_and_options_that_exist() -> None:
    named = commands_in_text()
    assert len(named) > 40
    wrong = [why for command in sorted(named) if (why := find_strange(command))]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    ("command", "strange"),
    [
        ("runn", "invalid choice"),
        ("run --onyl static", "--onyl"),
        ("run --on static", "--on"),
        ("drill alarms NAME", "invalid choice"),
        ("run", ""),
    ],
)
def test_a_command_that_does_not_exist_is_noticed(command: str, strange: str) -> None:
    assert strange in find_strange(command)
    assert bool(strange) == bool(find_strange(command))


# ── Listings

#: Folders at the top that are no part of what the gate judges or judges with.
ASIDE = {"benchmarks", "examples", "scripts"}


def test_what_the_front_page_lists_is_all_there_is() -> None:
    (block,) = list_run_by(__file__, "README.md")
    listed = {
        name.rstrip("/") for name in re.findall(r"(?:^|  )([a-z][\w.]*/?(?:\w+/)?)(?=  )", block.text, re.MULTILINE)
    }
    assert {each for each in listed if not (ROOT / each).exists()} == set()
    there = {name.split("/")[0] for name in list_tracked() if "/" in name and not name.startswith(".")}
    assert there - ASIDE == {each.split("/")[0] for each in listed if (ROOT / each).is_dir()} - ASIDE
