"""Answers the procedures of the plugin protocol for one provider."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from .creation import NOT_CREATED, UNCHANGEABLE, Creation, CreationError, Creator
from .datasources import Answer, answer_data_source
from .functions import ArgumentError, Function, describe, encode_functions
from .planning import mark_computed_unknown, plan_update, plan_with_identity, plan_without_identity, replace_unknown
from .policy_document import PolicyError
from .schema import Block, Schemas, UsedTypes, encode_schemas
from .settings import Settings, read_settings
from .synthesis import Identities
from .unset import find_name, list_unset
from .utility_providers import name_resource
from .validation import diagnostic, find_misplaced, unconfigurable, warning
from .values import UNKNOWN, decode, drop_unset, encode, holds_unknown
from .wire import CLASSES

Message = Any


class Sidecar:
    """The file that says what was invented, in lines of JSON: for a data source, or for what no setting states."""

    def __init__(self, file: Path | None) -> None:
        self._file, self._lock = file, threading.Lock()

    def record(self, kind: str, config: Mapping[str, Any], answer: Answer) -> None:
        """Write down a data source: its type, what its configuration states, the paths that are invented."""
        said = {"type": kind, "stated": drop_unset(config), "invented": list(answer.invented), "unread": answer.unread}
        line = json.dumps(said, sort_keys=True)
        if self._file is not None and answer.invented:
            self._write(line)

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
        self.is_aws = bool(functions)

    # Schemas and functions

    def get_provider_schema(self, _request: Message) -> bytes:
        """Return every type by name, and the used ones with their content."""
        return encode_schemas(self.schemas, self.used()) + encode_functions(self.functions)

    def get_functions(self, _request: Message) -> Message:
        """Return the signatures of the functions."""
        named = [CLASSES["NamedFunction"](key=name, value=describe(each)) for name, each in self.functions.items()]
        return CLASSES["Functions"](functions=named)

    # Validation

    def validate_provider_config(self, _request: Message) -> Message:
        """Take any provider block: what it may hold, core has checked."""
        return CLASSES["ProviderConfigValidated"]()

    def validate_resource_config(self, request: Message) -> Message:
        """Refuse a resource that sets what only AWS sets."""
        return self._validate("resource", request)

    def validate_data_resource_config(self, request: Message) -> Message:
        """Refuse a data source that sets what only AWS sets."""
        return self._validate("data", request)

    def validate_ephemeral_resource_config(self, request: Message) -> Message:
        """Refuse an ephemeral resource that sets what only AWS sets."""
        return self._validate("ephemeral", request)

    def _validate(self, kind: str, request: Message) -> Message:
        found = find_misplaced(self.schemas.block(kind, request.type_name), decode(request.config))
        return CLASSES["Diagnosed"](diagnostics=[unconfigurable(path) for path in found])

    # Plan and apply

    def configure_provider(self, request: Message) -> Message:
        """Take the settings of the provider block that this connection is for."""
        self.settings = read_settings(decode(request.config), self.account, self.zones)
        if self.is_aws:
            self.sidecar.record_settings(self.settings)
        return CLASSES["Diagnosed"]()

    def plan_resource_change(self, request: Message) -> Message:
        """Plan a resource: see planning."""
        proposed = decode(request.proposed_new_state)
        if proposed is None:  # it is to be deleted
            return CLASSES["Planned"](planned_state=request.proposed_new_state)
        block, prior = self.schemas.block("resource", request.type_name), decode(request.prior_state)
        if prior is not None:
            planned = plan_update(block, proposed, prior, self.settings)
        else:
            planned = self._plan_new(request.type_name, block, proposed, decode(request.config))
        return CLASSES["Planned"](planned_state=encode(planned), legacy_type_system=self.is_aws)

    def _plan_new(self, kind: str, block: Block, proposed: dict[str, Any], config: Mapping[str, Any]) -> dict[str, Any]:
        if self.creator:
            return plan_without_identity(kind, block, proposed, self.settings)
        if self.is_aws:
            named = self.identities
            planned = plan_with_identity(kind, block, proposed, config, settings=self.settings, identities=named)
            self.sidecar.record_unset(kind, planned, list_unset(block, config))
            return planned
        name_resource(kind, proposed, self.identities.identify(kind, config, self.settings).fields["uid"])
        return mark_computed_unknown(block, proposed)

    def apply_resource_change(self, request: Message) -> Message:
        """Create what was planned, or pretend that AWS has: then what it would have decided becomes null."""
        block, planned = self.schemas.block("resource", request.type_name), decode(request.planned_state)
        if self.creator is None:
            return CLASSES["Applied"](new_state=encode(replace_unknown(block, planned)), legacy_type_system=self.is_aws)
        config = decode(request.config)
        try:
            if decode(request.prior_state) is not None:
                raise CreationError(UNCHANGEABLE)
            identity = self.identities.identify(request.type_name, config, self.settings)
            creation = Creation(request.type_name, block, planned, config, self.settings, identity)
            state, said = self._create(self.creator, creation)
        except CreationError as error:
            failed = diagnostic(f"{request.type_name} was not created", str(error))
            return CLASSES["Applied"](new_state=request.prior_state, diagnostics=[failed])
        return CLASSES["Applied"](new_state=encode(state), diagnostics=said, legacy_type_system=self.is_aws)

    def _create(self, creator: Creator, creation: Creation) -> tuple[dict[str, Any], list[Message]]:
        if not self.is_aws:
            return creation.create_locally(), []
        state, exists = creation.create_with(creator)
        return state, [] if exists else [warning(NOT_CREATED, f"no adapter creates {creation.kind} here")]

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
        try:
            seen = self.creator.read(request.type_name, config, self.settings) if self.creator else None
            answer = answer_data_source(
                request.type_name, self.schemas.block("data", request.type_name), config, self.settings, seen
            )
        except (PolicyError, ArgumentError, CreationError) as error:
            return CLASSES["DataRead"](diagnostics=[diagnostic(f"Invalid {request.type_name}", str(error))])
        self.sidecar.record(request.type_name, config, answer)
        return CLASSES["DataRead"](state=encode(answer.values))

    # Ephemeral resources, calls of functions

    def open_ephemeral_resource(self, request: Message) -> Message:
        """Answer with inventions; nothing of it reaches the plan."""
        block = self.schemas.block("ephemeral", request.type_name)
        answer = answer_data_source(request.type_name, block, decode(request.config), self.settings)
        return CLASSES["Opened"](result=encode(answer.values))

    def close_ephemeral_resource(self, _request: Message) -> Message:
        """Do nothing: there was nothing to open."""
        return CLASSES["Diagnosed"]()

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

    def stop_provider(self, _request: Message) -> Message:
        """Do nothing: the process ends with its parent."""
        return CLASSES["Stopped"]()
