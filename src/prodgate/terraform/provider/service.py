"""Answers the procedures of the plugin protocol for one provider."""

import json
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partialmethod
from pathlib import Path
from typing import Any

from .datasources import (
    AWS_FUNCTIONS,
    Answer,
    ArgumentError,
    Function,
    PolicyError,
    answer_data_source,
    describe,
    encode_functions,
)
from .planning import (
    NOT_CREATED,
    UNCHANGEABLE,
    CreationError,
    Creator,
    create_locally,
    create_with,
    find_name,
    list_unset,
    mark_computed_unknown,
    plan_new,
    plan_update,
    replace_unknown,
)
from .schema import Block, Schemas, UsedTypes, encode_schemas
from .synthesis import Identities, Settings, read_settings
from .utility_providers import REMOTE_STATE, name_resource
from .values import UNKNOWN, decode, encode, holds_unknown, pairs
from .wire import CLASSES

# Refuses what core can't know to be wrong: a value for an attribute that only AWS sets.

ERROR, WARNING = 1, 2
Place = tuple[str | int, ...]


def find_misplaced(block: Block, config: Any, path: Place = ()) -> Iterator[Place]:
    """Yield the path of each attribute that is set although only AWS sets it."""
    if not isinstance(config, dict):
        return
    for name, attribute in block["attributes"].items():
        settable = attribute.get("optional") or attribute.get("required")
        if not settable and config.get(name) is not None:
            yield (*path, name)
    for name, nested in block["block_types"].items():
        for index, (inner,) in enumerate(pairs(nested, config.get(name))):
            step = (index,) if nested["nesting_mode"] == "list" else ()  # an element of a set has no index
            yield from find_misplaced(nested["block"], inner, (*path, name, *step))


def unconfigurable(path: Place) -> Any:
    """Return the diagnostic of the real provider for such an attribute."""
    detail = (
        f'Can\'t configure a value for "{path[-1]}": its value will be decided automatically based on the result of'
        " applying this configuration."
    )
    return diagnostic("Value for unconfigurable attribute", detail, path)


def diagnostic(summary: str, detail: str, path: Place = ()) -> Any:
    """Return an error, at an attribute if a path is given."""
    steps = [
        CLASSES["Step"](**{"element_key_int" if isinstance(each, int) else "attribute_name": each}) for each in path
    ]
    attribute = CLASSES["AttributePath"](steps=steps) if steps else None
    return CLASSES["Diagnostic"](severity=ERROR, summary=summary, detail=detail, attribute=attribute)


Message = Any


class Sidecar:
    """The file that says what was invented, in lines of JSON: for a data source, or for what no setting states."""

    def __init__(self, file: Path | None) -> None:
        self._file, self._lock = file, threading.Lock()

    def record(self, kind: str, answer: Answer) -> None:
        """Write down a data source: its type, and the paths that are invented."""
        if self._file is not None and answer.invented:
            self._write(json.dumps({"type": kind, "invented": list(answer.invented)}))

    def record_settings(self, settings: Settings) -> None:
        """Write down what the settings of a provider do not state, so that something stands in for it."""
        stated = {"account": settings.states_account, "region": settings.states_region}
        if self._file is not None and (assumed := [name for name, known in stated.items() if not known]):
            self._write(json.dumps({"assumed": assumed}))

    def record_unset(self, kind: str, planned: Mapping[str, Any], unset: Iterable[str]) -> None:
        """Write down which arguments of a resource are null, by its type and its invented id or ARN."""
        name = find_name(planned)
        if self._file is not None and name:
            self._write(json.dumps({"planned": kind, "id": name, "unset": list(unset)}))

    def _write(self, line: str) -> None:
        assert self._file is not None
        with self._lock, self._file.open("a", encoding="utf-8") as file:
            file.write(line + "\n")


