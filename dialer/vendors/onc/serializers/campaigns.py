"""ONC's campaign and the ledger's, each from the other.

ONC's own values are kept in `Campaign.extra["onc"]`, so that they come back exactly as they were sent. Members are
bound to columns in groups: where the columns of a group are no longer what its kept values stand for, somebody else
has changed them, and the group is told from the columns. On an update a group that comes back as it was told leaves
its columns alone, so read, modify, write loses nothing that ONC has no member for.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from campaigns import content, hours
from campaigns.models import Campaign
from campaigns.states import CampaignState, Channel
from dialer.vendors.base import Malformed
from dialer.vendors.onc import json_form, limits
from dialer.vendors.onc.errors import Failure
from dialer.vendors.onc.shapes import CAMPAIGN, EMAIL, SMS, VOICE, Info, blank

# The ledger's `voice` holds so much; a longer name is kept and given back, and the carrier's own voice speaks.
LONGEST_VOICE = 32
LONGEST_RETRY = 525_600
# Kept nowhere but in the columns.
_NOT_KEPT = ("ID", "CreationDateUtc")
_CHANNEL_MEMBERS = {
    Channel.VOICE: "OutboundVoiceNotificationInfo",
    Channel.SMS: "OutboundSMSNotificationInfo",
    Channel.EMAIL: "OutboundEmailNotificationInfo",
}
# Columns of `Campaign.channels`, one for each channel, stand as if they were columns of their own.
Columns = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Group:
    """Members that stand for the same columns. `columns` checks them, and raises Failure."""

    members: tuple[str, ...]
    columns: Callable[[Info, str], Columns]


def _name(info: Info, zone: str) -> Columns:
    return {"name": limits.required(info, "ShortName", 100)}


def _description(info: Info, zone: str) -> Columns:
    return {"description": limits.longest(info["Description"], "Description", 2000)}


def _endpoint(info: Info, zone: str) -> Columns:
    limits.endpoint(info["ProgressWSEndpoint"])
    return {}


def _voice(info: Info, zone: str) -> Columns:
    voice = info[_CHANNEL_MEMBERS[Channel.VOICE]] or blank(VOICE)
    name = (voice["TTSVoiceName"] or "").strip()
    text = "" if limits.is_blank(voice["TextToSpeak"]) else voice["TextToSpeak"]
    columns = {
        "caller_name": limits.longest(voice["CallingName"], "CallingName", 64),
        "caller_id": limits.caller_id(voice["CallingNumber"]),
        "ring_seconds": math.ceil(limits.whole(voice, "DialMsTimeout", 1000, 300_000, unset=30_000) / 1000),
        "max_attempts": limits.whole(voice, "MaxDeliveryRetries", 1, 255, unset=1),
        "max_plays": limits.whole(voice, "MaxTextPlays", 1, 10, unset=1),
        "retry_minutes": limits.whole(voice, "RetryMinutesInterval", 0, LONGEST_RETRY),
        "voice": name if len(name) <= LONGEST_VOICE else "",
        "message": text,
        # The ledger lets a voice call be silent; ONC does not try one without a text.
        "channels.voice": {"enabled": voice["Enabled"], "silent": False},
    }
    # A text that somebody has written here is meant to be spoken, in place of a flow that another door stored.
    return columns | {"flow": None} if text else columns


def _sms(info: Info, zone: str) -> Columns:
    sms = info[_CHANNEL_MEMBERS[Channel.SMS]] or blank(SMS)
    text = limits.longest(sms["TextToSend"], "TextToSend", 1600)
    return {
        "channels.sms": {
            "enabled": sms["Enabled"],
            "sender": (sms["FromNumber"] or "").strip(),
            "text": "" if limits.is_blank(text) else text,
        }
    }


def _email(info: Info, zone: str) -> Columns:
    email = info[_CHANNEL_MEMBERS[Channel.EMAIL]] or blank(EMAIL)
    sender = limits.sender_address(email["FromEmail"]) if email["Enabled"] else (email["FromEmail"] or "").strip()
    return {
        "channels.email": {
            "enabled": email["Enabled"],
            "sender": sender,
            "subject": email["Subject"] or "",
            "html": "" if limits.is_blank(email["HtmlContent"]) else email["HtmlContent"],
        }
    }


GROUPS = (
    Group(("ShortName",), _name),
    Group(("Description",), _description),
    Group(("ActiveFromDate", "ActiveFromTime", "ActiveToDate", "ActiveToTime"), limits.hours_of),
    Group((_CHANNEL_MEMBERS[Channel.VOICE],), _voice),
    Group((_CHANNEL_MEMBERS[Channel.SMS],), _sms),
    Group((_CHANNEL_MEMBERS[Channel.EMAIL],), _email),
    Group(("ProgressWSEndpoint",), _endpoint),
)


def new_fields(info: Info, zone: str) -> dict[str, Any]:
    """Return the fields of a campaign to be made. Raises Failure."""
    columns = _columns_of(GROUPS, info, zone)
    fields = _fields(columns, {}) | {"extra": {"onc": _kept(info)}}
    return fields | ({"uuid": info["ID"]} if info["ID"].int else {})


def changed_fields(info: Info, campaign: Campaign) -> dict[str, Any]:
    """Return what an update changes of a campaign: what differs from what it was told to be. Raises Failure."""
    told = campaign_info(campaign)
    changed = [group for group in GROUPS if any(info[member] != told[member] for member in group.members)]
    columns = _columns_of(changed, info, campaign.zone_name())
    return _fields(columns, campaign.channels) | {"extra": {**campaign.extra, "onc": _kept(info)}}


def campaign_info(campaign: Campaign) -> Info:
    """Return a campaign as ONC tells it. Reads the campaign's account."""
    info = _told_from_columns(campaign)
    kept = _read_kept(campaign)
    if kept is None:
        return info
    bound = {member for group in GROUPS for member in group.members}
    own = set(kept) - bound - {*_NOT_KEPT, "IsPaused"}
    own.update(*(group.members for group in GROUPS if _still_stands(group, kept, campaign)))
    if campaign.state == CampaignState.FINISHED:
        own.add("IsPaused")
    return info | {member: kept[member] for member in own}


