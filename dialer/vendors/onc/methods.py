"""The thirteen methods, once; JSON and SOAP are two wrappings of them.

Each reads its arguments by their names on the wire, makes one domain call, and returns its result's value. What
fails raises Failure or a refusal of the ledger; `perform` turns either into what the method answers then.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from campaigns import refusals
from campaigns.models import Account, Campaign
from campaigns.operations import campaigns as campaign_operations
from campaigns.operations import contacts as contact_operations
from campaigns.operations import opening
from campaigns.states import Api, CampaignState
from dialer.vendors.onc import auth, errors, queries
from dialer.vendors.onc.errors import Code, Failure
from dialer.vendors.onc.serializers import campaigns as campaign_serializers
from dialer.vendors.onc.serializers import contacts as contact_serializers
from dialer.vendors.onc.shapes import CAMPAIGN, CLOSED, CONTACT, OPENED, Info, Kind, ListOf, Shape, Type, blank

logger = logging.getLogger(__name__)

Arguments = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """When a call came in: sessions go by the wall clock, the ledger by the engine's."""

    wall: dt.datetime
    ledger: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """A method: its parameters in order, its result, and what it does.

    `act` gets the account, the arguments and the ledger's now. The two methods that open and close sessions have
    `attend` instead, which gets the wall's.
    """

    name: str
    parameters: tuple[tuple[str, Type], ...]
    result: Type
    writes: bool = False
    act: Callable[[Account, Arguments, dt.datetime], Any] | None = None
    attend: Callable[[Arguments, dt.datetime], Any] | None = None


def perform(method: Method, arguments: Arguments, at: Moment) -> Any:
    """Return a method's result, or what it answers where it fails: a code, an object with a code, or null."""
    try:
        return _run(method, arguments, at)
    except refusals.Refused as refusal:
        failure = errors.of_refusal(refusal)
    except Failure as error:
        failure = error
    logger.info("ONC %s answers %d: %s", method.name, failure.code, failure.message)
    return _failed(method, failure.code)


def _run(method: Method, arguments: Arguments, at: Moment) -> Any:
    if method.attend:
        return method.attend(arguments, at.wall)
    caller = auth.use(arguments["sessionId"], wall=at.wall)
    if method.writes and not caller.can_write:
        raise Failure(Code.ACCESS_DENIED)
    return method.act(caller.account, arguments, at.ledger) if method.act else None


def _failed(method: Method, code: Code) -> Any:
    if method.result is Kind.INT:
        return int(code)
    if isinstance(method.result, Shape) and any(name == "ErrorCode" for name, _ in method.result.members):
        return _session_answer(method.result, code)
    return None


def _session_answer(shape: Shape, code: Code, session_id: str = "") -> Info:
    answer = blank(shape) | {"ErrorCode": int(code), "Description": errors.SENTENCES[code]}
    return answer | {"SessionId": session_id} if shape is OPENED else answer


def _open_session(arguments: Arguments, wall: dt.datetime) -> Info:
    session_id = auth.open_session(
        account_id=arguments["accountId"] or "",
        username=arguments["username"] or "",
        password=arguments["password"] or "",
        wall=wall,
    )
    return _session_answer(OPENED, Code.SUCCESS, session_id)


def _close_session(arguments: Arguments, wall: dt.datetime) -> Info:
    auth.close_session(arguments["sessionId"], wall=wall)
    return _session_answer(CLOSED, Code.SUCCESS)


def _campaign_listing(account: Account, arguments: Arguments, now: dt.datetime) -> list[Any]:
    return list(queries.active_campaigns(account, now).values_list("uuid", flat=True))


def _campaigns(account: Account, arguments: Arguments, now: dt.datetime) -> list[Info]:
    return [campaign_serializers.campaign_info(campaign) for campaign in queries.active_campaigns(account, now)]


def _campaign(account: Account, arguments: Arguments, now: dt.datetime) -> Info:
    return campaign_serializers.campaign_info(queries.campaign(account, arguments["campaignId"]))


def _add_campaign(account: Account, arguments: Arguments, now: dt.datetime) -> int:
    info = _given(arguments, "campaign")
    fields = campaign_serializers.new_fields(info, account.timezone)
    opening.open_campaign(account=account, now=now, api=Api.ONC, paused=info["IsPaused"], **fields)
    return Code.SUCCESS


def _update_campaign(account: Account, arguments: Arguments, now: dt.datetime) -> int:
    info = _given(arguments, "campaign")
    campaign = queries.campaign(account, info["ID"])
    changes = campaign_serializers.changed_fields(info, campaign)
    opening.revise_campaign(campaign=campaign, now=now, paused=info["IsPaused"], by="ONC", **changes)
    return Code.SUCCESS


