"""Campaigns and their members: acceptance cases 21 to 35 and 51 to 54."""

from __future__ import annotations

from decimal import Decimal

import pytest

from campaigns.models import Account, Campaign, Member
from campaigns.operations import campaigns as campaign_operations
from campaigns.states import CampaignState
from dialer.vendors.voicenter import statuses, steering
from tests.dialer.vendors.voicenter.conftest import OK

KEYS = {"Name", "StatusName", "TotalPendingCalls", "TotalAwaitingCalls", "MaxPriority", "MinPriority", "Code"}
FINISHED = {"ErrorCode": 1, "Description": "Invalid campaign code: the campaign is finished"}


def test_every_state_has_a_word_of_the_vendor_s():
    assert set(statuses.STATUS_NAMES) == set(CampaignState)
    assert set(statuses.STATUS_NAMES.values()) == {"Enabled", "Disabled", "Deleted"}
    assert statuses.STATUS_NAMES[CampaignState.RUNNING] == "Enabled"


def test_started_is_enabled_and_stopped_is_disabled_whatever_it_was():
    for moves, name in ((statuses.STARTED, "Enabled"), (statuses.STOPPED, "Disabled")):
        for state in set(CampaignState) - {CampaignState.DELETED}:
            assert statuses.STATUS_NAMES[moves.get(state, state)] == name


@pytest.mark.parametrize("how", ["get", "form", "json"])
def test_case_21_campaign_list(customer, how):
    second = customer.another_campaign(name="Second")
    customer.add(Priority=9)
    customer.add()
    response = getattr(customer, how)("GetCampaignList", Code=customer.code)
    first = {
        "Name": "Leads",
        "StatusName": "Enabled",
        "TotalPendingCalls": 2,
        "TotalAwaitingCalls": 2,
        "MaxPriority": 9,
        "MinPriority": 0,
        "Code": customer.a,
    }
    numbers = dict.fromkeys(("TotalPendingCalls", "TotalAwaitingCalls", "MaxPriority", "MinPriority"), 0)
    assert response.json() == {"Data": [first, {**first, "Name": "Second", "Code": second, **numbers}], **OK}


def test_campaign_list_shows_every_state_and_no_other_account_s(customer):
    for state in (CampaignState.PAUSED, CampaignState.FINISHED, CampaignState.DELETED):
        customer.move(state, customer.world.campaign(name=state))
    campaign_operations.create_campaign(account=customer.account, now=customer.world.now, name="draft")
    other = Account.objects.get(pk=customer.world.other_account()["account"])
    campaign_operations.create_campaign(account=other, now=customer.world.now, name="theirs")
    names = {c["Name"]: c["StatusName"] for c in customer.get("GetCampaignList", Code=customer.code).json()["Data"]}
    assert names == {
        "Leads": "Enabled",
        "paused": "Disabled",
        "finished": "Disabled",
        "deleted": "Deleted",
        "draft": "Disabled",
    }


def test_campaign_list_takes_the_same_number_of_statements_however_many(customer, django_assert_num_queries):
    # The credential, its use noted, the address list, the campaigns, their numbers.
    customer.get("GetCampaignList", Code=customer.code)
    for _ in range(2):
        with django_assert_num_queries(4):
            customer.get("GetCampaignList", Code=customer.code)
        for _ in range(5):
            customer.another_campaign()


@pytest.mark.parametrize("query", [{}, {"Code": ""}, {"Code": "bad"}])
def test_case_22_campaign_list_of_nobody(customer, query):
    assert customer.get("GetCampaignList", **query).json() == {"ErrorCode": 1, "Description": "Invalid code"}


def test_case_23_account_without_campaigns(customer):
    code = customer.world.other_account()["voicenter"]["code"]
    assert customer.get("GetCampaignList", Code=f" {code} ").json() == {"Data": [], **OK}


def test_case_24_no_members(customer):
    assert customer.get("GetMembersList", Campaign=customer.a).json() == {"Data": [], **OK}


def test_case_25_add_member_twice(customer):
    for added in (1, 0):
        response = customer.json("AddMember", Campaign=customer.a, Member="SIP7")
        assert response.json() == {"Data": {"TotalAdded": added}, **OK}
    listed = customer.form("GetMembersList", Campaign=customer.a).json()["Data"]
    assert listed == [{"Member": "SIP7", "DisplayName": "SIP7"}]


