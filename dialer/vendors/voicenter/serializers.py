"""The vendor's shapes, in and out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from campaigns import hours, identifiers, refusals
from campaigns.models import Campaign, Member
from campaigns.operations.calls import NewCall
from campaigns.states import CampaignState
from dialer.vendors.voicenter import errors, pending, statuses, targets
from dialer.vendors.voicenter.fields import Fields, as_text

# Ten digits: a moment in milliseconds is refused rather than dialled in the year 50000.
LATEST_EPOCH = 9_999_999_999
LOWEST_PRIORITY, HIGHEST_PRIORITY = -2_147_483_648, 2_147_483_647
LONGEST_CALLER_NAME, LONGEST_CUSTOMER_NAME = 64, 255


# --- In -------------------------------------------------------------------------------------------------


def new_call(fields: Fields, campaign: Campaign, numbers: targets.Numbers, now: dt.datetime) -> NewCall:
    """Return the call that AddCall asks for.

    Raises CampaignClosed, and Fault: for the target first, then the caller id, then the rest.
    """
    if not campaign.takes_calls():
        raise refusals.CampaignClosed(f"The campaign is {campaign.state} and takes no more calls.", field="campaign")
    number, destination = numbers.target(fields.raw("Target"))
    sent = sent_fields(fields, campaign, numbers, now)
    return NewCall(campaign=campaign, number=number, destination=destination, **sent)


def sent_fields(fields: Fields, campaign: Campaign, numbers: targets.Numbers, now: dt.datetime) -> dict[str, Any]:
    """Return those of a call's optional fields that were sent, by our names. Raises Fault.

    `extra` holds what only this door shows again: customer_name, originate_time.
    """
    found: dict[str, Any] = {}
    if (caller_id := fields.raw("CallerID")) is not None:
        found["caller_id"] = numbers.caller_id(caller_id)
    if (caller_name := fields.text("CallerName", most=LONGEST_CALLER_NAME)) is not None:
        found["caller_name"] = caller_name
    if (priority := fields.whole("Priority", least=LOWEST_PRIORITY, most=HIGHEST_PRIORITY)) is not None:
        found["priority"] = priority
    if (ignores := fields.flag("IgnoreDncStatus")) is not None:
        found["ignores_suppression"] = ignores
    if (custom_data := fields.custom_data()) is not None:
        found["custom_data"] = custom_data
    extra: dict[str, Any] = {}
    if (customer_name := fields.text("CustomerName", most=LONGEST_CUSTOMER_NAME)) is not None:
        extra["customer_name"] = customer_name
    if (due := _due(fields, campaign, now)) is not None:
        found["due_at"], extra["originate_time"] = due
    if extra:
        found["extra"] = extra
    return found


def _due(fields: Fields, campaign: Campaign, now: dt.datetime) -> tuple[dt.datetime, int] | None:
    """Return when a call is due and the OriginateTime as it was sent; None where there was none."""
    is_local = fields.flag("IsDateLocal")
    epoch = fields.whole("OriginateTime", most=LATEST_EPOCH)
    if epoch is None:
        return None
    moment = dt.datetime.fromtimestamp(epoch, dt.UTC)
    if is_local:
        moment = moment.replace(tzinfo=hours.zone(campaign.account.timezone)).astimezone(dt.UTC)
    return max(moment, now), epoch


# --- Out ------------------------------------------------------------------------------------------------

PENDING_COLUMNS = (
    "destination",
    "caller_id",
    "caller_name",
    "priority",
    "custom_data",
    "extra",
    "due_at",
    "created_at",
    "attempts_total",
    "contact__first_name",
    "contact__last_name",
)


def campaign(row: Campaign, numbers: pending.Summary) -> dict[str, Any]:
    """Return a campaign with the numbers of its pending calls."""
    return {
        "Name": row.name,
        "StatusName": statuses.STATUS_NAMES[CampaignState(row.state)],
        "TotalPendingCalls": numbers.total,
        "TotalAwaitingCalls": numbers.total,
        "MaxPriority": numbers.highest,
        "MinPriority": numbers.lowest,
        "Code": identifiers.voicenter_code(row),
    }


def member(row: Member) -> dict[str, str]:
    """Return a member."""
    return {"Member": row.code, "DisplayName": row.display_name or row.code}


def pending_calls(calls: Any) -> Iterator[dict[str, Any]]:
    """Return pending calls one by one, from a queryset in the order wanted."""
    rows = calls.values_list(*PENDING_COLUMNS)
    for (
        destination,
        caller_id,
        caller_name,
        priority,
        data,
        extra,
        due_at,
        made_at,
        tries,
        first,
        last,
    ) in rows.iterator(chunk_size=5000):
        planned = int(due_at.timestamp()) if due_at > made_at and not tries else 0
        yield {
            "Phone": targets.shown(destination),
            "CallerID": caller_id,
            "CallerName": caller_name,
            "OriginateTime": extra.get("originate_time", planned),
            "Priority": priority,
            "CustomerName": extra.get("customer_name") or f"{first or ''} {last or ''}".strip(),
            "CallStatus": statuses.PENDING,
            "CustomData": data,
        }


# --- Settings -------------------------------------------------------------------------------------------

LONGEST_MEMBER, MOST_MEMBERS = 64, 10_000
STORED_STRATEGY = ("setQueueForMonitoring", "setQueueMaximumCallers")


def member_code(value: Any) -> str | None:
    """Return the code of a member as it is stored; None for what is none."""
    code = as_text(value)
    return code if code and len(code) <= LONGEST_MEMBER else None


def required_member(fields: Fields) -> str:
    """Return the member that a request names. Raises Fault."""
    if fields.raw("Member") in (None, ""):
        raise errors.missing("Member")
    code = member_code(fields.raw("Member"))
    if code is None:
        raise errors.Fault(errors.Code.FIELD, "Invalid member")
    return code


def strategy(fields: Fields) -> tuple[dict[str, int], Decimal | None]:
    """Return what UpdateCampaignStrategy sets: the fields that are only kept, and the coefficient. Raises Fault."""
    found = {name: fields.whole(name) for name in STORED_STRATEGY}
    kept = {name: value for name, value in found.items() if value is not None}
    coefficient = fields.coefficient("setCoefficient")
    if not kept and coefficient is None:
        raise errors.missing(f"one of {', '.join(STORED_STRATEGY)}, setCoefficient")
    return kept, coefficient


def ivr_settings(fields: Fields) -> tuple[int | None, list[str] | None]:
    """Return what ConfigureIvrCampaign sets: the most simultaneous calls, and the members. Raises Fault."""
    concurrency = fields.mapping("ConcurrentStrategy")
    most = Fields(concurrency).whole("setMaxCalls") if concurrency else None
    listed = fields.raw("RepresentativeList")
    if listed is None:
        if most is None:
            raise errors.missing("ConcurrentStrategy or RepresentativeList")
        return most, None
    codes = [member_code(value) for value in listed] if isinstance(listed, list) else [None]
    if len(codes) > MOST_MEMBERS or None in codes:
        raise errors.wrong("RepresentativeList", f"an array of at most {MOST_MEMBERS} extension codes")
    return most, [code for code in codes if code]
