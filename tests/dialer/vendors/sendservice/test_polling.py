"""The contract's acceptance cases 31 to 45: what is told of calls, to whom, and how they go."""

from __future__ import annotations

import datetime as dt
import json

import pytest

from campaigns.models import Call, CallAttempt, Campaign, Intake
from campaigns.operations import campaigns as campaign_operations
from campaigns.operations import suppressions
from campaigns.states import CampaignState
from dialer.models import Credential
from tests.dialer.vendors.sendservice.conftest import ANSWERS, BUSY, CODE, PRESSES_1, ROOT, Clinic, refused

NOBODY = "2f7c1f54-0d6b-4a53-9e0b-2c8f0a4f7d10"


@pytest.fixture
def coded(clinic):
    """Return a clinic whose two calls have the codes c1 and c2."""
    clinic.sent(clinic.b({"NumberToCall": ANSWERS, "CodeRequest": "c1"}, {"NumberToCall": BUSY, "CodeRequest": "c2"}))
    return clinic


def by_body(clinic: Clinic, *codes: str, **more):
    body = {"Type": "CR", "Guid": clinic.guid, "CodeRequests": list(codes)} | more
    return clinic.get(body={name: value for name, value in body.items() if value is not None}, basic=False)


def codes_of(answer) -> list[str]:
    assert answer.status_code == 200, answer.content
    assert answer.json().keys() == {"InstantCalls"}
    return [call["CodeRequest"] for call in answer.json()["InstantCalls"]]


def test_31_codes_are_asked_for_by_get_with_a_body(coded):
    answer = by_body(coded, "c1", "c2")

    assert codes_of(answer) == ["c1", "c2"]
    assert codes_of(by_body(coded, "c2")) == ["c2"]
    assert answer.json()["InstantCalls"][0] == {
        "Id": Call.objects.order_by("id")[0].pk,
        "NumberToCall": ANSWERS,
        "Extension": 200938,
        "Type": 0,
        "StartDate": "2031-03-03T11:00:00.000+01:00",
        "EndDate": "2031-03-03T20:00:00.000+01:00",
        "MaxRetries": 2,
        "MinutesBetweenRetries": 30,
        "IVRRepeats": 0,
        "CallerId": "390451234567",
        "CodeRequest": "c1",
        "IntervalCall": 0,
        "StartDateTimeCall": None,
        "EndDateTimeCall": None,
        "InputDigits": None,
        "Price": 0.0,
        "PricePerMinute": 0.0,
        "StartPrice": 0.0,
        "Retries": 0,
        "Status": "NotCalled",
    }


def test_32_codes_are_asked_for_by_url_and_by_post(coded):
    wanted = by_body(coded, "c1", "c2").json()
    repeated = coded.get(query=f"Type=CR&Guid={coded.guid}&CodeRequests=c1&CodeRequests=c2", basic=False)
    joined = coded.get(query=f"guid={coded.guid}&codeRequests=c1,c2", basic=False)
    posted = coded.post({"Type": "CR", "Guid": coded.guid.upper(), "CodeRequests": ["c1", "c2"]})

    assert repeated.json() == joined.json() == posted.json() == wanted
    assert Intake.objects.count() == 1


def test_33_unknown_codes_are_left_out(coded):
    assert codes_of(by_body(coded, "none")) == []
    assert codes_of(by_body(coded, "none", "c2")) == ["c2"]
    assert codes_of(by_body(coded)) == []
    assert codes_of(by_body(coded, "")) == []


def test_34_codes_of_another_account_are_unknown(coded):
    assert codes_of(by_body(coded.another(), "c1", "c2")) == []


def test_35_codes_are_told_to_an_account_only(coded):
    refused(by_body(coded, "c1", Guid=None), 401)
    refused(by_body(coded, "c1", Guid=NOBODY), 401)
    refused(by_body(coded, "c1", Guid=[coded.guid]), 401)
    refused(coded.get(basic=False), 401)
    refused(coded.post({"User": coded.user, "CodeRequests": ["c1"]}), 401)


