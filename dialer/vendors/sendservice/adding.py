"""Stores the calls of a request in the account's InstantCall campaign."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.db import transaction

from campaigns import locks, refusals
from campaigns.models import Account, Campaign
from campaigns.operations import calls as call_operations
from campaigns.operations import campaigns as campaign_operations
from campaigns.operations import refused
from campaigns.states import Api, CampaignState
from dialer.vendors.sendservice.orders import Order

CAMPAIGN_NAME = "InstantCall"
CLOSED = (CampaignState.FINISHED, CampaignState.DELETED)


def add(*, account: Account, orders: Sequence[Order], code: str, now: dt.datetime) -> tuple[int, list[int]]:
    """Store calls, all of them or none; return the id of the request, and theirs in their order.

    Those with a number that cannot be dialled are closed at once. Raises InvalidValue.
    """
    try:
        return _store(account, orders, code, now)
    except refusals.CampaignClosed:
        # Somebody has finished the campaign since it was found; another is opened.
        return _store(account, orders, code, now)


@transaction.atomic
def _store(account: Account, orders: Sequence[Order], code: str, now: dt.datetime) -> tuple[int, list[int]]:
    campaign = _campaign(account, now)
    intake = call_operations.take(account=account, api=Api.SENDSERVICE, request_id=code, now=now)
    calls = [order.call(campaign, now) for order in orders]
    ids = call_operations.add_calls(calls=calls, intake=intake, now=now)
    if any(not call.destination.address for call in calls):
        refused.close_numberless(intake=intake, now=now)
    return intake.pk, ids


def _campaign(account: Account, now: dt.datetime) -> Campaign:
    """Return the account's campaign for these calls; it is made, and started, where there is none that takes calls.

    Requires a transaction.
    """
    if found := _open(account):
        return found
    locks.account(account.pk)
    return _open(account) or campaign_operations.create_campaign(
        account=account, now=now, api=Api.SENDSERVICE, start=True, name=CAMPAIGN_NAME
    )


def _open(account: Account) -> Campaign | None:
    mine = Campaign.objects.filter(account=account, api=Api.SENDSERVICE, name=CAMPAIGN_NAME)
    return mine.exclude(state__in=CLOSED).order_by("id").first()
