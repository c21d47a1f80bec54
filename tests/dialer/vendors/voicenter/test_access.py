"""Who may ask, from where, and by which path: acceptance cases 55 to 58."""

from __future__ import annotations

import logging

import pytest

from campaigns import identifiers
from campaigns.models import Account, Call
from campaigns.operations import campaigns as campaign_operations
from campaigns.states import CampaignState
from dialer.models import Credential
from dialer.vendors.voicenter import auth, errors, urls
from tests.dialer.vendors.voicenter.conftest import OK, ROOT

INVALID_CAMPAIGN = {"ErrorCode": 1, "Description": "Invalid campaign code"}
DENIED = {"ErrorCode": -1, "Description": "Access denied"}
NAMING_A_CAMPAIGN = sorted(set(urls.METHODS) - {"GetCampaignList", "AddCallsBulk"})


def fields_of(customer) -> dict:
    """Return fields with which every method that names a campaign succeeds."""
    customer.add()
    return {
        "Campaign": customer.a,
        "Target": "0502454545",
        "Member": "SIP7",
        "setCoefficient": 2,
        "RepresentativeList": ["SIP7"],
    }


@pytest.mark.parametrize("method", NAMING_A_CAMPAIGN)
def test_case_55_the_code_of_another_account(customer, method):
    fields = fields_of(customer)
    other = customer.world.other_account()["voicenter"]["code"]
    before = Call.objects.values_list("id", "state", "priority").get()
    for code in (other, "unknown", 17, ["x"]):
        assert customer.json(method, {**fields, "Code": code}).json() == INVALID_CAMPAIGN
    assert Call.objects.values_list("id", "state", "priority").get() == before
    for code in (customer.code, f" {customer.code} ", "", None):
        answered = customer.json(method, {**fields, "Code": code}).json()["ErrorCode"]
        # What was removed already cannot be removed again.
        assert answered == 0 or method == "RemoveCall"


def test_case_55_in_an_item_of_a_batch(customer):
    other = customer.world.other_account()["voicenter"]["code"]
    item = {"Campaign": customer.a, "Target": "0502454545"}
    items = [{**item, "Code": other}, {**item, "Code": customer.code}, item]
    response = customer.json("AddCallsBulk", items).json()
    assert [result["ErrorCode"] for result in response["AddResult"]] == [1, 0, 0]
    assert Call.objects.count() == 2


def test_the_code_can_be_made_compulsory(customer, settings):
    settings.VOICENTER = settings.VOICENTER | {"require_code": True}
    assert customer.add().json() == INVALID_CAMPAIGN
    assert customer.add(Code=customer.code).json() == OK
    items = [{"Campaign": customer.a, "Target": "0502454545"}] * 2
    assert customer.json("AddCallsBulk", items).json()["ErrorCode"] == 1
    items[1] = {**items[1], "Code": customer.code}
    results = customer.json("AddCallsBulk", items).json()["AddResult"]
    assert [result["ErrorCode"] for result in results] == [1, 0]


def test_a_campaign_of_a_disabled_account_is_unknown(customer):
    Account.objects.update(is_active=False)
    assert customer.add().json() == INVALID_CAMPAIGN
    assert customer.get("GetCampaignList", Code=customer.code).json()["ErrorCode"] == 1


@pytest.mark.parametrize("method", sorted(urls.METHODS))
def test_case_56_an_unlisted_address(customer, method):
    fields = {**fields_of(customer), "Code": customer.code}
    before = Call.objects.get()
    customer.allow_only("192.0.2.7", "198.51.100.0/24")
    response = customer.json(method, fields)
    assert (response.status_code, response.json()) == (403, DENIED)
    assert response["Content-Type"] == "application/json; charset=utf-8"
    assert Call.objects.get().state == before.state
    # The address is asked before all that the fields may have wrong.
    response = customer.json(method, {**fields, "Target": "abc", "Member": "", "Code": customer.code})
    assert response.status_code == 403
    customer.allow_only("192.0.2.7", "127.0.0.0/8")
    assert customer.json(method, fields).json()["ErrorCode"] == 0


def test_case_56_by_the_account_s_code_alone(customer):
    customer.allow_only("192.0.2.7")
    response = customer.json("AddCall", Campaign="nope", Target="0502454545", Code=customer.code)
    assert response.status_code == 403
    assert customer.json("AddCall", Campaign="nope", Target="0502454545").json() == INVALID_CAMPAIGN


def test_switching_a_code_off_does_not_open_the_address_list(customer):
    customer.allow_only("192.0.2.7")
    Credential.objects.filter(account=customer.account, api="voicenter").update(is_active=False)
    assert customer.add().status_code == 403


def test_one_account_s_list_shuts_the_whole_batch(customer):
    customer.allow_only("192.0.2.7")
    other = Account.objects.get(pk=customer.world.other_account()["account"])
    theirs = campaign_operations.create_campaign(account=other, now=customer.world.now, name="x", start=True)
    code = identifiers.voicenter_code(theirs)
    items = [{"Campaign": code, "Target": "0502454545"}, {"Campaign": customer.a, "Target": "0502454545"}]
    response = customer.json("AddCallsBulk", items)
    assert (response.status_code, response.json()) == (403, DENIED)
    assert not Call.objects.exists()