def _still_stands(group: Group, kept: Info, campaign: Campaign) -> bool:
    """Tell whether the columns of a group are still what its kept values stand for."""
    try:
        columns = group.columns(kept, campaign.zone_name())
    except Failure:
        # Told from columns once, and sent back unchanged: what another door allows may be out of ONC's ranges.
        return False
    return all(_column(campaign, name) == value for name, value in columns.items())


def _columns_of(groups: Iterable[Group], info: Info, zone: str) -> Columns:
    columns: Columns = {}
    for group in groups:
        columns |= group.columns(info, zone)
    return columns


def _fields(columns: Columns, channels: dict[str, Any]) -> dict[str, Any]:
    """Return columns with those of each channel gathered into `channels`."""
    fields = {name: value for name, value in columns.items() if not name.startswith("channels.")}
    own = {name.removeprefix("channels."): columns[name] for name in columns.keys() - fields.keys()}
    return fields | {"channels": {**channels, **own}} if own else fields


def _column(campaign: Campaign, name: str) -> Any:
    if name.startswith("channels."):
        return campaign.channels.get(name.removeprefix("channels."))
    return getattr(campaign, name)


def _kept(info: Info) -> dict[str, Any]:
    kept: dict[str, Any] = json_form.write({name: info[name] for name, _ in CAMPAIGN.members if name not in _NOT_KEPT})
    return kept


def _read_kept(campaign: Campaign) -> Info | None:
    kept = campaign.extra.get("onc")
    if not kept:
        return None
    try:
        return json_form.read_members(CAMPAIGN.members, kept)
    except Malformed:
        # The field can be edited by hand; what nobody can read counts for nothing.
        return None


def _told_from_columns(campaign: Campaign) -> Info:
    zone = hours.zone(campaign.zone_name())
    opens, shuts = _daily(campaign)
    starts = campaign.starts_at.astimezone(zone) if campaign.starts_at else None
    # The last day is the one in which the last moment lies: an end at midnight is the end of the day before.
    ends = (campaign.ends_at - dt.timedelta(microseconds=1)).astimezone(zone) if campaign.ends_at else None
    return blank(CAMPAIGN) | {
        "ActiveFromDate": starts.date() if starts else None,
        "ActiveFromTime": opens,
        "ActiveToDate": ends.date() if ends else None,
        "ActiveToTime": shuts,
        "CreationDateUtc": campaign.created_at,
        "Description": campaign.description or None,
        "ID": campaign.uuid,
        "IsPaused": campaign.state in {CampaignState.DRAFT, CampaignState.PAUSED},
        "ShortName": campaign.name,
        **_channels_from_columns(campaign),
    }


def _daily(campaign: Campaign) -> tuple[dt.timedelta | None, dt.timedelta | None]:
    """Return the daily hours, where they are the same every day; what is richer than that ONC cannot say."""
    windows = hours.parse_windows(campaign.windows)
    if len(windows) != 1 or len(windows[0].days) != 7:
        return None, None
    end = windows[0].ends
    return dt.timedelta(minutes=windows[0].starts), dt.timedelta(minutes=end) if end < 24 * 60 else None


def _channels_from_columns(campaign: Campaign) -> Info:
    sms, email = (content.channel_settings(campaign, name) for name in (Channel.SMS, Channel.EMAIL))
    voice = {
        "CallingName": campaign.caller_name or None,
        "CallingNumber": campaign.caller_id or None,
        "DialMsTimeout": campaign.ring_seconds * 1000,
        "Enabled": content.is_open(campaign, Channel.VOICE),
        "MaxDeliveryRetries": campaign.max_attempts,
        "MaxTextPlays": campaign.max_plays,
        "RetryMinutesInterval": campaign.retry_minutes,
        "TTSVoiceName": campaign.voice or None,
        "TextToSpeak": campaign.message or None,
    }
    return {
        _CHANNEL_MEMBERS[Channel.VOICE]: voice,
        _CHANNEL_MEMBERS[Channel.SMS]: {
            "Enabled": content.is_open(campaign, Channel.SMS),
            "FromNumber": sms.get("sender") or None,
            "TextToSend": content.text_of(campaign, Channel.SMS) or None,
        },
        _CHANNEL_MEMBERS[Channel.EMAIL]: {
            "Enabled": content.is_open(campaign, Channel.EMAIL),
            "FromEmail": email.get("sender") or None,
            "HtmlContent": content.text_of(campaign, Channel.EMAIL) or None,
            "Subject": email.get("subject") or None,
        },
    }
