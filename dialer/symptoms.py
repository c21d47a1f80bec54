"""What an administrator should know of the engine: each a sentence with the thing, the fact and what to do.

Reads a few rows of each kind through an index, whatever the size of the ledger.
"""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, Min

from campaigns import counts
from campaigns.models import Account, Call, CallAttempt, Campaign
from campaigns.states import AttemptState, CampaignState
from dialer import breaker, gates, lanes, obstacles, ready, standing
from dialer.models import CarrierHealth, Heartbeat
from reports.models import DueReport

# Work that could be done and was not for so long is old; by the wall, whatever the speed of the engine's clock.
OLD = dt.timedelta(seconds=60)
# So many campaigns are looked at closely, and so many rows told.
MOST_CAMPAIGNS = 50
SHOWN = 10
# One call that failed is no news of a carrier; so many in a row are.
MANY_FAILURES = 5

# A part that has not beaten for so long is silent: it beats every second, but a worker may take this long to start.
SILENT = dt.timedelta(seconds=30)
# Clocks of machines that follow a time server are no further apart.
CLOCK_FINE = dt.timedelta(seconds=2)


class Level(enum.StrEnum):
    """How bad it is: calls are not made or something is about to break, or it should be looked after."""

    FAILING = "failing"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Symptom:
    """One thing that is not in order."""

    level: Level
    code: str
    message: str
    rows: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Moment:
    """When it is asked: by the engine's clock and by the wall's, and how much faster the engine's runs."""

    engine: dt.datetime
    wall: dt.datetime
    speed: float = 1.0

    def ago(self, span: dt.timedelta) -> dt.datetime:
        """Return the engine's moment that lies a span of the wall's back."""
        return self.engine - span * self.speed

    def age(self, moment: dt.datetime) -> str:
        """Return how long ago a moment of the engine's clock was, by the wall, in words."""
        return span((self.engine - moment) / self.speed)


def span(length: dt.timedelta) -> str:
    """Return a length of time in words: 45 s, 12 min, 3 h, 2 days."""
    seconds = max(0, int(length.total_seconds()))
    if seconds < 120:
        return f"{seconds} s"
    if seconds < 7200:
        return f"{seconds // 60} min"
    return f"{seconds // 3600} h" if seconds < 172_800 else f"{seconds // 86_400} days"


# --- Carriers ----------------------------------------------------------------------------------------------------


def carriers_in_trouble(moment: Moment) -> Iterable[Symptom]:
    """Yield the carriers that take no calls, or that fail now and then."""
    for health in CarrierHealth.objects.filter(failures__gt=0).order_by("alias"):
        last = health.evidence[-min(health.failures, SHOWN) :]
        rows = tuple(f"attempt {item.get('attempt')}: {item.get('cause')}, {item.get('at')}" for item in last)
        if health.open_until is None:
            lately = health.changed_at is not None and health.changed_at > moment.ago(dt.timedelta(hours=1))
            if health.failures >= MANY_FAILURES and lately:
                message = (
                    f"The carrier {health.alias} failed the last {health.failures} calls in a row; it takes none "
                    f"from {breaker.FAILURES_TO_OPEN} within {breaker.WINDOW.seconds} s on. See why below."
                )
                yield Symptom(Level.WARNING, "carrier_failing", message, rows)
            continue
        since = f"since {_utc(health.opened_at)}" if health.opened_at else "now"
        when = f"is tried again at {_utc(health.open_until)}" if health.open_until > moment.engine else "is on trial"
        message = (
            f"The carrier {health.alias} takes no calls {since}, after {health.failures} failures in a row; it {when}. "
            f"Mend what the failing calls name, then press Reset or run manage.py reset_carrier {health.alias}."
        )
        yield Symptom(Level.FAILING, "carrier_down", message, rows)


def _utc(moment: dt.datetime | None) -> str:
    return f"{moment.astimezone(dt.UTC):%Y-%m-%d %H:%M:%S} UTC" if moment else "-"


# --- The beat ----------------------------------------------------------------------------------------------------


def silent_parts(moment: Moment) -> Iterable[Symptom]:
    """Yield the parts of the engine that have not beaten in time."""
    beats = {beat.part: beat for beat in Heartbeat.objects.all()}
    for part, what, lost in (
        ("tick", "The engine", "no call is placed"),
        ("report", "The builder of reports", "ended attempts are missing from reports"),
    ):
        beat = beats.get(part)
        if beat is None:
            message = f"{what} has never run here: {lost}. Start the worker and the beat (manage.py up)."
            yield Symptom(Level.FAILING, f"{part}_silent", message)
        elif moment.wall - beat.beat_at > SILENT:
            age = span(moment.wall - beat.beat_at)
            message = f"{what} has not run for {age}: {lost}. Look whether worker and beat run, and at their log."
            yield Symptom(Level.FAILING, f"{part}_silent", message)


def clocks_apart(moment: Moment) -> Iterable[Symptom]:
    """Yield the machines whose clock differs from the database's or runs ahead of this one's."""
    for beat in Heartbeat.objects.order_by("part"):
        host = beat.detail.get("host", "its machine")
        off = float(beat.detail.get("skew_seconds", 0.0))
        if beat.beat_at - moment.wall > CLOCK_FINE:
            ahead = span(beat.beat_at - moment.wall)
            message = (
                f"The heartbeat of {beat.part} lies {ahead} in the future: the clock of {host} or of this one is off."
            )
            yield skewed(ahead_seconds=(beat.beat_at - moment.wall).total_seconds(), message=message)
        elif abs(off) > CLOCK_FINE.total_seconds():
            way = "ahead of" if off > 0 else "behind"
            message = f"The clock of {host}, which ran {beat.part}, is {abs(off):.1f} s {way} the database's."
            yield skewed(ahead_seconds=off, message=message)


