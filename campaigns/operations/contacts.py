"""Contacts and the channels over which they are reached. Every function opens one transaction.

Each channel of a contact is served by one call at a time: the newest that was not withdrawn. A call keeps its
destination for ever, as its tries were made to it; a contact that gets another destination gets another call.
`Call.extra` carries two marks: "withdrawn" (it serves its contact no more) and "armed_at" (how many tries it had
when it was last made to wait afresh).
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import DataError, IntegrityError, transaction

from campaigns import locks, refusals
from campaigns.models import Call, Campaign, Contact
from campaigns.operations import calls as call_operations
from campaigns.operations import opening
from campaigns.operations.calls import NewCall
from campaigns.phones import Destination
from campaigns.states import CallState, CampaignState, Outcome, Reason

# A failed call may be armed again; one that reached somebody, or that somebody called off, may not.
REARMED = frozenset(
    {
        Outcome.BUSY,
        Outcome.NO_ANSWER,
        Outcome.REJECTED,
        Outcome.INVALID_NUMBER,
        Outcome.CONGESTION,
        Outcome.FAILED,
        Outcome.SUPPRESSED,
        Outcome.UNKNOWN,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """How a contact is reached over one channel. `number` is the destination as it was given.

    `tries` is how many are left from now on; None leaves a standing call's as they are, and gives a new call
    `default_tries`.
    """

    channel: str
    number: str
    destination: Destination
    message: str = ""
    tries: int | None = None
    default_tries: int = 1


@transaction.atomic
def add_contact(
    *,
    campaign: Campaign,
    reaches: Sequence[Reach],
    api: str,
    now: dt.datetime,
    key: uuid.UUID | None = None,
    attributes: Mapping[str, Any] | None = None,
) -> Contact:
    """Store a contact, under the key that its client chose, and the calls that reach it.

    In a campaign that its end date has finished the calls are too late at once. Raises CampaignClosed,
    AlreadyThere for a key that the campaign has had before, InvalidValue.
    """
    fresh = _open_campaign(campaign)
    contact = Contact(
        account_id=fresh.account_id,
        campaign=fresh,
        uuid=key or uuid.uuid4(),
        attributes=dict(attributes or {}),
        created_at=now,
    )
    try:
        with transaction.atomic():
            contact.save(force_insert=True)
    except IntegrityError as error:
        raise refusals.AlreadyThere("The campaign has had a contact with this uuid.", field="uuid") from error
    except (DataError, UnicodeEncodeError) as error:
        raise refusals.InvalidValue("A text holds a character that cannot be stored.") from error
    _add_calls(fresh, contact, reaches, api=api, now=now)
    return contact


@transaction.atomic
def update_contact(
    *,
    contact: Contact,
    reaches: Mapping[str, Reach | None],
    attributes: Mapping[str, Any],
    api: str,
    now: dt.datetime,
) -> Contact:
    """Make these the channels over which a contact is reached; None is a channel that is used no more.

    Where the destination stays, its call stays; a failed one waits again if it is given tries. Raises IllegalMove,
    and changes nothing, where another destination is wanted while a call is in progress; CampaignClosed.
    """
    locks.account(contact.account_id)
    campaign = _open_campaign(contact.campaign)
    served = standing(Call.objects.filter(contact=contact).order_by("id"))
    added: list[Reach] = []
    for channel, reach in reaches.items():
        call = served.get((contact.pk, channel))
        if call and reach and call.destination == reach.destination.address:
            _keep(call, reach, campaign, now)
            continue
        if call:
            _withdraw(call, now)
        if reach:
            added.append(reach)
    _add_calls(campaign, contact, added, api=api, now=now)
    contact.attributes = dict(attributes)
    contact.save(update_fields=["attributes"])
    return contact


@transaction.atomic
def remove_contact(*, contact: Contact, now: dt.datetime) -> bool:
    """Remove a contact and cancel what is to be done for it; a call in progress ends by itself.

    Tell whether the contact was still there.
    """
    locks.account(contact.account_id)
    removed = Contact.objects.filter(pk=contact.pk, removed_at__isnull=True).update(removed_at=now)
    if removed:
        _call_off(Call.objects.filter(contact=contact).values_list("pk", flat=True), contact, now)
    return removed > 0


def standing(calls: Iterable[Call]) -> dict[tuple[int | None, str], Call]:
    """Return, by contact and channel, the call that serves it, of calls in the order of their ids."""
    return {(call.contact_id, call.channel): call for call in calls if not call.extra.get("withdrawn")}


def _open_campaign(campaign: Campaign) -> Campaign:
    """Return the campaign as it stands now. Raises CampaignClosed unless it takes calls or only its date is past."""
    fresh = Campaign.objects.select_related("account").get(pk=campaign.pk)
    if not fresh.takes_calls() and not opening.ended_by_date(fresh):
        raise refusals.CampaignClosed(f"The campaign is {fresh.state} and takes no more calls.", field="campaign")
    return fresh


def _add_calls(campaign: Campaign, contact: Contact, reaches: Sequence[Reach], *, api: str, now: dt.datetime) -> None:
    if not reaches:
        return
    new = [_call_of(campaign, contact, reach) for reach in reaches]
    intake = call_operations.take(account=campaign.account, api=api, now=now)
    if campaign.takes_calls():
        call_operations.add_calls(calls=new, intake=intake, now=now)
        return
    # An end date closes the door for calls that others feed in bulk; a contact's calls are only too late, so that
    # they are there when the date moves on. Nobody sees the state between: account and campaign are held.
    locks.account(campaign.account_id)
    locks.campaign(campaign.pk)
    Campaign.objects.filter(pk=campaign.pk).update(state=CampaignState.RUNNING)
    ids = call_operations.add_calls(calls=new, intake=intake, now=now)
    Campaign.objects.filter(pk=campaign.pk).update(state=CampaignState.FINISHED)
    _close_late(ids, now)


def _call_of(campaign: Campaign, contact: Contact, reach: Reach) -> NewCall:
    return NewCall(
        campaign=campaign,
        contact=contact,
        channel=reach.channel,
        number=reach.number,
        destination=reach.destination,
        message=reach.message,
        max_attempts=reach.default_tries if reach.tries is None else reach.tries,
    )


def _keep(call: Call, reach: Reach, campaign: Campaign, now: dt.datetime) -> None:
    """Change what a standing call says and how often it is tried, and arm it again where it failed."""
    call.number, call.message = reach.number, reach.message
    if reach.tries is not None:
        call.max_attempts = call.attempts_made + reach.tries
    if reach.tries and call.state == CallState.DONE and call.outcome in REARMED:
        call.state, call.ready, call.outcome, call.reason = CallState.WAITING, True, "", Reason.NONE
        call.due_at, call.done_at, call.cancel_requested_at, call.congestions = now, None, None, 0
        call.extra = {**call.extra, "armed_at": call.attempts_total}
    call.save()
    if not campaign.takes_calls():
        _close_late([call.pk], now)
    # Its new text may be what it waited for.
    call_operations.wake(Call.objects.filter(pk=call.pk), now=now)


def _withdraw(call: Call, now: dt.datetime) -> None:
    if call.state == CallState.LIVE:
        raise refusals.IllegalMove(
            f"The {call.channel} destination cannot change while it is being reached.", field="destination"
        )
    call.extra = {**call.extra, "withdrawn": True}
    call.save(update_fields=["extra"])
    _call_off([call.pk], call, now)


def _call_off(pks: Iterable[int], owned: Contact | Call, now: dt.datetime) -> None:
    """Cancel calls for good: those too that the end of their campaign closed and its reopening would revive."""
    ids = list(pks)
    call_operations.cancel_calls(account=owned.account, ids=ids, now=now)
    closed = Call.objects.filter(opening.CLOSED_BY_END, pk__in=ids, state=CallState.DONE)
    closed.update(outcome=Outcome.CANCELLED, reason=Reason.CANCELLED)


def _close_late(ids: Sequence[int], now: dt.datetime) -> None:
    calls = Call.objects.filter(pk__in=ids)
    call_operations.close_waiting(calls, outcome=Outcome.EXPIRED, reason=Reason.LATE, now=now)
