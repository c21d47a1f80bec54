"""What stands in the ledger before an operation, and a picture of all that does afterwards."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from campaigns import phones
from campaigns.models import Account, Call, CallAttempt, Campaign, Contact, Intake, Prompt, Suppression, User
from campaigns.operations import calls as call_operations
from campaigns.operations import campaigns as campaign_operations
from campaigns.states import Api
from dialer import claiming, placing
from dialer.carriers.base import CarrierEvent, EventType
from dialer.models import CarrierHealth, Credential, IdempotenceKey
from reports.models import AttemptReport, DueReport, HourlySum

# Answered, busy, never answered, not allocated, a key pressed, hung up after 4 s.
SUFFIXES = ("200", "486", "408", "404", "213", "224")


@dataclass(slots=True)
class Scene:
    """One account with one running campaign, at a moment."""

    folder: Path
    now: dt.datetime
    account: Account
    campaign: Campaign
    calls: list[int] = field(default_factory=list)
    attempts: list[int] = field(default_factory=list)
    # What an operation needs more.
    more: dict[str, Any] = field(default_factory=dict)

    def later(self, **span: float) -> None:
        """Let time pass in which nobody works."""
        self.now += dt.timedelta(**span)

    def write(self, name: str, text: str) -> Path:
        """Write a file that the operation reads."""
        path = self.folder / name
        path.write_text(text)
        return path


def empty(folder: Path, *, sandbox: bool = False) -> Scene:
    """Return a scene without calls."""
    now = dt.datetime.now(dt.UTC)
    account = Account.objects.create(name="Acme", country="IT", timezone="Europe/Rome", is_sandbox=sandbox)
    fields = {"message": "Hello.", "capacity": 20, "max_attempts": 2, "retry_minutes": 1}
    campaign = campaign_operations.create_campaign(account=account, now=now, start=True, name="Dues", **fields)
    return Scene(folder, now, account, campaign)


def with_calls(folder: Path, *, sandbox: bool = False) -> Scene:
    """Return a scene whose calls wait: six that are due, one that is due later, one that was due too long ago."""
    scene = empty(folder, sandbox=sandbox)
    add(scene, SUFFIXES)
    later, ended = scene.now + dt.timedelta(minutes=3), scene.now + dt.timedelta(seconds=1)
    add(scene, ["201"], due_at=later)
    add(scene, ["202"], not_after=ended)
    scene.later(seconds=2)
    return scene


def claimed(folder: Path, *, sandbox: bool = False) -> Scene:
    """Return a scene whose due calls are claimed and not yet placed."""
    scene = with_calls(folder, sandbox=sandbox)
    scene.attempts = claiming.claim(account_id=scene.account.pk, now=scene.now).attempt_ids
    return scene


def placed(folder: Path, *, sandbox: bool = False) -> Scene:
    """Return a scene whose due calls ring."""
    scene = claimed(folder, sandbox=sandbox)
    placing.place(scene.attempts, now=scene.now)
    return scene


def add(scene: Scene, suffixes: Sequence[str], **fields: Any) -> None:
    """Add a call for each suffix."""
    intake = call_operations.take(account=scene.account, api=Api.NATIVE, now=scene.now)
    wanted = new_calls(scene, suffixes, **fields)
    scene.calls += call_operations.add_calls(calls=wanted, intake=intake, now=scene.now)


def new_calls(scene: Scene, suffixes: Sequence[str], **fields: Any) -> list[call_operations.NewCall]:
    """Return calls to Italian mobiles that end so."""
    first = 1000 + len(scene.calls)
    numbers = [f"+39312{first + index}{suffix}" for index, suffix in enumerate(suffixes)]
    return [
        call_operations.NewCall(
            campaign=scene.campaign, number=number, destination=phones.normalise(number, "IT"), **fields
        )
        for number in numbers
    ]


def events(scene: Scene) -> list[CarrierEvent]:
    """Return what a carrier says of the scene's attempts: that each rang, was answered or not, and ended."""
    told: list[CarrierEvent] = []
    for index, key in enumerate(CallAttempt.objects.order_by("id").values_list("key", flat=True)):
        outcome = ("answered", "busy", "no_answer", "congestion")[index % 4]
        kinds = [EventType.RINGING, EventType.ENDED]
        kinds[1:1] = [EventType.ANSWERED] if outcome == "answered" else []
        for seconds, kind in enumerate(kinds):
            at = scene.now + dt.timedelta(seconds=seconds)
            ended = outcome if kind is EventType.ENDED else ""
            told.append(CarrierEvent(key=str(key), type=kind, happened_at=at, outcome=ended))
    return told


def picture() -> dict[str, str]:
    """Return all that the ledger says, but for what is different each time it is said: keys, ids and moments."""
    found = {
        "campaigns": Campaign.objects.values_list("name", "state", "capacity"),
        "calls": Call.objects.values_list(
            *("number", "state", "ready", "outcome", "reason", "priority", "contact__first_name"),
            *("attempts_made", "attempts_total", "congestions"),
        ),
        "cancelled": Call.objects.filter(cancel_requested_at__isnull=False).values_list("number"),
        "hung up": CallAttempt.objects.filter(hangup_at__isnull=False).values_list("destination"),
        "attempts": CallAttempt.objects.values_list("destination", "n", "state", "outcome", "counts"),
        "contacts": Contact.objects.values_list("first_name", "attributes"),
        "intakes": Intake.objects.values_list("api", "request_id"),
        "suppressions": Suppression.objects.values_list("destination", "channel"),
        "accounts": Account.objects.values_list("name"),
        "users": User.objects.values_list("is_staff"),
        "credentials": Credential.objects.values_list("api"),
        "keys": IdempotenceKey.objects.values_list("api", "key", "status"),
        "prompts": Prompt.objects.values_list("extension", "name"),
        "reports": AttemptReport.objects.values_list("number", "n", "outcome"),
        "due reports": DueReport.objects.values_list("attempt__destination", "attempt__n"),
        "sums": HourlySum.objects.values_list("outcome", "attempts"),
        "carriers": CarrierHealth.objects.values_list("alias", "failures"),
    }
    return {name: json.dumps(sorted(rows, key=str), default=str) for name, rows in found.items()}
