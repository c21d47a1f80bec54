"""AddCallsBulk: acceptance cases 37 to 44, and that its cost does not grow by the row."""

from __future__ import annotations

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from campaigns import identifiers
from campaigns.models import Account, Call, Intake
from campaigns.operations import campaigns as campaign_operations
from campaigns.states import CampaignState
from dialer.vendors.voicenter import batches
from tests.dialer.vendors.voicenter.conftest import OK

TARGET = "0502454545"


def item(customer, target=TARGET, **fields):
    return {"Campaign": customer.a, "Target": target, **fields}


def test_case_37_the_two_items_of_the_manual(customer):
    items = [
        item(customer, CallerID="0722776772", CallerName="Sales", CustomerName="Dana", Priority=1),
        item(customer, CustomData={"var_lead": 17}, var_more="x"),
    ]
    response = customer.json("AddCallsBulk", items)
    assert response.status_code == 200
    assert response.json() == {
        **OK,
        "AddResult": [
            {"Target": TARGET, **OK, "CustomData": {}},
            {"Target": TARGET, **OK, "CustomData": {"var_lead": 17, "var_more": "x"}},
        ],
    }
    first, second = customer.pending()
    assert (first["CallerID"], first["CallerName"], first["CustomerName"]) == ("0722776772", "Sales", "Dana")
    assert second["CustomData"] == {"var_lead": 17, "var_more": "x"}
    assert Intake.objects.get().api == "voicenter"


def test_case_38_one_good_one_bad(customer):
    response = customer.json("AddCallsBulk", [item(customer, 502454545000), item(customer, "abc", CustomData=[])])
    assert response.json() == {
        **OK,
        "AddResult": [
            {"Target": 502454545000, **OK, "CustomData": {}},
            {"Target": "abc", "ErrorCode": 2, "Description": "The target is invalid", "CustomData": {}},
        ],
    }
    assert customer.calls().count() == 1


def test_each_fault_has_its_own_code(customer):
    items = [
        item(customer),
        {"Campaign": "nope", "Target": TARGET},
        {"Target": TARGET},
        {"Campaign": customer.a},
        item(customer, Callerid="xyz"),
        item(customer, Priority="high"),
    ]
    results = customer.json("AddCallsBulk", items).json()["AddResult"]
    assert [result["ErrorCode"] for result in results] == [0, 1, 1, 2, 4, 2]
    assert [result["Target"] for result in results] == [TARGET, TARGET, TARGET, "", TARGET, TARGET]
    assert "Priority" in results[5]["Description"]


@pytest.mark.parametrize(("first", "code"), [({"Target": "abc"}, 2), ({"Campaign": "nope"}, 1), ({"Callerid": "x"}, 4)])
def test_case_39_nothing_but_bad_items(customer, first, code):
    response = customer.json("AddCallsBulk", [{**item(customer), **first}, item(customer, "abc")]).json()
    assert response["ErrorCode"] == code
    assert response["Description"] == response["AddResult"][0]["Description"]
    assert [result["ErrorCode"] for result in response["AddResult"]] == [code, 2]
    assert not Call.objects.exists()
    assert not Intake.objects.exists()


def test_case_40_two_campaigns(customer):
    second = customer.another_campaign()
    items = [item(customer), {**item(customer, "0502454546"), "Campaign": f" {second} "}, item(customer, "0502454547")]
    assert customer.json("AddCallsBulk", items).json()["ErrorCode"] == 0
    assert [call["Phone"] for call in customer.pending()] == ["972502454545", "972502454547"]
    assert [call["Phone"] for call in customer.pending(second)] == ["972502454546"]


def test_campaigns_of_two_accounts_get_an_intake_each(customer):
    other = Account.objects.get(pk=customer.world.other_account(country="IT")["account"])
    theirs = campaign_operations.create_campaign(account=other, now=customer.world.now, name="x")
    items = [item(customer), {"Campaign": identifiers.voicenter_code(theirs), "Target": TARGET}]
    assert customer.json("AddCallsBulk", items).json()["ErrorCode"] == 0
    stored = Call.objects.order_by("id").values_list("account_id", "intake__account_id", "destination")
    # Each account's own country is meant by the leading 0.
    assert set(stored) == {
        (customer.account.pk, customer.account.pk, "+972502454545"),
        (other.pk, other.pk, "+390502454545"),
    }


def test_a_finished_campaign_s_items_are_refused_and_the_others_added(customer):
    finished = customer.world.campaign()
    customer.move(CampaignState.FINISHED, finished)
    items = [{**item(customer), "Campaign": identifiers.voicenter_code(finished)}, item(customer)]
    response = customer.json("AddCallsBulk", items).json()
    assert [result["ErrorCode"] for result in response["AddResult"]] == [1, 0]
    assert Call.objects.count() == 1


