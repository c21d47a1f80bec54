"""What must add up, as queries that find where it does not: counters, caps, states and sums against the rows."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.conf import settings
from django.db.models import Count, F, Max, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from campaigns import counts
from campaigns.models import Account, Call, CallAttempt, Campaign
from campaigns.states import AttemptState, CampaignState
from dialer import carriers
from reports import recounts

SHOWN = 20
OPEN = Q(state__in=[state for state in AttemptState.values if state != AttemptState.ENDED])


def attempts(since: dt.datetime | None) -> QuerySet[CallAttempt]:
    """Return the attempts claimed since a moment, or all."""
    if since is None:
        return CallAttempt.objects.all()
    # With the accounts named, the index of account and time serves.
    accounts = list(Account.objects.values_list("pk", flat=True))
    return CallAttempt.objects.filter(account__in=accounts, claimed_at__gte=since)


def over_account_cap(now: dt.datetime) -> list[str]:
    """Return the accounts with more calls in progress than their cap."""
    rows = CallAttempt.objects.filter(OPEN).values("account").annotate(n=Count("id")).order_by("account")
    over = rows.filter(n__gt=F("account__max_live_calls")).values_list("account", "n", "account__max_live_calls")
    return [f"account {pk} has {n} calls in progress, {cap} may be" for pk, n, cap in over[:SHOWN]]


def over_capacity(now: dt.datetime) -> list[str]:
    """Return the campaigns for which a call was claimed though as many were in progress as may be.

    A capacity that was lowered meanwhile is not to blame: what was claimed before the last change is no fault.
    """
    rows = CallAttempt.objects.filter(OPEN).values("campaign").annotate(n=Count("id"), last=Max("claimed_at"))
    over = rows.filter(n__gt=F("campaign__capacity"), last__gt=F("campaign__changed_at")).order_by("campaign")
    found = over.values_list("campaign", "n", "campaign__capacity")
    return [f"campaign {pk} has {n} calls in progress, {cap} may be" for pk, n, cap in found[:SHOWN]]


def over_carrier_cap(now: dt.datetime) -> list[str]:
    """Return the carriers with more calls in progress than they take."""
    found = []
    for alias, n in CallAttempt.objects.filter(OPEN).values_list("carrier").annotate(Count("id")).order_by("carrier"):
        cap = carriers.get(alias).max_live if alias in settings.CARRIERS else None
        if cap is not None and n > cap:
            found.append(f"carrier {alias} has {n} calls in progress, {cap} may be")
    return found


def over_budget(now: dt.datetime, since: dt.datetime | None) -> list[str]:
    """Return the calls with more tries that count than they may have."""
    return _calls(_with_tries(since).filter(spent__gt=Coalesce("max_attempts", "campaign__max_attempts")))


def miscounted(now: dt.datetime, since: dt.datetime | None) -> list[str]:
    """Return the calls whose counters are not what their attempts say."""
    return _calls(_with_tries(since).exclude(spent=F("attempts_made"), all_tries=F("attempts_total")))


def _with_tries(since: dt.datetime | None) -> QuerySet[Any]:
    tried = Call.objects.all() if since is None else Call.objects.filter(pk__in=attempts(since).values("call"))
    mine = CallAttempt.objects.filter(call=OuterRef("pk")).order_by().values("call")
    if since is None:
        return tried.annotate(spent=Count("attempts", filter=Q(attempts__counts=True)), all_tries=Count("attempts"))
    # For few calls an index look-up each; grouping would read all attempts.
    return tried.annotate(
        spent=Subquery(mine.annotate(n=Count("id", filter=Q(counts=True))).values("n")),
        all_tries=Subquery(mine.annotate(n=Count("id")).values("n")),
    )


def _calls(found: QuerySet[Any]) -> list[str]:
    return [f"call {pk}" for pk in found.order_by("pk").values_list("pk", flat=True)[:SHOWN]]


def lost_in_counting(now: dt.datetime, since: dt.datetime | None) -> list[str]:
    """Return the campaigns whose calls by state are not as many as their calls; lately: those not over yet."""
    wanted = Campaign.objects.all()
    if since is not None:
        wanted = wanted.filter(state__in=[CampaignState.RUNNING, CampaignState.PAUSED])
    pks = list(wanted.order_by("pk").values_list("pk", flat=True))
    uneven = counts.uneven(pks)
    return [f"campaign {pk} has {total} calls, of which {told} are in a state" for pk, told, total in uneven[:SHOWN]]


def unequal_sums(now: dt.datetime, since: dt.datetime | None) -> list[str]:
    """Return where hourly sums, attempt reports and ledger differ."""
    return [str(difference) for difference in recounts.recount(since=since)[:SHOWN]]
