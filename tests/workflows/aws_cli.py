"""The ``aws`` command line as workflows use it: arguments by AWS's own models, answers from an emulated account.

It refuses what the real one refuses: an operation, an option or a value that the model does not know.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

import boto3
import jmespath
from botocore import xform_name

#: Names of the command line that are not the model's.
SERVICES = {"deploy": "codedeploy"}
#: What ends by itself in an account, and not in an emulated one, is answered from here, by ``service operation``.
CANNED = json.loads(os.environ.get("AWS_CANNED", "{}"))


class Refused(Exception):
    """The command line would not have called AWS."""


def main(words: list[str]) -> int:
    service, operation, *options = words
    client = boto3.client(SERVICES.get(service, service))
    query, output, given = read_common(options)
    try:
        if operation == "wait":
            waiter = client.get_waiter(given[0].replace("-", "_"))
            parameters = read_parameters(client, waiter.config.operation, given[1:])
            if f"{service} wait {given[0]}" not in CANNED:
                waiter.wait(WaiterConfig={"Delay": 0, "MaxAttempts": 3}, **parameters)
            return 0
        method = client.meta.method_to_api_mapping[operation.replace("-", "_")]
        parameters = read_parameters(client, method, given)
        answer = call(client, f"{service} {operation}", parameters)
    except Refused as error:
        print(error, file=sys.stderr)
        return 252
    show(jmespath.search(query, answer) if query else answer, output)
    return 0


def call(client: Any, command: str, parameters: dict[str, Any]) -> Any:
    answer = getattr(client, command.split()[1].replace("-", "_"))(**parameters)
    answer.pop("ResponseMetadata", None)
    return CANNED.get(command, answer)


def read_common(options: list[str]) -> tuple[str, str, list[str]]:
    found, rest = {"--query": "", "--output": "json"}, []
    while options:
        word = options.pop(0)
        if word in found:
            found[word] = options.pop(0)
        else:
            rest.append(word)
    return found["--query"], found["--output"], rest


def read_parameters(client: Any, operation: str, options: list[str]) -> dict[str, Any]:
    shape = client.meta.service_model.operation_model(operation).input_shape
    known = {f"--{xform_name(name, '-')}": (name, member) for name, member in shape.members.items()}
    found: dict[str, Any] = {}
    while options:
        option = options.pop(0)
        values = []
        while options and not options[0].startswith("--"):
            values.append(options.pop(0))
        if option == "--cli-input-json":
            found = {**json.loads(values[0]), **found}
        elif option.removeprefix("--no-") != option and f"--{option.removeprefix('--no-')}" in known:
            found[known[f"--{option.removeprefix('--no-')}"][0]] = False
        elif option in known:
            name, member = known[option]
            found[name] = read_value(member.type_name, values)
        else:
            raise Refused(f"Unknown options: {option}")
    if unknown := found.keys() - shape.members.keys():
        raise Refused(f"Unknown parameter in input: {', '.join(unknown)}")
    return found


def read_value(kind: str, values: list[str]) -> Any:
    match kind:
        case "boolean":
            return not values
        case "list":
            return values
        case "integer" | "long":
            return int(values[0])
        case "structure" | "map":
            return json.loads(values[0])
        case _:
            return values[0]


def show(answer: Any, output: str) -> None:
    if output == "text":
        print("None" if answer is None else answer)
    else:
        print(json.dumps(answer, default=str, indent=4))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
