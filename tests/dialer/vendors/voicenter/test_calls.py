"""Adding, removing and changing calls: acceptance cases 1 to 20, 30, 36, 45 to 50."""

from __future__ import annotations

import pytest

from campaigns.models import Call, CallerId, Intake
from campaigns.states import CallState, CampaignState, Channel, Outcome, Reason
from tests.dialer.vendors.voicenter.conftest import OK

INVALID_TARGET = {"ErrorCode": 2, "Description": "The target is invalid"}
INVALID_CAMPAIGN = {"ErrorCode": 1, "Description": "Invalid campaign code"}
INVALID_CALLER_ID = {"ErrorCode": 4, "Description": "Invalid caller id"}


def assert_refused(response, body, status=200):
    assert (response.status_code, response.json()) == (status, body)
    assert not Call.objects.exists()


def test_case_01_add_call_json(customer):
    response = customer.add()
    assert response.status_code == 200
    assert response.json() == OK
    assert response["Content-Type"] == "application/json; charset=utf-8"
    assert customer.details()["TotalPendingCalls"] == 1
    call = customer.calls().get()
    assert (call.number, call.destination) == ("0502454545", "+972502454545")
    assert (call.channel, call.intake.api) == (Channel.VOICE, "voicenter")
    assert call.due_at == customer.world.now


def test_case_02_add_call_get_with_variables(customer):
    response = customer.get("AddCall", Campaign=customer.a, Target="0502454545", var_test1="1", var_test2="somevalue")
    assert response.json() == OK
    assert customer.pending()[0]["CustomData"] == {"var_test1": "1", "var_test2": "somevalue"}


@pytest.mark.parametrize("kind", ["multipart", "urlencoded"])
def test_case_03_add_call_form(customer, kind):
    fields = {"Campaign": customer.a, "Target": "0502454545", "var_test1": "1", "var_test2": "somevalue"}
    if kind == "multipart":
        response = customer.form("AddCall", **fields)
    else:
        body = "&".join(f"{name}={value}" for name, value in fields.items())
        response = customer.raw("AddCall", body, "application/x-www-form-urlencoded")
    assert response.json() == OK
    assert customer.pending()[0]["CustomData"] == {"var_test1": "1", "var_test2": "somevalue"}


def test_case_04_custom_data_keeps_its_types(customer):
    data = {"var_test1": 1, "var_deep": {"a": [True, None, 1.5]}, "plain": "kept"}
    assert customer.add(CustomData=data).json() == OK
    assert customer.pending()[0]["CustomData"] == data


def test_variables_at_the_top_of_json_are_merged_into_custom_data(customer):
    assert customer.add(CustomData={"var_a": 1, "var_b": 2}, var_b=3, Var_C="x").json() == OK
    assert customer.pending()[0]["CustomData"] == {"var_a": 1, "var_b": 3, "Var_C": "x"}


def test_case_05_unknown_campaign(customer):
    for code in ("nope", "1vnope", customer.a + "0", customer.a[:-1], customer.a.upper()):
        assert_refused(customer.json("AddCall", Campaign=code, Target="0502454545"), INVALID_CAMPAIGN)


@pytest.mark.parametrize("fields", [{}, {"Campaign": ""}, {"Campaign": None}, {"Campaign": ["x"]}, {"Campaign": True}])
def test_case_06_no_campaign(customer, fields):
    assert_refused(customer.json("AddCall", Target="0502454545", **fields), INVALID_CAMPAIGN)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        *(
            {"Target": target}
            for target in ("abc", "12", "", None, True, 1.5, [], {}, "0" * 65, "+", "1234567890123456")
        ),
        *({"Target": target} for target in ("0502454545;0502454546", "050245454x", "5.02E+08")),
    ],
)
def test_case_07_bad_target(customer, fields):
    assert_refused(customer.json("AddCall", Campaign=customer.a, **fields), INVALID_TARGET)


@pytest.mark.parametrize("value", ["xyz", "12", 1.5, True, ["0722776772"], "1" * 33])
def test_case_08_bad_caller_id(customer, value):
    assert_refused(customer.add(Callerid=value), INVALID_CALLER_ID)


