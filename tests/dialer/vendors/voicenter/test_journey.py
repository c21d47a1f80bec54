"""From the first request to the final report, on the simulator, in virtual time: acceptance cases 14, 28 and 59."""

from __future__ import annotations

import datetime as dt

import pytest

from campaigns.models import CallAttempt, CallerId
from campaigns.operations import suppressions
from campaigns.states import Outcome, Reason
from reports import queries
from tests.dialer.vendors.voicenter.conftest import OK


def number(outcome: str, line: int = 0) -> str:
    """Return an Israeli mobile number whose last three digits choose what the simulated callee does."""
    return f"050{line:04}{outcome}"


def lead(customer, digits: str, priority: int) -> dict:
    return {
        "Campaign": customer.a,
        "Target": number(digits),
        "Priority": priority,
        "CustomerName": f"Customer {digits}",
        "CustomData": {"var_lead": priority},
    }


def fill(customer) -> None:
    """Add seven calls and one that is refused, change one, and take one out."""
    items = [
        lead(customer, digits, priority)
        for digits, priority in {"200": 9, "486": 8, "408": 7, "404": 6, "603": 5, "271": 4, "212": 3}.items()
    ]
    results = customer.json("AddCallsBulk", [*items, {**items[0], "Target": "abc"}]).json()["AddResult"]
    assert [result["ErrorCode"] for result in results] == [0] * len(items) + [2]
    assert customer.json("UpdateCall", Campaign=customer.a, Target=number("271"), CallerName="Vera").json() == OK
    assert customer.json("RemoveCall", Campaign=customer.a, Target=number("603")).json() == OK


def attempts(customer):
    return CallAttempt.objects.filter(campaign=customer.campaign).order_by("claimed_at", "id")


def test_a_day_of_a_customer(customer):
    world = customer.world
    listed = customer.get("GetCampaignList", Code=customer.code).json()["Data"]
    assert [row["Code"] for row in listed] == [customer.a]
    customer.json("StopCampaign", Campaign=customer.a)
    for member in ("SIP1", "SIP2"):
        assert customer.json("AddMember", Campaign=customer.a, Member=member).json()["Data"] == {"TotalAdded": 1}

    fill(customer)
    world.run(minutes=10)
    assert not attempts(customer).exists()
    pending = customer.pending()
    assert [call["CustomData"]["var_lead"] for call in pending] == [9, 8, 7, 6, 4, 3]

    assert customer.get("StartCampaign", Campaign=customer.a).json() == OK
    world.run(minutes=10)
    assert customer.pending() == []
    assert customer.details()["StatusName"] == "Enabled"
    outcomes = {attempt.call.number[-3:]: attempt.outcome for attempt in attempts(customer).select_related("call")}
    assert outcomes == {
        "200": Outcome.ANSWERED,
        "486": Outcome.BUSY,
        "408": Outcome.NO_ANSWER,
        "404": Outcome.INVALID_NUMBER,
        "271": Outcome.MACHINE,
        "212": Outcome.ANSWERED,
    }
    # What came with a call is still with it when it is over.
    answered = customer.calls().get(destination__endswith="200")
    assert (answered.custom_data, answered.extra["customer_name"]) == ({"var_lead": 9}, "Customer 200")

    totals = queries.totals(queries.Scope(campaign_id=customer.campaign.pk))
    assert totals.attempts == 6
    assert totals.by_outcome[Outcome.ANSWERED] == 2
    counts = queries.campaign_counts([customer.campaign.pk])[customer.campaign.pk]
    assert (counts.total, counts.finished, counts.outcomes[Outcome.CANCELLED]) == (7, 7, 1)
    assert customer.details()["TotalPendingCalls"] == 0


def test_calls_are_dialled_by_priority_then_time_then_arrival(customer):
    customer.campaign.capacity = 1
    customer.campaign.save()
    soon = int(customer.world.now.timestamp()) + 60
    customer.json("StopCampaign", Campaign=customer.a)
    for line, fields in enumerate([{}, {"Priority": 5}, {"Priority": -1}, {"OriginateTime": soon, "Priority": 5}, {}]):
        customer.add(number("486", line), **fields)
    customer.world.run(minutes=2)
    listed = [call["Phone"][-7:-3] for call in customer.pending()]
    assert listed == ["0001", "0003", "0000", "0004", "0002"]
    customer.json("StartCampaign", Campaign=customer.a)
    customer.world.run(minutes=5)
    assert [attempt.destination[-7:-3] for attempt in attempts(customer)] == listed


