"""The one command runs every trial, and CI runs each at a small size."""

from __future__ import annotations

import ast

import pytest

from tests import scripts
from tests.trials import __main__ as every


def test_no_trial_is_left_out():
    assert {trial.script for trial in every.TRIALS} == scripts.runnable(every.HERE)
    assert len(scripts.runnable(every.HERE)) >= 9


@pytest.mark.parametrize("script", sorted({trial.script for trial in every.TRIALS}))
def test_every_trial_says_what_it_is_and_has_a_small_size(script):
    text = (every.HERE / script).read_text()

    assert f"tests/trials/{script}" in ast.get_docstring(ast.parse(text))
    assert "small" in text


def test_a_tally_is_found_in_what_a_trial_says():
    lines = [
        "R1 kill: 2 runs",
        "  run 1: 0 faults, 3 s of it",
        "R1 kill: 0 other faults; longest recovery 7.5 s; 45 s",
        "bye",
    ]

    assert every.tally_of(lines) == lines[2]
    assert every.tally_of(["a: 0 faults, 1 s", "noise", "b: 0 faults, 2 s"]) == "a: 0 faults, 1 s; b: 0 faults, 2 s"
    assert every.tally_of(["Traceback", "boom"]) == "boom"
    assert every.tally_of([]) == "said nothing"
