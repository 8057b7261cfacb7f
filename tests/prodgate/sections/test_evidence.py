"""[evidence] says whose signatures count; what could mean nobody, or two, is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from prodgate.criteria import CriteriaError
from prodgate.sections.criteria_file import parse_criteria

from ..sample_run import CRITERIA

NIGHTLY = "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="  # RFC 8032, test 1
DEPLOY = "MCowBQYDK2VwAyEAPUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw="  # test 2


def parse(section: str) -> object:
    return parse_criteria(CRITERIA + section, Path("criteria.toml")).evidence


def test_signers_are_read() -> None:
    text = f"""
[evidence]
signers = [
  {{ name = "nightly", key = "{NIGHTLY}" }},
  {{ name = "deploy", key = '''
-----BEGIN PUBLIC KEY-----
{DEPLOY}
-----END PUBLIC KEY-----
''', kms = "awskms:///alias/prodgate-evidence" }},
]"""
    stated = parse_criteria(CRITERIA + text, Path("criteria.toml")).evidence
    assert [(each.name, each.key, each.kms) for each in stated.signers] == [
        ("nightly", NIGHTLY, ""),
        ("deploy", DEPLOY, "awskms:///alias/prodgate-evidence"),
    ]
    found = stated.find_signer(stated.signers[1].keyid)
    assert found is not None
    assert found.name == "deploy"
    assert stated.find_signer("") is None


def test_nobody_signs_where_nothing_is_stated() -> None:
    assert parse_criteria(CRITERIA, Path("criteria.toml")).evidence.signers == ()
    assert parse_criteria(CRITERIA + "[evidence]\n", Path("criteria.toml")).evidence.signers == ()


def one(**keys: str) -> str:
    given = {"name": '"nightly"', "key": f'"{NIGHTLY}"', **keys}
    return "{ " + ", ".join(f"{key} = {value}" for key, value in given.items() if value) + " }"


@pytest.mark.parametrize(
    ("signers", "why"),
    [
        ("3", "evidence: is {'signers': 3}; write [evidence] with signers ="),
        ("[]", "evidence: is {'signers': []}; write [evidence] with signers ="),
        ('["nightly"]', "evidence.signers[1]: is 'nightly'; write { name ="),
        (f"[{one(name='')}]", 'evidence.signers[1].name: is None; write who signs, e.g. "nightly"'),
        (f"""[{one(name='" "')}]""", "evidence.signers[1].name: is ' '; write who signs"),
        (f"[{one(key='')}]", "evidence.signers[1].key: is missing; write the public key, as openssl pkey"),
        (f"[{one(key='7')}]", "evidence.signers[1].key: is 7; write the public key"),
        (f"""[{one(key='"keys/nightly.pub"')}]""", "evidence.signers[1].key: is no public key; write what openssl"),
        (
            f"""[{one(key='"-----BEGIN PRIVATE KEY-----"')}]""",
            "evidence.signers[1].key: is a private key, which others must never see; make another one",
        ),
        (f"""[{one(kms='"alias/x"')}]""", "evidence.signers[1].kms: is 'alias/x'; write e.g. 'awskms:///alias/"),
        (f"""[{one(kms='"awskms://host/alias/x"')}]""", "evidence.signers[1].kms: is 'awskms://host/alias/x'"),
        (f"""[{one(keys='"x"')}]""", "evidence.signers[1].keys: is not a key; did you mean"),
        (
            f"[{one()}, {one(key=f'{chr(34)}{DEPLOY}{chr(34)}')}]",
            "evidence.signers[2].name: is 'nightly', as that of signer 1",
        ),
        (f"""[{one()}, {one(name='"deploy"')}]""", "evidence.signers[2].key: is that of signer 1, too"),
    ],
)
def test_nonsense_is_refused_with_what_to_write(signers: str, why: str) -> None:
    with pytest.raises(CriteriaError) as raised:
        parse(f"[evidence]\nsigners = {signers}\n")
    assert why in str(raised.value)


def test_other_keys_are_refused() -> None:
    with pytest.raises(CriteriaError, match=r"evidence\.signer: is not a key; did you mean 'signers'"):
        parse("[evidence]\nsigner = []\n")
