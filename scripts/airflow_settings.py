"""Write src/prodgate/semantics/airflow_settings.json from the wheels of two Airflow versions.

    pip download --no-deps -d /tmp/wheels apache-airflow==2.11.0 apache-airflow-core==3.0.6
    python scripts/airflow_settings.py /tmp/wheels/*.whl

A version knows a setting if its config.yml lists it, or if the version still reads its old name
(``deprecated_options``). Only names are taken; Airflow is Apache-2.0.
"""

import ast
import json
import sys
from pathlib import Path
from zipfile import ZipFile

import yaml

OUTPUT = Path(__file__).parents[1] / "src" / "prodgate" / "semantics" / "airflow_settings.json"


def list_settings(wheel: ZipFile) -> set[str]:
    """Return the settings of config.yml as section.option."""
    sections = yaml.safe_load(wheel.read("airflow/config_templates/config.yml"))
    return {f"{name}.{option}" for name, section in sections.items() for option in section.get("options") or {}}


def list_deprecated(wheel: ZipFile) -> dict[str, str]:
    """Return the old names that are still read, with the new ones."""
    for node in ast.walk(ast.parse(wheel.read("airflow/configuration.py"))):
        if isinstance(node, ast.AnnAssign) and getattr(node.target, "id", "") == "deprecated_options" and node.value:
            return {".".join(old[:2]): ".".join(new) for new, old in ast.literal_eval(node.value).items()}
    raise SystemExit(f"{wheel.filename}: has no deprecated_options")


def list_renamed(wheel: ZipFile) -> dict[str, str]:
    """Return Airflow 3's messages on renamed settings."""
    name = "airflow/cli/commands/config_command.py"
    found = {}
    for node in ast.walk(ast.parse(wheel.read(name))) if name in wheel.namelist() else ():
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "ConfigChange":
            given = {keyword.arg: keyword.value for keyword in node.keywords}
            if "renamed_to" in given:
                found[_name(given["config"])] = _name(given["renamed_to"])
    return found


def _name(call: ast.expr) -> str:
    assert isinstance(call, ast.Call)
    return ".".join(str(ast.literal_eval(argument)) for argument in call.args)


def main(paths: list[str]) -> None:
    """Read the wheels and write the file."""
    known: dict[str, list[str]] = {}
    renamed: dict[str, str] = {}
    for path in paths:
        wheel = ZipFile(path)
        major = Path(path).name.split("-")[1].split(".")[0]
        old = list_deprecated(wheel)
        known[major] = sorted(list_settings(wheel) | old.keys())
        renamed |= old | list_renamed(wheel)
    OUTPUT.write_text(json.dumps({"known": known, "renamed": renamed}, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