@pytest.mark.parametrize(
    ("fields", "stored"),
    [
        ({"Callerid": "Anonymous"}, "Anonymous"),
        ({"CallerID": "ANONYMOUS"}, "Anonymous"),
        ({"Callerid": ""}, ""),
        ({"Callerid": None}, ""),
        ({}, ""),
        ({"CallerID": 972722776772}, "972722776772"),
    ],
)
def test_case_09_caller_id_hidden_or_absent(customer, fields, stored):
    assert customer.add(**fields).json() == OK
    assert customer.calls().get().caller_id == stored
    assert customer.pending()[0]["CallerID"] == stored


def test_case_10_both_spellings_of_caller_id(customer):
    assert customer.add(Callerid="0722776772").json() == OK
    assert customer.add(CallerID="0722776772").json() == OK
    assert [call["CallerID"] for call in customer.pending()] == ["0722776772"] * 2


def test_a_caller_id_must_be_listed_where_the_account_lists_any(customer):
    CallerId.objects.create(account=customer.account, number="972722776772")
    CallerId.objects.create(account=customer.account, number="1700")
    for listed in ("0722776772", "+972-72-277-6772", "1700", "Anonymous", ""):
        assert customer.add(CallerID=listed).json() == OK
    assert customer.add(CallerID="0722776773").json() == INVALID_CALLER_ID
    assert customer.add(CallerID="1701").json() == INVALID_CALLER_ID
    assert customer.calls().count() == 5


def test_case_11_the_same_target_twice(customer):
    assert customer.add().json() == OK
    assert customer.add().json() == OK
    assert customer.details()["TotalPendingCalls"] == 2


def test_case_12_priorities(customer):
    for priority in (1, "42", 7):
        assert customer.add(Priority=priority).json() == OK
    details = customer.details()
    assert (details["MaxPriority"], details["MinPriority"]) == (42, 1)
    assert [call["Priority"] for call in customer.pending()] == [42, 7, 1]


def test_ties_go_by_time_then_by_arrival(customer):
    later = int(customer.world.now.timestamp()) + 600
    for name, fields in {
        "late": {"OriginateTime": later + 60},
        "soon": {"OriginateTime": later},
        "first": {},
        "second": {"OriginateTime": 0},
        "lowest": {"Priority": -5},
    }.items():
        assert customer.add(CustomerName=name, **fields).json() == OK
    assert [call["CustomerName"] for call in customer.pending()] == ["first", "second", "soon", "late", "lowest"]
    assert customer.details()["MinPriority"] == -5


@pytest.mark.parametrize("value", ["high", 1.5, True, [], {}, 2**31, -(2**31) - 1, "1_0", "٣"])
def test_case_13_bad_priority(customer, value):
    response = customer.add(Priority=value)
    assert response.json()["ErrorCode"] == 2
    assert "Priority" in response.json()["Description"]
    assert not customer.calls().exists()


@pytest.mark.parametrize("value", ["soon", -1, 1_900_000_000_000, 0.5, False, []])
def test_bad_originate_time(customer, value):
    response = customer.add(OriginateTime=value)
    assert response.json()["ErrorCode"] == 2
    assert "OriginateTime" in response.json()["Description"]
    assert not customer.calls().exists()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("IsDateLocal", "maybe"),
        ("IgnoreDncStatus", 2),
        ("CustomData", "text"),
        ("CustomData", [1]),
        ("CustomerName", {"first": "Dana"}),
        ("CustomerName", "x" * 256),
        ("CallerName", "x" * 65),
    ],
)
def test_a_wrong_field_is_named(customer, field, value):
    response = customer.add(**{field: value})
    assert response.json()["ErrorCode"] == 2
    assert field in response.json()["Description"]
    assert not customer.calls().exists()


def test_faults_are_told_in_the_order_of_the_contract(customer):
    everything = {"Campaign": "nope", "Target": "abc", "Callerid": "xyz", "Priority": "high"}
    codes = []
    for right in ({}, {"Campaign": customer.a}, {"Target": "0502454545"}, {"Callerid": ""}, {"Priority": 1}):
        everything |= right
        codes.append(customer.json("AddCall", everything).json()["ErrorCode"])
    assert codes == [1, 2, 4, 2, 0]


