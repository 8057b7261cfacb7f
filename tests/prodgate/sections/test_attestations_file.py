"""A record is validated whole, and each mistake is one line that says what to write."""

from __future__ import annotations

import tomllib
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prodgate.layers.attested.writing import render_record
from prodgate.sections.attestations_file import AttestationError, Person, Record, parse_attestation

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
VALID = f"""
criterion = "runbook"
statement = "Three sections were followed on staging."
when = 2026-11-20T09:30:00+09:00
valid_until = 2027-11-20T09:30:00+09:00
runs = ["2026-11-19T130000Z-3f2a9c1"]
links = ["https://example.com/tickets/17"]

[by]
name = "Ana Souza <ana@example.com>"
role = "Site reliability engineer"

[second]
name = "Ken Ito"
role = "Data lead"

[[documents]]
path = "docs/runbook.md"
sha256 = "{"ab" * 32}"
"""
REHEARSED = VALID.replace("2026-11-20T09:30:00+09:00", '"rehearsal"').replace(
    "2027-11-20T09:30:00+09:00", '"rehearsal"'
)


def test_a_valid_record_is_read_whole() -> None:
    assert parse_attestation(VALID, "runbook.toml", NOW) == Record(
        criterion="runbook",
        statement="Three sections were followed on staging.",
        by=Person(name="Ana Souza <ana@example.com>", role="Site reliability engineer"),
        second=Person(name="Ken Ito", role="Data lead"),
        when=datetime(2026, 11, 20, 0, 30, tzinfo=UTC),
        valid_until=datetime(2027, 11, 20, 0, 30, tzinfo=UTC),
        documents={"docs/runbook.md": "ab" * 32},
        runs=("2026-11-19T130000Z-3f2a9c1",),
        links=("https://example.com/tickets/17",),
    )


def test_a_record_may_be_as_old_as_the_rehearsal_that_reads_it() -> None:
    record = parse_attestation(f"rehearsal = true\n{REHEARSED}", "runbook.toml", NOW)
    assert (record.when, record.valid_until, record.rehearsal) == (None, None, True)


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ('criterion = "runbook"', "", "r.toml: criterion: is missing; every record states criterion, statement"),
        ('criterion = "runbook"', "criterion = 3", "r.toml: criterion: is 3; write the id of a criterion"),
        ('criterion = "runbook"', 'criterion = "../runbook"', "r.toml: criterion: is '../runbook'"),
        ('criterion = "runbook"', 'criterion = "runbook"\nsigned = true', "r.toml: signed: is not a key"),
        ('criterion = "runbook"', 'criterion = "runbook"\nsignature = "x"', "r.toml: signature: is not a key"),
        ('criterion = "runbook"', 'criterion = "runbook"\ncriterion = "runbook"', "r.toml: is not TOML: Cannot overwrite a value"),
        ('criterion = "runbook"', 'criterion = "runbook"\nrehearsal = "yes"', "r.toml: rehearsal: is 'yes'; write true or false"),
        ("Three sections were followed on staging.", "TBD", "r.toml: statement: is 'TBD'; write what was looked at"),
        ("Three sections were followed on staging.", "ok", "r.toml: statement: is 'ok'"),
        ('"Three sections were followed on staging."', "true", "r.toml: statement: is True"),
        ("2026-11-20T09:30:00+09:00", "2026-11-20T09:30:00", "r.toml: when: has no zone; write a time with its zone"),
        ("2026-11-20T09:30:00+09:00", "2026-11-20", "r.toml: when: is datetime.date(2026, 11, 20); write a time"),
        ("2026-11-20T09:30:00+09:00", '"2026-11-20T09:30:00Z"', "r.toml: when: is '2026-11-20T09:30:00Z'; write a time with its zone, without quotes"),
        ("2026-11-20T09:30:00+09:00", "2026-11-27T12:06:00Z", "r.toml: when: is 2026-11-27 12:06:00+00:00, which is still to come at 2026-11-27T12:00:00Z"),
        ("2026-11-20T09:30:00+09:00", "2026-11-28T09:30:00+09:00", "which is still to come"),
        ("2026-11-20T09:30:00+09:00", "0001-01-01T00:00:00+09:00", "r.toml: when: is 0001-01-01 00:00:00+09:00; write a time"),
        ("2026-11-20T09:30:00+09:00", '"rehearsal"', 'r.toml: valid_until: is datetime.datetime(2027'),
        ("2027-11-20T09:30:00+09:00", "2026-11-20T00:30:00Z", "r.toml: valid_until: is 2026-11-20 00:30:00+00:00, which is not after when"),
        ("2027-11-20T09:30:00+09:00", "9999-12-31T23:59:59-09:00", "r.toml: valid_until: is 9999-12-31"),
        ("[by]", "[buy]", "r.toml: by: is missing"),
        ("[by]", "[[by]]", "r.toml: by: is ["),
        ('role = "Site reliability engineer"', "", "r.toml: by.role: is ''; write e.g. role ="),
        ('name = "Ana Souza <ana@example.com>"', 'name = "\u2060"', "r.toml: by.name: is"),
        ('name = "Ana Souza <ana@example.com>"', 'name = "\u0410na"', "mixes letters of several scripts"),
        ('name = "Ana Souza <ana@example.com>"', 'nam = "Ana"', "r.toml: by.nam: is not a key; did you mean 'name'?"),
        ('name = "Ken Ito"', 'name = "none"', "r.toml: second.name: is 'none'"),
        ("docs/runbook.md", "../runbook.md", "r.toml: documents.1.path: is '../runbook.md'; write the path of a file inside"),
        ("docs/runbook.md", "/etc/passwd", "r.toml: documents.1.path: is '/etc/passwd'"),
        ("docs/runbook.md", "docs/../../x.md", "r.toml: documents.1.path: is 'docs/../../x.md'"),
        ("docs/runbook.md", "./docs/runbook.md", "r.toml: documents.1.path: is './docs/runbook.md'"),
        ("docs/runbook.md", "docs\\\\runbook.md", "r.toml: documents.1.path: is 'docs\\\\runbook.md'"),
        ('"' + "ab" * 32 + '"', '"' + "AB" * 32 + '"', "r.toml: documents.1.sha256: is 'ABAB"),
        ('"' + "ab" * 32 + '"', '"abc"', "r.toml: documents.1.sha256: is 'abc'; write the 64 digits that sha256sum prints"),
        ("[[documents]]", "[documents]", "r.toml: documents: is no list of tables"),
        ('["2026-11-19T130000Z-3f2a9c1"]', '["../../etc"]', "r.toml: runs: '../../etc' is none; write e.g. '2026-11-24T130000Z-3f2a9c1'"),
        ('["2026-11-19T130000Z-3f2a9c1"]', '"2026-11-19T130000Z-3f2a9c1"', "r.toml: runs: is '2026"),
        ('["2026-11-19T130000Z-3f2a9c1"]', '["2026-11-19T130000Z-3f2a9c1", "2026-11-19T130000Z-3f2a9c1"]', "r.toml: runs: names '2026-11-19T130000Z-3f2a9c1' twice"),
        ("https://example.com/tickets/17", "file:///etc/passwd", "r.toml: links: 'file:///etc/passwd' is none"),
    ],
)  # fmt: skip
def test_each_mistake_says_what_to_write(before: str, after: str, message: str) -> None:
    assert before in VALID
    with pytest.raises(AttestationError) as refused:
        parse_attestation(VALID.replace(before, after, 1), "r.toml", NOW)
    assert message in str(refused.value)


