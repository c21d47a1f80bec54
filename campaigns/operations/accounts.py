"""Changing accounts. Every function opens one transaction."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from campaigns import locks, refusals
from campaigns.models import Account, Call
from campaigns.operations import calls as call_operations

# What decides whether waiting calls may go: a change of one of these wakes them.
GATING = frozenset({"timezone", "allowed_prefixes", "attempts_per_number_per_day", "is_active"})


@transaction.atomic
def update_account(*, account: Account, now: dt.datetime, **changes: Any) -> Account:
    """Change an account's fields; what its waiting calls waited for is looked at afresh. Raises InvalidValue."""
    locks.account(account.pk)
    fresh = Account.objects.get(pk=account.pk)
    for name, value in changes.items():
        setattr(fresh, name, value)
    try:
        fresh.full_clean()
    except ValidationError as error:
        field, messages = next(iter(error.message_dict.items()))
        raise refusals.InvalidValue(f"{field}: {messages[0]}", field=field) from error
    fresh.save()
    if GATING & changes.keys():
        call_operations.wake(Call.objects.filter(campaign__account=fresh), now=now)
    return fresh
