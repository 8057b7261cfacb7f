"""The judges in a file, read without running any of it."""

from pathlib import Path

import pytest

from prodgate.criteria import UsageError
from prodgate.sections.judges import find_place, read_judges

BODY = "def test_it(fact, criterion):\n    '''Is it?'''\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "test_x.py"


@pytest.mark.parametrize(
    "text",
    [
        "from prodgate import check\n@check('truth', remedy='r')\n",
        "from prodgate import check as asks\n@asks(criterion='truth')\n",
        "from prodgate import *\n@check('truth')\n",
        "import prodgate\n@prodgate.check('truth')\n",
        "import prodgate.checks as c\n@c.check('truth')\n",
        "import prodgate.checks\n@prodgate.checks.check('truth')\n",
        "from prodgate.checks import check\nASKED = 'truth'\n@check(ASKED)\n",
        "from .common import check\n@check('truth')\n",
        "import pytest\nfrom prodgate import check\n@pytest.mark.slow\n@check('truth')\n",
        "from prodgate import check\n@check('truth')\nasync ",
    ],
)
def test_a_check_is_read_from_its_decorator(file: Path, text: str) -> None:
    file.write_text(text + BODY)
    found = read_judges(file)
    assert [(each.kind, each.name, each.criterion) for each in found.judges] == [("check", "test_it", "truth")]
    assert found.mistakes == ()


@pytest.mark.parametrize(
    "text",
    [
        "@policy('SHOP_1', criterion='truth', resources=())\n",
        "@policy(id='SHOP_1', criterion='truth', resources=(), remedy='r')\n",
    ],
)
def test_a_policy_is_read_from_its_decorator(file: Path, text: str) -> None:
    file.write_text("from prodgate import policy\n" + text + BODY)
    (found,) = read_judges(file).judges
    assert (found.kind, found.name, found.criterion, found.line) == ("policy", "SHOP_1", "truth", 2)
    assert found.remedy == ("remedy" in text)


@pytest.mark.parametrize(
    "text",
    [
        "class Inside:\n    @check('truth')\n    def test_it(fact, criterion): ...\n",
        "if not check:\n    @check('truth')\n    def test_it(fact, criterion): ...\n",
        "def make():\n    @check('truth')\n    def test_it(fact, criterion): ...\n    return test_it\n",
        "test_it = check('truth')(lambda fact, criterion: None)\n",
        "again = check\n",
        "for each in (1, 2):\n    check('truth')(print)\n",
        "@check\ndef test_it(fact, criterion): ...\n",
        "@check('tru' + 'th')\ndef test_it(fact, criterion): ...\n",
        "@check(**{'criterion': 'truth'})\ndef test_it(fact, criterion): ...\n",
        "ASKED = 'truth'\nASKED = 'other'\n@check(ASKED)\ndef test_it(fact, criterion): ...\n",
        "import prodgate\ndef hide(f): prodgate.checks.check('truth')(f)\n",
    ],
)
def test_what_nobody_can_plan_is_a_mistake(file: Path, text: str) -> None:
    file.write_text("from prodgate import check\n" + text)
    found = read_judges(file)
    assert found.judges == ()
    assert found.mistakes
    assert "write" in found.mistakes[0]


@pytest.mark.parametrize(
    "text",
    [
        "from prodgate import check\n",
        "def check(word): ...\n@staticmethod\ndef test_it(): check('a')\n",
        "from prodgate import policy\ndef of(policies): return [policy for policy in policies]\n",
        "from prodgate import policy\ndef of(policy): return policy\n",
    ],
)
def test_a_helper_is_no_judge(file: Path, text: str) -> None:
    file.write_text(text)
    assert not read_judges(file).holds_any


@pytest.mark.parametrize("data", [b"def broken(:", b"\x00", b"\xff\xfe", b"(" * 5000])
def test_a_file_that_is_no_python_is_refused(file: Path, data: bytes) -> None:
    file.write_bytes(data)
    with pytest.raises(UsageError, match=r"test_x.py: can't be loaded: .*; mend the module"):
        read_judges(file)


LOUD = "import functools\ndef loud(f):\n    @functools.wraps(f)\n    def run(*a): return f(*a)\n    return run\n"


@pytest.mark.parametrize(
    "decorator", ["loud", "loud()", "contextlib.suppress(Exception)", "pytest.fixture", "mark.skip"]
)
def test_a_decorator_that_may_answer_in_its_place_is_a_mistake(file: Path, decorator: str) -> None:
    for text in (f"@check('c')\n@{decorator}\n", f"@{decorator}\n@check('c')\n"):
        file.write_text(f"{LOUD}import pytest\nfrom prodgate import check\n{text}{BODY}")
        (mistake,) = read_judges(file).mistakes
        assert (
            f"test_it has the decorator {decorator!r}, which may answer in its place; write what it does in" in mistake
        )


def test_a_mark_of_pytest_is_no_mistake(file: Path) -> None:
    file.write_text(
        f"import pytest as p\nfrom prodgate import check\n@check('c')\n@p.mark.usefixtures('x')\n@p.mark.a\n{BODY}"
    )
    assert read_judges(file).mistakes == ()
    assert len(read_judges(file).judges) == 1


def test_a_wrapper_is_where_it_was_written_itself(tmp_path: Path) -> None:
    names: dict[str, object] = {}
    exec(compile(f"{LOUD}@loud\n{BODY}", str(tmp_path / "test_x.py"), "exec"), names)
    assert find_place(names["test_it"], tmp_path) == "test_x.py:3"  # type: ignore[arg-type]


def test_the_judges_of_a_file_are_the_same_where_nobody_looks_for_its_flaws(file: Path) -> None:
    wrong = (
        "kept = check\n@check('other', remedy='r')\ndef test_later(fact, criterion):\n    yield criterion.hold(fact)\n"
    )
    file.write_text("from prodgate import check\n@check('truth', remedy='r')\n" + BODY + wrong)
    whole, alone = read_judges(file), read_judges(file, flaws=False)
    assert whole.mistakes
    assert (alone.judges, alone.mistakes) == (whole.judges, ())
    assert [each.name for each in alone.judges] == ["test_it", "test_later"]
