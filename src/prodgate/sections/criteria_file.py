"""Reading criteria.toml and what it includes: all of it is validated, and every mistake is one line of the message."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..criteria import LAYERS, SEVERITIES, Criteria, CriteriaError, Criterion, UsageError
from ..iam.account import Organization
from ..quantities import Quantity
from .attested import AttestedSection, parse_attested_section, parse_terms, terms_mistakes
from .bounds import SAMPLING, bounds_mistakes, deciding_mistakes, parse_bounds, sampling_mistakes, text_mistakes
from .cells import Cell, parse_cells
from .dags import AirflowSection, parse_airflow_section
from .e2e import E2eSection, parse_e2e_section
from .evidence import EvidenceSection, parse_evidence_section
from .facts import parse_max_age
from .goals import goals_mistakes, parse_goals
from .includes import merge, read_files
from .inherited import is_written_out
from .load import LoadSection, parse_load_section
from .organization import parse_organization
from .rehearsal import RehearsalSection, parse_rehearsal_section
from .requirements import Requirement, layer_mistakes, parse_requirements, requirement_mistakes
from .rollout import RolloutSection, parse_rollout_section
from .sections import section_mistakes
from .site import SiteSection, parse_site_section
from .statements import read_statement, statement_mistakes
from .toml_text import render_mistakes
from .validation import key_mistakes

KEYS: dict[str, tuple[type, ...]] = {
    "statement": (dict, str), "why": (str,), "require": (str,), "remedy": (str,), "source": (str,),
    "layers": (list,), "controls": (list,), "population": (int,), "samples": (int,), "confidence": (str,),
    "decides": (str,), "window": (str,), "rate": (str,), "disturbances": (str,), "needs": (str,), "moment": (str,),
    "applicability": (str,), "baseline": (bool, str), "severity": (str,), "overrides": (bool,),
    "attested_by": (int,), "document": (dict,), "shown_by": (str,), "goals": (list,),
}  # fmt: skip
#: The moments of a release that a criterion may belong to.
MOMENTS = ("before", "during", "after")
REQUIRED = ("statement", "why", "source", "layers")
CHOICES = {
    "decides": ("point", "bound"),
    "needs": ("production",),
    "severity": SEVERITIES,
    "moment": MOMENTS,
    "applicability": ("always", "some-subjects", "where-present"),
}
_TEXTS = {
    "why": "why it must hold",
    "source": "the line of the requirements that asks for it, e.g. 'OPS-2'",
    "remedy": "what to do when it does not hold",
}
#: Least and greatest of each whole number.
NUMBERS = {"population": (0, 1_000_000), "samples": (1, 1_000_000_000), "attested_by": (1, 2)}
_TYPES = {str: "a text", dict: "a table", list: "a list", int: "a whole number", bool: "true or false"}
_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


@dataclass(frozen=True, slots=True, kw_only=True)
class CriteriaFile:
    """What a team states: the system's name, where its Terraform is, and its criteria."""

    path: Path
    included: tuple[str, ...] = ()
    """The files that it includes, by their paths from its folder."""
    system: str
    terraform_root: str = ""
    terraform_source: str = ""
    """The root that was planned, where the one that is judged is a plan.json."""
    var_files: tuple[str, ...] = ()
    exempt: tuple[str, ...] = ()
    """Patterns of files that hold made-up credentials on purpose, such as examples and tests."""
    account: str = ""
    """The AWS account that the system runs in, 12 digits; empty when the file names none."""
    foreign: tuple[str, ...] = ()
    """Patterns of names and ARNs in the account that are not of this system."""
    zones: tuple[str, ...] = ()
    max_age: Mapping[str, Quantity] = field(default_factory=lambda: parse_max_age({}))
    """The greatest age of the facts of each layer when they are judged."""
    cells: tuple[Cell, ...] = ()
    """What is observed one by one, and decided about together; empty for a system of one account and region."""
    evidence: EvidenceSection = field(default_factory=EvidenceSection)
    """Whose signatures count."""
    load: LoadSection | None = None
    """How the site is put under load; None when the file does not say."""
    airflow: AirflowSection | None = None
    """Which Airflow is asked, and what its DAGs must do; None when the file does not say."""
    e2e: E2eSection | None = None
    """Which pages are opened where; None when the file does not say."""
    rollout: RolloutSection | None = None
    """How a deployment is watched; None when the file does not say."""
    rehearsal: RehearsalSection | None = None
    """Which site a rehearsal is about; None when the file does not say."""
    site: SiteSection = field(default_factory=SiteSection)
    """Whom else to trust when a site is asked, and in which networks it may be asked without TLS."""
    attested: AttestedSection = field(default_factory=AttestedSection)
    """Where the records are of what people say, and when one is due."""
    organization: Organization | None = None
    """What the account's organization denies to all of it; None when the file does not say."""
    requirements: tuple[Requirement, ...] = ()
    """Empty for a team that keeps its requirements elsewhere."""
    criteria: Criteria = field(default_factory=Criteria)
    moments: Mapping[str, str] = field(default_factory=dict)
    """Criterion -> the moment of a release that it belongs to; those of no moment are left out."""

    @property
    def applied_root(self) -> str:
        """The root that a rehearsal applies; nobody can apply a plan.json."""
        return self.terraform_source or self.terraform_root

    def list_unasked(self) -> Iterator[tuple[Requirement, str]]:
        """Yield each requirement with each of its layers that no criterion answers."""
        answered = {(criterion.source, layer) for criterion in self.criteria.values() for layer in criterion.layers}
        for requirement in self.requirements:
            yield from ((requirement, layer) for layer in requirement.layers if (requirement.id, layer) not in answered)

    def require_account(self) -> str:
        """Return the account id. Raises UsageError when the file names none."""
        if not self.account:
            raise UsageError(f'{self.path}: names no account; write [account] with id = "123456789012"')
        return self.account