@pytest.mark.parametrize(
    ("is_local", "hour_utc"),
    # Jerusalem is two hours ahead of Greenwich in winter.
    [({}, 15), ({"IsDateLocal": False}, 15), ({"IsDateLocal": "false"}, 15), ({"IsDateLocal": "true"}, 13)],
)
def test_originate_time_is_the_epoch_or_the_account_s_clock(customer, is_local, hour_utc):
    three = customer.world.now.replace(hour=15)
    assert customer.add(OriginateTime=str(int(three.timestamp())), **is_local).json() == OK
    call = customer.calls().get()
    assert call.due_at == three.replace(hour=hour_utc)
    assert (call.ready, call.reason) == (False, Reason.DUE)
    assert customer.pending()[0]["OriginateTime"] == int(three.timestamp())


def test_a_time_that_has_passed_is_at_once(customer):
    assert customer.add(OriginateTime=1_700_000_000).json() == OK
    call = customer.calls().get()
    assert (call.due_at, call.ready) == (customer.world.now, True)


def test_all_fields_come_back(customer):
    when = int(customer.world.now.timestamp()) + 3600
    sent = {
        "CallerID": "0722776772",
        "CallerName": "Sales",
        "CustomerName": "Dana",
        "Priority": 42,
        "OriginateTime": when,
        "IgnoreDncStatus": "true",
        "CustomData": {"var_lead": 17},
        "Unknown": "ignored",
    }
    assert customer.add(**sent).json() == OK
    assert customer.pending() == [
        {
            "Phone": "972502454545",
            "CallerID": "0722776772",
            "CallerName": "Sales",
            "OriginateTime": when,
            "Priority": 42,
            "CustomerName": "Dana",
            "CallStatus": {"Status": 1, "Description": "Pending"},
            "CustomData": {"var_lead": 17},
        }
    ]
    assert customer.calls().get().ignores_suppression


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ("0502454545", "972502454545"),
        ("+972-50-245-4545", "972502454545"),
        ("00972 (50) 245.4545", "972502454545"),
        ("972502454545", "972502454545"),
        (972502454545, "972502454545"),
        (" 0544444444 ", "972544444444"),
        ("+9720502454545", "972502454545"),
        ("+0502454545", "972502454545"),
        ("12125550123", "12125550123"),
        # In no numbering plan, yet 7 to 15 digits.
        ("1234567", "1234567"),
        ("0123456", "972123456"),
    ],
)
def test_targets_are_normalised(customer, sent, stored):
    assert customer.add(sent).json() == OK
    assert customer.pending()[0]["Phone"] == stored


@pytest.mark.parametrize(
    ("country", "stored"),
    # An Italian number keeps its zero; in the United States none begins with one, so the vendor's country is meant.
    [("IL", "972502454545"), ("IT", "390502454545"), ("FR", "33502454545"), ("US", "972502454545")],
)
def test_a_leading_nought_is_the_account_s_country(customer, country, stored):
    customer.account.country = country
    customer.account.save()
    assert customer.add().json() == OK
    assert customer.pending()[0]["Phone"] == stored


def test_the_code_of_a_malformed_target_can_be_set(customer, settings):
    settings.VOICENTER = settings.VOICENTER | {"format_fault_code": -2}
    assert customer.add("abc").json() == {"ErrorCode": -2, "Description": "The target is invalid"}
    assert customer.add("").json()["ErrorCode"] == 2


SAMPLE_WITHOUT_COMMA = """{
  "Campaign": "CODE",
  "Target": "0502454545",
  "Callerid": "0722776772",
  "CustomerName": "John Doe"
  "Priority": 42,
  "CustomData": {
    "var_test1": 1,
    "var_tesy2": "somevalue"
  }
}"""


