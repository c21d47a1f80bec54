"""Makes calls in a world, for tests of the engine."""

from __future__ import annotations

from campaigns import phones
from campaigns.models import Call
from campaigns.operations import calls as call_operations
from campaigns.states import Api


def number(index: int, suffix: str, prefix: str = "+39312") -> str:
    """Return an Italian mobile number whose last three digits choose what the simulator does."""
    return f"{prefix}{index:04d}{suffix}"


def add(world, campaign, *numbers: str, **fields) -> list[Call]:
    """Add a call to each number, and return the rows in that order."""
    intake = call_operations.take(account=campaign.account, api=Api.NATIVE, now=world.now)
    wanted = [
        call_operations.NewCall(campaign=campaign, number=each, destination=phones.normalise(each, "IT"), **fields)
        for each in numbers
    ]
    ids = call_operations.add_calls(calls=wanted, intake=intake, now=world.now)
    rows = Call.objects.in_bulk(ids)
    return [rows[pk] for pk in ids]