@pytest.mark.parametrize("codes", [None, 7, {}, [[]], [None], [True], ["a" * 201], ["a"] * 1001])
def test_35_codes_are_texts(coded, codes):
    refused(by_body(coded, CodeRequests=codes), 400, "CodeRequests")


def test_36_a_request_is_told_in_its_order(clinic):
    body = clinic.sent(clinic.b(*({"NumberToCall": f"003906{n:07}"} for n in range(30, 0, -1))))
    clinic.sent(clinic.x())

    told = clinic.calls(body["Id"])
    assert [call["Id"] for call in told] == [call["Id"] for call in body["InstantCalls"]]
    assert [call["NumberToCall"] for call in told] == [f"003906{n:07}" for n in range(30, 0, -1)]


def test_36_who_asks_is_shown_in_several_ways(clinic):
    pk = str(clinic.sent(clinic.x())["Id"])
    wanted = clinic.get(pk).json()

    assert clinic.get(pk, query=f"Guid={clinic.guid}", basic=False).json() == wanted
    assert clinic.get(pk, body={"Guid": f"{{{clinic.guid}}}"}, basic=False).json() == wanted
    assert clinic.get(pk, body={"user": clinic.user}, basic=False).json() == wanted


def test_37_a_status_is_asked_for_by_number_or_name(clinic):
    pk = clinic.sent(clinic.b({"NumberToCall": ANSWERS}, {"NumberToCall": "abc"}, {"NumberToCall": ANSWERS}))["Id"]
    clinic.world.run_until_idle()

    for status in ("1", "Success", "success", "Success/"):
        assert [call["Status"] for call in clinic.calls(pk, status)] == ["Success", "Success"]
    for status in ("2", "FORBIDDEN"):
        assert [call["Status"] for call in clinic.calls(pk, status)] == ["Forbidden"]
    for status in ("4", "not called", "NotCalled", "0"):
        assert clinic.calls(pk, status) == []


@pytest.mark.parametrize("path", ["1/77", "1/12", "1/-1", "1/x", "xyz", "-1", "1.5", "1" * 19, "%D9%A1"])
def test_38_what_is_no_id_or_status_is_refused(clinic, path):
    refused(clinic.get(path), 400, "Status" if "/" in path else "id")


def test_39_requests_of_others_are_unknown(clinic):
    pk = clinic.sent(clinic.x())["Id"]
    other = clinic.another()

    unknown = refused(clinic.get(str(pk + 1)), 404)
    assert refused(other.get(str(pk)), 404) == unknown
    refused(clinic.get(str(pk), basic=False), 401)
    refused(clinic.get("9" * 18), 404)
    for header in ("Basic", "Basic ?", "Basic /w==", "Bearer x", "Basic " + "QUE=", "Basic AGE6Yg=="):
        refused(clinic.world.client.get(f"{ROOT}{pk}", headers={"Authorization": header}), 401)


def test_39_a_setting_lets_anybody_ask(clinic, settings):
    settings.SENDSERVICE = settings.SENDSERVICE | {"bare_status": True}
    pk = clinic.sent(clinic.x())["Id"]

    assert len(clinic.get(str(pk), basic=False).json()["InstantCalls"]) == 1
    refused(clinic.get(str(pk), query=f"Guid={NOBODY}", basic=False), 401)
    refused(clinic.get(str(pk + 1), basic=False), 404)


def test_39_a_credential_that_may_only_read_adds_nothing(clinic):
    pk = clinic.sent(clinic.x())["Id"]
    Credential.objects.filter(identifier=clinic.user["username"]).update(can_write=False)

    assert clinic.get(str(pk)).status_code == 200
    refused(clinic.post(clinic.x()), 401)


