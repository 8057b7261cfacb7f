"""Reads the schema of a Terraform provider out of its generated CDK bindings (JavaScript and TypeScript declarations).

The generator writes one shape of code for everything, so patterns over the text are enough and nothing is executed: a
class for each resource and each nested object, a comment with the three flags above each member, and the member's kind
of value in its getter. The declarations add which nested objects are blocks ("… block" in the comment).
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

CLASS = re.compile(r"^class (\w+) extends cdktn\.(\w+) \{$(.*?)^\}$", re.M | re.S)
MEMBER = re.compile(r"^    // (\w+) - computed: (\w+), optional: (\w+), required: (\w+)$", re.M)
COMPLEX = re.compile(r"^    _\w+ = new (?:(?:index|structs\d+)_1\.)?(\w+)\(this, \"\w+\"(?:, (true|false))?\);$", re.M)
LIBRARY_CLASS = re.compile(r"^    _\w+ = new cdktn\.(\w+)\(this, \"\w+\"\);$", re.M)
GETTER = re.compile(r"return (.*?)this\.(get\w+Attribute)\('")
ENTRY = re.compile(
    r"^ {8,12}(\w+): \{\n\s+value: .*,\n\s+isBlock: (?:true|false),\n"
    r"\s+type: \"(\w+)\",\n\s+storageClassType: \"(\w+)\",$",
    re.M,
)
SYNTHESIS = re.compile(r"^    synthesizeHclAttributes\(\) \{$(.*?)^    \}$", re.M | re.S)
TO_HCL = re.compile(r"^function (\w+)ToHclTerraform\(struct\) \{$(.*?)^\}$", re.M | re.S)
INTERFACE = re.compile(r"^export interface (\w+)(?: extends [\w.]+)? \{$(.*?)^\}$", re.M | re.S)
ARGUMENT = re.compile(r"#(\w+) \w+#\w+\}\s*\*/\s*readonly \w+(\??):")
BLOCK = re.compile(r"\* (\w+) block\n\s+\*\n\s+\* Docs at")
RECURSIVE = "ScopeDownStatementOutputReference"  # refers to itself over many classes: expanding it would never end
KINDS = {
    "TerraformResource": "resource",
    "TerraformDataSource": "data",
    "TerraformEphemeralResource": "ephemeral",
    "TerraformProvider": "provider",
}
GETTERS: Mapping[str, Any] = {
    "getStringAttribute": "string",
    "getNumberAttribute": "number",
    "getBooleanAttribute": "bool",
    "getListAttribute": ["list", "string"],
    "getNumberListAttribute": ["list", "number"],
    "getStringMapAttribute": ["map", "string"],
    "getNumberMapAttribute": ["map", "number"],
    "getBooleanMapAttribute": ["map", "bool"],
}
LIBRARY_CLASSES: Mapping[str, Any] = {
    "StringMap": ["map", "string"],
    "NumberMap": ["map", "number"],
    "BooleanMap": ["map", "bool"],
}
STORED: Mapping[str, Any] = {
    "string": "string",
    "number": "number",
    "boolean": "bool",
    "any": "dynamic",
    "stringList": ["list", "string"],
    "numberList": ["list", "number"],
    "stringMap": ["map", "string"],
    "numberMap": ["map", "number"],
    "booleanMap": ["map", "bool"],
    "stringListList": ["list", ["list", "string"]],
    "stringMapList": ["list", ["map", "string"]],
    "stringListMap": ["map", ["list", "string"]],
    "stringMapMap": ["map", ["map", "string"]],
}


@dataclass(frozen=True)
class Member:
    """One argument or attribute of a class: its flags, and the code that follows its comment."""

    name: str
    computed: bool
    optional: bool
    required: bool
    code: str


@dataclass(frozen=True)
class Binding:
    """The text of one module (a resource, a data source, …) split into the parts the schema is read from."""

    classes: Mapping[str, tuple[str, str]]  # name -> (what it extends, its body)
    entries: Mapping[str, Mapping[str, tuple[str, str]]]  # class -> argument -> (collection, storage class)
    blocks: Mapping[str, frozenset[str]]  # interface -> arguments that are blocks
    required: Mapping[str, frozenset[str]]  # interface -> arguments that must be given

    def main(self) -> Iterator[tuple[str, str, str]]:
        """(kind, Terraform type name, class name) of everything the module lets one declare."""
        for name, (base, body) in self.classes.items():
            if base in KINDS:
                found = re.search(r'static tfResourceType = "(\w+)"', body)
                yield KINDS[base], found.group(1) if found else "", name


def read_binding(code: str, declarations: str) -> Binding:
    """Split a module's JavaScript and its declarations."""
    classes = {name: (base, body) for name, base, body in CLASS.findall(code)}
    entries = {name[0].upper() + name[1:]: _entries(body) for name, body in TO_HCL.findall(code)}
    for name, (base, body) in classes.items():
        if base in KINDS and (found := SYNTHESIS.search(body)):
            entries[name] = _entries(found.group(1))
    interfaces = dict(INTERFACE.findall(declarations))
    blocks = {name: frozenset(BLOCK.findall(body)) for name, body in interfaces.items()}
    required = {
        name: frozenset(argument for argument, mark in ARGUMENT.findall(body) if not mark)
        for name, body in interfaces.items()
    }
    return Binding(classes, entries, blocks, required)