@pytest.mark.parametrize(
    ("trusted", "peer", "forwarded", "seen"),
    [
        ([], "10.0.0.1", "192.0.2.7", "10.0.0.1"),
        (["10.0.0.0/8"], "10.0.0.1", "192.0.2.7", "192.0.2.7"),
        (["10.0.0.0/8"], "203.0.113.9", "192.0.2.7", "203.0.113.9"),
        # What stands left of the first untrusted hop is the caller's own claim.
        (["10.0.0.0/8"], "10.0.0.1", "192.0.2.7, 203.0.113.9, 10.0.0.2", "203.0.113.9"),
        (["10.0.0.0/8"], "10.0.0.1", "", "10.0.0.1"),
        (["10.0.0.0/8"], "10.0.0.1", "nonsense", "nonsense"),
        (["nonsense"], "10.0.0.1", "192.0.2.7", "10.0.0.1"),
    ],
)
def test_the_address_is_taken_only_from_trusted_hops(customer, settings, rf, trusted, peer, forwarded, seen):
    settings.VOICENTER = settings.VOICENTER | {"trusted_proxies": trusted}
    request = rf.get("/", REMOTE_ADDR=peer, HTTP_X_FORWARDED_FOR=forwarded)
    assert auth.caller(request, now=customer.world.now).address == seen


@pytest.mark.parametrize(
    ("address", "listed", "fits"),
    [
        ("192.0.2.7", ["192.0.2.7"], True),
        ("192.0.2.7", [" 192.0.2.0/24 "], True),
        ("::ffff:192.0.2.7", ["192.0.2.7"], True),
        ("2001:db8::1", ["2001:db8::/32"], True),
        ("192.0.2.7", ["2001:db8::/32", "nonsense", "", "192.0.2.8"], False),
        ("", ["0.0.0.0/0"], False),
        ("nonsense", ["nonsense"], False),
    ],
)
def test_addresses_and_networks(address, listed, fits):
    assert auth.is_listed(address, listed) is fits


@pytest.mark.parametrize(
    "path", ["/forwarddialer/dialer/addcall", "/forwardDialer/Dialer/AddCall/", "/FORWARDDIALER/DIALER/ADDCALL"]
)
def test_case_57_the_case_of_the_path_and_a_slash_do_not_matter(customer, path):
    response = customer.world.client.get(path, {"campaign": customer.a, "TARGET": "0502454545"})
    assert response.json() == OK


@pytest.mark.parametrize("path", ["Nope", "", "AddCall/x", "AddCallX", "%0A", "AddCall%0Ax"])
@pytest.mark.parametrize("verb", ["get", "post", "put", "delete", "options"])
def test_case_58_an_unknown_method(customer, path, verb):
    response = getattr(customer.world.client, verb)(ROOT + path)
    assert (response.status_code, response.json()) == (404, {"ErrorCode": 3, "Description": "Unknown method"})


@pytest.mark.parametrize("verb", ["put", "delete", "patch", "options", "head", "trace"])
def test_other_verbs_are_refused_in_the_envelope(customer, verb):
    query = f"?Campaign={customer.a}&Target=0502454545"
    response = getattr(customer.world.client, verb)(f"{ROOT}AddCall{query}")
    assert (response.status_code, response["Allow"]) == (405, "GET, POST")
    assert verb == "head" or response.json()["ErrorCode"] == 3
    assert not Call.objects.exists()


def test_an_internal_fault_says_nothing_of_itself(customer, settings, caplog):
    # A setting that no server should have: the door breaks where nobody foresaw it.
    settings.VOICENTER = None
    with caplog.at_level(logging.ERROR):
        response = customer.add()
    assert response.status_code == 500
    assert response.json() == {"ErrorCode": 3, "Description": "Unexpected internal error"}
    assert customer.a not in caplog.text
    assert not Call.objects.exists()


def test_codes_reach_no_log(customer, caplog):
    with caplog.at_level(logging.DEBUG):
        customer.get("AddCall", Campaign=customer.a, Target="abc", Code=customer.code)
        customer.get("GetCampaignPendingCalls", Campaign=customer.a, Code=customer.code)
        customer.get("Nope", Campaign=customer.a, Code=customer.code)
        customer.raw("AddCall", f'{{"Campaign":"{customer.a}",,}}')
        customer.allow_only("192.0.2.7")
        customer.add(Code=customer.code)
    sql = [record for record in caplog.records if record.name.startswith("django.db")]
    shown = "\n".join(record.getMessage() for record in caplog.records if record not in sql)
    assert customer.a not in shown
    assert customer.code not in shown


def test_an_accept_header_or_a_format_changes_nothing(customer):
    response = customer.world.client.get(
        f"{ROOT}GetCampaignDetails", {"Campaign": customer.a, "format": "xml"}, HTTP_ACCEPT="text/xml"
    )
    assert response.json()["ErrorCode"] == 0
    assert response["Content-Type"] == errors.CONTENT_TYPE


def test_a_deleted_campaign_in_a_batch_is_unknown(customer):
    customer.move(CampaignState.DELETED)
    response = customer.json("AddCallsBulk", [{"Campaign": customer.a, "Target": "0502454545"}])
    assert response.json()["ErrorCode"] == 1


def test_no_answer_may_be_kept(customer):
    for response in (customer.add(), customer.add("abc"), customer.get("Nope")):
        assert response["Cache-Control"] == "no-store"


@pytest.mark.parametrize("text", ["CustomerName=%F9%EC%E5%ED", "CustomerName=a%00b", "&" * 3 + "a=1&" * 10_001])
def test_a_query_or_form_that_cannot_be_stored_is_refused_whole(customer, text):
    fields = f"Campaign={customer.a}&Target=0502454545&{text}"
    for response in (
        customer.world.client.get(f"{ROOT}AddCall?{fields}"),
        customer.raw("AddCall", fields, "application/x-www-form-urlencoded"),
    ):
        assert (response.status_code, response.json()["ErrorCode"]) == (400, 3)
    assert not Call.objects.exists()
