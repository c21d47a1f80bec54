"""The vendor's shapes of a job, of a dial and of a campaign."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import Count
from django.utils.text import slugify

from campaigns.models import CallAttempt, Campaign
from dialer.vendors.jaicp import moments, numbers, results, statuses
from dialer.vendors.jaicp.jobs import Job, Try
from reports import queries


def job(found: Job) -> dict[str, Any]:
    """Return a CallJobReport. No redials by script and no tags exist here, so theirs are null."""
    recorded: dict[str, str] = {}
    for dial in found.tries:
        recorded |= results.recorded(dial.steps)
    return {
        "attemptsCount": len(found.tries),
        "callDuration": sum(dial.talk_seconds() for dial in found.tries),
        "callJobId": str(found.pk),
        "createdAt": moments.milliseconds(found.created_at),
        "finishedAt": moments.milliseconds(found.done_at),
        "jobStatus": status(found),
        "phone": numbers.bare(found.destination),
        "redialNumber": None,
        "reportData": recorded or None,
        "tagName": None,
        "tagPayload": None,
    }


def status(found: Job) -> str:
    """Return the status of a job."""
    has_result = any(results.result(dial.steps) for dial in found.tries)
    return statuses.job(found.state, found.outcome, found.reason, tried=bool(found.tries), has_result=has_result)


def attempts(found: Job) -> list[dict[str, Any]]:
    """Return the CallAttemptReports of a job."""
    return [attempt(found, dial) for dial in found.tries]


def attempt(found: Job, dial: Try) -> dict[str, Any]:
    """Return a CallAttemptReport. Its moments are those of the talk: null where nobody answered."""
    return {
        "attemptNumber": dial.n,
        "callDuration": dial.talk_seconds(),
        "callJobId": str(found.pk),
        "callResult": results.result(dial.steps),
        "finishedAt": moments.milliseconds(dial.ended_at) if dial.answered_at else None,
        "jobStatus": status(found),
        "phone": numbers.bare(found.destination),
        "redialNumber": None,
        "reportData": results.recorded(dial.steps) or None,
        "startedAt": moments.milliseconds(dial.answered_at),
        "tagName": None,
        "tagPayload": None,
    }


def campaign(found: Campaign, *, now: dt.datetime) -> dict[str, Any]:
    """Return a CampaignInfo. A project is an account here, and its phone channel is the campaign."""
    project = f"{slugify(found.account.name) or 'account'}-{found.account_id}"
    return {
        "id": found.pk,
        "name": found.name,
        "projectName": project,
        "creationDate": moments.milliseconds(found.created_at),
        "botId": f"{found.account_id}-{project}-{found.pk}",
        "status": statuses.campaign(found, now=now),
        "startTime": moments.milliseconds(_start(found)),
        "endTime": moments.milliseconds(found.finished_at),
        "maxSimultaneousCalls": found.capacity,
        "shortReport": short_report(found),
    }


def _start(found: Campaign) -> dt.datetime | None:
    """Return when a campaign began, or is to begin."""
    return max(filter(None, (found.started_at, found.starts_at)), default=None)


def short_report(found: Campaign) -> dict[str, int]:
    """Return the numbers of a campaign, whichever way they came in; speech is not recognised, so it takes no time."""
    counts = queries.campaign_counts([found.pk])[found.pk]
    totals = queries.totals(queries.Scope(campaign_id=found.pk))
    repeats = CallAttempt.objects.filter(campaign=found, n__gt=1, placed_at__isnull=False)
    return {
        "totalNumbers": counts.total,
        "processedNumbers": counts.finished,
        "usedTalkingTime": int(totals.talk_seconds),
        "usedAsrSeconds": 0,
        "inProcessCalls": counts.live,
        "retryCalls": repeats.aggregate(count=Count("id"))["count"],
    }
