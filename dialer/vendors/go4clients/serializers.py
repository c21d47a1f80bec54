"""The vendor's fields of a campaign, in and out, and its rows of calls."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from typing import Any

from campaigns import hours
from campaigns.models import Account, Campaign
from dialer.vendors.go4clients import calls, results, statuses, voices
from dialer.vendors.go4clients.errors import Code, Fault
from dialer.vendors.go4clients.fields import Fields, as_digits, as_whole

LONGEST_NAME = 255
LEAST_CAPACITY, MOST_CAPACITY = 1, 1000
_CALLER_ID = re.compile(r"[0-9]{3,15}", re.ASCII)
_END_DATE = re.compile(r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}(:\d{2})?", re.ASCII)
_KEY = re.compile(r"[0-9]", re.ASCII)


# --- In -------------------------------------------------------------------------------------------------


def campaign_fields(fields: Fields, account: Account, now: dt.datetime) -> dict[str, Any]:
    """Return the fields of the campaign that a request asks for, by our names. Raises Fault, the first in order."""
    name = fields.get("name")
    if not isinstance(name, str):
        raise Fault(Code.NAME_EMPTY, "name is empty.")
    return {
        "name": name.strip(),
        "voice": _voice(fields.get("voice")),
        "caller_id": _caller_id(fields.get("callerId")),
        "ends_at": _end(fields.get("endDate"), account, now),
        "repetition_key": _repetition_key(fields.get("repetitionKey")),
        "capacity": _capacity(fields.get("campaignCapacity")),
        "description": _description(fields.get("description"), name.strip()),
        "max_attempts": 1,
    }


def _voice(value: object) -> str:
    found = voices.known(value)
    if found is None:
        raise Fault(Code.VOICE_INVALID, "voice: no such voice.")
    return found


def _caller_id(value: object) -> str:
    found = as_digits(value) or ""
    if not _CALLER_ID.fullmatch(found):
        raise Fault(Code.CALLER_ID_INVALID, "callerId: 3 to 15 digits are wanted, and nothing else.")
    return found


def _end(value: object, account: Account, now: dt.datetime) -> dt.datetime | None:
    if value is None:
        return None
    fault = Fault(Code.END_DATE_INVALID, "endDate: a date that is and will be is wanted, written YYYY-MM-DD HH:MM.")
    written = value.strip() if isinstance(value, str) else ""
    if not _END_DATE.fullmatch(written):
        raise fault
    try:
        local = dt.datetime.fromisoformat(written).replace(tzinfo=hours.zone(account.timezone))
        moment = local.astimezone(dt.UTC)
    except (ValueError, OverflowError) as error:
        raise fault from error
    if moment <= now:
        raise fault
    return moment


def _repetition_key(value: object) -> str:
    if value is None:
        return ""
    found = as_digits(value) or ""
    if not _KEY.fullmatch(found):
        raise Fault(Code.REPETITION_KEY_INVALID, "repetitionKey: one digit from 0 to 9 is wanted.")
    return found


def _capacity(value: object) -> int:
    found = as_whole(value)
    if found is None or not LEAST_CAPACITY <= found <= MOST_CAPACITY:
        raise Fault(
            Code.CAPACITY_INVALID,
            f"campaignCapacity: a whole number from {LEAST_CAPACITY} to {MOST_CAPACITY} is wanted.",
        )
    return found


def _description(value: object, name: str) -> str:
    if len(name) > LONGEST_NAME:
        raise Fault(Code.CAMPAIGN_REFUSED, f"name: {LONGEST_NAME} characters are the most.")
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Fault(Code.CAMPAIGN_REFUSED, "description: a text is wanted.")
    return value


# --- Out ------------------------------------------------------------------------------------------------


def campaign_info(found: Campaign, page: results.Page, *, now: dt.datetime) -> dict[str, Any]:
    """Return what campaign info tells beside the envelope: the campaign, and a page of its calls."""
    here = hours.zone(found.account.timezone)

    def local(moment: dt.datetime | None, pattern: str = "%Y-%m-%d %H:%M:%S") -> str | None:
        return None if moment is None else moment.astimezone(here).strftime(pattern)

    return {
        "campaignName": found.name,
        "campaignCost": results.cost(found),
        "campaignConfig": {
            "callerId": found.caller_id.removeprefix("+"),
            "voice": found.voice or None,
            "campaignCapacity": found.capacity,
            "repetitionKey": as_whole(found.repetition_key),
            "endDate": local(found.ends_at, "%Y-%m-%d %H:%M"),
            "minTime": min((window["start"] for window in found.windows), default=None),
            "maxTime": max((window["end"] for window in found.windows), default=None),
            "status": statuses.campaign(found, now=now),
        },
        "calls": [_row(result, local) for result in results.read(found, page)],
    }


def _row(result: results.Result, local: Callable[[dt.datetime | None], str | None]) -> dict[str, Any]:
    return {
        "mobileNumber": result.destination.removeprefix("+"),
        "status": statuses.call(result.state, result.outcome, is_answered=result.is_answered()),
        "priority": calls.HIGH if result.priority > calls.PRIORITIES[calls.LOW] else calls.LOW,
        "attempts": len(result.tries),
        "startDate": local(result.started_at()),
        "answerDate": local(result.answered_at()),
        "endDate": local(result.done_at),
        "duration": result.talk_seconds(),
        "cost": float(sum(dial.cost for dial in result.tries)),
        "options": [label for dial in result.tries for label in results.options(dial.steps)],
    }
