"""A client of the ONC door with an open session."""

from __future__ import annotations

import pytest

from tests.dialer.vendors.onc.client import Onc


@pytest.fixture
def onc(world):
    """A client of the world's account, in Rome, on Monday 2031-03-03 at 11:00 of its zone."""
    made = Onc(world.client, world.secrets)
    made.open()
    return made


@pytest.fixture
def stranger(world):
    """A client of another account."""
    made = Onc(world.client, world.other_account())
    made.open()
    return made
