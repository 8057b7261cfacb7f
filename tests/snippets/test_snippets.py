"""Every fenced block of every page is read as its users read it, is run by a test that is named, or says why not."""

from __future__ import annotations

import re

import pytest

from .blocks import PAGES, ROOT, Block, all_blocks, find_blocks
from .commands import find_strange
from .readers import READERS, read

BLOCKS = all_blocks()
#: Fewest words of a reason.
LEAST = 4


def shown(language: str, text: str) -> Block:
    return Block("docs/page.md", 1, language, text)


@pytest.mark.parametrize("page", sorted({block.page for block in BLOCKS}))
def test_every_block_of_a_page_can_be_read(page: str) -> None:
    wrong = []
    for block in (each for each in BLOCKS if each.page == page and not (each.run_by or each.because)):
        try:
            read(block)
        except Exception as error:  # noqa: BLE001  whatever a reader says of a block, in one list
            wrong.append(f"{block}: {error}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("block", [each for each in BLOCKS if each.run_by], ids=str)
def test_who_is_said_to_run_a_block_reads_its_page(block: Block) -> None:
    path = ROOT / block.run_by
    assert path.is_file(), f"{block}: there is no {block.run_by}"
    assert block.page.rpartition("/")[2] in path.read_text("utf-8"), f"{block}: {block.run_by} does not read that page"


@pytest.mark.parametrize("block", [each for each in BLOCKS if each.because], ids=str)
def test_what_is_not_run_says_why_and_could_not_be_read(block: Block) -> None:
    assert len(block.because.split()) >= LEAST, f"{block}: say why it isn't run"
    assert block.language not in READERS or block.language in ("sh", "console"), (
        f"{block}: {block.language} can be read"
    )


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
        ("console", "prodgate run", "shows no command"),
        ("console", "$ prodgate runn\nGO", "invalid choice"),
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


def test_marks_and_indented_blocks_are_read_and_an_open_block_is_an_error() -> None:
    text = "1. a\n\n   <!-- not run: it takes an account -->\n   ```sh\n   a\n   ```\n\n```toml\nb = 1\n```\n"
    first, second = find_blocks(text, "a.md")
    assert (first.text, first.line, first.because) == ("a\n", 4, "it takes an account")
    assert (second.language, second.text, second.because, second.run_by) == ("toml", "b = 1\n", "", "")
    with pytest.raises(ValueError, match=r"a\.md:1: nothing closes"):
        list(find_blocks("```sh\na\n", "a.md"))


def commands_in_text() -> set[str]:
    """Every command of the gate that the text of a page names, besides its blocks."""
    found: set[str] = set()
    for path in PAGES:
        text = re.sub(r"^ *```.*?^ *```$", "", path.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
        found |= {" ".join(each.split()) for each in re.findall(r"`prodgate ([a-z][^`]*)`", text)}
    return found


def test_commands_in_the_text_have_names_and_options_that_exist() -> None:
    named = commands_in_text()
    assert len(named) > 40
    wrong = [why for command in sorted(named) if (why := find_strange(command))]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    ("command", "strange"),
    [("runn", "invalid choice"), ("run --onyl static", "--onyl"), ("drill alarms NAME", "invalid choice"), ("run", "")],
)
def test_a_command_that_does_not_exist_is_noticed(command: str, strange: str) -> None:
    assert strange in find_strange(command)
    assert bool(strange) == bool(find_strange(command))
