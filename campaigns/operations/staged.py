"""Storing many contacts with their calls at once, from a table of the connection's own in which they stand ready.

Nothing of it is in the ledger before `store`, which is one transaction: a crash leaves nothing behind.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.db import DataError, IntegrityError, connection, transaction

from campaigns import bulk, locks, refusals
from campaigns.models import Campaign, Contact
from campaigns.operations import calls as call_operations
from campaigns.states import Api

TABLE = "import_row"


class Staged(NamedTuple):
    """A contact with its call, by the line of the file; None and blank mean not given. `attributes` is JSON."""

    line: int
    channel: str
    number: str
    destination: str
    zones: str
    zone_source: str
    first_name: str
    last_name: str
    timezone: str
    attributes: str
    priority: int | None
    due_at: dt.datetime | None
    external_id: str | None
    caller_id: str
    message: str


@dataclass(frozen=True, slots=True)
class Stored:
    """What came into the ledger, and by which intake; None where nothing did."""

    taken: int
    updated: int
    intake: int | None


@transaction.atomic
def store(
    *, campaign: Campaign, now: dt.datetime, name: str, extra: dict[str, Any], update: bool, again: bool
) -> Stored:
    """Store the staged rows that no other of the file doubles; the table then says which the campaign has already.

    `update` changes the calls and contacts that are there; `again` adds to them. Raises CampaignClosed.
    """
    if update:
        locks.account(campaign.account_id)
    locks.campaigns_shared([campaign.pk])
    locks.campaign_import(campaign.pk)
    fresh = Campaign.objects.get(pk=campaign.pk)
    if not fresh.takes_calls():
        raise refusals.CampaignClosed(f"The campaign is {fresh.state} and takes no more calls.", field="campaign")
    mark_known(campaign=campaign, again=again)
    taken, updated = _count("of_line IS NULL AND of_call IS NULL"), _count(_UPDATED) if update else 0
    if not taken and not updated:
        return Stored(0, 0, None)
    told = extra | {"taken": taken, "updated": updated}
    intake = call_operations.take(account=fresh.account, api=Api.IMPORT, request_id=name, now=now, extra=told)
    try:
        if taken:
            _insert(fresh, intake.pk, now)
        if updated:
            _update(fresh, now)
    except IntegrityError as error:
        raise refusals.AlreadyThere("An external id was used by somebody else meanwhile; import again.") from error
    except DataError as error:
        raise refusals.InvalidValue("A text is too long or holds a character that cannot be stored.") from error
    return Stored(taken, updated, intake.pk)


def mark_known(*, campaign: Campaign, again: bool) -> None:
    """Mark staged rows whose destination or external id the campaign has already; with `again` ids only."""
    with connection.cursor() as cursor:
        if not again:
            cursor.execute(_MARK_DESTINATIONS, [campaign.pk])
        cursor.execute(_MARK_KEYS, [campaign.pk])


def _count(where: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT COUNT(*) FROM {TABLE} WHERE {where}")
        return int(cursor.fetchone()[0])


def _insert(campaign: Campaign, intake: int, now: dt.datetime) -> None:
    cells = _cells(campaign, now) | {"intake": intake}
    fresh = "of_line IS NULL AND of_call IS NULL"
    with connection.cursor() as cursor:
        cursor.execute(_CONTACTS.format(**_dialect(), where=fresh), cells)
        cursor.execute(_CALLS.format(**_dialect(), where=fresh), cells)


def _update(campaign: Campaign, now: dt.datetime) -> None:
    """Change contacts and waiting calls by what the rows give; a call without a contact gets one."""
    cells = _cells(campaign, now)
    bare = f"{_UPDATED} AND EXISTS (SELECT 1 FROM campaigns_call k WHERE k.id = of_call AND k.contact_id IS NULL)"
    with connection.cursor() as cursor:
        cursor.execute(_CHANGE_CONTACTS.format(**_dialect()))
        cursor.execute(_CONTACTS.format(**_dialect(), where=bare), cells)
        cursor.execute(_GIVE_CONTACTS.format(**_dialect()), cells)
        cursor.execute(_CHANGE_CALLS, cells)


def _cells(campaign: Campaign, now: dt.datetime) -> dict[str, Any]:
    """Return what every stored row shares; `base` is the last contact's id on SQLite, whose only writer we are."""
    return {
        "account": campaign.account_id,
        "campaign": campaign.pk,
        "now": connection.ops.adapt_datetimefield_value(now),
        "base": 0 if bulk.is_postgres() else bulk.allocate_ids(Contact, 1)[0] - 1,
    }


