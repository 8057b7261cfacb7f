"""Writes the schema of the AWS provider that the offline evaluator serves to Terraform core.

    python scripts/extract_aws_schema.py            # writes src/prodgate/terraform/provider/schema/

A provider publishes its schema only through its binary; the CDK bindings on PyPI are generated from that schema and an
ordinary package client can install them. This script downloads the one pinned wheel, checks its digest, reads the
bindings (see jsii_bindings.py) and writes one compressed text file, the same bytes each time.
"""

import gzip
import json
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jsii_bindings import read_binding, read_block
from sensitive_names import is_sensitive
from uv import find_uv_bin
from waf_statements import expand_statements

PACKAGE, VERSION = "cdktn-provider-aws", "25.8.1"
SHA256 = "2ffa579cb88b063cb3a9937e43c519391e876845768f51638a848bdf2ce9f354"
PROVIDER_VERSION = "6.69.1"
TARGET = Path(__file__).parent.parent / "src/prodgate/terraform/provider/schema"
MODULE_DEPTH = 3  # package/lib/<module>/…
KINDS = ("resource", "data", "ephemeral")
NOTICE = f"""aws.json.gz is derived from {PACKAGE} {VERSION} (https://pypi.org/project/{PACKAGE}/{VERSION}/),
the CDK Terrain bindings of the Terraform provider hashicorp/aws {PROVIDER_VERSION}.

Copyright IBM Corp. 2021, 2026
Licensed under the Mozilla Public License, version 2.0 (https://mozilla.org/MPL/2.0/); this file stays under it.

sha256 of the wheel: {SHA256}
Written by scripts/extract_aws_schema.py: names, types, nesting and flags; no documentation text.
"""


def download(directory: Path) -> Path:
    """Install the pinned wheel into a directory, its digest checked by uv; return the bundle of bindings in it."""
    requirement = directory / "requirements.txt"
    requirement.write_text(f"{PACKAGE}=={VERSION} --hash=sha256:{SHA256}\n", encoding="utf-8")
    options = ["--no-deps", "--only-binary", ":all:", "--require-hashes", "--target", str(directory / "installed")]
    command = [find_uv_bin(), "pip", "install", "--quiet", *options, "-r", str(requirement)]
    subprocess.run(command, check=True)
    (bundle,) = (directory / "installed").rglob("*.jsii.tgz")
    return bundle


def modules(bundle: Path) -> Iterator[tuple[str, str]]:
    """The JavaScript and the declarations of each module in the bundle."""
    texts: dict[str, dict[str, dict[str, str]]] = {}
    with tarfile.open(bundle) as tree:
        for entry in tree:
            parts, name = entry.name.split("/"), Path(entry.name).name
            suffix = ".d.ts" if name.endswith(".d.ts") else Path(name).suffix
            if len(parts) > MODULE_DEPTH and suffix in (".js", ".d.ts") and (content := tree.extractfile(entry)):
                module = texts.setdefault(parts[2], {".js": {}, ".d.ts": {}})
                module[suffix][entry.name] = content.read().decode()
    for _, module in sorted(texts.items()):
        code, declarations = ("\n".join(text for _, text in sorted(module[suffix].items())) for suffix in module)
        yield code, declarations


def extract(bundle: Path) -> dict[str, Any]:
    """{"resource": {type: {"block": …}}, "data": …, "ephemeral": …, "provider": {"block": …}, "definitions": …}."""
    schema: dict[str, Any] = {kind: {} for kind in KINDS}
    for code, declarations in modules(bundle):
        binding = read_binding(code, declarations)
        for kind, name, class_name in binding.main():
            found = {"block": read_block(binding, class_name)}
            if kind == "provider":
                schema["provider"] = found
            else:
                schema[kind][name] = found
    schema["definitions"] = expand_statements(schema["resource"])
    for kind in KINDS:
        for name, found in schema[kind].items():
            mark_sensitive(f"{kind}.{name}", found["block"])
    return schema


def mark_sensitive(path: str, block: dict[str, Any]) -> None:
    """Set the flag that the bindings don't carry."""
    for name, attribute in block.get("attributes", {}).items():
        if is_sensitive(f"{path}.{name}", attribute):
            attribute["sensitive"] = True
    for name, nested in block.get("block_types", {}).items():
        mark_sensitive(f"{path}.{name}", nested["block"])


def lines(schema: dict[str, Any]) -> Iterator[str]:
    """One line a type (kind, name, JSON), so that a reader decodes only the types it needs."""
    header = {"provider": "hashicorp/aws", "version": PROVIDER_VERSION, "source": f"{PACKAGE} {VERSION}"}
    yield _line("header", "", header)
    yield _line("provider", "", schema["provider"])
    for kind in ("definitions", *KINDS):
        for name in sorted(schema[kind]):
            yield _line(kind, name, schema[kind][name])


def _line(kind: str, name: str, content: Any) -> str:
    return f"{kind}\t{name}\t{json.dumps(content, separators=(',', ':'), sort_keys=True)}\n"


def main() -> None:
    """Write the schema."""
    with tempfile.TemporaryDirectory() as directory:
        schema = extract(download(Path(directory)))
    TARGET.mkdir(parents=True, exist_ok=True)
    content = "".join(lines(schema)).encode()
    (TARGET / "aws.json.gz").write_bytes(gzip.compress(content, compresslevel=9, mtime=0))
    (TARGET / "NOTICE").write_text(NOTICE, encoding="utf-8")
    counts = ", ".join(f"{len(schema[kind])} {kind} types" for kind in KINDS)
    print(f"{TARGET}: provider {PROVIDER_VERSION}, {counts}, {len(content)} bytes of text")


if __name__ == "__main__":
    main()
