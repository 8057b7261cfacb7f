"""Reads the JSON form of a plan: its resources, unknown values, references, gaps, and keys in provider blocks."""

import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import zip_longest
from operator import itemgetter
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from ..processes.regular_files import read_measured
from ..semantics.json_texts import DuplicateKeyError, read_json
from ..semantics.secret_forms import HANDED_IN, WRITTEN, find_secret, find_secrets
from ..semantics.secret_places import REDACTOR
from ..semantics.unresolved import Unknown, Unresolved
from .addresses import split_call, without_indices
from .diagnostics import TerraformError, refusal
from .flow import Flow, Inventions, explain_unread, find_assumptions, find_repetitions, hide_derived, mark_assumed
from .hcl import Expression, HclBlock, parse_values
from .outlines import add_outlines, is_beside, is_outline
from .positions import Origin, Position
from .provenance import Provenance
from .provider.planning import find_name
from .provider.schema import aws_schemas
from .read_files import find_outside_reads
from .references import PlannedConfiguration, find_credentials
from .resources import REDACTED, UNKNOWN, Configuration, Gap, Resource, find_unknown, is_opaque, list_texts
from .sources import Tree, is_encrypted, is_filed_in_full

# ── Keys in provider blocks, by their origin: the source, a resource that makes them, or the operator of Terraform

#: Resources that make a key which stays valid until somebody deletes it.
_MAKERS: Final = ("aws_iam_access_key", "aws_iam_service_specific_credential")
_LOST: Final = "comes from where nothing of it can be read"
#: Hosts of emulators, whose keys open nothing.
_LOCAL: Final = ("localhost", "127.0.0.1", "::1")
_EMULATOR: Final = ".localstack.cloud"
#: The worst first: of several origins, the first of these decides.
_ORDER: Final = (WRITTEN, "is made by", _LOST, HANDED_IN)


def find_provider_blocks(planned: PlannedConfiguration, provenance: Provenance | None) -> Iterator[Resource]:
    """Yield each provider block with keys: each argument states its origin, and never its value.

    Without the source, that of a plan is read, which omits local values.
    """
    yield from _list_planned(planned) if provenance is None else _list_written(provenance)


def _list_written(known: Provenance) -> Iterator[Resource]:
    for module, held in known.tree.modules.items():
        for block in held.of("provider"):
            keys = {name: value for name, value in block.arguments.items() if _is_key(name)}
            if keys and not _are_local([url.literal for url in _list_endpoints(block)]):
                found = {name: _explain(value, module, known) for name, value in keys.items()}
                places = {name: (Position(value.file, value.line),) for name, value in keys.items()}
                yield _make(_name(block, module), module, found, Origin(Position(block.file, block.line), places))


def _list_endpoints(block: HclBlock) -> Iterator[Expression]:
    yield from (url for inner in block.blocks if inner.kind == "endpoints" for url in inner.arguments.values())
    in_json = block.arguments.get("endpoints")
    yield from (url for item in (in_json.items if in_json else ()) for url in item.entries.values())


def _list_planned(planned: PlannedConfiguration) -> Iterator[Resource]:
    for each in planned.providers.values():
        written, module = each.get("expressions") or {}, each.get("module_address") or ""
        keys = {name: value for name, value in written.items() if _is_key(name)}
        stated = (url for block in written.get("endpoints") or () for url in block.values())
        if keys and not _are_local([url.get("constant_value") for url in stated]):
            found = {name: _explain_planned(value, module, planned) for name, value in keys.items()}
            address = filter(None, (module, f"provider.{each.get('name')}", each.get("alias")))
            yield _make(".".join(address), module, found, None)


def _is_key(name: str) -> bool:
    return bool(find_secret(name, "x"))


def _make(address: str, module: str, found: Mapping[str, str], origin: Origin | None) -> Resource:
    values = {name: Unknown(said) if said == _LOST else said for name, said in found.items()}
    return Resource(
        address=address,
        type="provider_block",
        name=address,
        values=values,
        mode="provider",
        module=module,
        origin=origin,
    )


def _name(block: HclBlock, module: str) -> str:
    alias = block.arguments.get("alias")
    own = (f"provider.{block.labels[0]}", alias.literal or "" if alias else "")
    return ".".join(filter(None, (module, *own)))