@pytest.mark.parametrize("method", ["AddMember", "RemoveMember"])
def test_case_26_no_member_named(customer, method):
    for fields in ({}, {"Member": ""}, {"Member": None}):
        response = customer.json(method, Campaign=customer.a, **fields)
        assert response.json() == {"ErrorCode": 2, "Description": "Missing required field: Member"}
    for wrong in ("x" * 65, ["SIP7"], True, "  "):
        response = customer.json(method, Campaign=customer.a, Member=wrong)
        assert response.json() == {"ErrorCode": 2, "Description": "Invalid member"}
    assert not Member.objects.exists()


def test_case_27_remove_member_twice(customer):
    campaign_operations.add_member(campaign=customer.campaign, code="SIP7", display_name="Support 1")
    listed = customer.get("GetMembersList", Campaign=customer.a).json()["Data"]
    assert listed == [{"Member": "SIP7", "DisplayName": "Support 1"}]
    for removed in (1, 0):
        response = customer.get("RemoveMember", Campaign=customer.a, Member="SIP7")
        assert response.json() == {"Data": {"TotalRemoved": removed}, **OK}


def test_members_samples_of_the_manual(customer):
    """A comma is missing after the campaign's line, and RemoveMember has a brace too many."""
    add = f'{{\n"Campaign": "{customer.a}"\n"Member": "SIPSIP1"\n}}'
    assert customer.raw("AddMember", add).json() == {"Data": {"TotalAdded": 1}, **OK}
    assert customer.raw("RemoveMember", add + "\n}").json() == {"Data": {"TotalRemoved": 1}, **OK}


def test_case_29_stop_campaign_again(customer):
    for how in (customer.get, customer.json):
        assert how("StopCampaign", Campaign=customer.a).json() == OK
        assert customer.details()["StatusName"] == "Disabled"
    customer.campaign.refresh_from_db()
    assert customer.campaign.state == CampaignState.PAUSED


def test_case_31_start_campaign(customer):
    customer.move(CampaignState.PAUSED)
    for _ in range(2):
        assert customer.get("StartCampaign", Campaign=customer.a).json() == OK
        assert customer.details()["StatusName"] == "Enabled"


def test_start_campaign_begins_a_draft_and_stop_leaves_it(customer):
    Campaign.objects.filter(pk=customer.campaign.pk).update(state=CampaignState.DRAFT)
    assert customer.get("StopCampaign", Campaign=customer.a).json() == OK
    customer.campaign.refresh_from_db()
    assert customer.campaign.state == CampaignState.DRAFT
    assert customer.get("StartCampaign", Campaign=customer.a).json() == OK
    customer.campaign.refresh_from_db()
    assert customer.campaign.state == CampaignState.RUNNING


def test_a_finished_campaign_cannot_be_started_and_is_stopped_already(customer):
    customer.move(CampaignState.FINISHED)
    assert customer.get("StartCampaign", Campaign=customer.a).json() == FINISHED
    assert customer.get("StopCampaign", Campaign=customer.a).json() == OK


def test_case_32_a_deleted_campaign_is_unknown(customer):
    customer.move(CampaignState.DELETED)
    for method in ("StartCampaign", "StopCampaign", "GetCampaignDetails", "AddCall", "ClearCampaignCalls"):
        response = customer.get(method, Campaign=customer.a, Target="0502454545")
        assert response.json() == {"ErrorCode": 1, "Description": "Invalid campaign code"}


SAMPLE_STRATEGY = {"setQueueForMonitoring": 10000, "setQueueMaximumCallers": 0, "setCoefficient": 1}


def strategy_of(customer):
    customer.campaign.refresh_from_db()
    return customer.campaign.extra.get("voicenter"), customer.campaign.calls_per_member


@pytest.mark.parametrize("how", ["get", "form", "json"])
def test_case_33_update_strategy(customer, how):
    response = getattr(customer, how)("UpdateCampaignStrategy", Campaign=customer.a, **SAMPLE_STRATEGY)
    assert response.json() == OK
    assert strategy_of(customer) == ({"setQueueForMonitoring": 10000, "setQueueMaximumCallers": 0}, Decimal(1))


