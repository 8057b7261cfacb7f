"""A team's own requirements beside what is locked for an engine."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from prodgate.engines.environments import EngineError, ensure_python, find_python


def test_a_team_s_requirements_are_installed_besides_and_make_another_environment(locks: Path) -> None:
    own, other = locks / "requirements.txt", locks / "other.txt"
    digest = (locks / "tiny.lock").read_text().partition(" --hash")[0]
    (locks / "empty.lock").write_text("")
    own.write_text("-r other.txt\n")
    other.write_text(f"{digest}\n")
    bare = ensure_python("empty", print, locks=locks)
    python = ensure_python("empty", print, locks=locks, requirements=own, keep="tiny==1.0")
    assert find_python("empty", locks=locks, requirements=own) == python != bare == find_python("empty", locks=locks)
    said = [subprocess.run([each, "-c", "import tiny"], capture_output=True, check=False) for each in (python, bare)]
    assert [each.returncode for each in said] == [0, 1]
    other.write_text(f"{digest}\n# changed\n")
    assert find_python("empty", locks=locks, requirements=own) is None


@pytest.mark.parametrize(
    ("text", "keep", "said"),
    [("-r nowhere.txt\n", "", "nowhere.txt: can't be read"), ("TINY\n", "tiny==2.0", "can't be installed")],
)
def test_requirements_that_cannot_be_had_are_refused(locks: Path, text: str, keep: str, said: str) -> None:
    own = locks / "requirements.txt"
    (locks / "empty.lock").write_text("")
    own.write_text(text.replace("TINY", (locks / "tiny.lock").read_text().partition(" --hash")[0]))
    with pytest.raises(EngineError, match=said):
        ensure_python("empty", print, locks=locks, requirements=own, keep=keep)