class Service:
    """One provider: its schemas, the settings of its provider block, and what it has named so far."""

    def __init__(
        self,
        schemas: Schemas,
        functions: Mapping[str, Function],
        sidecar: Sidecar,
        used: Callable[[], UsedTypes] = UsedTypes,
        *,
        creator: Creator | None = None,
        account: str = "",
        zones: Sequence[str] = (),
    ) -> None:
        self.schemas, self.functions, self.sidecar, self.used = schemas, functions, sidecar, used
        self.creator, self.account, self.zones = creator, account, tuple(zones)
        self.settings, self.identities = read_settings(None, account, self.zones), Identities()
        self.is_aws = functions is AWS_FUNCTIONS

    # Schemas and functions

    def get_provider_schema(self, _request: Message) -> bytes:
        """Return every type by name, and the used ones with their content."""
        return encode_schemas(self.schemas, self.used()) + encode_functions(self.functions)

    def get_functions(self, _request: Message) -> Message:
        """Return the signatures of the functions."""
        named = [CLASSES["NamedFunction"](key=name, value=describe(each)) for name, each in self.functions.items()]
        return CLASSES["Functions"](functions=named)

    # Validation

    def _validate(self, kind: str, request: Message) -> Message:
        """Refuse what sets what only AWS sets."""
        found = find_misplaced(self.schemas.block(kind, request.type_name), decode(request.config))
        return CLASSES["Diagnosed"](diagnostics=[unconfigurable(path) for path in found])

    validate_resource_config = partialmethod(_validate, "resource")
    validate_data_resource_config = partialmethod(_validate, "data")
    validate_ephemeral_resource_config = partialmethod(_validate, "ephemeral")

    # Plan and apply

    def configure_provider(self, request: Message) -> Message:
        """Take the settings of the provider block that this connection is for."""
        self.settings = read_settings(decode(request.config), self.account, self.zones)
        if self.is_aws:
            self.sidecar.record_settings(self.settings)
        return CLASSES["Diagnosed"]()

    def plan_resource_change(self, request: Message) -> Message:
        """Plan a resource: see planning."""
        if (proposed := decode(request.proposed_new_state)) is None:  # it is to be deleted
            return CLASSES["Planned"](planned_state=request.proposed_new_state)
        block, prior = self.schemas.block("resource", request.type_name), decode(request.prior_state)
        if prior is not None:
            planned = plan_update(block, proposed, prior, self.settings)
        else:
            planned = self._plan_new(request.type_name, block, proposed, decode(request.config))
        return CLASSES["Planned"](planned_state=encode(planned), legacy_type_system=self.is_aws)

    def _plan_new(self, kind: str, block: Block, proposed: dict[str, Any], config: Mapping[str, Any]) -> dict[str, Any]:
        identity = None if self.creator else self.identities.identify(kind, config, self.settings)
        if identity and not self.is_aws:
            name_resource(kind, proposed, identity.fields["uid"])
            return mark_computed_unknown(block, proposed)
        planned = plan_new(kind, block, proposed, self.settings, identity)
        if identity:
            self.sidecar.record_unset(kind, planned, list_unset(block, config))
        return planned

    def apply_resource_change(self, request: Message) -> Message:
        """Create what was planned, or pretend that AWS has: then what it would have decided becomes null."""
        block, planned = self.schemas.block("resource", request.type_name), decode(request.planned_state)
        if self.creator is None:
            return CLASSES["Applied"](new_state=encode(replace_unknown(block, planned)), legacy_type_system=self.is_aws)
        kind, config = request.type_name, decode(request.config)
        try:
            if decode(request.prior_state) is not None:
                raise CreationError(UNCHANGEABLE)
            identity, exists = self.identities.identify(kind, config, self.settings), True
            if self.is_aws:
                state, exists = create_with(
                    self.creator, kind, block, planned, config=config, settings=self.settings, identity=identity
                )
            else:
                state = create_locally(kind, block, planned, identity)
        except CreationError as error:
            failed = diagnostic(f"{kind} was not created", str(error))
            return CLASSES["Applied"](new_state=request.prior_state, diagnostics=[failed])
        detail = f"no adapter creates {kind} here"
        said = [] if exists else [CLASSES["Diagnostic"](severity=WARNING, summary=NOT_CREATED, detail=detail)]
        return CLASSES["Applied"](new_state=encode(state), diagnostics=said, legacy_type_system=self.is_aws)

    # State and data sources

    def upgrade_resource_state(self, request: Message) -> Message:
        """Return the state as it is."""
        return CLASSES["Upgraded"](upgraded_state=CLASSES["DynamicValue"](json=request.raw_state.json))

    def read_resource(self, request: Message) -> Message:
        """Return the state as it is."""
        return CLASSES["StateRead"](new_state=request.current_state, private=request.private)

    def import_resource_state(self, request: Message) -> Message:
        """Refuse: there is nothing to import from."""
        detail = f"{request.type_name} {request.id!r}: nothing is read from AWS here; judge a plan.json instead"
        return CLASSES["Imported"](diagnostics=[diagnostic("No import without an account", detail)])

    def move_resource_state(self, request: Message) -> Message:
        """Refuse: there is no state to move."""
        detail = f"{request.source_type_name} to {request.target_type_name}: judge a plan.json instead"
        return CLASSES["Moved"](diagnostics=[diagnostic("No move between types without an account", detail)])

    def read_data_source(self, request: Message) -> Message:
        """Answer a data source, and write down what was invented."""
        config = decode(request.config)
        if request.type_name == REMOTE_STATE:
            return CLASSES["DataRead"](diagnostics=[diagnostic("No remote state", "it is not read here")])
        try:
            seen = self.creator.read(request.type_name, config, self.settings) if self.creator else None
            answer = answer_data_source(
                request.type_name, self.schemas.block("data", request.type_name), config, self.settings, seen
            )
        except (PolicyError, ArgumentError, CreationError) as error:
            return CLASSES["DataRead"](diagnostics=[diagnostic(f"Invalid {request.type_name}", str(error))])
        self.sidecar.record(request.type_name, answer)
        return CLASSES["DataRead"](state=encode(answer.values))

    # Ephemeral resources, calls of functions

    def open_ephemeral_resource(self, request: Message) -> Message:
        """Answer with inventions; nothing of it reaches the plan."""
        block = self.schemas.block("ephemeral", request.type_name)
        answer = answer_data_source(request.type_name, block, decode(request.config), self.settings)
        return CLASSES["Opened"](result=encode(answer.values))

    def call_function(self, request: Message) -> Message:
        """Call a function; its value is unknown if an argument is."""
        arguments = [decode(each) for each in request.arguments]
        if any(map(holds_unknown, arguments)):
            return CLASSES["Called"](result=encode(UNKNOWN))
        try:
            return CLASSES["Called"](result=encode(self.functions[request.name].call(*arguments)))
        except ArgumentError as error:
            named = CLASSES["FunctionError"](text=str(error), function_argument=error.position)
            return CLASSES["Called"](error=named)
