"""The utility providers that AWS configurations use beside AWS (random, null, archive, tls, …), written by hand.

Core's own provider (``terraform``) is one of them: so core itself never reads a remote state.

A type is a line: arguments with their type and what may set them. `!` required, `?` optional, `=` only the provider,
`?=` either; a `*` in front is sensitive. Only what such configurations use is here, nested blocks as `name{…}`.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from .schema import Schemas

#: The provider that core has in itself, and its data source.
BUILT_IN: Final = "terraform"
REMOTE_STATE: Final = "terraform_remote_state"
_CHARACTERS: Final = (
    "length n! keepers ms? lower b?= upper b?= numeric b?= number b?= special b?= min_lower n?= min_upper n?= "
    "min_numeric n?= min_special n?= override_special s? "
)
_KEY: Final = (
    "algorithm s! rsa_bits n?= ecdsa_curve s?= *private_key_pem s= *private_key_openssh s= *private_key_pem_pkcs8 s= "
    "public_key_pem s= public_key_openssh s= public_key_fingerprint_md5 s= public_key_fingerprint_sha256 s= id s="
)
_HASHES: Final = (
    "content_md5 s= content_sha1 s= content_sha256 s= content_base64sha256 s= content_sha512 s= "
    "content_base64sha512 s= id s="
)
_FILE: Final = (
    "content s? sensitive_content s? content_base64 s? source s? filename s! file_permission s?= "
    f"directory_permission s?= {_HASHES}"
)
_SUBJECT: Final = (
    "subject{common_name s? organization s? organizational_unit s? street_address ls? locality s? province s? "
    "country s? postal_code s? serial_number s? email_address s?}"
)
_VALIDITY: Final = (
    "ca_cert_pem s? validity_period_hours n! early_renewal_hours n?= is_ca_certificate b?= allowed_uses ls! "
    "set_subject_key_id b?= set_authority_key_id b?= cert_pem s= ready_for_renewal b= validity_start_time s= "
    "validity_end_time s= key_algorithm s= id s= dns_names ls? ip_addresses ls? uris ls? "
)
_TIME: Final = "rfc3339 s?= triggers ms? year n= month n= day n= hour n= minute n= second n= unix n= id s= "
_OFFSET: Final = "{0}_years n? {0}_months n? {0}_days n? {0}_hours n? {0}_minutes n? "

#: provider -> kind of type -> type -> its arguments.
TYPES: Final[Mapping[str, Mapping[str, Mapping[str, str]]]] = {
    "random": {
        "resource": {
            "random_bytes": "length n! keepers ms? *base64 s= *hex s=",
            "random_id": "byte_length n! keepers ms? prefix s? id s= b64_url s= b64_std s= hex s= dec s=",
            "random_integer": "min n! max n! keepers ms? seed s? id s= result n=",
            "random_password": f"{_CHARACTERS} *result s= *bcrypt_hash s= id s=",
            "random_pet": "length n?= prefix s? separator s?= keepers ms? id s=",
            "random_shuffle": "input ls! result_count n? seed s? keepers ms? id s= result ls=",
            "random_string": f"{_CHARACTERS} result s= id s=",
            "random_uuid": "keepers ms? id s= result s=",
        },
        "ephemeral": {"random_password": f"{_CHARACTERS.replace('keepers ms? ', '')} *result s= *bcrypt_hash s="},
    },
    "null": {
        "resource": {"null_resource": "triggers ms? id s="},
        "data": {"null_data_source": "inputs ms? outputs ms= random s= has_computed_default s?= id s="},
    },
    "archive": {
        "data": {
            "archive_file": "type s! output_path s! source_file s? source_dir s? source_content s? "
            "source_content_filename s? excludes ss? exclude_symlink_directories b? output_file_mode s? id s= "
            "output_size n= output_sha s= output_sha256 s= output_base64sha256 s= output_md5 s= output_sha512 s= "
            "output_base64sha512 s= source{content s! filename s!}",
        },
    },
    "tls": {
        "resource": {
            "tls_private_key": _KEY,
            "tls_self_signed_cert": f"*private_key_pem s! {_VALIDITY} {_SUBJECT}",
            "tls_locally_signed_cert": f"cert_request_pem s! *ca_private_key_pem s! {_VALIDITY}",
            "tls_cert_request": f"*private_key_pem s! dns_names ls? ip_addresses ls? uris ls? key_algorithm s= "
            f"cert_request_pem s= id s= {_SUBJECT}",
        },
        "data": {
            "tls_certificate": "url s? content s? verify_chain b? id s= certificates lo=",
            "tls_public_key": "*private_key_pem s? *private_key_openssh s? algorithm s= public_key_pem s= "
            "public_key_openssh s= public_key_fingerprint_md5 s= public_key_fingerprint_sha256 s= id s=",
        },
    },
    "time": {
        "resource": {
            "time_offset": f"base_rfc3339 s?= {_OFFSET.format('offset')} offset_seconds n? {_TIME}",
            "time_rotating": f"rotation_rfc3339 s?= {_OFFSET.format('rotation')} {_TIME}",
            "time_sleep": "create_duration s? destroy_duration s? triggers ms? id s=",
            "time_static": _TIME,
        },
    },
    "local": {
        "resource": {"local_file": _FILE, "local_sensitive_file": _FILE.replace("sensitive_content s? ", "")},
        "data": {
            "local_file": f"filename s! content s= content_base64 s= {_HASHES}",
            "local_sensitive_file": f"filename s! *content s= *content_base64 s= {_HASHES}",
        },
    },
    BUILT_IN: {
        "resource": {"terraform_data": "input d? output d= triggers_replace d? id s="},
        "data": {REMOTE_STATE: "backend s! config d? defaults d? outputs d= workspace s?"},
    },
}
_CERTIFICATE: Final = ["object", {
    "cert_pem": "string", "is_ca": "bool", "issuer": "string", "max_path_length": "number", "not_after": "string",
    "not_before": "string", "public_key_algorithm": "string", "serial_number": "string", "sha1_fingerprint": "string",
    "signature_algorithm": "string", "subject": "string", "version": "number",
}]  # fmt: skip
_KINDS: Final[Mapping[str, Any]] = {
    "s": "string", "n": "number", "b": "bool", "ls": ["list", "string"], "ss": ["set", "string"],
    "ms": ["map", "string"], "d": "dynamic", "lo": ["list", _CERTIFICATE],
}  # fmt: skip
_FLAGS: Final = {"!": ("required",), "?": ("optional",), "=": ("computed",), "?=": ("optional", "computed")}
_ARGUMENT: Final = re.compile(r"(\*?)\b(\w+) (\w+?)(!|\?=|\?|=)(?= |$)")
_NESTED: Final = re.compile(r"\b(\w+)\{([^{}]*)\}")


def utility_schemas(provider: str) -> Schemas:
    """Return the schemas of one of the utility providers."""
    return Schemas(_schema_lines(provider))


def _schema_lines(provider: str) -> Iterator[str]:
    yield f"header\t\t{json.dumps({'version': ''})}"
    yield f"provider\t\t{json.dumps(_parse_block(''))}"
    for kind, types in TYPES[provider].items():
        for name, stated in types.items():
            yield f"{kind}\t{name}\t{json.dumps(_parse_block(stated))}"


def _parse_block(stated: str) -> dict[str, Any]:
    nested = {
        name: {"nesting_mode": "set" if name == "source" else "list", "block": _parse_block(inner)}
        for name, inner in _NESTED.findall(stated)
    }
    attributes = {}
    for mark, name, kind, flag in _ARGUMENT.findall(_NESTED.sub("", stated)):
        attributes[name] = {"type": _KINDS[kind], **dict.fromkeys(_FLAGS[flag], True)}
        if mark:
            attributes[name]["sensitive"] = True
    return {"attributes": attributes, "block_types": nested}


def name_resource(kind: str, planned: dict[str, Any], uid: str) -> None:
    """Set what names the resource, since configurations build names from it.

    A random number or order stays unknown: else it would be judged as if the configuration stated it.
    """
    text = {"hex": uid[:8], "b64_url": uid[:6], "b64_std": uid[:6], "dec": str(int(uid[:8], 16)), "result": uid}
    if kind == "random_pet":
        planned["id"] = "-".join(filter(None, (planned.get("prefix"), f"pet-{uid[:6]}")))
    elif kind in ("random_id", "random_uuid", "random_string"):
        planned.update({name: value for name, value in text.items() if name in planned})
        _shape_names(kind, planned, uid)
    if planned.get("id") is None and kind != "terraform_data":  # of which core knows nothing before it is created
        planned["id"] = uid


def _shape_names(kind: str, planned: dict[str, Any], uid: str) -> None:
    if kind == "random_id" and planned.get("prefix"):
        planned.update({name: f"{planned['prefix']}{planned[name]}" for name in ("hex", "dec", "b64_url", "b64_std")})
    if kind == "random_string" and isinstance(planned.get("length"), int):
        planned["result"] = (uid * planned["length"])[: planned["length"]]
    if kind == "random_uuid":
        planned["result"] = f"{uid[:8]}-{uid[8:12]}-4{uid[12:15]}-a{uid[14:17]}-{(uid * 2)[:12]}"
    planned["id"] = planned.get("result") or planned.get("b64_url")


def draw_values(kind: str, created: dict[str, Any], uid: str) -> None:
    """Set what is random when the resource is created: always the same value, which is as random as any other."""
    drawn = {
        "random_password": uid,
        "random_integer": created.get("min"),
        "random_shuffle": (created.get("input") or [])[: created.get("result_count")],
    }
    if kind in drawn:
        created["result"] = drawn[kind]
    if kind == "terraform_data":
        created.update(id=uid, output=created["input"])
