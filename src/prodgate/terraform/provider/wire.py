"""The messages of Terraform's plugin protocol, version 6, as far as a provider without an account needs them.

Names, types and numbers are those of `tfplugin6.proto` (only the numbers and types travel). Built at import instead of
generated, so that no generated code has to fit the installed protobuf. A map field is its repeated key-value message.
"""

from collections.abc import Mapping
from typing import Any, Final, cast

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

SERVICE: Final = "tfplugin6.Provider"
#: message -> fields, each "type name=number"; a star means repeated.
MESSAGES: Final = {
    "Empty": "",
    "DynamicValue": "bytes msgpack=1, bytes json=2",
    "Step": "string attribute_name=1, string element_key_string=2, int64 element_key_int=3",
    "AttributePath": "Step* steps=1",
    "Diagnostic": "int32 severity=1, string summary=2, string detail=3, AttributePath attribute=4",
    "RawState": "bytes json=1",
    "Parameter": "string name=1, bytes type=2, bool allow_null_value=3, bool allow_unknown_values=4",
    "Return": "bytes type=1",
    "Function": "Parameter* parameters=1, Parameter variadic_parameter=2, Return return=3, string summary=4",
    "NamedFunction": "string key=1, Function value=2",
    "Functions": "NamedFunction* functions=1",
    "Call": "string name=1, DynamicValue* arguments=2",
    "FunctionError": "string text=1, int64 function_argument=2",
    "Called": "DynamicValue result=1, FunctionError error=2",
    "ProviderConfig": "DynamicValue config=1",
    "ProviderConfigValidated": "Diagnostic* diagnostics=2",
    "Configure": "string terraform_version=1, DynamicValue config=2",
    "Diagnosed": "Diagnostic* diagnostics=1",
    "Typed": "string type_name=1, DynamicValue config=2",
    "Upgrade": "string type_name=1, int64 version=2, RawState raw_state=3",
    "Upgraded": "DynamicValue upgraded_state=1, Diagnostic* diagnostics=2",
    "Read": "string type_name=1, DynamicValue current_state=2, bytes private=3",
    "StateRead": "DynamicValue new_state=1, Diagnostic* diagnostics=2, bytes private=3",
    "Plan": "string type_name=1, DynamicValue prior_state=2, DynamicValue proposed_new_state=3, DynamicValue config=4, "
    "bytes prior_private=5",
    "Planned": "DynamicValue planned_state=1, AttributePath* requires_replace=2, bytes planned_private=3, "
    "Diagnostic* diagnostics=4, bool legacy_type_system=5",
    "Apply": "string type_name=1, DynamicValue prior_state=2, DynamicValue planned_state=3, DynamicValue config=4, "
    "bytes planned_private=5",
    "Applied": "DynamicValue new_state=1, bytes private=2, Diagnostic* diagnostics=3, bool legacy_type_system=4",
    "Import": "string type_name=1, string id=2",
    "ImportedResource": "string type_name=1, DynamicValue state=2, bytes private=3",
    "Imported": "ImportedResource* imported_resources=1, Diagnostic* diagnostics=2",
    "Move": "string source_provider_address=1, string source_type_name=2, int64 source_schema_version=3, "
    "RawState source_state=4, string target_type_name=5, bytes source_private=6",
    "Moved": "DynamicValue target_state=1, Diagnostic* diagnostics=2, bytes target_private=3",
    "DataRead": "DynamicValue state=1, Diagnostic* diagnostics=2",
    "Opened": "Diagnostic* diagnostics=1, DynamicValue result=3",
    "Stopped": "string Error=1",
}
#: procedure -> (request, response); the schema is answered in bytes.
PROCEDURES: Final = {
    "GetProviderSchema": ("Empty", "bytes"),
    "GetFunctions": ("Empty", "Functions"),
    "ValidateProviderConfig": ("ProviderConfig", "ProviderConfigValidated"),
    "ValidateResourceConfig": ("Typed", "Diagnosed"),
    "ValidateDataResourceConfig": ("Typed", "Diagnosed"),
    "ValidateEphemeralResourceConfig": ("Typed", "Diagnosed"),
    "UpgradeResourceState": ("Upgrade", "Upgraded"),
    "ConfigureProvider": ("Configure", "Diagnosed"),
    "ReadResource": ("Read", "StateRead"),
    "PlanResourceChange": ("Plan", "Planned"),
    "ApplyResourceChange": ("Apply", "Applied"),
    "ImportResourceState": ("Import", "Imported"),
    "MoveResourceState": ("Move", "Moved"),
    "ReadDataSource": ("Typed", "DataRead"),
    "OpenEphemeralResource": ("Typed", "Opened"),
    "CloseEphemeralResource": ("Typed", "Diagnosed"),
    "CallFunction": ("Call", "Called"),
    "StopProvider": ("Empty", "Stopped"),
}
_SCALARS: Final = {"int32": 5, "int64": 3, "bool": 8, "string": 9, "bytes": 12}
_MESSAGE: Final = 11
_OPTIONAL, _REPEATED = 1, 3


def _add_field(message: descriptor_pb2.DescriptorProto, stated: str) -> None:
    declared, _, number = stated.partition("=")
    kind, name = declared.split()
    repeated, kind = kind.endswith("*"), kind.rstrip("*")
    field = message.field.add(name=name, number=int(number))
    field.label = cast("descriptor_pb2.FieldDescriptorProto.Label.ValueType", _REPEATED if repeated else _OPTIONAL)
    field.type = cast("descriptor_pb2.FieldDescriptorProto.Type.ValueType", _SCALARS.get(kind, _MESSAGE))
    if kind not in _SCALARS:
        field.type_name = f".prodgate.tfplugin6.{kind}"


def _make_classes() -> Mapping[str, Any]:
    file = descriptor_pb2.FileDescriptorProto(name="prodgate/tfplugin6", package="prodgate.tfplugin6", syntax="proto3")
    for name, fields in MESSAGES.items():
        message = file.message_type.add(name=name)
        for stated in filter(None, fields.split(", ")):
            _add_field(message, stated)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    found = {name: pool.FindMessageTypeByName(f"prodgate.tfplugin6.{name}") for name in MESSAGES}
    return {name: message_factory.GetMessageClass(descriptor) for name, descriptor in found.items()}


#: message name -> class.
CLASSES: Final = _make_classes()
