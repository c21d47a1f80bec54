"""ONC's contact and the ledger's, each from the other.

What was sent is kept in `Contact.attributes["onc"]`: a blank channel has no call to hold its text and count, and the
ledger does not tell null from blank.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from campaigns import phones
from campaigns.models import Call, Campaign, Contact
from campaigns.operations import opening
from campaigns.operations.contacts import Reach
from campaigns.states import Api, Channel
from dialer.vendors.base import Malformed
from dialer.vendors.onc import json_form, limits, statuses
from dialer.vendors.onc.shapes import CONTACT, Info

MEMBERS = {Channel.EMAIL: "EmailCommInfo", Channel.SMS: "SMSCommInfo", Channel.VOICE: "VoiceCommInfo"}
MOST_TRIES = 255
LONGEST_DESTINATION = 254


def reaches(info: Info, campaign: Campaign) -> dict[str, Reach | None]:
    """Return how a contact is to be reached over each channel; None where it is not. Raises Failure, InvalidNumber."""
    return {channel: _reach(channel, info[member], campaign) for channel, member in MEMBERS.items()}


def _reach(channel: Channel, comm: Info | None, campaign: Campaign) -> Reach | None:
    if comm is None:
        return None
    tries = limits.whole(comm, "RetryCount", 0, MOST_TRIES)
    if limits.is_blank(comm["Destination"]):
        return None
    text = comm["TextToSendOverwrite"]
    return Reach(
        channel=channel,
        number=limits.longest(comm["Destination"], "Destination", LONGEST_DESTINATION),
        destination=_destination(channel, comm["Destination"], campaign),
        message="" if limits.is_blank(text) else text,
        # An int that .NET's client never set is 0: no order to stop.
        tries=tries or None,
        default_tries=_default_tries(channel, campaign),
    )


def _destination(channel: Channel, text: str, campaign: Campaign) -> phones.Destination:
    if channel == Channel.EMAIL:
        found = phones.read(text, channel, campaign.account.country)
    else:
        found = limits.phone(text, campaign.account.country)
    # ONC's hours are the account's, wherever the number is; a campaign of another door keeps to its own rule.
    return phones.Destination(found.address) if campaign.api == Api.ONC else found


def _default_tries(channel: Channel, campaign: Campaign) -> int:
    return campaign.max_attempts if channel == Channel.VOICE else 1


def attributes(info: Info, contact: Contact | None, campaign: Campaign) -> dict[str, Any]:
    """Return a contact's attributes with what was sent."""
    kept = {
        member: comm and {**comm, "RetryCount": comm["RetryCount"] or _default_tries(channel, campaign)}
        for channel, member in MEMBERS.items()
        for comm in [info[member]]
    }
    return {**(contact.attributes if contact else {}), "onc": json_form.write(kept)}


def contact_info(
    contact: Contact, calls: Mapping[tuple[int | None, str], Call], campaign: Campaign, now: dt.datetime
) -> Info:
    """Return a contact as ONC tells it; `calls` are the standing ones, with what `queries.calls_of` adds to them."""
    kept = _read_kept(contact)
    over = opening.is_past(campaign, now)
    info: Info = {"CampaignId": campaign.uuid, "Id": contact.uuid}
    for channel, member in MEMBERS.items():
        call = calls.get((contact.pk, channel))
        info[member] = _told(call, kept[member], campaign, over=over) if call else _untried(kept[member])
    return info


def _told(call: Call, kept: Info | None, campaign: Campaign, *, over: bool) -> Info:
    text = kept["TextToSendOverwrite"] if kept else None
    # Facts of its tries that the query has added to the row.
    open_state, last_outcome = getattr(call, "open_state", None), getattr(call, "last_outcome", None)
    return {
        "Destination": call.number,
        "LastDeliveryErrorCode": statuses.delivery_error(last_outcome=last_outcome, outcome=call.outcome),
        "RetryCount": min(max(0, (call.max_attempts or campaign.max_attempts) - call.attempts_made), MOST_TRIES),
        "StatusCode": statuses.status(
            state=call.state,
            outcome=call.outcome,
            channel=call.channel,
            open_state=open_state,
            tried=call.attempts_total > call.extra.get("armed_at", 0),
            campaign_is_over=over,
        ),
        "TextToSendOverwrite": text if (text or "").strip() == call.message.strip() else call.message or None,
    }


def _untried(kept: Info | None) -> Info | None:
    """Return a channel without a call, as it was sent: there is nowhere to go."""
    return kept and {**kept, "StatusCode": statuses.Status.DO_NOT_TRY, "LastDeliveryErrorCode": 0}


def _read_kept(contact: Contact) -> Info:
    try:
        return json_form.read_members(CONTACT.members, contact.attributes.get("onc") or {})
    except Malformed:
        # The field can be edited by hand; what nobody can read counts for nothing.
        return json_form.read_members(CONTACT.members, {})