def test_40_a_busy_number_is_tried_again(clinic):
    pk = clinic.sent(clinic.x(NumberToCall=BUSY, MaxRetries=2, MinutesBetweenRetries=30))["Id"]
    seen = []
    for wait in (5, 30, 30):
        clinic.world.run(minutes=wait)
        seen.append((clinic.call(pk)["Status"], clinic.call(pk)["Retries"]))

    assert seen == [("NotCalled", 1), ("NotCalled", 2), ("Failed", 2)]
    first, second, third = CallAttempt.objects.order_by("n").values_list("placed_at", flat=True)
    for gap in (second - first, third - second):
        assert abs(gap - dt.timedelta(minutes=30)) < dt.timedelta(seconds=5)


def test_41_nothing_is_tried_after_the_end(clinic):
    call = clinic.finished(
        NumberToCall=BUSY, MaxRetries=2, MinutesBetweenRetries=30, EndDate="2031-03-03T11:40:00+01:00"
    )

    assert (call["Status"], call["Retries"], CallAttempt.objects.count()) == ("Failed", 1, 2)


def test_41_what_was_never_dialled_stays_not_called(clinic):
    pk = clinic.sent(clinic.x(EndDate="2031-03-03T11:40:00+01:00"))["Id"]
    campaign_operations.move_campaign(campaign=Campaign.objects.get(), to=CampaignState.PAUSED, now=clinic.world.now)
    clinic.world.run(hours=2)

    assert Call.objects.get().outcome == "expired"
    assert (clinic.call(pk)["Status"], clinic.call(pk)["Retries"]) == ("NotCalled", 0)


def test_42_an_answered_call_is_told_with_its_key(clinic):
    call = clinic.finished(NumberToCall=PRESSES_1)

    assert (call["Status"], call["InputDigits"], call["Retries"]) == ("Success", 1, 0)
    began, ended = (dt.datetime.fromisoformat(call[name]) for name in ("StartDateTimeCall", "EndDateTimeCall"))
    attempt = CallAttempt.objects.get()
    assert (attempt.answered_at - began, attempt.ended_at - ended) < (dt.timedelta(milliseconds=1),) * 2
    assert call["StartDateTimeCall"].endswith("+01:00")
    assert call["IntervalCall"] == 1


def test_42_statuses_while_it_goes_on(clinic):
    pk = clinic.sent(clinic.x(NumberToCall="00390612345235", IVRRepeats=3))["Id"]
    seen = [clinic.call(pk)["Status"]]
    for _ in range(60):
        clinic.world.run(seconds=1)
        seen.append(clinic.call(pk)["Status"])

    assert list(dict.fromkeys(seen)) == ["NotCalled", "Calling", "Answer", "Success"]


@pytest.mark.parametrize(("pressed", "shown"), [("01#", "01#"), ("0", "0"), ("*", "*"), ("12", 12), ("", None)])
def test_43_keys_that_are_no_number_are_a_text(clinic, pressed, shown):
    clinic.finished()
    CallAttempt.objects.update(digits=pressed)

    call = clinic.call(Intake.objects.get().pk)
    assert (call["InputDigits"], type(call["InputDigits"])) == (shown, type(shown))


def test_44_a_listed_number_is_never_dialled(clinic):
    suppressions.suppress(account=clinic.account, destinations=["+390612345200"], now=clinic.world.now)

    assert clinic.finished()["Status"] == "InBlackList"
    assert not CallAttempt.objects.exists()


@pytest.fixture
def refusing(carried_by):
    """Let all voice calls be refused for a cause."""

    def refuse(cause: str) -> None:
        backend = "tests.dialer.vendors.sendservice.carrier.Refusing"
        carried_by(backend, "voice", cause=cause)

    return refuse


def test_44_an_empty_balance_is_told(clinic, refusing):
    refusing("credit")
    call = clinic.finished()

    assert (call["Status"], call["StartDateTimeCall"], call["IntervalCall"]) == ("NotEnoughCredit", None, 0)