def _are_local(urls: list[Any]) -> bool:
    """Whether all endpoints in a block belong to this machine, or to a container beside it."""
    return bool(urls) and all(isinstance(url, str) and _is_local(url) for url in urls)


def _is_local(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    return host in _LOCAL or host.endswith(_EMULATOR) or (bool(host) and "." not in host)


def _explain_text(value: Any) -> str:
    return WRITTEN if isinstance(value, str) and find_secret("password", value) else HANDED_IN


def _choose(found: list[str]) -> str:
    return min(found, key=lambda said: next(n for n, each in enumerate(_ORDER) if said.startswith(each)))


def _explain(value: Expression, module: str, known: Provenance, seen: frozenset[Expression] = frozenset()) -> str:
    """Return the origin of an argument's value in a module of the source."""
    if value.literal is not None:
        return _explain_text(value.literal)
    return _choose([_follow(each.parts, module, known, seen | {value}) for each in value.references] or [HANDED_IN])


def _follow(parts: tuple[str, ...], module: str, known: Provenance, seen: frozenset[Expression]) -> str:
    stood = known.stand_for(module, parts)
    if stood:
        value, place, inside = stood
        value = value.find_entry(inside)
        return HANDED_IN if value in seen else _explain(value, place, known, seen)
    return _LOST if parts[0] == "module" else _explain_resource(parts)


def _explain_resource(parts: Sequence[str]) -> str:
    return f"is made by {'.'.join(parts[:2])}" if parts[0] in _MAKERS else HANDED_IN


def _explain_planned(value: Any, module: str, planned: PlannedConfiguration) -> str:
    """Return the origin of an argument's value in a module of a plan."""
    if not isinstance(value, Mapping):
        return _LOST
    if "constant_value" in value:
        return _explain_text(value["constant_value"])
    return _choose([_follow_planned(each, module, planned) for each in value.get("references") or ()] or [_LOST])


def _follow_planned(reference: str, module: str, planned: PlannedConfiguration) -> str:
    kind, name, *_ = parts = (*reference.split("."), "")
    stood = planned.stand_for(module, reference)
    if kind == "var" and not module:
        default = planned.find_default(name)
        return HANDED_IN if stood and stood[0]["constant_value"] != default else _explain_text(default)
    if kind in ("local", "var", "module"):
        return _explain_planned(*stood, planned) if stood else _LOST
    return _explain_resource(parts)


# Reads a plan.json, and identifies a file that is not one

#: The size limit of a plan, in bytes.
_LARGEST: Final = 1024**3
ADVICE: Final = "write one with `terraform show -json PLANFILE > plan.json`"


# ── What a plan lacks: resources that it configures and does not plan, or that its source declares otherwise

#: How many addresses a gap names.
_NAMED: Final = 5
#: Texts that core reads otherwise than they are written.
_ESCAPED: Final = re.compile(r"[\\$%]")


def find_lacking(plan: Mapping[str, Any], planned: PlannedConfiguration, tree: Tree | None) -> Iterator[Gap]:
    """Yield a gap for what a plan of others leaves out, states twice differently, or has of another source.

    A plan whose own words say that it is partial needs no such gap.
    """
    planned_in = (plan.get("planned_values") or {}).get("root_module") or {}
    values = {each["address"]: each.get("values") or {} for _, each in _instances(planned_in)}
    if not plan.get("errored") and plan.get("complete") is not False:
        yield from _find_unplanned(planned, values, tree)
    yield from _find_contradictions(plan, values)
    if tree and plan.get("configuration"):
        yield from _find_stale(planned, tree)


def _find_unplanned(planned: PlannedConfiguration, values: Mapping[str, Any], tree: Tree | None) -> Iterator[Gap]:
    instances = {without_indices(address) for address in values}
    missing = [*planned.find_unplanned(instances)]
    if missing:
        how = "-target or -exclude" if instances else "-destroy or -refresh-only"
        advice = "" if tree or not instances else "; name the source of the plan if they are repeated zero times"
        yield Gap("the plan", f"lacks what it configures: {_name_some(missing)} (was it made with {how}?){advice}")


def _find_contradictions(plan: Mapping[str, Any], values: Mapping[str, Any]) -> Iterator[Gap]:
    """A plan states the values of each resource twice: as planned, and as what a change leaves."""
    for each in plan.get("resource_changes") or ():
        after, stated = each["change"].get("after"), values.get(each["address"])
        if isinstance(after, Mapping) and stated is not None and not each.get("deposed"):
            names = [name for name in sorted({*after, *stated}) if after.get(name) != stated.get(name)]
            if names:
                yield Gap(each["address"], f"is planned with values that its change does not have: {_name_some(names)}")


def _find_stale(planned: PlannedConfiguration, tree: Tree) -> Iterator[Gap]:
    """Compare what a plan configures with what its source declares now."""
    declared = {
        f"{path}.{name}".lstrip("."): blocks[-1]
        for path, module in tree.modules.items()
        for name, blocks in module.resources.items()
        if not name.startswith("data.")
    }
    configured = {
        address: stated for module, address, stated in planned.list_managed() if not module or module in tree.modules
    }
    differing = [*(declared.keys() ^ configured.keys())]
    for address in declared.keys() & configured.keys():
        written = configured[address].get("expressions") or {}
        for name, value in declared[address].arguments.items():
            text, constant = value.literal, (written.get(name) or {}).get("constant_value")
            if text is not None and not _ESCAPED.search(text) and isinstance(constant, str) and constant != text:
                differing.append(f"{address}.{name}")
    if differing:
        yield Gap("the plan", f"is of another source than the stated one: {_name_some(sorted(differing))}")


def _name_some(names: list[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} others" if more > 0 else "")


# ── Secrets beside resources: in defaults of variables, outputs, provisioners and variable files

#: The type under which policies find them.
WRITTEN_BLOCK: Final = "written_block"
#: Blocks with a text, the word that begins their address, and the argument that holds it.
_STATED: Final = (("variable", "var", "default"), ("output", "output", "value"))
#: Blocks of a resource that run something or sign in somewhere, and are no part of its values.
_RUNNING: Final = ("provisioner", "connection")


def find_written_texts(planned: PlannedConfiguration, provenance: Provenance | None) -> Iterator[Resource]:
    """Yield each block that holds secrets, with them by name; other texts are not kept.

    Without the source, that of a plan is read, which omits texts with something to fill in.
    """
    if provenance is None:
        for address, values in planned.list_written():
            yield from _make_block(address, values, None)
        return
    called = {held.directory: path for path, held in [*provenance.tree.modules.items()][::-1]}
    for held in provenance.tree.distinct:
        path = f"{called[held.directory]}.".lstrip(".")
        for kind, short, argument in _STATED:
            for block in held.of(kind):
                stated = {block.labels[0]: block.arguments[argument]} if argument in block.arguments else {}
                yield from _read_block(f"{path}{short}.{block.labels[0]}", stated)
        for address, blocks in held.resources.items():
            for inner in (inner for block in blocks for inner in block.blocks if inner.kind in _RUNNING):
                stated = {**inner.arguments, **{k: v for each in inner.blocks for k, v in each.arguments.items()}}
                yield from _read_block(".".join((f"{path}{address}", inner.kind, *inner.labels)), stated)
    for file in provenance.list_variable_files():
        name = os.path.relpath(file, provenance.tree.base)
        yield from _read_block(name, {} if is_encrypted(file) else parse_values(file, name))


def _read_block(address: str, stated: Mapping[str, Expression]) -> Iterator[Resource]:
    """Yield a block with secrets. What is no plain text stands under a name that says nothing."""
    places = {name: (Position(value.file, value.line),) for name, value in stated.items()}
    values = {name: value.literal or {"text": value.text} for name, value in stated.items()}
    yield from _make_block(address, values, Origin(next(iter(places.values()))[0], places) if places else None)


def _make_block(address: str, values: Mapping[str, Any], origin: Origin | None) -> Iterator[Resource]:
    held = {name: value for name, value in values.items() if _holds_secret(name, value)}
    if held:
        yield Resource(address=address, type=WRITTEN_BLOCK, name=address, values=held, mode="written", origin=origin)


def _holds_secret(name: str, value: Any) -> bool:
    if isinstance(value, str):
        return next(find_secrets(name, value), None) is not None
    items = [(name, each) for each in value] if isinstance(value, list) else []
    return any(_holds_secret(key, each) for key, each in (value.items() if isinstance(value, Mapping) else items))


# ── The plan itself


def load_plan(path: Path) -> dict[str, Any]:
    """Return the plan in a file that ``terraform show -json`` wrote, of format 1.x.

    Raises TerraformError that identifies any other file.
    """
    try:
        content = read_measured(path, _LARGEST, piped=True)
    except OSError as error:
        raise refusal(f"{path}: can't be read: {error.strerror}") from None
    return check_plan(_parse_json(path, content), path)


def check_plan(stated: object, path: Path) -> dict[str, Any]:
    """Return parsed JSON that is a plan. Raises TerraformError if it is something else."""
    if not isinstance(stated, dict):
        raise not_a_plan(path, f"is a JSON {type(stated).__name__}")
    if "planned_values" not in stated:
        raise not_a_plan(path, _describe_kind(stated))
    version = str(stated.get("format_version", ""))
    if version.partition(".")[0] != "1":
        raise refusal(
            f"{path}: has plan format {version!r}, and only 1.x is known", "write it with Terraform 1.1 or later"
        )
    return stated


def _parse_json(path: Path, content: bytes) -> object:
    if content.startswith(b"PK\x03\x04"):
        raise not_a_plan(path, "is a binary plan, which only core can read")
    if not content.strip():
        raise not_a_plan(path, "is empty")
    encoding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        text = content.decode(encoding)
        parsed: object = read_json(text, parse_constant=_refuse_constant)
    except UnicodeDecodeError:
        raise not_a_plan(path, "is neither text nor JSON") from None
    except _NotANumber as error:
        raise not_a_plan(path, f"is not JSON: it holds {error}") from None
    except RecursionError:
        raise not_a_plan(path, "is nested too deeply") from None
    except json.JSONDecodeError as error:
        raise _explain_bad_json(path, text, error) from None
    except DuplicateKeyError as error:
        raise not_a_plan(path, str(error).partition(";")[0]) from None
    except ValueError:
        raise not_a_plan(path, "holds a number of more digits than any plan has") from None
    return parsed


class _NotANumber(Exception):
    """NaN or Infinity, which Python would read as a number within any bound."""


def _refuse_constant(text: str) -> object:
    raise _NotANumber(text)


def _explain_bad_json(path: Path, text: str, error: json.JSONDecodeError) -> TerraformError:
    if text.lstrip().startswith('{"@level"'):
        return not_a_plan(path, _LOG)
    if text.lstrip()[:1] != "{":
        return not_a_plan(path, f"is not JSON: it starts with {text.lstrip()[:20]!r}")
    if error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated string"):
        return refusal(f"{path}:{error.lineno}: is cut off after {len(text)} characters", "write it again, in full")
    return not_a_plan(path, f"is not JSON: {error.msg} at line {error.lineno}, column {error.colno}")


#: Keys that identify another kind of file; the first entry with all keys present counts.
_LOG: Final = "is the log of `terraform plan -json`, which lacks the values"
_KINDS: Final = (
    ({"lineage"}, "is a state file"),
    ({"serial"}, "is a state file"),
    ({"values", "terraform_version"}, "is the JSON form of a state, not of a plan"),
    ({"provider_schemas"}, "is a provider schema"),
    ({"@level"}, _LOG),
    ({"resource_changes"}, "has resource_changes but no planned_values"),
)


def _describe_kind(stated: dict[str, Any]) -> str:
    keys = ", ".join(list(stated)[:4])
    other = f"has no planned_values; its keys are {keys}" if keys else "is an empty JSON object"
    return next((said for named, said in _KINDS if named <= stated.keys()), other)


def not_a_plan(path: Path, what: str) -> TerraformError:
    """Return the error for a file that is not a plan."""
    return refusal(f"{path}: {what}", ADVICE)


# Distinguishes unset arguments from those whose value is decided later: a plan calls both "unknown".
#
# The stand-in provider sees which arguments are null when core asks it to plan, even through a variable or an empty
# dynamic block. For the plan of a real provider, its own ``configuration`` tells which are not written.


def forget_unset(values: Mapping[str, Any], is_unset: Callable[[tuple[str, ...]], bool]) -> dict[str, Any]:
    """Return values with null for the unset among unknown ones; ``is_unset`` receives a path without indices."""
    return {name: _forget(value, (name,), is_unset) for name, value in values.items()}


def _forget(value: Any, path: tuple[str, ...], is_unset: Callable[[tuple[str, ...]], bool]) -> Any:
    if value is UNKNOWN:
        return None if is_unset(path) else value
    if isinstance(value, Mapping):
        return {name: _forget(each, (*path, name), is_unset) for name, each in value.items()}
    return [_forget(each, path, is_unset) for each in value] if isinstance(value, list) else value


def drop_conditional(
    named: Mapping[str, tuple[str, ...]], address: str, values: Mapping[str, Any], flow: Flow
) -> dict[str, tuple[str, ...]]:
    """Return the names in a resource's arguments, without those that may be null: the only name is in a condition."""
    single = (name for name, each in named.items() if len(set(each)) == 1 and _may_hold_null(values.get(name)))
    asked = {name for name in single if any(each.decides_null for each in flow.of_value(address, name))}
    return {name: each for name, each in named.items() if name not in asked}


def _may_hold_null(value: Any) -> bool:
    """Whether a value, or an argument in its blocks, is unknown and may be null; an existing list is not."""
    blocks = [each for each in value if isinstance(each, Mapping)] if isinstance(value, list) else value
    return find_unknown(blocks) is not None


# Finds the parts that somebody took out of a plan: a missing value is within no bound, and must not look as if it were


def find_redactions(resources: Iterable[Resource]) -> Iterator[Gap]:
    """Yield a gap for each managed resource that lacks values which every plan of it states."""
    known = frozenset(aws_schemas().names("resource"))
    for resource in resources:
        if resource.mode != "managed":
            continue
        if all(value in (None, "", [], {}) for value in resource.values.values()):
            yield Gap(resource.address, "is planned without a single value, as in a plan that was redacted")
        elif resource.type in known:
            schema = aws_schemas().block("resource", resource.type)
            for path in _find_missing(schema, resource.values, ""):
                yield Gap(f"{resource.address}.{path}", "is required, but was taken out of the plan")


def _find_missing(schema: Mapping[str, Any], values: Mapping[str, Any], path: str) -> Iterator[str]:
    """Yield required arguments that are null, and empty blocks."""
    for name, attribute in schema["attributes"].items():
        if attribute.get("required") and not attribute.get("write_only") and values.get(name, "") is None:
            yield f"{path}{name}"
    for name, nested in schema["block_types"].items():
        stated = values.get(name)
        for item in stated if isinstance(stated, Sequence) else ():
            if isinstance(item, Mapping) and item:
                yield from _find_missing(nested["block"], item, f"{path}{name}.")
            elif isinstance(item, Mapping | None) and (nested["block"]["attributes"] or nested["block"]["block_types"]):
                yield f"{path}{name}"


def read_plan(
    plan: Mapping[str, Any], path: Path, *, provenance: Provenance | None = None, root: str = ""
) -> Configuration:
    """Read a plan that `load_plan` returned for a path; ``root`` is its name in findings, else the path.

    Positions are known only if ``provenance`` has the source. Raises TerraformError for a file that is no plan.
    """
    engine = f"plan.json of Terraform {plan.get('terraform_version', 'of an unknown version')}"
    try:
        notes, tree = tuple(_list_failed_checks(plan)), provenance.tree if provenance else None
        gaps = tuple(find_lacking(plan, PlannedConfiguration(plan, tree), tree))
        return build_configuration(
            plan, root=root or str(path), engine=engine, provenance=provenance, gaps=gaps, notes=notes
        )
    except RecursionError:
        raise not_a_plan(path, "is nested too deeply") from None
    except (AttributeError, LookupError, TypeError, ValueError, Unresolved) as error:
        raise not_a_plan(path, f"is not built like a plan ({type(error).__name__}: {error})") from error


# The parts of a configuration that were taken out here, or are read otherwise than in production

_GUESSED: Final = (
    "is judged by a copy that has its name, and may be another module than {!r}: {}; run `terraform init`, or keep the "
    "copy under NAMESPACE/NAME/PROVIDER in the folder that --modules names"
)


def find_unread_gaps(flow: Flow) -> Iterator[Gap]:
    """Yield a gap for each removed resource and module call; a data source creates nothing, and is unknown."""
    for path, module in flow.tree.modules.items():
        reasons: Mapping[str, str] = flow.tree.unread.get(module.directory, {})
        for address, reason in reasons.items():
            if address in module.declared and not address.startswith("data."):
                named, position = f"{path}.{address}".lstrip("."), module.find_position(address)
                yield Gap(named, reason, position, tuple(sorted(flow.find_named(path, address))))


_UNSTATED: Final = "so what depends on it is unknown; state it with --var NAME=VALUE or --var-file FILE"
#: Types that are longer than this are not shown.
_LONGEST_TYPE: Final = 40


def describe_unstated(tree: Tree) -> Iterator[str]:
    """Describe, in a line for each cause, the root's variables that nobody states; then the share that is judged."""
    unread, named = tree.unread.get(tree.root.directory, {}), dict[str, list[str]]()
    for name, block in tree.root.variables.items():
        if why := unread.get(f"var.{name}"):
            stated = block.arguments.get("type")
            kind = f" ({stated.text})" if stated and len(stated.text) <= _LONGEST_TYPE else ""
            named.setdefault(why, []).append(f"var.{name}{kind}")
    yield from (f"{', '.join(names)}: {why}, {_UNSTATED}" for why, names in named.items())
    declared = [(path, name) for path, held in tree.modules.items() for name in held.resources if name[:5] != "data."]
    left_out = sum(any(tree.is_unread(*each) for each in _list_around(*one)) for one in declared)
    calls = [(path, f"module.{name}") for path, held in tree.modules.items() for name in held.calls]
    closed = sum(
        tree.is_unread(path, name) and f"{path}.{name}".lstrip(".") not in tree.modules for path, name in calls
    )
    if left_out or closed:
        share = f"{len(declared) - left_out} of {len(declared)} resources that the source declares are judged"
        yield share + (f", and nothing of {closed} modules that are not here" if closed else "")


def _list_around(path: str, address: str) -> Iterator[tuple[str, str]]:
    """Yield a block, and each module call that it is in."""
    yield path, address
    while path:
        path, name = split_call(path)
        yield path, f"module.{name}"


def _find_guessed_copies(tree: Tree) -> Iterator[Gap]:
    """Yield a gap for each module call judged by a copy of the same name, which may have another owner."""
    for path, module in tree.modules.items():
        for name, found in tree.borrowed.get(module.directory, {}).items():
            call = module.calls[name]
            if not tree.is_unread(path, f"module.{name}") and not is_filed_in_full(call.source, found, tree.folders):
                yield Gap(f"{path}.module.{name}".lstrip("."), _GUESSED.format(call.source, found), call.position)


def _find_source_gaps(tree: Tree, engine: str, workspace: str) -> Iterator[Gap]:
    """Yield a gap if a value depends on the workspace, which core knows only as the default or as stated.

    And one for each file that only OpenTofu reads, unless production is stated to use it.
    """
    chosen = 'is "default" here, and may be another in production; judge a plan.json of it, or check --workspace NAME'
    reason = "is judged as OpenTofu reads it{}, which Terraform does not; put tofu on PATH if you use it, or write .tf"
    for source in {each.file: each for module in tree.distinct for each in module.sources}.values():
        for block in source.blocks if b"workspace" in source.native and not workspace else ():
            found = (name for name in block.references if name.parts == ("terraform", "workspace"))
            yield from (Gap("terraform.workspace", chosen, Position(source.file, name.line)) for name in found)
        read = source.core_file
        if read != source.file and not engine.startswith("OpenTofu"):
            replaced = f", in the place of {read}" if (tree.base / read).exists() else ""
            yield Gap(source.file, reason.format(replaced), Position(source.file, 1))


_UNSEEN: Final = "acts out of sight: what it makes or changes is not declared here"


def _find_opaque(resources: Iterable[Resource], planned: PlannedConfiguration, tree: Tree | None) -> Iterator[Gap]:
    """Yield a gap for each resource, command and action whose effects are written nowhere."""
    found = {
        each.configured_as: each.origin.block if each.origin else None for each in resources if each.mode != "data"
    }
    for path, module in tree.modules.items() if tree else ():
        blocks = [(name, inner) for name, held in module.resources.items() for each in held for inner in each.blocks]
        acting = [(f"{name}.{inner.kind}.{'.'.join(inner.labels)}", inner) for name, inner in blocks]
        for name, block in (*acting, *((each.address, each) for each in module.of("action"))):
            found[f"{path}.{name}".lstrip(".")] = Position(block.file, block.line)
    for _, address, stated in () if tree else planned.list_managed():
        found |= {f"{address}.provisioner.{each['type']}": None for each in stated.get("provisioners") or ()}
    yield from (Gap(each, _UNSEEN, place) for each, place in found.items() if is_opaque(each))


#: Core reads some texts that fail here: an unfinished ``${`` in a description, which core takes literally.
_NOT_UNDERSTOOD: Final = "is JSON that is not understood here, so what its values come from is not known"


def build_configuration(
    plan: Mapping[str, Any],
    *,
    root: str,
    engine: str,
    provenance: Provenance | None = None,
    inventions: Inventions | None = None,
    gaps: Sequence[Gap] = (),
    notes: Sequence[str] = (),
    asked: bool = False,
    workspace: str = "",
    outlined: Tree | None = None,
) -> Configuration:
    """Return the declared configuration of a plan, without resources that it deletes or forgets.

    ``asked`` means that somebody could have stated the account: without it, its stand-in is a note. ``outlined`` is the
    tree that was planned, with resources that stand beside documents.
    """
    tree = provenance.tree if provenance else None
    flow = Flow(outlined or tree, inventions) if inventions and tree else None
    if flow and tree:
        gaps = (*gaps, *find_unread_gaps(flow), *_find_guessed_copies(tree))
        gaps = (*gaps, *_find_source_gaps(tree, engine, workspace))
        notes = (*notes, *describe_unstated(tree))
    variables = {name: stated.get("value") for name, stated in (plan.get("variables") or {}).items()}
    REDACTOR.redact(variables)  # learns
    planned = PlannedConfiguration(plan, tree)
    if flow:
        texts = {name: tuple(list_texts(value)) for name, value in variables.items()}
        gaps = (*gaps, *find_repetitions(planned.repetitions(), flow), *find_outside_reads(flow, texts))
    in_json = (each for module in (tree.distinct if tree else ()) for each in module.sources if each.is_json)
    gaps = (*gaps, *(Gap(each.file, _NOT_UNDERSTOOD, Position(each.file, 1)) for each in in_json if each.broken))
    read = tuple(_PlanReader(planned, provenance, flow).resources(plan))
    resources = tuple(add_outlines(read, tree)) if tree else read
    gaps = (*gaps, *_find_opaque(resources, planned, tree))
    assumptions = tuple(find_assumptions(resources, flow)) if flow else ()
    said = () if asked else tuple(f"{each.subject} {each.reason}" for each in assumptions)
    return Configuration(
        root=root,
        engine=engine,
        resources=resources,
        gaps=(
            *(each for each in gaps if not is_beside(each.subject)),
            *_find_gaps(plan),
            *_find_missing_values(plan, read),
            *find_redactions(resources),
            *(assumptions if asked else ()),
        ),
        notes=(*notes, *said),
        providers=(*find_provider_blocks(planned, provenance), *find_written_texts(planned, provenance)),
    )


@dataclass(frozen=True, slots=True)
class _PlanReader:
    planned: PlannedConfiguration
    provenance: Provenance | None
    flow: Flow | None

    def resources(self, plan: Mapping[str, Any]) -> Iterator[Resource]:
        """Yield the planned resources, then the data that was read before the plan."""
        stated = plan.get("resource_changes") or ()
        changes = {each["address"]: each["change"] for each in stated if not each.get("deposed")}
        planned = list(_instances((plan["planned_values"] or {}).get("root_module") or {}))
        known = {each["address"] for _, each in planned}
        prior = (plan.get("prior_state") or {}).get("values") or {}
        read = _instances(prior.get("root_module") or {})
        data = [(module, each) for module, each in read if each["mode"] == "data" and each["address"] not in known]
        for module, instance in planned + data:
            yield self._resource(module, instance, changes.get(instance["address"]) or {})

    def _resource(self, module: str, stated: Mapping[str, Any], change: Mapping[str, Any]) -> Resource:
        address = stated["address"]
        named = self.planned.of(address)
        unknown = change.get("after_unknown") or {}
        if not isinstance(unknown, Mapping):
            raise TypeError(f"after_unknown of {address} is {str(unknown)[:40]!r}, and no object")
        known = mark_unknown(stated.get("values") or {}, unknown) or {}
        if is_outline(address):  # a document may be sensitive in part, and that part is not kept
            known = mark_unknown(known, stated.get("sensitive_values") or {}, REDACTED)
        values = self._hide(stated, self._forget_unset(stated, known))
        return Resource(
            address=address,
            type=stated["type"],
            name=stated["name"],
            mode=stated["mode"],
            module=module,
            values=values,
            origin=self.provenance.origin(address) if self.provenance else None,
            references=drop_conditional(named, address, values, self.flow) if self.flow else named,
            sensitive=_find_sensitive(stated.get("sensitive_values"), change.get("after_sensitive")),
            credentials=find_credentials(self.planned.attributes_of(address)),
            provider=self.planned.provider_of(address),
        )

    def _forget_unset(self, stated: Mapping[str, Any], values: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return values with null for unset ones, unless a stand-in decides."""
        address, kind, flow = stated["address"], stated["type"], self.flow
        if stated["mode"] != "managed":
            return values
        if flow is None:
            return forget_unset(values, lambda path: self.planned.leaves_out(address, kind, path, values))
        unset = flow.inventions.unset.get((kind, find_name(values)), frozenset())

        def is_unset(path: tuple[str, ...]) -> bool:
            return ".".join(path) in unset and not any(each.decides("") for each in flow.of_value(address, path[0]))

        return forget_unset(values, is_unset)

    def _hide(self, stated: Mapping[str, Any], values: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return values, with unknown for those that a stand-in decides."""
        if (flow := self.flow) is None:
            return values
        address = stated["address"]
        hidden = flow.inventions.hide(values, self.planned.of(address), partial(flow.find_decider, address))
        if stated["mode"] == "data":
            return explain_unread(address, flow.inventions.hide_answers(stated["type"], hidden), flow)
        hidden = mark_assumed(address, hide_derived(address, values, hidden, flow), flow)
        return explain_unread(address, hidden, flow)


def _instances(module: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    yield from ((module.get("address", ""), each) for each in module.get("resources") or ())
    for child in sorted(module.get("child_modules") or (), key=itemgetter("address")):  # core lists them in any order
        yield from _instances(child)


def mark_unknown(value: Any, unknown: Any, mark: Unknown = UNKNOWN) -> Any:
    """Put a mark at the places in the mask ``unknown`` (true, or containers that lead to true)."""
    if unknown is True:
        return mark
    if not unknown:
        return value
    if isinstance(unknown, Mapping):
        held = value if isinstance(value, Mapping) else {}
        marked = {key: mask for key, mask in unknown.items() if mask or (key not in held and mask is not False)}
        return {**held, **{key: mark_unknown(held.get(key), mask, mark) for key, mask in marked.items()}}
    if isinstance(unknown, list):
        items = value if isinstance(value, list) else []
        return [mark_unknown(item, mask, mark) for item, mask in zip_longest(items, unknown)]
    return value


def _find_sensitive(*masks: Any) -> frozenset[str]:
    """The top-level arguments that contain a sensitive value."""
    return frozenset(
        name for mask in masks if isinstance(mask, Mapping) for name, inner in mask.items() if _any_true(inner)
    )


def _any_true(mask: Any) -> bool:
    if isinstance(mask, Mapping):
        return any(map(_any_true, mask.values()))
    return any(map(_any_true, mask)) if isinstance(mask, list) else mask is True


def _find_missing_values(plan: Mapping[str, Any], resources: Iterable[Resource]) -> Iterator[Gap]:
    """Yield the resources that a plan creates, changes or keeps without their values, as a filtered plan does."""
    known = {resource.address for resource in resources}
    for each in plan.get("resource_changes") or ():
        kept = {"create", "update", "no-op"} & set(each["change"].get("actions") or ())
        if kept and each.get("mode") == "managed" and not each.get("deposed") and each["address"] not in known:
            yield Gap(each["address"], "is planned, but its values are not in the plan")


def _find_gaps(plan: Mapping[str, Any]) -> Iterator[Gap]:
    if plan.get("errored"):
        yield Gap("the plan", "ended with an error, so resources may be missing from it")
    elif plan.get("complete") is False:
        yield Gap("the plan", "is not complete (made with -target, or changes are deferred)")
    for each in plan.get("deferred_changes") or ():
        address = (each.get("resource_change") or {}).get("address", "a resource")
        yield Gap(address, f"is deferred ({each.get('reason', 'no reason given')}), so its instances are not known")


def _list_failed_checks(plan: Mapping[str, Any]) -> Iterator[str]:
    """Describe the failed checks and conditions of the configuration itself."""
    for each in plan.get("checks") or ():
        for instance in each.get("instances") or ():
            problems = "; ".join(problem.get("message", "") for problem in instance.get("problems") or ())
            if each.get("status") in ("fail", "error"):
                yield f"{instance['address']['to_display']}: its own condition does not hold: {problems}"
