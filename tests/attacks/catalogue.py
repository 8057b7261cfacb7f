"""The catalogue of attacks: one TOML file per group, each entry validated whole.

An entry is a table ``[[attack]]`` with these keys:

- ``id``: kebab-case, unique in the catalogue; ``class``: 1 to 24, see `CLASSES`; ``does``: one sentence
- ``healthy``: start from the project whose truth is GO (default: from the one whose truth is NO-GO)
- ``setup``: name of a function of ``setups.py``, ``edited_runs.py`` or ``records.py``, called first; ``then``: one that is called last;
  either may be a list: the name, and what the function is given beside the project and the gate
- ``remove`` paths, ``files`` path -> text, ``append`` path -> text, ``edits`` path -> [old, new], ``links`` path -> target
- in ``files`` and ``edits``, ``@+30d@`` is the date thirty days from today
- ``env`` name -> value, in which ``$project`` and variables of the environment are replaced
- ``wrap``: a command in front of the gate, such as ``["sh", "-c", 'exec "$@" 2>&-', "sh"]``
- ``command``: arguments of the gate, in which ``{run}`` is the newest run; ``limit``: seconds it may take
- ``exit``: the exit codes that are right, never 0; ``says``: a regular expression for the right reason
"""

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path, PurePosixPath
from typing import Any

from . import edited_runs, records, setups

FOLDER = Path(__file__).parent

#: Each class of attack, in plain words.
CLASSES: Mapping[int, str] = {
    1: "A file of judges that pytest collects, and that yields no judge",
    2: "Judges where nobody looks: other folders, other names, links, registration by a helper",
    3: "Account, region, zones or partition are invented, and what depends on them is believed",
    4: "A plan that lost its values",
    5: "Doubt that is swallowed, and comparisons that nobody hears",
    6: "Runs that were edited, mixed or are old",
    7: "Code of a team that ends, replaces or outlives what judges it",
    8: "Settings of the interpreter that switch judging off",
    9: "Inputs that decide and that the commit does not name",
    10: "A crash or a missing layer that passes as “only production can answer”",
    11: "A conftest.py that breaks or empties the collection",
    12: "A criteria.toml that is somewhere else than it seems",
    13: "A requirement without a criterion",
    14: "Files that were not read count as clean",
    15: "Waivers that cover more than somebody accepted",
    16: "Terraform in files or forms that are not looked at",
    17: "Actions that are not pinned, one level down",
    18: "Judges that name nothing that exists",
    19: "A fact that could not be read, behind another kind",
    20: "Policies that are gone in silence",
    21: "Bounds that no measurement can miss",
    22: "Exit codes that say something else, tracebacks, and waiting for ever",
    23: "Records of what people say that prove nothing",
    24: "Code of a team that writes to the gate by itself, or reaches out of its process",
}
#: A killed gate has the negative number of the signal; a shell says 128 more.
EXITS = (1, 2, 3, 4, -9, -15)


@dataclass(frozen=True, kw_only=True)
class Attack:
    """An attack, and the gate's required answer instead of GO."""

    id: str
    number: int
    does: str
    exit: Sequence[int]
    says: str
    command: Sequence[str] = ("run", "rehearsal://", "--only", "static")
    healthy: bool = False
    files: Mapping[str, str] = field(default_factory=dict)
    append: Mapping[str, str] = field(default_factory=dict)
    edits: Mapping[str, Sequence[str]] = field(default_factory=dict)
    remove: Sequence[str] = ()
    links: Mapping[str, str] = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=dict)
    wrap: Sequence[str] = ()
    setup: str | Sequence[Any] = ""
    then: str | Sequence[Any] = ""
    limit: int = 120


def load(folder: Path = FOLDER) -> tuple[Attack, ...]:
    """Read every file of a folder; raises ValueError that names the entry and its fault."""
    found: dict[str, Attack] = {}
    for path in sorted(folder.glob("*.toml")):
        written = tomllib.loads(path.read_text("utf-8"))
        if set(written) != {"attack"}:
            raise ValueError(f"{path.name}: holds {sorted(written)}; write [[attack]] tables and nothing else")
        for entry in written["attack"]:
            attack = parse(entry, path.name)
            if attack.id in found:
                raise ValueError(f"{path.name}: {attack.id!r} is there twice; write another id")
            found[attack.id] = attack
    return tuple(found[id_] for id_ in sorted(found))


def parse(entry: Mapping[str, Any], file: str) -> Attack:
    """Return one entry; raises ValueError that names its fault."""
    place = f"{file}: {entry.get('id', '(no id)')}"
    values = {"number" if key == "class" else key: value for key, value in entry.items()}
    known = {each.name for each in fields(Attack)}
    if unknown := sorted(set(values) - known):
        raise ValueError(f"{place}: unknown keys {unknown}; known are {sorted(known)}")
    if missing := sorted({"id", "number", "does", "exit", "says"} - set(values)):
        raise ValueError(f"{place}: without {missing}; write them")
    attack = Attack(**values)
    if mistakes := list(find_mistakes(attack)):
        raise ValueError(f"{place}: {'; '.join(mistakes)}")
    return attack


def find_setup(written: str | Sequence[Any]) -> Callable[[Path, setups.Gate], None] | None:
    """Return the function of this name, with what it is given; None where there is none."""
    name, *given = [written] if isinstance(written, str) else [*written]
    found = next(filter(None, (getattr(home, name, None) for home in (setups, edited_runs, records))), None)
    return (lambda project, gate: found(project, gate, *given)) if callable(found) else None


def find_mistakes(attack: Attack) -> Iterator[str]:
    """List the faults in the values of an entry."""
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", attack.id):
        yield f"id {attack.id!r} is not kebab-case"
    if type(attack.number) is not int or attack.number not in CLASSES:
        yield f"class {attack.number!r} is none of 1 to {max(CLASSES)}"
    if not attack.does.strip() or "\n" in attack.does:
        yield "does is not one sentence"
    if not attack.exit or not set(attack.exit) <= set(EXITS):
        yield f"exit {attack.exit!r} holds other codes than {EXITS}; 0 is never right"
    if not attack.says.strip() or re.search(attack.says, ""):
        yield f"says {attack.says!r} is found in an empty text; write the reason"
    for name in (attack.setup, attack.then):
        if name and find_setup(name) is None:
            yield f"{name!r} is no function of setups.py, edited_runs.py or records.py"
    yield from (f"{path!r} leads out of the project" for path in paths(attack) if leads_out(path))


def paths(attack: Attack) -> list[str]:
    """Every path that an attack writes or removes."""
    return [*attack.files, *attack.append, *attack.edits, *attack.remove, *attack.links]


def leads_out(path: str) -> bool:
    """Whether a path is absolute or climbs."""
    return PurePosixPath(path).is_absolute() or ".." in PurePosixPath(path).parts
