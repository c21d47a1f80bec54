"""Closing calls that came in with a number nobody can dial."""

from __future__ import annotations

import datetime as dt

from campaigns.models import Call, Intake
from campaigns.operations import calls as call_operations
from campaigns.states import Outcome, Reason


def close_numberless(*, intake: Intake, now: dt.datetime) -> int:
    """End an intake's calls that have no destination, as invalid; return how many they were.

    Requires the transaction that has just added them: as nobody else sees them yet, the account need not be held,
    and the engine never meets them.
    """
    numberless = Call.objects.filter(intake=intake, destination="")
    return call_operations.close_waiting(numberless, outcome=Outcome.INVALID_NUMBER, reason=Reason.INVALID, now=now)