def skewed(*, ahead_seconds: float, message: str) -> Symptom:
    """Return that a clock is off: beyond half a minute calls are placed at the wrong time."""
    level = Level.FAILING if abs(ahead_seconds) > 30 else Level.WARNING
    return Symptom(level, "clock_skewed", f"{message} Let all machines follow one time server (NTP).")


# --- Queues ------------------------------------------------------------------------------------------------------


def queue_old(moment: Moment) -> Iterable[Symptom]:
    """Yield the accounts with room whose ready calls nobody has claimed for a while."""
    for account in Account.objects.filter(pk__in=ready.accounts_with_work(moment.engine)).order_by("pk"):
        running = [one for one in ready.open_campaigns(account) if gates.campaign_shut(one, moment.engine) is None]
        found = ready.look(running, now=moment.engine)
        plan = lanes.plan(
            account=account,
            campaigns=running,
            ready=found.lanes,
            now=moment.engine,
            limit=1000,
            to_claim=False,
        )
        old = moment.ago(OLD)
        claimed = CallAttempt.objects.filter(account=account, claimed_at__gt=old).exists()
        moved = {one.pk: max(filter(None, (one.created_at, one.changed_at, one.starts_at))) for one in running}
        firsts = ready.candidates(dict.fromkeys(plan.wants, 1), behind=found.positions)
        first = [call for call in firsts if moved[call.campaign_id] < old]
        added = Call.objects.filter(pk__in=[call.id for call in first], created_at__lt=old, due_at__lt=old)
        waiting = added.order_by("due_at").first()
        if waiting is not None and not claimed:
            message = (
                f"Call {waiting.pk} of campaign {waiting.campaign_id} could have gone {moment.age(waiting.due_at)} "
                f"ago, and nobody has claimed a call of account {account.pk} for {span(OLD)}. "
                "Look whether workers run, at their log, and for long transactions."
            )
            yield Symptom(Level.FAILING, "queue_old", message)


def reports_old(moment: Moment) -> Iterable[Symptom]:
    """Yield that ended attempts have waited long for their reports."""
    first = DueReport.objects.select_related("attempt").order_by("pk").first()
    if first is None or first.attempt.ended_at is None or first.attempt.ended_at > moment.ago(OLD):
        return
    number = DueReport.objects.all()[:10_001].count()
    how_many = "more than 10,000" if number > 10_000 else f"{number:,}"
    message = (
        f"The report of attempt {first.pk} has been due for {moment.age(first.attempt.ended_at)}, with {how_many} in "
        "all. Look whether the worker runs, and at its log; manage.py check_reports tells what is missing."
    )
    yield Symptom(Level.FAILING, "reports_old", message)


def attempts_late(moment: Moment) -> Iterable[Symptom]:
    """Yield the carriers whose open attempts nobody has asked about in time."""
    late = CallAttempt.objects.filter(check_at__lt=moment.ago(OLD)).exclude(state=AttemptState.ENDED)
    for alias, number, first in late.values_list("carrier").annotate(Count("id"), Min("check_at")).order_by("carrier"):
        message = (
            f"{number:,} attempts in progress over {alias} should have been asked about, the first {moment.age(first)} "
            "ago. Look whether workers run and whether the carrier answers; they come to an end once it does."
        )
        rows = late.filter(carrier=alias).order_by("check_at").values_list("pk", flat=True)[:SHOWN]
        yield Symptom(Level.WARNING, "attempts_late", message, tuple(f"attempt {pk}" for pk in rows))


# --- Accounts and campaigns --------------------------------------------------------------------------------------


def accounts_that_call_nobody(moment: Moment) -> Iterable[Symptom]:
    """Yield the accounts whose allow-list is empty."""
    for account in Account.objects.filter(is_active=True, allowed_prefixes=[]).order_by("pk")[:SHOWN]:
        message = (
            f"The account {account.pk} “{account.name}” allows no prefix, so it calls nobody. "
            'List some under Accounts ("+" allows all), or disable it.'
        )
        yield Symptom(Level.WARNING, "account_calls_nobody", message)


def campaigns_that_stand(moment: Moment) -> Iterable[Symptom]:
    """Yield the running campaigns whose waiting calls cannot go as things stand."""
    running = list(Campaign.objects.filter(state=CampaignState.RUNNING).select_related("account").order_by("pk"))
    counted = counts.of([campaign.pk for campaign in running])
    idle = [campaign for campaign in running if counted[campaign.pk].waiting and not counted[campaign.pk].live]
    stands = standing.of(idle, counted=counted, now=moment.engine)
    for campaign in idle[:MOST_CAMPAIGNS]:
        found = obstacles.of(campaign, now=moment.engine)
        if found:
            message = (
                f"Nothing can go in the running campaign {campaign.pk} “{campaign.name}”: "
                f"{standing.calls(counted[campaign.pk].waiting)} waiting. {stands[campaign.pk].words}"
            )
            rows = tuple(f"{obstacle.code}: {obstacle.message}" for obstacle in found)
            yield Symptom(Level.WARNING, "campaign_stands", message, rows)
    if len(idle) > MOST_CAMPAIGNS:
        message = f"{len(idle) - MOST_CAMPAIGNS:,} more running campaigns place nothing now; they were not looked at."
        yield Symptom(Level.WARNING, "campaigns_not_looked_at", message)


ENGINE = (
    silent_parts,
    clocks_apart,
    carriers_in_trouble,
    queue_old,
    attempts_late,
    reports_old,
    accounts_that_call_nobody,
    campaigns_that_stand,
)
