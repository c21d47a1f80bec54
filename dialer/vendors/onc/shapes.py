"""The types of the contract, once for both bindings: what a value is, and the members of each object in wire order."""

from __future__ import annotations

import datetime as dt
import enum
import uuid
from dataclasses import dataclass
from typing import Any

# An object of the contract: its members by their names on the wire.
Info = dict[str, Any]


class Kind(enum.Enum):
    """What a plain value is. DATE and TIME are null where they are unset; the others of .NET's value types never."""

    STRING = "a text"
    INT = "a whole number of 32 bits"
    BOOL = "true or false"
    GUID = "a GUID"
    MOMENT = "a date-time"
    DATE = "a date"
    TIME = "a time of day"


@dataclass(frozen=True, slots=True)
class Shape:
    """An object: its name and its members, in the order in which they are written."""

    name: str
    members: tuple[tuple[str, Type], ...]


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list of values of one type."""

    item: Kind | Shape


Type = Kind | Shape | ListOf

NO_GUID = uuid.UUID(int=0)
# What a value that was not given is; everything else that was not given is null.
UNSET: dict[Kind, Any] = {
    Kind.INT: 0,
    Kind.BOOL: False,
    Kind.GUID: NO_GUID,
    Kind.MOMENT: dt.datetime.min.replace(tzinfo=dt.UTC),
}


def unset(kind: Type) -> Any:
    """Return what a value is that was not given: .NET's default of its type."""
    return UNSET.get(kind) if isinstance(kind, Kind) else None


def blank(shape: Shape) -> Info:
    """Return an object with nothing set."""
    return {name: unset(kind) for name, kind in shape.members}


OPENED = Shape(
    "OpenAPISessionResponse",
    (("Description", Kind.STRING), ("ErrorCode", Kind.INT), ("SessionId", Kind.STRING)),
)
CLOSED = Shape("CloseAPISessionResponse", (("Description", Kind.STRING), ("ErrorCode", Kind.INT)))

EMAIL = Shape(
    "OutboundEmailNotificationInfo",
    (("Enabled", Kind.BOOL), ("FromEmail", Kind.STRING), ("HtmlContent", Kind.STRING), ("Subject", Kind.STRING)),
)
SMS = Shape(
    "OutboundSMSNotificationInfo",
    (("Enabled", Kind.BOOL), ("FromNumber", Kind.STRING), ("TextToSend", Kind.STRING)),
)
VOICE = Shape(
    "OutboundVoiceNotificationInfo",
    (
        ("CallingName", Kind.STRING),
        ("CallingNumber", Kind.STRING),
        ("DialMsTimeout", Kind.INT),
        ("Enabled", Kind.BOOL),
        ("MaxDeliveryRetries", Kind.INT),
        ("MaxTextPlays", Kind.INT),
        ("RetryMinutesInterval", Kind.INT),
        ("TTSVoiceName", Kind.STRING),
        ("TextToSpeak", Kind.STRING),
    ),
)
CAMPAIGN = Shape(
    "OutboundNotificationCampaignInfo",
    (
        ("ActiveFromDate", Kind.DATE),
        ("ActiveFromTime", Kind.TIME),
        ("ActiveToDate", Kind.DATE),
        ("ActiveToTime", Kind.TIME),
        ("AllowAddingContactsFromExternalApps", Kind.BOOL),
        ("CreationDateUtc", Kind.MOMENT),
        ("Description", Kind.STRING),
        ("EmailNotificationRequired", Kind.BOOL),
        ("ID", Kind.GUID),
        ("IsPaused", Kind.BOOL),
        ("OutboundEmailNotificationInfo", EMAIL),
        ("OutboundSMSNotificationInfo", SMS),
        ("OutboundVoiceNotificationInfo", VOICE),
        ("ProgressWSEndpoint", Kind.STRING),
        ("ShortName", Kind.STRING),
        ("SmsNotificationRequired", Kind.BOOL),
        ("VoiceNotificationRequired", Kind.BOOL),
    ),
)
COMMUNICATION = Shape(
    "CommunicationInfo",
    (
        ("Destination", Kind.STRING),
        ("LastDeliveryErrorCode", Kind.INT),
        ("RetryCount", Kind.INT),
        ("StatusCode", Kind.INT),
        ("TextToSendOverwrite", Kind.STRING),
    ),
)
CONTACT = Shape(
    "OutboundNotificationContactInfo",
    (
        ("CampaignId", Kind.GUID),
        ("EmailCommInfo", COMMUNICATION),
        ("Id", Kind.GUID),
        ("SMSCommInfo", COMMUNICATION),
        ("VoiceCommInfo", COMMUNICATION),
    ),
)
