"""What ONC reads of the ledger: an account's campaigns, and a campaign's contacts with where their calls stand."""

from __future__ import annotations

import datetime as dt
import uuid

from django.db.models import OuterRef, Q, QuerySet, Subquery

from campaigns.models import Account, Call, CallAttempt, Campaign, Contact
from campaigns.states import AttemptState, CampaignState, Outcome
from dialer.vendors.onc.errors import Code, Failure


def active_campaigns(account: Account, now: dt.datetime) -> QuerySet[Campaign]:
    """Return an account's campaigns that are neither deleted nor over, whatever door made them, the oldest first."""
    gone = {CampaignState.DELETED, CampaignState.FINISHED}
    campaigns = Campaign.objects.filter(Q(ends_at__isnull=True) | Q(ends_at__gt=now), account=account)
    return campaigns.exclude(state__in=gone).select_related("account").order_by("created_at", "uuid", "id")


def campaign(account: Account, key: uuid.UUID) -> Campaign:
    """Return an account's campaign, ended ones too, but no deleted one. Raises Failure."""
    found = Campaign.objects.filter(account=account, uuid=key).exclude(state=CampaignState.DELETED)
    if chosen := found.select_related("account").first():
        return chosen
    raise Failure(Code.CAMPAIGN_NOT_FOUND)


def contacts(campaign: Campaign) -> QuerySet[Contact]:
    """Return a campaign's contacts in the order of adding."""
    return Contact.objects.filter(campaign=campaign, removed_at__isnull=True).order_by("id")


def contact(campaign: Campaign, key: uuid.UUID) -> Contact:
    """Return a contact of a campaign. Raises Failure."""
    if found := contacts(campaign).select_related("campaign__account").filter(uuid=key).first():
        return found
    raise Failure(Code.CONTACT_NOT_FOUND)


def calls_of(campaign: Campaign) -> QuerySet[Call]:
    """Return the calls of a campaign's contacts with `open_state`, the state of the try in progress, and
    `last_outcome`, how the last one ended; both null where there is none.
    """
    tries = CallAttempt.objects.filter(call=OuterRef("pk"))
    # A try that was withdrawn before it reached the wire was none.
    ended = tries.filter(state=AttemptState.ENDED).exclude(outcome=Outcome.CANCELLED).order_by("-n")
    return (
        Call.objects.filter(campaign=campaign, contact__isnull=False, contact__removed_at__isnull=True)
        .annotate(
            open_state=Subquery(tries.exclude(state=AttemptState.ENDED).values("state")[:1]),
            last_outcome=Subquery(ended.values("outcome")[:1]),
        )
        .order_by("id")
    )