def test_case_14_not_before_its_time(customer):
    when = customer.world.now + dt.timedelta(hours=1)
    assert customer.add(number("200"), OriginateTime=int(when.timestamp()), Priority=99).json() == OK
    assert customer.add(number("200", 1)).json() == OK
    customer.world.run(minutes=59)
    assert [attempt.destination for attempt in attempts(customer)] == ["+972500001200"]
    assert [call["Priority"] for call in customer.pending()] == [99]
    customer.world.run(minutes=2)
    assert attempts(customer).last().claimed_at >= when
    assert customer.pending() == []


def test_case_28_nothing_is_dialled_while_stopped_and_what_runs_goes_on(customer):
    customer.add(number("200"))
    customer.world.run(seconds=1)
    assert attempts(customer).count() == 1
    assert customer.get("StopCampaign", Campaign=customer.a).json() == OK
    customer.add(number("200", 1))
    customer.world.run(minutes=30)
    assert [attempt.outcome for attempt in attempts(customer)] == [Outcome.ANSWERED]
    assert len(customer.pending()) == 1


def test_a_call_is_tried_once_by_default(customer):
    customer.add(number("486"))
    customer.world.run_until_idle()
    assert attempts(customer).count() == 1
    assert customer.calls().get().outcome == Outcome.BUSY


def test_the_do_not_call_list_is_kept_unless_a_call_ignores_it(customer):
    targets = [number("200"), number("200", 1)]
    suppressions.suppress(
        account=customer.account, destinations=["+972500000200", "+972500001200"], now=customer.world.now
    )
    assert customer.add(targets[0]).json() == OK
    assert customer.add(targets[1], IgnoreDncStatus="true").json() == OK
    customer.world.run(minutes=5)
    kept, ignored = customer.calls()
    assert (kept.outcome, kept.reason) == (Outcome.SUPPRESSED, Reason.SUPPRESSED)
    assert ignored.outcome == Outcome.ANSWERED


@pytest.mark.parametrize(
    ("sent", "listed", "shown"),
    [
        ({}, {"IL": "972722000001", "IT": "390600000002"}, "972722000001"),
        ({"CallerID": ""}, {"IT": "390600000002"}, "972722000000"),
        ({"CallerID": "972722000001"}, {"IL": "972722000009", "": "972722000001"}, "972722000001"),
        ({"CallerID": "anonymous"}, {"IL": "972722000001"}, "Anonymous"),
    ],
)
def test_case_59_the_caller_id_that_a_target_sees(customer, sent, listed, shown):
    """The country's, else the campaign's; the extension's is between them where a member is known before dialling."""
    for country, caller_id in listed.items():
        CallerId.objects.create(account=customer.account, number=caller_id, country=country)
    assert customer.add(number("200"), **sent).json() == OK
    # The list shows what was asked for, not what will be shown.
    assert customer.pending()[0]["CallerID"] == sent.get("CallerID", "").replace("anonymous", "Anonymous")
    customer.world.run(minutes=1)
    assert attempts(customer).get().caller_id == shown


def test_case_59_the_caller_id_is_the_countrys_then_the_extensions_then_the_campaigns(customer):
    """AddCall without a caller id, in a campaign whose calls are meant for a member each before they are dialled."""
    customer.campaign.pacing = "progressive"
    customer.campaign.message = ""
    customer.campaign.save()
    assert customer.form("AddMember", Campaign=customer.a, Member="SIP7").json()["ErrorCode"] == 0

    def shown(target: str) -> str:
        assert customer.add(target, Callerid="").json()["ErrorCode"] == 0
        customer.world.run_until_idle()
        return CallAttempt.objects.latest("id").caller_id

    extension = CallerId.objects.create(account=customer.account, number="972722000004", member_code="SIP7")
    country = CallerId.objects.create(account=customer.account, number="972722000005", country="IL")
    assert shown("0502454212") == country.number
    country.delete()
    assert shown("0502454213") == extension.number
    assert CallAttempt.objects.latest("id").member.code == "SIP7"
    extension.delete()
    assert shown("0502454214") == customer.campaign.caller_id