def _delete_campaign(account: Account, arguments: Arguments, now: dt.datetime) -> int:
    campaign = queries.campaign(account, arguments["campaignId"])
    campaign_operations.move_campaign(campaign=campaign, to=CampaignState.DELETED, now=now, by="ONC")
    return Code.SUCCESS


def _contacts_listing(account: Account, arguments: Arguments, now: dt.datetime) -> list[Any]:
    campaign = queries.campaign(account, arguments["campaignId"])
    return list(queries.contacts(campaign).values_list("uuid", flat=True))


def _contacts(account: Account, arguments: Arguments, now: dt.datetime) -> list[Info]:
    campaign = queries.campaign(account, arguments["campaignId"])
    calls = contact_operations.standing(queries.calls_of(campaign))
    return [contact_serializers.contact_info(contact, calls, campaign, now) for contact in queries.contacts(campaign)]


def _add_contact(account: Account, arguments: Arguments, now: dt.datetime) -> int:
    info = _given(arguments, "contact")
    campaign = queries.campaign(account, info["CampaignId"])
    wanted = contact_serializers.reaches(info, campaign)
    contact_operations.add_contact(
        campaign=campaign,
        reaches=[reach for reach in wanted.values() if reach],
        api=Api.ONC,
        now=now,
        key=info["Id"] if info["Id"].int else None,
        attributes=contact_serializers.attributes(info, None, campaign),
    )
    return Code.SUCCESS


def _update_contact(account: Account, arguments: Arguments, now: dt.datetime) -> int:
    info = _given(arguments, "contact")
    campaign: Campaign = queries.campaign(account, info["CampaignId"])
    contact = queries.contact(campaign, info["Id"])
    contact_operations.update_contact(
        contact=contact,
        reaches=contact_serializers.reaches(info, campaign),
        attributes=contact_serializers.attributes(info, contact, campaign),
        api=Api.ONC,
        now=now,
    )
    return Code.SUCCESS


def _delete_contact(account: Account, arguments: Arguments, now: dt.datetime) -> int:
    campaign = queries.campaign(account, arguments["campaignId"])
    contact = queries.contact(campaign, arguments["contactId"])
    if not contact_operations.remove_contact(contact=contact, now=now):
        raise Failure(Code.CONTACT_NOT_FOUND)
    return Code.SUCCESS


def _given(arguments: Arguments, name: str) -> Info:
    info: Info | None = arguments[name]
    if info is None:
        raise errors.invalid(f"{name} is missing.")
    return info


_SESSION = ("sessionId", Kind.STRING)
_CAMPAIGN_ID = ("campaignId", Kind.GUID)
_CREDENTIALS = (("accountId", Kind.STRING), ("username", Kind.STRING), ("password", Kind.STRING))

_ALL = (
    Method(name="OpenAPISession", parameters=_CREDENTIALS, result=OPENED, attend=_open_session),
    Method(name="CloseAPISession", parameters=(_SESSION,), result=CLOSED, attend=_close_session),
    Method(name="GetCampaignListing", parameters=(_SESSION,), result=ListOf(Kind.GUID), act=_campaign_listing),
    Method(name="GetCampaigns", parameters=(_SESSION,), result=ListOf(CAMPAIGN), act=_campaigns),
    Method(
        name="AddCampaign",
        parameters=(_SESSION, ("campaign", CAMPAIGN)),
        result=Kind.INT,
        writes=True,
        act=_add_campaign,
    ),
    Method(name="GetCampaign", parameters=(_SESSION, _CAMPAIGN_ID), result=CAMPAIGN, act=_campaign),
    Method(
        name="UpdateCampaign",
        parameters=(_SESSION, ("campaign", CAMPAIGN)),
        result=Kind.INT,
        writes=True,
        act=_update_campaign,
    ),
    Method(
        name="DeleteCampaign",
        parameters=(_SESSION, _CAMPAIGN_ID),
        result=Kind.INT,
        writes=True,
        act=_delete_campaign,
    ),
    Method(
        name="GetCampaignContactsListing",
        parameters=(_SESSION, _CAMPAIGN_ID),
        result=ListOf(Kind.GUID),
        act=_contacts_listing,
    ),
    Method(name="GetCampaignContacts", parameters=(_SESSION, _CAMPAIGN_ID), result=ListOf(CONTACT), act=_contacts),
    Method(
        name="AddCampaignContact",
        parameters=(_SESSION, ("contact", CONTACT)),
        result=Kind.INT,
        writes=True,
        act=_add_contact,
    ),
    Method(
        name="UpdateCampaignContact",
        parameters=(_SESSION, ("contact", CONTACT)),
        result=Kind.INT,
        writes=True,
        act=_update_contact,
    ),
    Method(
        name="DeleteCampaignContact",
        parameters=(_SESSION, _CAMPAIGN_ID, ("contactId", Kind.GUID)),
        result=Kind.INT,
        writes=True,
        act=_delete_contact,
    ),
)
METHODS: dict[str, Method] = {method.name: method for method in _ALL}
