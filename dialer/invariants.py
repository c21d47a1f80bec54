"""What must never be, as queries that find it: each must give no row. `doctor` runs them; so do the trials.

Those that would read the whole ledger can be asked for what was claimed since a moment; the others read open rows only.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.db.models import Count, Exists, F, Min, OuterRef, Q, QuerySet, Window
from django.db.models.functions import Lag, TruncMinute

from campaigns.models import Account, Call, CallAttempt, Campaign, Suppression
from campaigns.states import AttemptState, CallState, CampaignState, Outcome
from dialer import facts, gates, talks, tallies
from reports.models import AttemptReport, DueReport

Found = list[str]
SHOWN = 20
# What a moment that was read before a lock was waited for, on another machine's clock, may be off.
CLOCKS_APART = dt.timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Invariant:
    """One thing that must never be: its name, in words, and what finds it at a moment, in all or since another."""

    name: str
    find: Callable[[dt.datetime], Found]
    find_since: Callable[[dt.datetime, dt.datetime | None], Found] | None = None

    def rows(self, now: dt.datetime, since: dt.datetime | None = None) -> Found:
        """Return what breaks it; with `since`, among what was claimed since then, where it would read everything."""
        return self.find_since(now, since) if self.find_since and since else self.find(now)


def broken(now: dt.datetime) -> dict[str, Found]:
    """Return what is broken, by the name of the invariant; empty where all is in order."""
    found = {invariant.name: invariant.rows(now) for invariant in INVARIANTS}
    return {name: rows for name, rows in found.items() if rows}


def _since(name: str, find: Callable[[dt.datetime, dt.datetime | None], Found]) -> Invariant:
    return Invariant(name, lambda now: find(now, None), find)


def _rows(found: QuerySet[CallAttempt] | QuerySet[Call], what: str) -> Found:
    return [f"{what} {pk}" for pk in found.order_by("pk").values_list("pk", flat=True)[:SHOWN]]


def _open() -> QuerySet[CallAttempt]:
    return CallAttempt.objects.exclude(state=AttemptState.ENDED)


# --- Calls in progress -------------------------------------------------------------------------------------------


def _live_without_attempt(now: dt.datetime) -> Found:
    return _rows(Call.objects.filter(~Exists(_open().filter(call=OuterRef("pk"))), state=CallState.LIVE), "call")


def _attempt_without_live(now: dt.datetime) -> Found:
    return _rows(_open().exclude(call__state=CallState.LIVE), "attempt")


def _forgotten(now: dt.datetime) -> Found:
    """Open attempts that nobody has looked at long after they should have been."""
    return _rows(_open().filter(check_at__lt=now - dt.timedelta(minutes=5)), "attempt")


def _without_lease(now: dt.datetime) -> Found:
    """Open attempts that nobody will look at within a day: as good as none."""
    return _rows(_open().filter(check_at__gt=now + gates.DAY), "attempt")


def _two_open(now: dt.datetime) -> Found:
    counted = _open().values("call").annotate(n=Count("id")).order_by()
    return [f"call {row['call']} has {row['n']} open attempts" for row in counted.filter(n__gt=1)[:SHOWN]]


def _reported_early(now: dt.datetime) -> Found:
    told = Exists(AttemptReport.objects.filter(attempt=OuterRef("pk")))
    return _rows(_open().filter(told | Q(Exists(DueReport.objects.filter(attempt=OuterRef("pk"))))), "attempt")


# --- Tries -------------------------------------------------------------------------------------------------------


def _same_number(now: dt.datetime, since: dt.datetime | None) -> Found:
    twins = tallies.attempts(since).filter(
        Exists(CallAttempt.objects.filter(call=OuterRef("call"), n=OuterRef("n")).exclude(pk=OuterRef("pk")))
    )
    return _rows(twins, "attempt")


def _early(now: dt.datetime, since: dt.datetime | None) -> Found:
    """Tries that began before one before them had ended."""
    before = CallAttempt.objects.filter(call=OuterRef("call"), n__lt=OuterRef("n"), ended_at__gt=OuterRef("claimed_at"))
    return _rows(tallies.attempts(since).filter(Exists(before), n__gt=1), "attempt")


def _reached_twice(now: dt.datetime, since: dt.datetime | None) -> Found:
    """Calls that were tried again after somebody had answered."""
    answered = CallAttempt.objects.filter(call=OuterRef("call"), n__lt=OuterRef("n"), outcome=Outcome.ANSWERED)
    again = tallies.attempts(since).filter(Exists(answered), n__gt=1).order_by("pk").values_list("call", "n")
    return [f"call {pk} was answered before its try {n}" for pk, n in again[:SHOWN]]


def _after_cancelling(now: dt.datetime, since: dt.datetime | None) -> Found:
    late = Q(placed_at__gt=F("call__cancel_requested_at") + CLOCKS_APART)
    return _rows(tallies.attempts(since).filter(late), "attempt")


def _strange_account(now: dt.datetime, since: dt.datetime | None) -> Found:
    """Attempts whose account is not that of their call and of its campaign."""
    theirs = Q(account=F("call__account")) & Q(account=F("call__campaign__account"), campaign=F("call__campaign"))
    return _rows(tallies.attempts(since).exclude(theirs), "attempt")


def _suppressed_after(now: dt.datetime, since: dt.datetime | None) -> Found:
    """Attempts placed to a destination after it was listed."""
    listed = Suppression.objects.filter(
        Q(campaign__isnull=True) | Q(campaign=OuterRef("campaign")),
        Q(channel="") | Q(channel=OuterRef("channel")),
        account=OuterRef("account"),
        destination=OuterRef("destination"),
        created_at__lt=OuterRef("placed_at") - CLOCKS_APART,
    )
    placed = tallies.attempts(since).filter(placed_at__isnull=False, call__ignores_suppression=False)
    return _rows(placed.filter(Exists(listed)), "attempt")


def _number_cap(now: dt.datetime, since: dt.datetime | None) -> Found:
    found: Found = []
    for account in Account.objects.filter(attempts_per_number_per_day__gt=0):
        cap = account.attempts_per_number_per_day
        earlier = Window(
            Lag("claimed_at", offset=cap),
            partition_by=[F("destination")],
            order_by=[F("claimed_at").asc(), F("pk").asc()],
        )
        mine = CallAttempt.objects.filter(account=account, counts=True)
        if since is not None:
            mine = mine.filter(claimed_at__gte=since - facts.DAY)
        over = mine.annotate(earlier=earlier).filter(earlier__gt=F("claimed_at") - facts.DAY)
        found += [f"attempt {pk}" for pk in over.values_list("pk", flat=True)[:SHOWN]]
    return found


def _unreported(now: dt.datetime, since: dt.datetime | None) -> Found:
    """Ended attempts that have neither a report nor a note that one is due."""
    report = AttemptReport.objects.filter(attempt=OuterRef("pk"))
    due = DueReport.objects.filter(attempt=OuterRef("pk"))
    ended = tallies.attempts(since).filter(state=AttemptState.ENDED)
    return _rows(ended.filter(~Exists(report), ~Exists(due)), "attempt")


# --- Campaigns ---------------------------------------------------------------------------------------------------


def _waiting_in_closed(now: dt.datetime) -> Found:
    closed = [CampaignState.FINISHED, CampaignState.DELETED]
    return _rows(Call.objects.filter(state=CallState.WAITING, campaign__state__in=closed), "call")


def _outside_window(now: dt.datetime, since: dt.datetime | None) -> Found:
    """Attempts placed outside their call's window as it stands now; windows changed since are not known any more."""
    found: Found = []
    for campaign in Campaign.objects.select_related("account").exclude(windows=[], holidays=[]):
        known = gates.Facts(account=campaign.account, now=now, campaigns={campaign.pk: campaign})
        changed = campaign.changed_at or campaign.created_at
        placed = CallAttempt.objects.filter(campaign=campaign, placed_at__gt=max(changed, since or changed))
        for pk, call, minute in _by_minute(placed, campaign.pk):
            known.now = minute
            known.verdicts.clear()
            if not gates.hours_verdict(call, known).is_open:
                found.append(f"attempt {pk}")
        if len(found) >= SHOWN:
            break
    return found[:SHOWN]


