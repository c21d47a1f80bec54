"""The demo: an account on the simulator with a campaign that runs at once, and a curl line for each API."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from typing import Any

from campaigns import identifiers, phones
from campaigns.models import Account, Campaign
from campaigns.operations import calls as call_operations
from campaigns.operations import campaigns as campaign_operations
from campaigns.operations import people
from campaigns.states import Api
from dialer import credentials

ACCOUNT = "Demo"
# Numbers that Ofcom keeps free for fiction: nobody has them. The simulator reads the last three digits: keys pressed,
# busy, nobody, machines, wrong numbers, and by the odds where they tell nothing.
ENDINGS = {
    "+442079460": ("200", "211", "212", "213", "486", "408", "271", "404", "221", "235"),
    "+441134960": ("101", "102", "103", "104", "105", "106", "211", "212", "200", "486"),
    "+441214960": ("270", "271", "480", "603", "223", "231", "212", "211", "107", "108"),
    "+441614960": ("109", "110", "111", "112", "113", "200", "211", "408", "500", "503"),
}
CALLER_ID = "442079460000"
# Answers and presses 2; no person of the campaign has it.
ONE_MORE = "+441314960212"
FIRST_NAMES = ("Ada", "Bruno", "Chiara", "Dmitri", "Edith", "Farid", "Greta", "Hugo", "Ines", "Jonas")
LAST_NAMES = ("Abbott", "Bianchi", "Castillo", "Doyle")
FLOW: dict[str, Any] = {
    "steps": [
        {"do": "say", "text": "Hello, this is the dental practice. Your appointment is tomorrow at ten."},
        {
            "do": "detect",
            "seconds": 6,
            "options": [
                {"key": "1", "steps": [{"do": "say", "text": "Thank you. We look forward to seeing you."}]},
                {"key": "2", "steps": [{"do": "say", "text": "We shall call you to find another time."}]},
            ],
        },
    ]
}


@dataclass(frozen=True, slots=True)
class Demo:
    """What was opened: the account's secrets in the shape of `create_account --json`, and its running campaign."""

    secrets: dict[str, Any]
    campaign: Campaign


def open_demo(*, now: dt.datetime) -> Demo:
    """Make the demo account with a running campaign of forty people. Requires that no account has its name."""
    opened = credentials.open_account(name=ACCOUNT, country="GB", timezone="Europe/London", is_sandbox=True)
    account = Account.objects.get(pk=opened["account"])
    campaign = campaign_operations.create_campaign(
        account=account,
        now=now,
        start=True,
        name="Appointment reminders",
        description="A demonstration on the simulator: nobody is called.",
        caller_id=CALLER_ID,
        flow=FLOW,
        capacity=8,
        calls_per_second=1,
        detect_machines=True,
        ring_seconds=20,
        max_attempts=3,
        retry_minutes=1,
    )
    _add_people(campaign, now)
    return Demo(opened, campaign)


def _add_people(campaign: Campaign, now: dt.datetime) -> None:
    numbers = [prefix + ending for prefix, endings in ENDINGS.items() for ending in endings]
    names = [(first, last) for last in LAST_NAMES for first in FIRST_NAMES]
    calls = [
        call_operations.NewCall(
            campaign=campaign,
            number=number,
            destination=phones.normalise(number, campaign.account.country),
            contact=people.new_contact(campaign=campaign, now=now, first_name=first, last_name=last),
            external_id=f"demo-{n}",
        )
        for n, (number, (first, last)) in enumerate(zip(numbers, names, strict=True), start=1)
    ]
    intake = call_operations.take(account=campaign.account, api=Api.NATIVE, request_id="demo", now=now)
    call_operations.add_calls(calls=calls, intake=intake, now=now)


def curl_lines(address: str, demo: Demo, *, now: dt.datetime) -> dict[str, str]:
    """Return one command line for each API that adds a call to the demo campaign, or for ONC opens a session."""
    secrets, names, digits = demo.secrets, identifiers.of(demo.campaign), ONE_MORE.removeprefix("+")
    requests: dict[str, tuple[str, object, dict[str, str]]] = {
        "Native": (
            "/api/v1/calls/",
            {"campaign": demo.campaign.pk, "number": ONE_MORE},
            {"Authorization": f"Bearer {secrets['api_key']}"},
        ),
        "Go4clients": (
            "/TelintelSms/apiotp/voice/call",
            {"otpCampaignId": names["go4clients_id"], "mobileNumber": digits, "message": "Your code is 1 2."},
            {"Apikey": secrets["go4clients"]["apikey"], "Apisecret": secrets["go4clients"]["apisecret"]},
        ),
        "SENDService": ("/MultiChannelAPI/Api/instantCall/", _sendservice_call(secrets["sendservice"], now), {}),
        "JAICP": (f"/api/calls/campaign/{names['jaicp_token']}/addPhones", [{"phone": digits}], {}),
        "Voicenter": (
            "/ForwardDialer/Dialer/AddCall",
            {"Campaign": names["voicenter_code"], "Target": digits},
            {},
        ),
        "ONC": ("/onc/OpenAPISession", secrets["onc"], {}),
    }
    return {name: _curl(address + path, body, headers) for name, (path, body, headers) in requests.items()}


def _sendservice_call(user: dict[str, str], now: dt.datetime) -> dict[str, object]:
    today = now.replace(microsecond=0)
    return {
        "User": {"username": user["username"], "password": user["password"]},
        "StartDate": today.isoformat(),
        "EndDate": (today + dt.timedelta(days=1)).isoformat(),
        "Type": 3,
        "TextToSpeech": "Hello from Trunkline.",
        "LanguageCode": "it-IT-F1",
        "NumberToCall": ONE_MORE.replace("+", "00"),
        "CallerId": CALLER_ID,
    }


def _curl(url: str, body: object, headers: dict[str, str]) -> str:
    wanted = {"Content-Type": "application/json"} | headers
    flags = " ".join(f"-H '{name}: {value}'" for name, value in wanted.items())
    return f"curl -s {flags} {url} -d '{json.dumps(body)}'"