def test_case_15_add_call_with_the_missing_comma(customer):
    response = customer.raw("AddCall", SAMPLE_WITHOUT_COMMA.replace("CODE", f" {customer.a} "))
    assert response.json() == OK
    pending = customer.pending()[0]
    assert (pending["CustomerName"], pending["Priority"]) == ("John Doe", 42)
    assert pending["CustomData"] == {"var_test1": 1, "var_tesy2": "somevalue"}


@pytest.mark.parametrize("body", ["{{{", "", "null", "7", '"text"', "[]", "[{}]", '{"a":1e999}', '{"a":"\\ud800"}'])
def test_case_16_no_json_object(customer, body):
    response = customer.raw("AddCall", body)
    if body == "":
        assert response.json() == INVALID_CAMPAIGN
        return
    assert response.status_code == 400
    assert response.json()["ErrorCode"] == 3


def test_case_17_remove_call(customer):
    customer.add()
    customer.add()
    customer.add("0502454546")
    assert customer.json("RemoveCall", Campaign=customer.a, Target="0502454545").json() == OK
    assert [call["Phone"] for call in customer.pending()] == ["972502454546"]
    removed = customer.calls().first()
    assert (removed.state, removed.outcome, removed.reason) == (CallState.DONE, Outcome.CANCELLED, Reason.CANCELLED)


def test_case_18_remove_call_again(customer):
    customer.add()
    answers = [customer.json("RemoveCall", Campaign=customer.a, Target="0502454545").json() for _ in range(2)]
    assert answers == [OK, INVALID_TARGET]


def test_case_19_remove_call_in_another_spelling(customer):
    customer.add()
    assert customer.get("RemoveCall", Campaign=customer.a, Target="+972-50-245-4545").json() == OK
    assert customer.pending() == []


def test_case_20_remove_call_with_a_trailing_comma(customer):
    customer.add()
    body = f'{{\n"Campaign": "{customer.a}",\n"Target": "0502454545",\n}}'
    assert customer.raw("RemoveCall", body).json() == OK
    assert customer.pending() == []


def test_remove_call_leaves_what_is_being_dialled(customer):
    customer.add()
    Call.objects.update(state=CallState.LIVE, ready=False)
    assert customer.json("RemoveCall", Campaign=customer.a, Target="0502454545").json() == INVALID_TARGET
    assert customer.calls().get().cancel_requested_at is None


def test_remove_call_without_target(customer):
    assert customer.json("RemoveCall", Campaign=customer.a).json() == INVALID_TARGET


def test_case_30_add_call_while_stopped(customer):
    assert customer.get("StopCampaign", Campaign=customer.a).json() == OK
    assert customer.add().json() == OK
    assert customer.details() == {
        "Name": "Leads",
        "StatusName": "Disabled",
        "TotalPendingCalls": 1,
        "TotalAwaitingCalls": 1,
        "MaxPriority": 0,
        "MinPriority": 0,
        "Code": customer.a,
    }


def test_a_finished_campaign_takes_no_calls_and_says_why(customer):
    customer.move(CampaignState.FINISHED)
    refused = {"ErrorCode": 1, "Description": "Invalid campaign code: the campaign is finished"}
    assert_refused(customer.add(), refused)
    assert_refused(customer.add("abc"), refused)
    assert not Intake.objects.exists()


def test_case_36_clear_campaign_calls(customer):
    for _ in range(3):
        customer.add()
    live = customer.calls().last()
    Call.objects.filter(pk=live.pk).update(state=CallState.LIVE, ready=False)
    customer.add()
    other = customer.another_campaign()
    customer.json("AddCall", Campaign=other, Target="0502454545")
    for _ in range(2):
        assert customer.form("ClearCampaignCalls", Campaign=customer.a).json() == OK
        assert customer.details()["TotalPendingCalls"] == 0
    live.refresh_from_db()
    assert (live.state, live.cancel_requested_at) == (CallState.LIVE, None)
    assert customer.details(other)["TotalPendingCalls"] == 1


