"""How many calls a campaign's members allow: measured from attempts, for progressive and predictive pacing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

from django.db.models import Count, Q, QuerySet

from campaigns.models import CallAttempt, Campaign, Member
from campaigns.models.campaign import Pacing
from campaigns.states import AttemptState
from dialer import pacing


def room(campaigns: Sequence[Campaign], now: dt.datetime) -> dict[int, int]:
    """Return how many calls may start now for each campaign that is paced by its members."""
    paced = [campaign for campaign in campaigns if campaign.pacing != Pacing.FIXED]
    if not paced:
        return {}
    free = dict(free_members(paced, now).values_list("campaign_id").annotate(Count("id")).order_by())
    unanswered = dict(
        CallAttempt.objects.filter(campaign__in=paced)
        .exclude(state=AttemptState.ENDED)
        .filter(connected_at__isnull=True)
        .values_list("campaign_id")
        .annotate(Count("id"))
        .order_by()
    )
    return {
        campaign.pk: pacing.progressive(
            free_members=free.get(campaign.pk, 0), unanswered=unanswered.get(campaign.pk, 0)
        )
        for campaign in paced
    }


def free_members(campaigns: Iterable[Campaign], now: dt.datetime) -> QuerySet[Member]:
    """Return the members who can take a call now: available, and neither in a call nor wrapping one up."""
    rested = Q(busy_until__isnull=True) | Q(busy_until__lte=now)
    return Member.objects.filter(rested, campaign__in=list(campaigns), is_available=True)


def staffed(campaigns: Iterable[Campaign]) -> set[int]:
    """Return which campaigns give answered calls to members: those paced by them, and those with nothing to say."""
    paced = {campaign.pk for campaign in campaigns if campaign.pacing != Pacing.FIXED}
    silent = [campaign.pk for campaign in campaigns if not campaign.message and not campaign.flow]
    if not silent:
        return paced
    return paced | set(Member.objects.filter(campaign__in=silent).values_list("campaign_id", flat=True))
