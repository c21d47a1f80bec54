"""The program of the world's account, and one row of each kind."""

from __future__ import annotations

import pytest

from campaigns.models import Prompt
from reports import building
from tests.campaigns.api.client import Native
from tests.reports import rows


@pytest.fixture
def api(world):
    """A program with the account's first key."""
    return Native(world.secrets["api_key"])


@pytest.fixture
def ours(world, api):
    """One row of each kind, of the world's account, by route."""
    campaign = world.campaign(name="Ours")
    attempt = rows.attempt(campaign)
    building.note_ended([attempt.pk])
    building.build()
    return {
        "campaigns": campaign.pk,
        "members": api.post("members/", {"campaign": campaign.pk, "code": "SIP1"})["id"],
        "contacts": api.post("contacts/", {"campaign": campaign.pk})["id"],
        "calls": api.post("calls/", {"campaign": campaign.pk, "number": "+390612323486"})["id"],
        "attempts": attempt.pk,
        "suppressions": api.post("suppressions/", {"destination": "+390612323998"})["id"],
        "prompts": Prompt.objects.create(account=world.account, extension=1, name="Ours", flow={"steps": []}).pk,
        "reports": attempt.pk,
        "carriers": 0,
    }