def _dialect() -> dict[str, str]:
    """Return what the two databases write differently.

    A contact's id is given by the sequence when the row is staged; on SQLite it is counted from the last one.
    """
    if bulk.is_postgres():
        return {"contact": "t.contact_id", "uuid": "gen_random_uuid()", "merged": "c.attributes || t.attributes"}
    return {
        "contact": "t.rowid + %(base)s",
        "uuid": _SQLITE_UUID,
        "merged": "json_patch(c.attributes, t.attributes)",
    }


_UPDATED = "of_line IS NULL AND of_call IS NOT NULL AND NOT by_key"
_SQLITE_UUID = (
    "lower(hex(randomblob(6)) || '4' || substr(hex(randomblob(2)), 2) || 'a' || substr(hex(randomblob(2)), 2)"
    " || hex(randomblob(6)))"
)
_MARK_DESTINATIONS = f"""
    UPDATE {TABLE} AS t SET of_call = c.id FROM (
        SELECT channel, destination, MAX(id) AS id FROM campaigns_call
        WHERE campaign_id = %s AND extra ->> 'withdrawn' IS NULL AND destination IN (SELECT destination FROM {TABLE})
        GROUP BY channel, destination
    ) c WHERE t.of_line IS NULL AND t.of_call IS NULL AND c.destination = t.destination AND c.channel = t.channel
"""
_MARK_KEYS = f"""
    UPDATE {TABLE} AS t SET of_call = c.id, by_key = true FROM campaigns_call c
    WHERE c.campaign_id = %s AND c.external_id = t.external_id AND t.external_id IS NOT NULL
        AND t.of_line IS NULL AND (t.of_call IS NULL OR t.of_call <> c.id)
"""
_CONTACTS = f"""
    INSERT INTO campaigns_contact
        (id, account_id, campaign_id, uuid, first_name, last_name, timezone, attributes, created_at)
    SELECT {{contact}}, %(account)s, %(campaign)s, {{uuid}}, t.first_name, t.last_name, t.timezone, t.attributes,
        %(now)s
    FROM {TABLE} t WHERE {{where}} ORDER BY t.line
"""
_CALLS = f"""
    INSERT INTO campaigns_call
        (account_id, campaign_id, contact_id, intake_id, channel, number, destination, zones, zone_source, priority,
        due_at, ready, next_look_at, reason, caller_id, message, external_id, created_at)
    SELECT %(account)s, %(campaign)s, {{contact}}, %(intake)s, t.channel, t.number, t.destination, t.zones,
        t.zone_source, COALESCE(t.priority, 0), COALESCE(t.due_at, %(now)s),
        t.due_at IS NULL OR t.due_at <= %(now)s,
        CASE WHEN t.due_at > %(now)s THEN t.due_at END, CASE WHEN t.due_at > %(now)s THEN 'due' ELSE '' END,
        t.caller_id, t.message, t.external_id, %(now)s
    FROM {TABLE} t WHERE {{where}} ORDER BY t.line
"""
_CHANGE_CONTACTS = f"""
    UPDATE campaigns_contact AS c SET
        first_name = COALESCE(NULLIF(t.first_name, ''), c.first_name),
        last_name = COALESCE(NULLIF(t.last_name, ''), c.last_name),
        timezone = COALESCE(NULLIF(t.timezone, ''), c.timezone),
        attributes = {{merged}}
    FROM {TABLE} t, campaigns_call k WHERE k.id = t.of_call AND c.id = k.contact_id AND t.of_line IS NULL
        AND NOT t.by_key
"""
_GIVE_CONTACTS = f"""
    UPDATE campaigns_call AS k SET contact_id = {{contact}} FROM {TABLE} t
    WHERE k.id = t.of_call AND k.contact_id IS NULL AND t.of_line IS NULL AND NOT t.by_key
"""
_CHANGE_CALLS = f"""
    UPDATE campaigns_call AS k SET
        zones = CASE WHEN t.timezone = '' THEN k.zones ELSE t.zones END,
        zone_source = CASE WHEN t.timezone = '' THEN k.zone_source ELSE t.zone_source END,
        priority = COALESCE(t.priority, k.priority),
        caller_id = COALESCE(NULLIF(t.caller_id, ''), k.caller_id),
        message = COALESCE(NULLIF(t.message, ''), k.message),
        external_id = COALESCE(t.external_id, k.external_id),
        due_at = COALESCE(t.due_at, k.due_at),
        ready = COALESCE(t.due_at, k.due_at) <= %(now)s,
        next_look_at = CASE WHEN COALESCE(t.due_at, k.due_at) > %(now)s THEN COALESCE(t.due_at, k.due_at) END,
        reason = CASE WHEN COALESCE(t.due_at, k.due_at) <= %(now)s THEN ''
            WHEN k.attempts_total > 0 THEN 'retry' ELSE 'due' END
    FROM {TABLE} t WHERE k.id = t.of_call AND k.state = 'waiting' AND t.of_line IS NULL AND NOT t.by_key
"""