def test_case_34_update_strategy_partly(customer):
    Campaign.objects.filter(pk=customer.campaign.pk).update(extra={"mark": "kept"})
    customer.json("UpdateCampaignStrategy", Campaign=customer.a, **SAMPLE_STRATEGY)
    assert customer.json("UpdateCampaignStrategy", Campaign=customer.a, setCoefficient=2).json() == OK
    assert strategy_of(customer) == ({"setQueueForMonitoring": 10000, "setQueueMaximumCallers": 0}, Decimal(2))
    assert customer.json("UpdateCampaignStrategy", Campaign=customer.a, setqueuemaximumcallers="3").json() == OK
    assert strategy_of(customer) == ({"setQueueForMonitoring": 10000, "setQueueMaximumCallers": 3}, Decimal(2))
    assert customer.campaign.extra["mark"] == "kept"


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({}, "setCoefficient"),
        *(({"setCoefficient": value}, "setCoefficient") for value in ("x", 0, -1, 1000, 0.001, True, [], "1e2", 1e-7)),
        *(({"setQueueForMonitoring": value}, "setQueueForMonitoring") for value in (-1, "x", 1.5, 2**31, {})),
        ({"setQueueMaximumCallers": -1, "setCoefficient": 2}, "setQueueMaximumCallers"),
    ],
)
def test_case_35_update_strategy_refused(customer, fields, named):
    customer.json("UpdateCampaignStrategy", Campaign=customer.a, **SAMPLE_STRATEGY)
    before = strategy_of(customer)
    response = customer.json("UpdateCampaignStrategy", Campaign=customer.a, **fields).json()
    assert response["ErrorCode"] == 2
    assert named in response["Description"]
    assert strategy_of(customer) == before


@pytest.mark.parametrize("how", ["get", "form", "json"])
def test_case_51_details_with_a_padded_code(customer, how):
    response = getattr(customer, how)("GetCampaignDetails", Campaign=f" {customer.a} ").json()
    assert response["ErrorCode"] == 0
    assert set(response["Data"]) == KEYS
    assert response["Data"]["Code"] == customer.a


def members_of(customer):
    customer.campaign.refresh_from_db()
    return customer.campaign.capacity, [m.code for m in customer.campaign.members.order_by("id")]


def configure(customer, **fields):
    return customer.json("ConfigureIvrCampaign", Campaign=customer.a, **fields)


def test_case_52_configure_ivr(customer):
    members = ["SIP1", "SIP2", "SIP3"]
    response = configure(customer, ConcurrentStrategy={"setMaxCalls": 5}, RepresentativeList=members)
    assert response.json() == OK
    assert members_of(customer) == (5, members)


def test_case_53_configure_ivr_replaces_the_list(customer):
    configure(customer, ConcurrentStrategy={"setmaxcalls": "5"}, RepresentativeList=["SIP1", "SIP2", "SIP2"])
    assert configure(customer, RepresentativeList=["SIP9"]).json() == OK
    assert members_of(customer) == (5, ["SIP9"])
    assert configure(customer, ConcurrentStrategy={"setMaxCalls": 0}).json() == OK
    assert members_of(customer) == (0, ["SIP9"])
    assert configure(customer, RepresentativeList=[]).json() == OK
    assert members_of(customer) == (0, [])


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({}, "ConcurrentStrategy"),
        ({"ConcurrentStrategy": {}}, "ConcurrentStrategy"),
        ({"ConcurrentStrategy": 5}, "ConcurrentStrategy"),
        *(({"ConcurrentStrategy": {"setMaxCalls": value}}, "setMaxCalls") for value in (-1, 1.5, "x", True, 2**31)),
        *(({"RepresentativeList": value}, "RepresentativeList") for value in ("SIP1", {}, ["SIP1", None], [""], [[]])),
        ({"ConcurrentStrategy": {"setMaxCalls": 9}, "RepresentativeList": "SIP1"}, "RepresentativeList"),
        ({"ConcurrentStrategy": {"setMaxCalls": -1}, "RepresentativeList": ["SIP9"]}, "setMaxCalls"),
    ],
)
def test_case_54_configure_ivr_refused(customer, fields, named):
    configure(customer, ConcurrentStrategy={"setMaxCalls": 5}, RepresentativeList=["SIP1"])
    response = configure(customer, **fields).json()
    assert response["ErrorCode"] == 2
    assert named in response["Description"]
    assert members_of(customer) == (5, ["SIP1"])


def test_two_requests_that_start_a_campaign_at_once_both_succeed(customer):
    customer.move(CampaignState.PAUSED)
    stale = Campaign.objects.get(pk=customer.campaign.pk)
    steering.move(customer.campaign, statuses.STARTED, customer.world.now)
    steering.move(stale, statuses.STARTED, customer.world.now)
    assert customer.details()["StatusName"] == "Enabled"
