"""Finds what is to be done in the indexes made for it: accounts with work, lanes with calls ready, the first of each.

PostgreSQL is led to each index by the order that is asked for: told of a limit alone it may read the whole table
for the first match. Nothing here takes longer for rows that are done.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

from campaigns import bulk
from campaigns.models import Account, Call, Campaign
from campaigns.states import CampaignState, Channel
from dialer import gates
from dialer.horizons import Horizon, Lane, Position

OPEN = (CampaignState.RUNNING, CampaignState.PAUSED)
_MOST_PRIORITY = 2**31
_ORDER = {channel: place for place, channel in enumerate(Channel.values)}


@dataclass(frozen=True, slots=True)
class Look:
    """What an account's campaigns have to do: lanes with calls ready, and whether any call is to be swept."""

    lanes: Sequence[Lane]
    is_sweep_due: bool
    # Places with nothing before them, so that dead entries are not read again for the calls themselves.
    positions: Mapping[Lane, Position] = field(default_factory=dict)


def open_campaigns(account: Account) -> list[Campaign]:
    """Return the campaigns of an account that run or are paused."""
    found = list(Campaign.objects.filter(account=account, state__in=OPEN).defer("description", "extra").order_by("id"))
    for campaign in found:
        campaign.account = account
    return found


def accounts_with_work(now: dt.datetime) -> list[int]:
    """Return the accounts that have a call ready, one to be swept, or a campaign to be ended."""
    moment = bulk.stored(now)
    with connection.cursor() as cursor:
        cursor.execute(_ACCOUNTS, [moment] * 4)
        return [row[0] for row in cursor.fetchall()]


# Each probe asks for the order of its index. A paused campaign's calls may become too late all the same.
_ACCOUNTS = """
    SELECT DISTINCT c.account_id FROM campaigns_campaign c
    JOIN campaigns_account a ON a.id = c.account_id AND a.is_active
    WHERE c.state IN ('running', 'paused') AND (
        c.ends_at <= %s
        OR (SELECT k.not_after FROM campaigns_call k WHERE k.campaign_id = c.id AND k.state = 'waiting'
            AND k.not_after IS NOT NULL ORDER BY k.not_after LIMIT 1) <= %s
        OR c.state = 'running' AND (c.starts_at IS NULL OR c.starts_at <= %s) AND (
            (SELECT k.id FROM campaigns_call k WHERE k.campaign_id = c.id AND k.state = 'waiting' AND k.ready
                ORDER BY k.channel, k.priority DESC, k.due_at, k.id LIMIT 1) IS NOT NULL
            OR (SELECT k.next_look_at FROM campaigns_call k WHERE k.campaign_id = c.id AND k.state = 'waiting'
                AND NOT k.ready ORDER BY k.next_look_at LIMIT 1) <= %s))
    ORDER BY c.account_id"""


def look(campaigns: Sequence[Campaign], *, now: dt.datetime, horizon: Horizon | None = None) -> Look:
    """Return what campaigns of one account have to do: one statement, however many they are."""
    running = [campaign.pk for campaign in campaigns if gates.campaign_shut(campaign, now) is None]
    if not bulk.is_postgres():
        # A sweep of nothing costs SQLite less than to ask for it.
        return Look(_lanes_sqlite(running), is_sweep_due=True)
    seen = horizon or Horizon()
    since = seen.swept_since(campaigns[0].account_id) if campaigns else now
    everyone = [campaign.pk for campaign in campaigns]
    lanes: list[Any] = [_places(running, seen.positions), running, Channel.values]
    with connection.cursor() as cursor:
        cursor.execute(_LOOK, [*lanes, running, since, now, everyone, since, now])
        rows = cursor.fetchall()
    found = {(row[0], row[1]): Position(row[2], row[3], row[4] - 1) for row in rows if row[0]}
    # In one order, whatever plan the database has chosen: by it the room that does not divide evenly is given.
    lanes = sorted(found, key=lambda lane: (lane[0], _ORDER[lane[1]]))
    return Look(lanes, is_sweep_due=len(found) < len(rows), positions=found)


# What may be claimed of one lane, behind the position `p` of the horizon: first the same priority, then those below.
_BEHIND = f"""(
        (SELECT {{columns}} FROM campaigns_call k WHERE k.campaign_id = {{campaign}} AND k.channel = {{channel}}
            AND k.state = 'waiting' AND k.ready AND k.priority = p.priority AND (k.due_at, k.id) > (p.due_at, p.id)
            ORDER BY k.due_at, k.id LIMIT {{n}})
        UNION ALL
        (SELECT {{columns}} FROM campaigns_call k WHERE k.campaign_id = {{campaign}} AND k.channel = {{channel}}
            AND k.state = 'waiting' AND k.ready AND k.priority < COALESCE(p.priority, {_MOST_PRIORITY})
            ORDER BY k.priority DESC, k.due_at, k.id LIMIT {{n}})
        LIMIT {{n}})"""
_POSITIONS = """jsonb_to_recordset(%s::jsonb)
    AS p(campaign_id bigint, channel text, priority int, due_at timestamptz, id bigint)"""