def test_45_a_text_that_cannot_be_spoken_is_told(clinic, refusing):
    refusing("tts")
    call = clinic.finished(Type=3, TextToSpeech="Ciao.", LanguageCode="it-IT-F1")

    assert (call["Status"], call["StartDateTimeCall"]) == ("FailedTTSConversion", None)


def test_45_other_causes_are_failures(clinic, refusing):
    refusing("line")

    assert clinic.finished()["Status"] == "Failed"


def test_a_status_may_be_a_number(clinic, settings):
    settings.SENDSERVICE = settings.SENDSERVICE | {"status_as_number": True}
    body = clinic.sent(clinic.x())

    assert body["InstantCalls"][0]["Status"] == clinic.call(body["Id"])["Status"] == 4


def test_a_paused_campaign_keeps_its_calls_and_a_finished_one_is_followed_by_another(clinic):
    first = clinic.sent(clinic.x())["Id"]
    campaign = Campaign.objects.get()
    campaign_operations.move_campaign(campaign=campaign, to=CampaignState.PAUSED, now=clinic.world.now)
    second = clinic.sent(clinic.x())["Id"]
    clinic.world.run(minutes=5)
    assert [clinic.call(pk)["Status"] for pk in (first, second)] == ["NotCalled", "NotCalled"]

    campaign_operations.move_campaign(campaign=campaign, to=CampaignState.FINISHED, now=clinic.world.now)
    third = clinic.sent(clinic.x())["Id"]
    clinic.world.run_until_idle()
    assert [clinic.call(pk)["Status"] for pk in (first, second, third)] == ["Unknown", "Unknown", "Success"]
    assert [row.state for row in Campaign.objects.order_by("id")] == ["finished", "running"]
    assert {(row.api, row.name) for row in Campaign.objects.all()} == {("sendservice", "InstantCall")}


def test_the_price_is_that_of_all_tries(clinic):
    clinic.finished(NumberToCall=BUSY, MaxRetries=1)
    CallAttempt.objects.update(cost="0.04")

    assert json.dumps(clinic.call(Intake.objects.get().pk)["Price"]) == "0.08"


def test_the_journey_of_a_clinic(clinic):
    """A day's reminders, polled by codes until none is open."""
    people = {ANSWERS: "Success", PRESSES_1: "Success", BUSY: "Failed", "00390612345408": "Failed", "abc": "Forbidden"}
    speech = {"Type": 4, "Extension": 200939, "TextToSpeech": "Domani alle 9.", "LanguageCode": "it-IT-F1"}
    calls = [{"NumberToCall": number, "CodeRequest": f"{CODE}/{n}"} | speech for n, number in enumerate(people)]
    body = clinic.sent(clinic.b(*calls, MaxRetries=1, MinutesBetweenRetries=10, StartDate="2031-03-03T12:00:00+01:00"))
    codes = [call["CodeRequest"] for call in calls]
    assert [call["Status"] for call in body["InstantCalls"]] == ["Processing"] * 4 + ["Forbidden"]

    clinic.world.run(minutes=59)
    assert not CallAttempt.objects.exists()
    polls = 0
    while {call["Status"] for call in by_body(clinic, *codes).json()["InstantCalls"]} & {
        "NotCalled",
        "Calling",
        "Answer",
        "Processing",
    }:
        clinic.world.run(minutes=5)
        polls += 1
        assert polls < 20

    told = clinic.calls(body["Id"])
    assert {call["NumberToCall"]: call["Status"] for call in told} == people
    assert told == by_body(clinic, *codes).json()["InstantCalls"]
    assert [call["Retries"] for call in told] == [0, 0, 1, 1, 0]
    assert told[1]["InputDigits"] == 1
    assert {call["TextToSpeech"] for call in told} == {"Domani alle 9."}
