"""The program of the world's account."""

from __future__ import annotations

import pytest

from tests.campaigns.api.client import Native


@pytest.fixture
def api(world):
    """A program with the account's first key."""
    return Native(world.secrets["api_key"])
