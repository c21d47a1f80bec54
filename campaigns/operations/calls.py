"""Adding, changing and cancelling calls. Every function opens one transaction."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from django.db import DataError, IntegrityError, transaction
from django.db.models import Case, F, QuerySet, Value, When

from campaigns import bulk, locks, refusals
from campaigns.models import Account, Call, Campaign, Contact, Intake
from campaigns.phones import Destination
from campaigns.states import CallState, Channel, Outcome, Reason, ZoneSource


@dataclass(slots=True, kw_only=True)
class NewCall:
    """A call that somebody wants made. Blank and None mean the campaign's own.

    `destination` is what a door has read with `phones`; `zones` overrides the zones found from the number
    (a contact's explicit zone). `due_at` None means now.
    """

    campaign: Campaign
    number: str
    destination: Destination
    channel: str = Channel.VOICE
    contact: Contact | None = None
    priority: int = 0
    due_at: dt.datetime | None = None
    not_after: dt.datetime | None = None
    window: list[dict[str, Any]] | None = None
    timezone: str = ""
    caller_id: str = ""
    caller_name: str = ""
    message: str = ""
    voice: str = ""
    flow: dict[str, Any] | None = None
    max_attempts: int | None = None
    retry_minutes: int | None = None
    custom_data: dict[str, Any] | None = None
    external_id: str | None = None
    reference: str = ""
    ignores_suppression: bool = False
    extra: dict[str, Any] | None = None


def take(
    *, account: Account, api: str, request_id: str = "", now: dt.datetime, extra: dict[str, Any] | None = None
) -> Intake:
    """Note that a request with calls has come in; to be used in the transaction that adds them."""
    return Intake.objects.create(
        account=account, api=api, request_id=request_id[:200], created_at=now, extra=extra or {}
    )


@transaction.atomic
def add_calls(*, calls: Sequence[NewCall], intake: Intake, now: dt.datetime) -> list[int]:
    """Store calls in the order given, and return their ids in that order: all of them or none.

    Raises CampaignClosed where a campaign takes no more, AlreadyThere where an `external_id` is used already.
    """
    campaigns = {call.campaign.pk: call.campaign for call in calls}
    locks.campaigns_shared(campaigns)
    for campaign in Campaign.objects.filter(pk__in=campaigns):
        if not campaign.takes_calls():
            raise refusals.CampaignClosed(
                f"The campaign is {campaign.state} and takes no more calls.", field="campaign"
            )
    ids = bulk.allocate_ids(Call, len(calls))
    columns = _columns(ids, calls, intake, now)
    try:
        with transaction.atomic():
            bulk.insert_columns(Call, columns)
    except IntegrityError as error:
        # The index has found a repeat, which costs nothing where there is none; now it is looked for by name.
        refuse_repeats(calls)
        raise refusals.AlreadyThere("An external_id is already used in the campaign.", field="external_id") from error
    except (DataError, UnicodeEncodeError) as error:
        raise refusals.InvalidValue("A text is too long or holds a character that cannot be stored.") from error
    return ids


def _columns(ids: list[int], calls: Sequence[NewCall], intake: Intake, now: dt.datetime) -> dict[str, list[Any]]:
    """Return the cells to store, column by column; a column that holds nothing but its default is left out."""
    due = [call.due_at or now for call in calls]
    ready = [moment <= now for moment in due]
    count = len(calls)
    destinations = [call.destination for call in calls]
    columns: dict[str, list[Any]] = {
        "id": ids,
        "account_id": [call.campaign.account_id for call in calls],
        "campaign_id": [call.campaign.pk for call in calls],
        "intake_id": [intake.pk] * count,
        "number": [call.number for call in calls],
        "destination": [found.address for found in destinations],
        "zones": [found.zones for found in destinations],
        "zone_source": [found.source for found in destinations],
        "due_at": due,
        "created_at": [now] * count,
        "ready": ready,
    }
    if any(call.timezone for call in calls):
        columns["zones"] = [call.timezone or call.destination.zones for call in calls]
        columns["zone_source"] = [ZoneSource.CONTACT if call.timezone else call.destination.source for call in calls]
    if not all(ready):
        columns["next_look_at"] = [None if now_ready else moment for now_ready, moment in zip(ready, due, strict=True)]
        columns["reason"] = [Reason.NONE if now_ready else Reason.DUE for now_ready in ready]
    for name, default in _OPTIONAL.items():
        values = list(map(attrgetter(name), calls))
        if default is not None:
            values = [default if value is None else value for value in values]
        if values.count(default) < count:
            columns[name] = values
    if any(call.contact for call in calls):
        columns["contact_id"] = [call.contact and call.contact.pk for call in calls]
    return columns


# Columns that most calls leave as they are, and the database's default.
_OPTIONAL: dict[str, Any] = {
    **dict.fromkeys(("caller_id", "caller_name", "message", "voice", "reference"), ""),
    **dict.fromkeys(("not_after", "window", "flow", "max_attempts", "retry_minutes", "external_id")),
    "channel": Channel.VOICE,
    "priority": 0,
    "ignores_suppression": False,
    "custom_data": {},
    "extra": {},
}


def refuse_repeats(calls: Sequence[NewCall]) -> None:
    """Raise AlreadyThere where an `external_id` stands twice in a campaign, here or in the ledger."""
    seen: dict[tuple[int, str], int] = {}
    for index, call in enumerate(calls):
        if call.external_id is None:
            continue
        key = (call.campaign.pk, call.external_id)
        if key in seen:
            raise refusals.AlreadyThere(f"external_id {call.external_id!r} stands twice.", field="external_id")
        seen[key] = index
    by_campaign: dict[int, list[str]] = {}
    for campaign_id, external_id in seen:
        by_campaign.setdefault(campaign_id, []).append(external_id)
    for campaign_id, wanted in by_campaign.items():
        for start in range(0, len(wanted), 5000):
            found = Call.objects.filter(campaign_id=campaign_id, external_id__in=wanted[start : start + 5000])
            if there := found.values_list("external_id", flat=True).first():
                raise refusals.AlreadyThere(
                    f"external_id {there!r} is already used in the campaign.", field="external_id"
                )


@transaction.atomic
def cancel_calls(*, account: Account, ids: Iterable[int], now: dt.datetime) -> list[int]:
    """Cancel calls of an account: the waiting end at once, the live get no further try. Return those it changed."""
    locks.account(account.pk)
    mine = Call.objects.filter(account=account, pk__in=list(ids))
    live = mine.filter(state=CallState.LIVE, cancel_requested_at__isnull=True)
    changed = list(live.values_list("pk", flat=True))
    live.update(cancel_requested_at=now)
    waiting = mine.filter(state=CallState.WAITING)
    changed += list(waiting.values_list("pk", flat=True))
    close_waiting(waiting, outcome=Outcome.CANCELLED, reason=Reason.CANCELLED, now=now)
    return sorted(changed)


@transaction.atomic
def cancel_waiting(*, account: Account, calls: QuerySet[Call], now: dt.datetime) -> int:
    """Cancel those of an account's calls that wait, and only those: what is live goes on. Return how many they were."""
    locks.account(account.pk)
    mine = calls.filter(account=account)
    return close_waiting(mine, outcome=Outcome.CANCELLED, reason=Reason.CANCELLED, now=now)


def close_waiting(calls: QuerySet[Call], *, outcome: Outcome, reason: Reason, now: dt.datetime) -> int:
    """End waiting calls without a try. Requires a transaction that holds the account."""
    return calls.filter(state=CallState.WAITING).update(
        state=CallState.DONE, ready=False, outcome=outcome, reason=reason, next_look_at=None, done_at=now
    )


@transaction.atomic
def change_waiting(*, account: Account, ids: Iterable[int], changes: Mapping[str, Any], now: dt.datetime) -> int:
    """Change fields of waiting calls; their gates are looked at afresh. Return how many were still waiting."""
    locks.account(account.pk)
    waiting = Call.objects.filter(account=account, pk__in=list(ids), state=CallState.WAITING)
    changed = waiting.update(**changes)
    wake(waiting, now=now)
    return changed


def wake(calls: QuerySet[Call], *, now: dt.datetime) -> None:
    """Let the engine look at waiting calls afresh, for what parked them may have changed. Requires the account held."""
    waiting = calls.filter(state=CallState.WAITING)
    waiting.filter(ready=False, due_at__lte=now).update(ready=True, reason=Reason.NONE, next_look_at=None)
    tried = When(attempts_total__gt=0, then=Value(Reason.RETRY.value))
    waiting.filter(due_at__gt=now).update(
        ready=False, next_look_at=F("due_at"), reason=Case(tried, default=Value(Reason.DUE.value))
    )


def wake_now(calls: QuerySet[Call]) -> None:
    """Let the engine look at waiting calls at once, due or not: it may have to end them. Requires the account held."""
    calls.filter(state=CallState.WAITING, ready=False).update(ready=True, reason=Reason.NONE, next_look_at=None)