def load_criteria(path: Path) -> CriteriaFile:
    """Read and validate a criteria file and what it includes. Raises CriteriaError with one line per mistake."""
    text, included = read_files(path)
    return parse_criteria(text, path, included)


def parse_criteria(text: str, path: Path, included: Mapping[str, str] | None = None) -> CriteriaFile:
    """Validate the text of a criteria file with what it includes, by name; ``path`` is only named in messages."""
    data = (merged := merge(text, path, included or {})).data
    mistakes = [*section_mistakes(data), *requirement_mistakes(data), *_criterion_mistakes(data.get("criteria", {}))]
    if mistakes or merged.mistakes:
        raise CriteriaError(render_mistakes((*merged.mistakes, *map(merged.locate, mistakes))))
    tables = data["criteria"]
    return CriteriaFile(
        path=path,
        included=tuple(name for name in included or () if not is_written_out(name)),
        system=data["system"],
        **_parse_places(data),
        max_age=parse_max_age(data.get("facts", {})),
        cells=parse_cells(data.get("cells", [])),
        evidence=parse_evidence_section(data.get("evidence", {})),
        load=parse_load_section(data["load"]) if "load" in data else None,
        airflow=parse_airflow_section(data["airflow"], data["dags"]) if "airflow" in data else None,
        e2e=parse_e2e_section(data["e2e"]) if "e2e" in data else None,
        rollout=parse_rollout_section(data["rollout"]) if "rollout" in data else None,
        rehearsal=parse_rehearsal_section(data["rehearsal"]) if "rehearsal" in data else None,
        site=parse_site_section(data.get("site", {})),
        attested=parse_attested_section(data.get("attested", {})),
        organization=parse_organization(data["organization"]) if "organization" in data else None,
        requirements=tuple(parse_requirements(data.get("requirements", {}))),
        moments={id_: table["moment"] for id_, table in tables.items() if "moment" in table},
        criteria=Criteria({id_: _parse_criterion(id_, tables[id_], tables) for id_ in _order_by_requirement(data)}),
    )


