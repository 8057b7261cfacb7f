"""``pipx run tox -e NAMES [-- WORDS]`` with the gate itself, by the words of our ``tox.ini``.

tox would make an environment from wheels; here each is the one in which the tests run. What runs in it, and which
variables reach that, is what ``tox.ini`` says.
"""

import os
import re
import shlex
import subprocess
import sys
from configparser import ConfigParser
from fnmatch import fnmatch
from pathlib import Path

ROOT = Path(__file__).parents[2]
#: Leads what is for AWS to the emulator.
WIRE = Path(__file__).parent / "wire"
#: Seconds that one command may take.
LIMIT = 110.0
#: Variables that reach a command whatever is stated. The tests set the last two.
ALWAYS = ("PATH", "HOME", "LANG", "TMPDIR", "PYTHONPATH", "EMULATED")
#: The tests of a team, in the place of ours.
TESTED = "pytest tests {posargs}"
#: The modules of the programs that environments run.
MODULES = {"prodgate": "prodgate.cli", "pytest": "pytest"}


def main(words: list[str]) -> int:
    """Run environments one after the other, until one of them fails; return how the last one ended."""
    assert words[:3] == ["run", "tox", "-e"], words
    at = words.index("--") if "--" in words else len(words)
    options, given = words[4:at], words[at + 1 :]
    assert options in ([], ["--notest"]), options
    settings = ConfigParser(interpolation=None)
    settings.read(ROOT / "tox.ini")
    return 0 if options else next(filter(None, (run(settings, name, given) for name in words[3].split(","))), 0)


def run(settings: ConfigParser, name: str, given: list[str]) -> int:
    section = settings["testenv"] if re.fullmatch(r"py3\d+", name) else settings[f"testenv:{name}"]
    stated = section.get("pass_env", settings["testenv"]["pass_env"])
    passed = re.sub(r"\{\[([\w:-]+)\](\w+)\}", lambda found: settings[found[1]][found[2]], stated).split()
    environment = {
        key: text for key, text in os.environ.items() if any(fnmatch(key, each) for each in (*ALWAYS, *passed))
    }
    commands = TESTED if section is settings["testenv"] else section["commands"].strip()
    for line in commands.splitlines():
        said = re.sub(r"\{posargs:?([^}]*)\}", lambda found: shlex.join(given) or found[1], line)
        said = re.sub(r"\{env:(\w+):?([^}]*)\}", lambda found: environment.get(found[1]) or found[2], said)
        program, *arguments = shlex.split(said)
        environment["PYTHONPATH"] = f"{WIRE}{os.pathsep}{environment['PYTHONPATH']}"
        command = [sys.executable, "-P", "-m", MODULES[program], *arguments]
        if code := subprocess.run(command, env=environment, timeout=LIMIT, check=False).returncode:
            return code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
