"""What a text of TOML means is kept, and each reader has it for itself."""

from prodgate.sections.toml_text import parse_toml


def test_what_one_reader_changes_no_other_sees() -> None:
    text = '[criteria.a]\nlayers = ["static"]\n'
    first = parse_toml(text)
    first["criteria"]["a"]["layers"].append("live")
    first["criteria"]["b"] = {}

    assert parse_toml(text) == {"criteria": {"a": {"layers": ["static"]}}}
