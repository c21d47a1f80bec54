"""The one command runs every benchmark."""

from __future__ import annotations

import ast

import pytest

from tests import scripts
from tests.benchmarks import __main__ as every


def test_no_benchmark_is_left_out():
    assert set(every.BENCHMARKS) == scripts.runnable(every.HERE)
    assert len(every.BENCHMARKS) >= 8


@pytest.mark.parametrize("script", every.BENCHMARKS)
def test_every_benchmark_says_how_it_is_run(script):
    text = (every.HERE / script).read_text()

    assert f"python tests/benchmarks/{script}" in ast.get_docstring(ast.parse(text))