def test_a_document_is_named_once() -> None:
    twice = VALID + VALID[VALID.index("[[documents]]") :]
    with pytest.raises(AttestationError, match=r"r\.toml: documents: names 'docs/runbook\.md' twice"):
        parse_attestation(twice, "r.toml", NOW)


@pytest.mark.parametrize("said", ["", "rehearsal = false\n"])
def test_only_a_record_for_rehearsals_is_as_old_as_one(said: str) -> None:
    with pytest.raises(AttestationError, match=r'when: is "rehearsal", in a record that counts elsewhere, too'):
        parse_attestation(said + REHEARSED, "r.toml", NOW)


def test_every_mistake_is_named_at_once() -> None:
    with pytest.raises(AttestationError) as refused:
        parse_attestation('colour = "red"\nrehearsal = 3\nwhen = 5', "r.toml", NOW)
    lines = str(refused.value).splitlines()
    assert len(lines) == 7
    assert all(line.startswith("r.toml: ") for line in lines)


WORDS = st.text(st.characters(blacklist_categories=["Cs", "Cc"]), min_size=1, max_size=30)
PEOPLE = st.builds(Person, name=st.sampled_from(["Ana", "Ken Ito <ken@example.com>"]), role=st.just('Lead "of" \\ all'))
TIMES = st.integers(0, 10**9).map(lambda seconds: NOW - timedelta(seconds=seconds % (9000 * 86400)))
RECORDS = st.builds(
    lambda when, life, **rest: Record(when=when, valid_until=when + life, **rest),
    when=TIMES,
    life=st.timedeltas(timedelta(seconds=1), timedelta(days=3000)),
    criterion=st.from_regex(r"[a-z0-9]+(-[a-z0-9]+)*", fullmatch=True),
    statement=WORDS.map(lambda words: f"abc {words}"),
    by=PEOPLE,
    second=st.none() | PEOPLE,
    documents=st.dictionaries(st.sampled_from(["a.md", "docs/b c.md"]), st.from_regex(r"[0-9a-f]{64}", fullmatch=True)),
    runs=st.just(()) | st.just(("2026-11-19T130000Z-3f2a9c1",)),
    links=st.just(()) | st.just(("https://example.com/?a=b&c",)),
    rehearsal=st.booleans(),
)


@given(RECORDS)
def test_what_is_written_is_read_again(record: Record) -> None:
    assert parse_attestation(render_record(record), "r.toml", NOW) == record


LINES = st.lists(
    st.sampled_from(
        [*VALID.splitlines(), "rehearsal = true", 'when = "rehearsal"', 'valid_until = "rehearsal"', "when = 1"]
    )
    | st.text(max_size=30)
)


@given(LINES.map("\n".join) | st.text(max_size=200))
def test_no_text_is_more_than_refused(text: str) -> None:
    record = None
    with suppress(AttestationError):
        record = parse_attestation(text, "r.toml", NOW)
    if record is not None:
        assert set(tomllib.loads(text)) >= {"criterion", "statement", "by", "when", "valid_until"}
        assert record.when is None or record.when <= NOW + timedelta(minutes=5)