_PLACE = ", ".join(f"k.{name}" for name in Position._fields)
_LOOK = f"""
    SELECT c.id, h.channel, found.* FROM {_POSITIONS}
    RIGHT JOIN (unnest(%s::bigint[]) AS c(id) CROSS JOIN unnest(%s::text[]) AS h(channel))
        ON p.campaign_id = c.id AND p.channel = h.channel
    CROSS JOIN LATERAL {_BEHIND.format(columns=_PLACE, campaign="c.id", channel="h.channel", n=1)} AS found
    UNION ALL
    SELECT 0, '', 0, NULL, 0 FROM unnest(%s::bigint[]) AS c(id) CROSS JOIN LATERAL (
        SELECT 1 FROM campaigns_call k WHERE k.campaign_id = c.id AND k.state = 'waiting' AND NOT k.ready
            AND k.next_look_at > %s AND k.next_look_at <= %s ORDER BY k.next_look_at LIMIT 1) AS parked
    UNION ALL
    SELECT 0, '', 0, NULL, 0 FROM unnest(%s::bigint[]) AS c(id) CROSS JOIN LATERAL (
        SELECT 1 FROM campaigns_call k WHERE k.campaign_id = c.id AND k.state = 'waiting'
            AND k.not_after IS NOT NULL AND k.not_after > %s AND k.not_after <= %s
            ORDER BY k.not_after LIMIT 1) AS late"""


def _places(campaign_ids: Sequence[int], positions: Mapping[Lane, Position]) -> str:
    """Return where the lanes of campaigns are read from, as the statements take it."""
    wanted = set(campaign_ids)
    found = [
        {"campaign_id": pk, "channel": channel, **place._asdict()}
        for (pk, channel), place in positions.items()
        if pk in wanted
    ]
    return bulk.as_json(found)


def _lanes_sqlite(campaign_ids: Sequence[int]) -> list[Lane]:
    marks = ", ".join(["(%s)"] * len(Channel.values))
    statement = f"""
        WITH h(channel) AS (VALUES {marks}), c(id) AS (SELECT value FROM json_each(%s))
        SELECT c.id, h.channel FROM c CROSS JOIN h WHERE EXISTS (SELECT 1 FROM campaigns_call k
            WHERE k.campaign_id = c.id AND k.channel = h.channel AND k.state = 'waiting' AND k.ready)"""
    with connection.cursor() as cursor:
        cursor.execute(statement, [*Channel.values, bulk.as_json(list(campaign_ids))])
        return [(pk, channel) for pk, channel in cursor.fetchall()]


def candidates(wants: Mapping[Lane, int], *, behind: Mapping[Lane, Position]) -> list[gates.Candidate]:
    """Return the first calls of each lane, in the order in which they go: priority, due time, arrival.

    Nothing is to be found before the places that are given as `behind`.
    """
    if not wants:
        return []
    return _first_of_postgres(wants, behind) if bulk.is_postgres() else _first_of_sqlite(wants)


_COLUMNS = ", ".join(f"k.{name}" for name in gates.Candidate._fields)
_CANDIDATES = f"""
    SELECT found.* FROM unnest(%s::bigint[], %s::text[], %s::int[]) WITH ORDINALITY AS w(campaign_id, channel, n, lane)
    LEFT JOIN {_POSITIONS} ON p.campaign_id = w.campaign_id AND p.channel = w.channel
    CROSS JOIN LATERAL {_BEHIND.format(columns=_COLUMNS, campaign="w.campaign_id", channel="w.channel", n="w.n")}
        AS found
    ORDER BY w.lane, found.priority DESC, found.due_at, found.id"""


def _first_of_postgres(wants: Mapping[Lane, int], behind: Mapping[Lane, Position]) -> list[gates.Candidate]:
    ids = [pk for pk, _ in wants]
    given: list[Any] = [ids, [channel for _, channel in wants], list(wants.values()), _places(ids, behind)]
    with connection.cursor() as cursor:
        cursor.execute(_CANDIDATES, given)
        return [_candidate(row) for row in cursor.fetchall()]


def _candidate(row: Sequence[Any]) -> gates.Candidate:
    found = gates.Candidate._make(row)
    # Django has JSON come as text, and reads it where it knows the column.
    return found if found.window is None else found._replace(window=json.loads(str(found.window)))


def _first_of_sqlite(wants: Mapping[Lane, int]) -> list[gates.Candidate]:
    found: list[gates.Candidate] = []
    for (pk, channel), n in wants.items():
        # In the same process a statement costs microseconds; SQLite has no LATERAL.
        lane = Call.objects.filter(campaign_id=pk, channel=channel, state="waiting", ready=True)
        rows = lane.order_by("-priority", "due_at", "id").values_list(*gates.Candidate._fields)
        found += [gates.Candidate._make(row) for row in rows[:n]]
    return found


def last_of(calls: Sequence[gates.Candidate]) -> dict[Lane, Position]:
    """Return the place of the last call of each lane, given calls in their order."""
    return {(call.campaign_id, call.channel): Position(call.priority, call.due_at, call.id) for call in calls}
