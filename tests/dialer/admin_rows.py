"""One row of any model that the admin shows, each in an account and a campaign of its own."""

from __future__ import annotations

import datetime as dt
import uuid

from django.contrib.auth.models import Group

from campaigns.models import (
    Account,
    Call,
    CallAttempt,
    CallerId,
    Campaign,
    Contact,
    Intake,
    Member,
    Prompt,
    Suppression,
    User,
)
from dialer.models import (
    CarrierHealth,
    ClockAnchor,
    Credential,
    Heartbeat,
    IdempotenceKey,
    LoginFailure,
    PacingState,
    Session,
)
from reports.models import AttemptReport, DueReport, HourlySum

NOW = dt.datetime(2031, 3, 3, 10, tzinfo=dt.UTC)


def account(**fields):
    return Account.objects.create(name=f"A {uuid.uuid4()}", timezone="Europe/Rome", country="IT", **fields)


def campaign(owner=None, **fields):
    return Campaign.objects.create(account=owner or account(), name="Dues", created_at=NOW, **fields)


def contact(owner=None):
    plan = campaign(owner)
    return Contact.objects.create(account=plan.account, campaign=plan, first_name="Ada", created_at=NOW)


def call(owner=None, **fields):
    person = contact(owner)
    intake = Intake.objects.create(account=person.account, api="native", created_at=NOW)
    wanted = {"number": "06 1234", "destination": "+39061234", "zones": "Europe/Rome", "due_at": NOW, "ready": True}
    return Call.objects.create(
        account=person.account,
        campaign=person.campaign,
        contact=person,
        intake=intake,
        created_at=NOW,
        **wanted | fields,
    )


def attempt(owner=None, **fields):
    job = call(owner)
    member = Member.objects.create(campaign=job.campaign, code="100", display_name="Eva")
    wanted = {
        "n": 1,
        "carrier": "voice",
        "destination": job.destination,
        "state": "ended",
        "outcome": "answered",
        "claimed_at": NOW,
        "placed_at": NOW,
        "answered_at": NOW + dt.timedelta(seconds=4),
        "ended_at": NOW + dt.timedelta(seconds=31),
        "check_at": NOW,
        "events": [[NOW.isoformat(), "ringing", ""], [NOW.isoformat(), "ended", "16", {"who": "them"}]],
        "steps": [{"do": "detect", "at": 2.0, "key": "1"}],
    }
    return CallAttempt.objects.create(
        account=job.account, campaign=job.campaign, call=job, member=member, **wanted | fields
    )


def report(owner=None, **fields):
    row = attempt(owner)
    names = ("account", "campaign", "call_id", "channel", "destination", "carrier", "n", "outcome", "claimed_at")
    copied = {name: getattr(row, name) for name in (*names, "ended_at")}
    return AttemptReport.objects.create(attempt=row, campaign_name="Dues", number="06 1234", **copied | fields)


def hourly_sum(owner=None, **fields):
    plan = campaign(owner)
    wanted = {"hour": NOW, "channel": "voice", "outcome": "answered", "attempts": 1, "originated": 1}
    return HourlySum.objects.create(account=plan.account, campaign=plan, **wanted | fields)


def credential(owner=None):
    return Credential.objects.create(account=owner or account(), api="native", identifier=uuid.uuid4().hex, label="crm")


def session(owner=None):
    key = credential(owner)
    return Session.objects.create(account=key.account, credential=key, digest=uuid.uuid4().hex, used_at=NOW)


def suppression(owner=None):
    plan = campaign(owner)
    return Suppression.objects.create(account=plan.account, campaign=plan, destination="+39061234", created_at=NOW)


def repeat(owner=None):
    return IdempotenceKey.objects.create(account=owner or account(), api="native", key=uuid.uuid4().hex, created_at=NOW)


# Rows of accounts; each takes the account.
OWNED = {
    Account: lambda owner=None: owner or account(),
    User: lambda owner=None: User.objects.create(username=uuid.uuid4().hex, account=owner or account()),
    CallerId: lambda owner=None: CallerId.objects.create(account=owner or account(), number="390612345678"),
    Campaign: campaign,
    Contact: contact,
    Member: lambda owner=None: Member.objects.create(campaign=campaign(owner), code="100"),
    Suppression: suppression,
    Call: call,
    Intake: lambda owner=None: call(owner).intake,
    CallAttempt: attempt,
    Prompt: lambda owner=None: Prompt.objects.create(
        account=owner or account(), extension=1, name="P", flow={"steps": []}
    ),
    AttemptReport: report,
    HourlySum: hourly_sum,
    DueReport: lambda owner=None: DueReport.objects.create(attempt=attempt(owner)),
    Credential: credential,
    Session: session,
    IdempotenceKey: repeat,
}
# Rows of the platform.
PLATFORM = {
    Group: lambda: Group.objects.create(name=uuid.uuid4().hex),
    LoginFailure: lambda: LoginFailure.objects.create(api="onc", who="acct-1/api", happened_at=NOW),
    CarrierHealth: lambda: CarrierHealth.objects.create(alias=uuid.uuid4().hex, failures=1),
    PacingState: lambda: PacingState.objects.create(campaign=campaign(), measured_at=NOW, tuned_at=NOW),
    Heartbeat: lambda: Heartbeat.objects.create(part=uuid.uuid4().hex, beat_at=NOW),
    ClockAnchor: lambda: ClockAnchor.objects.create(wall_at=NOW, engine_at=NOW, speed=60),
}
MAKERS = OWNED | PLATFORM