def test_case_45_pending_call_after_case_1(customer):
    customer.add()
    response = customer.json("GetCampaignPendingCalls", Campaign=customer.a)
    assert response.json() == {
        "Data": {
            "Calls": [
                {
                    "Phone": "972502454545",
                    "CallerID": "",
                    "CallerName": "",
                    "OriginateTime": 0,
                    "Priority": 0,
                    "CustomerName": "",
                    "CallStatus": {"Status": 1, "Description": "Pending"},
                    "CustomData": {},
                }
            ],
            "Campaign": customer.details(),
        },
        **OK,
    }


def test_case_46_no_pending_calls(customer):
    data = customer.json("GetCampaignPendingCalls", Campaign=customer.a).json()["Data"]
    assert data["Calls"] == []
    assert {data["Campaign"][name] for name in ("TotalPendingCalls", "MaxPriority", "MinPriority")} == {0}


def test_case_47_pending_calls_by_get_or_form(customer):
    response = customer.get("GetCampaignPendingCalls", Campaign=customer.a)
    assert (response.status_code, response["Allow"]) == (405, "POST")
    assert response.json() == {"ErrorCode": 3, "Description": "JSON body required"}
    response = customer.form("GetCampaignPendingCalls", Campaign=customer.a)
    assert response.status_code == 415
    assert response.json() == {"ErrorCode": 3, "Description": "JSON body required"}


def test_case_48_update_call_changes_only_what_was_sent(customer):
    customer.add(CustomerName="Dana", CustomData={"var_lead": 17}, CallerName="Sales", CallerID="0722776772")
    customer.add(CustomerName="Noa")
    customer.add("0502454546")
    before = customer.pending()
    assert customer.json("UpdateCall", Campaign=customer.a, Target="972502454545", Priority=5).json() == OK
    after = customer.pending()
    assert after == [{**before[0], "Priority": 5}, {**before[1], "Priority": 5}, before[2]]


def test_update_call_keeps_what_other_doors_have_noted(customer):
    customer.add()
    Call.objects.update(extra={"mark": "theirs"})
    assert customer.json("UpdateCall", Campaign=customer.a, Target="0502454545", CustomerName="Dana").json() == OK
    assert customer.calls().get().extra == {"mark": "theirs", "customer_name": "Dana"}


def test_update_call_can_take_a_caller_id_and_a_time_away(customer):
    when = int(customer.world.now.timestamp()) + 3600
    customer.add(CallerID="0722776772", OriginateTime=when)
    update = {"Campaign": customer.a, "Target": "0502454545", "CallerID": "", "OriginateTime": 0}
    assert customer.json("UpdateCall", update).json() == OK
    call = customer.calls().get()
    assert (call.caller_id, call.due_at, call.ready, call.reason) == ("", customer.world.now, True, Reason.NONE)
    assert customer.pending()[0]["OriginateTime"] == 0
    assert customer.json("UpdateCall", Campaign=customer.a, Target="0502454545", OriginateTime=when).json() == OK
    call.refresh_from_db()
    assert (call.due_at.timestamp(), call.ready, call.reason) == (when, False, Reason.DUE)


def test_case_49_update_call_replaces_custom_data(customer):
    customer.add(CustomData={"var_test1": 1, "var_test2": 2}, CustomerName="Dana")
    assert customer.get("UpdateCall", Campaign=customer.a, Target="0502454545", var_test1="2").json() == OK
    assert customer.pending()[0]["CustomData"] == {"var_test1": "2"}
    assert customer.pending()[0]["CustomerName"] == "Dana"


def test_case_50_update_call_of_an_unknown_target(customer):
    response = customer.json("UpdateCall", Campaign=customer.a, Target="0502454545", Priority="high")
    assert_refused(response, INVALID_TARGET)


def test_update_call_refuses_and_changes_nothing(customer):
    customer.add(Priority=1)
    for fields, code in (({"Callerid": "xyz", "Priority": "x"}, 4), ({"Priority": "x", "CustomerName": "Dana"}, 2)):
        update = {"Campaign": customer.a, "Target": "0502454545", **fields}
        assert customer.json("UpdateCall", update).json()["ErrorCode"] == code
    assert (customer.pending()[0]["Priority"], customer.pending()[0]["CustomerName"]) == (1, "")
    assert customer.json("UpdateCall", Campaign=customer.a, Target="0502454545").json() == OK
