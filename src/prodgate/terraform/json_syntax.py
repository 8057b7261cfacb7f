"""Terraform's JSON syntax as its native one, so that what a ``.tf.json`` file refers to is found in the same way."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

#: Kinds of blocks -> how many labels they have.
_LABELS: Final = {
    "resource": 2, "data": 2, "ephemeral": 2, "module": 1, "variable": 1, "output": 1, "provider": 1, "locals": 0,
    "terraform": 0, "check": 1, "moved": 0, "import": 0, "removed": 0,
}  # fmt: skip
#: Arguments that the JSON syntax takes for blocks wherever they stand.
_NESTED: Final = frozenset({"dynamic", "lifecycle", "provisioner", "connection"})


def keep_all(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object; a key that it holds twice has a list of what it is given, as core reads blocks of one kind."""
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            before, more = (each if isinstance(each, list) else [each] for each in (found[key], value))
            value = [*before, *more]  # noqa: PLW2901
        found[key] = value
    return found


def to_native(text: bytes) -> bytes:
    """Return the same configuration in native syntax, on other lines; nothing of what is no such JSON."""
    try:
        stated = json.loads(text, object_pairs_hook=keep_all)
    except (ValueError, RecursionError):
        return b""
    return "\n".join(_write_top(stated)).encode("utf-8", "replace") if isinstance(stated, Mapping) else b""


def _write_top(stated: Mapping[str, Any]) -> Iterator[str]:
    for kind, content in stated.items():
        for labels, body in _list_bodies(content, _LABELS.get(kind, 0)):
            yield f"{kind} {' '.join(map(json.dumps, labels))} {{\n{_write_body(body)}\n}}"


def _list_bodies(content: Any, labels: int) -> Iterator[tuple[tuple[str, ...], Mapping[str, Any]]]:
    for each in content if isinstance(content, list) else [content]:
        if isinstance(each, Mapping) and labels == 0:
            yield (), each
        elif isinstance(each, Mapping):
            for name, inner in each.items():
                yield from (((name, *rest), body) for rest, body in _list_bodies(inner, labels - 1))


def _write_body(body: Mapping[str, Any]) -> str:
    return "\n".join(line for name, value in body.items() for line in _write_argument(name, value))


def _write_argument(name: str, value: Any) -> Iterator[str]:
    if name == "//":
        return
    if name == "dynamic":
        for labels, body in _list_bodies(value, 1):
            inner = {key: each for key, each in body.items() if key != "content"}
            contents = "".join(
                f"content {{\n{_write_body(each)}\n}}\n" for _, each in _list_bodies(body.get("content"), 0)
            )
            yield f"dynamic {json.dumps(labels[0])} {{\n{_write_body(inner)}\n{contents}}}"
    elif name in _NESTED:
        for _, body in _list_bodies(value, 0):
            yield f"{name} {{\n{_write_body(body)}\n}}"
    else:
        yield f"{name} = {_write_value(value)}"


def _write_value(value: Any) -> str:
    if isinstance(value, str):
        return write_text(value)
    if isinstance(value, list):
        return f"[{', '.join(map(_write_value, value))}]"
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{_write_key(key)} = {_write_value(each)}' for key, each in value.items())}}}"
    return json.dumps(value)


def _write_key(key: str) -> str:
    return f"({write_text(key)})" if "${" in key or "%{" in key else json.dumps(key)


def write_text(text: str) -> str:
    """Return a template as the native syntax writes it: quotes stand bare inside ``${ }``, with a backslash outside."""
    written, ends, position = [], [""], 0  # what ends the template, the code in it, the text in that, and so on
    while position < len(text):
        one, two, before = text[position], text[position : position + 2], text[position - 1 : position]
        said = one
        if one == ends[-1]:
            ends.pop()
        elif ends[-1] == "}":
            ends += [{"{": "}", '"': '"'}[one]] if one in '{"' else []
        elif two in ("${", "%{") and before != two[0]:
            ends.append("}")
            said = two
        elif ends[-1]:
            said = two if one == "\\" else one
        written.append(said if len(ends) > 1 else json.dumps(said, ensure_ascii=False)[1:-1])
        position += len(said)
    return f'"{"".join(written)}"'