def _entries(body: str) -> dict[str, tuple[str, str]]:
    return {name: (collection, storage) for name, collection, storage in ENTRY.findall(body)}


def read_block(binding: Binding, class_name: str, inside: tuple[str, ...] = ()) -> dict[str, Any]:
    """The schema block of a class, in the form of `terraform providers schema -json`.

    `inside` is the path of classes above; a class that contains itself becomes {"recursive": its name}.
    """
    if class_name in inside or class_name.endswith(RECURSIVE):
        return {"recursive": class_name}
    path = (*inside, class_name)
    base, body = binding.classes[class_name]
    struct = class_name if base in KINDS else class_name.removesuffix("OutputReference")
    blocks = binding.blocks.get(struct + "Config" if base in KINDS else struct, frozenset())
    entries = binding.entries.get(struct, {})
    attributes, block_types = {}, {}
    for member in _members(body):
        entry = entries.get(member.name)
        if member.name in blocks and COMPLEX.search(member.code):
            block_types[member.name] = _nested_block(binding, member, entry, path)
        elif member.name in blocks and entry and entry[1] not in STORED:
            block_types[member.name] = _settable_block(binding, entry)
        else:
            attributes[member.name] = _attribute(binding, member, entry)
    return {"attributes": dict(sorted(attributes.items())), "block_types": dict(sorted(block_types.items()))}


def _members(body: str) -> Iterator[Member]:
    found = list(MEMBER.finditer(body))
    for index, match in enumerate(found):
        end = found[index + 1].start() if index + 1 < len(found) else len(body)
        name, *flags = match.groups()
        computed, optional, required = (flag == "true" for flag in flags)
        yield Member(name, computed, optional, required, body[match.end() : end])


def _nested_block(
    binding: Binding, member: Member, entry: tuple[str, str] | None, path: tuple[str, ...]
) -> dict[str, Any]:
    found = COMPLEX.search(member.code)
    assert found, member
    assert entry, member
    class_name, from_set = found.groups()
    single = class_name.endswith("OutputReference")
    if single and entry[0] == "struct":
        return {"nesting_mode": "single", "block": read_block(binding, class_name, path)}
    nested: dict[str, Any] = {"nesting_mode": "set" if "set" in (entry[0], from_set == "true" and "set") else "list"}
    nested["block"] = read_block(binding, _element(class_name), path)
    if member.required:
        nested["min_items"] = 1
    if single:
        nested["max_items"] = 1
    return nested


def _settable_block(binding: Binding, entry: tuple[str, str]) -> dict[str, Any]:
    """A block that nothing can refer to (those of the provider itself): it has an interface, but no class."""
    struct = entry[1].removesuffix("List")
    attributes = {}
    for name, (collection, storage) in sorted(binding.entries[struct].items()):
        kind = STORED[storage]
        flag = "required" if name in binding.required[struct] else "optional"
        attributes[name] = {"type": ["set", kind[1]] if collection == "set" else kind, flag: True}
    return {"nesting_mode": entry[0], "block": {"attributes": attributes, "block_types": {}}}


def _attribute(binding: Binding, member: Member, entry: tuple[str, str] | None) -> dict[str, Any]:
    attribute: dict[str, Any] = {"type": _type(binding, member, entry)}
    flags = {"computed": member.computed, "optional": member.optional, "required": member.required}
    attribute.update({name: True for name, given in flags.items() if given})
    if "Write-only: the provider never returns this value" in member.code:
        attribute["write_only"] = True
    return attribute


def _type(binding: Binding, member: Member, entry: tuple[str, str] | None) -> Any:
    if found := COMPLEX.search(member.code):
        return _object_type(binding, found.group(1), in_set=found.group(2) == "true")
    if entry and entry[1] in STORED:
        stored = STORED[entry[1]]
        return ["set", stored[1]] if entry[0] == "set" else stored
    if library := LIBRARY_CLASS.search(member.code):
        return LIBRARY_CLASSES[library.group(1)]
    if getter := GETTER.search(member.code):
        plain = GETTERS[getter.group(2)]
        return ["set", plain[1]] if "Fn.tolist(" in getter.group(1) else plain
    return "dynamic"


def _object_type(binding: Binding, class_name: str, *, in_set: bool) -> Any:
    block = read_block(binding, _element(class_name))
    members = {name: attribute["type"] for name, attribute in block["attributes"].items()}
    members |= {name: _block_type(nested) for name, nested in block["block_types"].items()}
    element = ["object", dict(sorted(members.items()))]
    if class_name.endswith("OutputReference"):
        return element
    if class_name.endswith("Map"):
        return ["map", element]
    return ["set" if in_set else "list", element]


def _block_type(nested: Mapping[str, Any]) -> Any:
    members = {name: attribute["type"] for name, attribute in nested["block"]["attributes"].items()}
    members |= {name: _block_type(inner) for name, inner in nested["block"]["block_types"].items()}
    element = ["object", dict(sorted(members.items()))]
    return element if nested["nesting_mode"] == "single" else [nested["nesting_mode"], element]


def _element(class_name: str) -> str:
    return re.sub(r"(List|Map)$", "OutputReference", class_name)