def _by_minute(placed: QuerySet[CallAttempt], campaign_id: int) -> Iterable[tuple[int, Call, dt.datetime]]:
    """Return the first attempt of each minute and zones, with its call: windows begin and end with minutes."""
    grouped = placed.values("call__zones", "call__window", minute=TruncMinute("placed_at", tzinfo=dt.UTC))
    rows = grouped.annotate(first=Min("pk")).order_by("first")
    for pk, zones, window, minute in rows.values_list("first", "call__zones", "call__window", "minute"):
        yield pk, Call(campaign_id=campaign_id, zones=zones, window=window), minute


INVARIANTS = (
    Invariant("a call in progress has an open attempt", _live_without_attempt),
    Invariant("an open attempt belongs to a call in progress", _attempt_without_live),
    Invariant("no call has two open attempts", _two_open),
    Invariant("every open attempt is looked at in time", _forgotten),
    Invariant("every open attempt has a lease", _without_lease),
    Invariant("no attempt in progress has a report", _reported_early),
    Invariant("no account has more calls in progress than its cap", tallies.over_account_cap),
    Invariant("no campaign has more calls in progress than its capacity", tallies.over_capacity),
    Invariant("no carrier has more calls in progress than its cap", tallies.over_carrier_cap),
    _since("no call has two tries of one number", _same_number),
    _since("no call is tried more often than its budget", tallies.over_budget),
    _since("a call's counters equal its attempts", tallies.miscounted),
    _since("a campaign's calls by state add up to its calls", tallies.lost_in_counting),
    _since("no try begins before the last one ended", _early),
    _since("no call is tried again after it was answered", _reached_twice),
    _since("nothing is placed after its call was cancelled", _after_cancelling),
    _since("no number is tried more often in 24 hours than its cap", _number_cap),
    _since("nothing is placed to a suppressed destination", _suppressed_after),
    _since("nothing is placed outside its window", _outside_window),
    _since("an attempt belongs to the account and the campaign of its call", _strange_account),
    Invariant("no call waits in a campaign that is over", _waiting_in_closed),
    _since("no member has two calls", talks.two_talks),
    _since("no call is both taken by a member and abandoned", talks.connected_and_abandoned),
    _since("nobody is abandoned who did not answer", talks.abandoned_unanswered),
    _since("whoever answered for a member met one or counts as abandoned", talks.met_nobody),
    _since("an ended call's member took it", talks.member_without_talk),
    _since("every ended attempt has its report, or it is due", _unreported),
    _since("hourly sums, attempt reports and ledger agree", tallies.unequal_sums),
)
