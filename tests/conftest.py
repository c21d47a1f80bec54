"""Fixtures that all tests share: a world whose time is virtual, with an account that has every credential."""

from __future__ import annotations

import pytest

from tests.world import World


def pytest_addoption(parser):
    """Let trials run more examples than a test run has time for."""
    parser.addoption("--engine-examples", type=int, default=25, help="Examples of the engine's state machine.")


@pytest.fixture
def world(db):
    """A world at Monday 2031-03-03 10:00 UTC, on the simulator, with one account."""
    with World.at("2031-03-03T10:00:00+00:00") as made:
        yield made
