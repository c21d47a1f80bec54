"""Finds campaigns by the vendor's two names for them; another account's are as unknown as those that never were."""

from __future__ import annotations

import datetime as dt
import uuid

from campaigns.models import Account, Campaign
from dialer.vendors.go4clients import statuses
from dialer.vendors.go4clients.errors import Code, Fault
from dialer.vendors.go4clients.fields import Fields, as_whole

_GREATEST = 2**63 - 1


def sent_id(fields: Fields) -> int | None:
    """Return the otpCampaignId of a request, None for one that is no id. Raises Fault where there is none."""
    value = fields.get("otpCampaignId")
    if value is None:
        raise Fault(Code.CAMPAIGN_ID_EMPTY, "otpCampaignId is empty.")
    found = as_whole(value)
    return found if found is not None and 0 < found <= _GREATEST else None


def active(account: Account, pk: int | None, *, now: dt.datetime) -> Campaign:
    """Return a campaign of the account that takes calls. Raises Fault, the same for unknown ones."""
    mine = Campaign.objects.select_related("account").filter(account=account)
    found = mine.filter(pk=pk).first() if pk is not None else None
    if found is None or statuses.campaign(found, now=now) != statuses.ACTIVE:
        raise Fault(Code.CAMPAIGN_NOT_ACTIVE, "There is no such campaign, or it is not ACTIVE.")
    return found


def by_unique_id(account: Account, written: object) -> Campaign | None:
    """Return the campaign of a uniqueCampaignID, None for an unknown one or what is none."""
    try:
        wanted = uuid.UUID(str(written))
    except ValueError:
        return None
    return Campaign.objects.select_related("account").filter(account=account, uuid=wanted).first()