def test_case_41_get_and_form(customer):
    required = {"ErrorCode": 3, "Description": "JSON body required"}
    response = customer.get("AddCallsBulk", Campaign=customer.a, Target=TARGET)
    assert (response.status_code, response.json(), response["Allow"]) == (405, required, "POST")
    response = customer.form("AddCallsBulk", Campaign=customer.a, Target=TARGET)
    assert (response.status_code, response.json()) == (415, required)
    response = customer.raw("AddCallsBulk", f"Campaign={customer.a}", "application/x-www-form-urlencoded")
    assert (response.status_code, response.json()) == (415, required)


@pytest.mark.parametrize("content_type", ["application/json; charset=utf-8", "text/json", "text/plain", ""])
def test_json_is_known_by_its_type_or_its_first_sign(customer, content_type):
    body = "\n " + json.dumps([item(customer)])
    assert customer.raw("AddCallsBulk", body, content_type).json()["ErrorCode"] == 0


@pytest.mark.parametrize("body", ["[]", "7", '"text"', "null", "[7]", '[{"Target":"1"},null]', "[[]]"])
def test_case_42_no_items(customer, body):
    response = customer.raw("AddCallsBulk", body)
    assert (response.status_code, response.json()["ErrorCode"]) == (200, 2)
    assert "AddResult" not in response.json()


@pytest.mark.parametrize("body", ["{{{", "", "[{", "nonsense"])
def test_no_json(customer, body):
    response = customer.raw("AddCallsBulk", body)
    assert (response.status_code, response.json()["ErrorCode"]) == (400, 3)


def test_a_lone_object_counts_as_one(customer):
    response = customer.json("AddCallsBulk", item(customer))
    assert response.json() == {**OK, "AddResult": [{"Target": TARGET, **OK, "CustomData": {}}]}


def test_the_query_fills_in_what_items_lack(customer):
    items = [{"Target": TARGET}, {"campaign": "nope", "Target": TARGET}]
    response = customer.raw(f"AddCallsBulk?Campaign={customer.a}&async=true", json.dumps(items)).json()
    assert [result["ErrorCode"] for result in response["AddResult"]] == [0, 1]


def test_case_43_more_items_than_have_results(customer):
    items = [item(customer)] * batches.MOST_RESULTS
    assert len(customer.json("AddCallsBulk", items).json()["AddResult"]) == 3000
    assert customer.json("AddCallsBulk", [*items, item(customer, async_=True)]).json() == OK
    assert customer.calls().count() == 6001


def test_case_44_too_many_items(customer):
    response = customer.json("AddCallsBulk", [item(customer)] * 100_001)
    assert (response.status_code, response.json()) == (413, {"ErrorCode": 2, "Description": "Too many calls"})
    assert not Call.objects.exists()


def test_a_body_above_the_limit(customer):
    response = customer.raw("AddCall", b'{"x":"' + b"x" * (4 * 1024 * 1024) + b'"}')
    assert (response.status_code, response.json()["ErrorCode"]) == (413, 2)
    response = customer.raw("AddCallsBulk", b" " * (64 * 1024 * 1024 + 1))
    assert (response.status_code, response.json()["ErrorCode"]) == (413, 2)


def statements(customer, items) -> int:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert customer.json("AddCallsBulk", items).json()["ErrorCode"] == 0
    return len([query for query in captured if "executemany" not in query["sql"] and "times: " not in query["sql"]])


def test_the_number_of_statements_does_not_depend_on_the_number_of_items(customer):
    second = customer.another_campaign()
    mixed = [{**item(customer, f"05{n:08}"), "Campaign": (customer.a, second, "nope")[n % 3]} for n in range(990)]
    assert statements(customer, mixed) == statements(customer, mixed[:30])


def test_unknown_codes_cost_no_statement_each(customer):
    items = [item(customer), *({"Campaign": f"{n}v0", "Target": TARGET} for n in range(900))]
    assert statements(customer, items) == statements(customer, items[:2])


def test_a_hundred_codes_are_looked_up_and_no_more(customer):
    items = [item(customer, Code=f"bogus{n}") for n in range(300)] + [item(customer)]
    with CaptureQueriesContext(connection) as captured:
        assert customer.json("AddCallsBulk", items).json()["ErrorCode"] == 0
    assert len(captured) < batches.MOST_CODES + 20
    assert customer.calls().count() == 1
