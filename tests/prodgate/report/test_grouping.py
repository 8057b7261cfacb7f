from collections import Counter
from dataclasses import replace

from prodgate.criteria import LAYERS
from prodgate.findings import Outcome
from prodgate.report.grouping import batches, gaps, headlines, layer_states, tally
from prodgate.verdict import NO_FINDING

from .samples import criterion, failing, finding, not_built, run, showcase


def test_a_batch_holds_what_differs_only_in_its_subject() -> None:
    found = batches([failing(), failing(subject="other", observed="1 d"), failing(check="PG_REC_2")])
    assert [(batch.check, len(batch.findings)) for batch in found] == [("PG_REC_1", 2), ("PG_REC_2", 1)]
    assert found[0].same("observed") is None
    assert found[0].same("where") == failing().where


def test_gaps_put_shared_reasons_first_and_own_reasons_under_their_criterion() -> None:
    own = [finding("c", "undetermined", str(n), reason=f"only {n} samples") for n in range(3)]
    found = gaps([*own, finding("d", "undetermined", reason="odd"), not_built("c"), not_built("d")])
    assert [(gap.reason, gap.criteria, len(gap.findings)) for gap in found] == [
        ("live layer not built", ("c", "d"), 2),
        ("", ("c",), 3),
        ("odd", ("d",), 1),
    ]


def test_gaps_leave_out_what_the_verdict_adds_about_a_silent_layer() -> None:
    silent = not_built("c")
    found = [silent, replace(silent, check="verdict", subject=NO_FINDING, reason="no check answered")]
    assert [gap.reason for gap in gaps(found)] == ["live layer not built"]


def test_headlines_keep_a_line_for_what_is_not_known() -> None:
    names = [f"c{n}" for n in range(9)]
    made = run(
        [criterion(name, layers=("static", "live")) for name in names],
        [*(failing(name) for name in names), *(not_built(name) for name in names)],
    )
    top, rest = headlines(made.verdict())
    assert [line.outcome for line in top] == [Outcome.NOT_SATISFIED] * 4 + [Outcome.UNDETERMINED]
    assert len(top[4].criteria) == 9
    assert len(rest) == 5


def test_headlines_use_every_line_for_failures_when_all_is_known() -> None:
    names = [f"c{n}" for n in range(9)]
    made = run([criterion(name) for name in names], [failing(name) for name in names], layers=("static",))
    top, rest = headlines(made.verdict())
    assert (len(top), len(rest)) == (5, 4)


def test_every_layer_has_a_state() -> None:
    states = {state.layer: state.state for state in layer_states(showcase(rehearsal=False).verdict())}
    assert list(states) == list(LAYERS)
    assert states["static"] == "judged"
    assert states["live"] == "silent"
    assert states["load"] == "left-out"
    assert {state.state for state in layer_states(run([criterion("c")], []).verdict())} == {"silent", "empty"}


def test_tally_leaves_out_what_only_production_can_answer() -> None:
    verdict = showcase().verdict()
    assert sum(tally(verdict).values()) == len(verdict.rulings) - 1


def test_the_layers_add_up_to_what_was_counted() -> None:
    verdict = showcase().verdict()
    states = layer_states(verdict)
    assert sum((state.outcomes for state in states), Counter()) == tally(verdict)
    assert sum(state.deferred for state in states) == verdict.deferred == 1
