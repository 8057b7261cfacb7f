from __future__ import annotations

import json
from pathlib import Path

import pytest

from prodgate.load.locust_errors import explain_locust_failure
from prodgate.load.profile import Profile
from prodgate.load.settings import Settings

SETTINGS = Settings(
    profile=Profile(name="x", rate=1.0, duration=2.0), host="http://a", other_host="http://b", record="r"
)


def test_settings_come_from_a_file_or_from_the_variable_itself(tmp_path: Path) -> None:
    text = json.dumps(SETTINGS.to_json())
    (tmp_path / "settings.json").write_text(text, "utf-8")
    assert Settings.read({"PRODGATE_LOAD": text}) == SETTINGS
    assert Settings.read({"PRODGATE_LOAD": str(tmp_path / "settings.json")}) == SETTINGS
    assert Settings.read({}) is None
    assert SETTINGS.hosts == ("http://a", "http://b")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("nowhere.json", "name a JSON file, or give the JSON object itself"),
        ("{", "name a JSON file, or give the JSON object itself"),
        ("{}", "no settings of a load run: 'profile'"),
        ('{"profile": {"name": "x", "speed": 3}}', "unexpected keyword argument 'speed'"),
    ],
)
def test_what_is_wrong_with_settings_is_said(given: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="PRODGATE_LOAD: ") as caught:
        Settings.read({"PRODGATE_LOAD": given})
    assert said in str(caught.value)


def test_what_locust_says_becomes_one_line() -> None:
    file = Path("loadtests/locustfile.py")
    frames = '  File "/x/locust/main.py", line 9, in main\n    load()\n'
    own = f'  File "{file.absolute()}", line 7\n    class\n         ^\n'
    raised = f"[INFO] hello\nTraceback (most recent call last):\n{frames}{own}SyntaxError: invalid syntax\n"
    assert (
        explain_locust_failure(raised, file, 1)
        == "loadtests/locustfile.py:7: SyntaxError: invalid syntax; mend the locustfile"
    )
    assert explain_locust_failure("prodgate: refused: no tasks\n", file, 1) == "no tasks"
    assert "(exit code 2) before any arrival and said: bad port; see" in explain_locust_failure("\nbad port\n", file, 2)
    assert "said: nothing" in explain_locust_failure("", file, -9)