def _parse_places(data: Mapping[str, Any]) -> dict[str, Any]:
    terraform, account = data.get("terraform", {}), data.get("account", {})
    return {
        **{f"terraform_{key}": terraform.get(key, "") for key in ("root", "source")},
        "var_files": tuple(terraform.get("var_files", ())),
        "exempt": tuple(data.get("repository", {}).get("exempt", ())),
        "account": account.get("id", ""),
        **{name: tuple(account.get(key, ())) for name, key in (("foreign", "exempt"), ("zones", "zones"))},
    }


def _order_by_requirement(data: Mapping[str, Any]) -> list[str]:
    """Return the criteria in the order of the requirements that they stand for, whichever file states them."""
    places = {id_: place for place, id_ in enumerate(data.get("requirements", {}))}
    return sorted(data["criteria"], key=lambda id_: places.get(data["criteria"][id_]["source"], 0))


def _criterion_mistakes(tables: Any) -> Iterator[str]:
    if not isinstance(tables, dict):
        return
    for id_, table in tables.items():
        where = f"criteria.{id_}"
        if not _ID.fullmatch(id_):
            yield f"{where}: is not a kebab-case id; write e.g. 'backup-retention'"
        if not isinstance(table, dict):
            yield f"{where}: is not a table; write [criteria.{id_}]"
            continue
        mistyped = list(_key_mistakes(where, table))
        yield from mistyped
        if not mistyped:
            yield from _value_mistakes(where, table, tables)


def _key_mistakes(where: str, table: Mapping[str, Any]) -> Iterator[str]:
    for key in REQUIRED:
        if key not in table:
            yield f"{where}.{key}: is missing; every criterion states {', '.join(REQUIRED)}"
    yield from key_mistakes(where, table, KEYS)
    for key in (each for each in table if each in KEYS):
        if not isinstance(table[key], KEYS[key]) or (isinstance(table[key], bool) and bool not in KEYS[key]):
            yield f"{where}.{key}: is {table[key]!r}; write {_TYPES[KEYS[key][0]]}"


def _value_mistakes(where: str, table: Mapping[str, Any], tables: Mapping[str, Any]) -> Iterator[str]:
    yield from statement_mistakes(where, table)
    yield from layer_mistakes(where, table)
    for key, choices in CHOICES.items():
        if table.get(key, choices[0]) not in choices:
            yield f"{where}.{key}: is {table[key]!r}; write {' or '.join(repr(choice) for choice in choices)}"
    for key, example in _TEXTS.items():
        if key in table:
            yield from text_mistakes(f"{where}.{key}", table[key], example)
    for key, (least, most) in NUMBERS.items():
        if not least <= table.get(key, least) <= most:
            yield f"{where}.{key}: is {table[key]:,}; write a number from {least} to {most:,}"
    yield from sampling_mistakes(where, table)
    yield from deciding_mistakes(where, table)
    yield from terms_mistakes(where, table)
    yield from goals_mistakes(where, table)
    yield from bounds_mistakes(where, table, tables)


def _parse_criterion(id_: str, table: Mapping[str, Any], tables: Mapping[str, Any]) -> Criterion:
    statement = read_statement(table)
    quantities: dict[str, Any] = {key: Quantity.parse(table[key]) for key in SAMPLING if key in table}
    return Criterion(
        id=id_,
        statement=statement.get("en") or statement["ja"],
        statement_ja=statement.get("ja", ""),
        **{key: table[key] for key in ("why", "source")},
        layers=tuple(layer for layer in LAYERS if layer in table["layers"]),
        remedy=table.get("remedy", ""),
        controls=tuple(table.get("controls", ())),
        population=table.get("population", 1),
        samples=table.get("samples", 1),
        decides=table.get("decides", "point"),
        needs_production=table.get("needs") == "production",
        some_subjects=table["applicability"] == "some-subjects" if "applicability" in table else None,
        where_present=table.get("applicability") == "where-present",
        baseline=bool(table.get("baseline")),
        severity=table.get("severity", ""),
        **parse_bounds(table, tables),
        **parse_terms(table),
        goals=parse_goals(table),
        **quantities,
    )
