"""Cutting an attempt in progress because somebody asks for it."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from campaigns import refusals
from campaigns.models import CallAttempt
from campaigns.states import AttemptState
from dialer import carriers, outcomes


def hang_up(attempt: CallAttempt, *, now: dt.datetime) -> None:
    """Ask the carrier to cut an open attempt, and the engine to look at it at once.

    How it ended is what the carrier then says. Raises NotPending where it has ended, CarrierError.
    """
    with transaction.atomic():
        (held,) = outcomes.held([str(attempt.key)])
        if held.state == AttemptState.ENDED:
            raise refusals.NotPending("The attempt has ended.", field="state")
        held.hangup_at = held.hangup_at or now
        held.check_at = now
        held.save(update_fields=["hangup_at", "check_at"])
    carriers.get(held.carrier).hang_up([str(held.key)], now=now)
