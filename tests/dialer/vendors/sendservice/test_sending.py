"""The contract's acceptance cases 1 to 30 and 46, 47: what is taken, refused and answered."""

from __future__ import annotations

import datetime as dt
import json
import uuid

import pytest

from campaigns.models import Call
from tests.dialer.vendors.sendservice.conftest import (
    ANSWERS,
    AUDIO,
    CODE,
    IVR,
    MENU,
    ROOT,
    WINDOW,
    check_nothing_is_stored,
    refused,
)

TTS = {"Type": 3, "TextToSpeech": "Buongiorno.", "LanguageCode": "it-IT-F1"}


def test_01_a_single_call_is_taken(clinic):
    answer = clinic.post(clinic.x())

    body = answer.json()
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
    assert isinstance(body["Id"], int)
    (call,) = body["InstantCalls"]
    assert call == {
        "Id": call["Id"],
        "NumberToCall": ANSWERS,
        "Extension": AUDIO,
        "Type": 0,
        **WINDOW,
        "MaxRetries": 0,
        "MinutesBetweenRetries": 5,
        "IVRRepeats": 0,
        "CallerId": "390451234567",
        "CodeRequest": CODE,
        "Retries": 0,
        "Status": "NotCalled",
    }
    assert clinic.user["password"] not in answer.content.decode()
    assert clinic.user["password"] not in str(Call.objects.values().get())


def test_02_both_calls_of_the_example_are_taken(clinic):
    body = clinic.sent(clinic.b())

    first, second = body["InstantCalls"]
    assert (first["Type"], first["MaxRetries"], first["Status"]) == (0, 2, "NotCalled")
    assert (second["Type"], second["MaxRetries"], second["Status"]) == (3, 0, "Processing")
    assert second["Extension"] == AUDIO
    assert body["CodeRequest"] is None
    assert uuid.UUID(second["CodeRequest"])
    assert list(Call.objects.order_by("id").values_list("pk", "max_attempts")) == [
        (first["Id"], 3),
        (second["Id"], 1),
    ]


def test_03_the_user_is_read_in_any_case(clinic):
    user = {"Username": clinic.user["username"], "PASSWORD": clinic.user["password"]}

    assert clinic.post(clinic.x(without=["User"], user=clinic.user)).status_code == 200
    assert clinic.post(clinic.x(User=user)).status_code == 200


@pytest.mark.parametrize("user", [None, 7, "a", [], {}, {"username": "send1"}, {"username": 1, "password": 2}])
def test_04_without_a_user_nothing_is_stored(clinic, user):
    refused(clinic.post(clinic.x(User=user)), 401)
    refused(clinic.post(clinic.x(without=["User"])), 401)
    body = refused(clinic.post(clinic.x(User=clinic.user | {"password": "wrong"})), 401)

    assert body == {"Message": "Authorization has been denied for this request."}
    check_nothing_is_stored()


@pytest.mark.parametrize("name", ["NumberTo Call", "numbertocall", "NUMBERTOCALL"])
def test_05_the_number_has_several_names(clinic, name):
    clinic.sent(clinic.x(without=["NumberToCall"], **{name: ANSWERS}))

    call = Call.objects.get()
    assert (call.number, call.destination) == (ANSWERS, "+390612345200")


@pytest.mark.parametrize(
    "path",
    ["/multichannelapi/API/InstantCall", "/MultiChannelAPI/Api/instantCall/", "/multichannelAPI/api/INSTANTCALL"],
)
def test_06_any_case_of_the_path_serves_without_a_redirect(clinic, path):
    assert clinic.post(clinic.x(), path=path).status_code == 200


@pytest.mark.parametrize("kind", ["text/json", "text/json; charset=utf-8", "APPLICATION/JSON", ""])
def test_07_json_has_several_types(clinic, kind):
    assert clinic.post(clinic.x(), kind).status_code == 200


@pytest.mark.parametrize("kind", ["application/xml", "text/plain", "application/x-www-form-urlencoded", "bad"])
def test_08_other_types_are_refused(clinic, kind):
    refused(clinic.post(clinic.x(), kind), 415)


@pytest.mark.parametrize("body", ['{"User":', "", "[]", "7", "null", b"\xff", '{"User": NaN}'])
def test_09_what_is_no_object_is_refused(clinic, body):
    refused(clinic.post(body), 400)


@pytest.mark.parametrize("kind", ["Default", "default", "0", 0, " DEFAULT "])
def test_10_a_type_is_a_number_or_a_name(clinic, kind):
    assert clinic.sent(clinic.x(Type=kind))["InstantCalls"][0]["Type"] == 0


@pytest.mark.parametrize("kind", [1, 2, 9, "Fax", None, True, "1", [], 0.5, -1])
def test_11_other_types_are_refused(clinic, kind):
    refused(clinic.post(clinic.x(Type=kind)), 400, "Type")
    check_nothing_is_stored()


def test_12_speech_needs_text_and_voice(clinic):
    refused(clinic.post(clinic.x(**TTS | {"TextToSpeech": None})), 400, "TextToSpeech")
    refused(clinic.post(clinic.x(**TTS | {"TextToSpeech": "  "})), 400, "TextToSpeech")
    refused(clinic.post(clinic.x(**TTS | {"TextToSpeech": "a" * 5001})), 400, "TextToSpeech")
    refused(clinic.post(clinic.x(**TTS | {"LanguageCode": None})), 400, "LanguageCode")
    refused(clinic.post(clinic.x(**TTS | {"LanguageCode": "it-IT-M9"})), 400, "LanguageCode")


def test_13_speech_needs_no_extension(clinic):
    (call,) = clinic.sent(clinic.x(without=["Extension"], **TTS))["InstantCalls"]

    assert (call["Status"], call["Extension"], call["TextToSpeech"]) == ("Processing", None, "Buongiorno.")
    stored = Call.objects.get()
    assert (stored.message, stored.voice) == ("Buongiorno.", "it-IT-F1")
    assert stored.flow == {"steps": [{"do": "say", "text": "Buongiorno.", "voice": "it-IT-F1"}]}


def test_14_an_introduction_takes_the_place_of_the_menus_own(clinic):
    fields = {"Type": 4, "Extension": IVR, "LanguageCode": "it-IT-F1"}
    assert clinic.sent(clinic.x(**fields))["InstantCalls"][0]["Status"] == "NotCalled"
    assert clinic.sent(clinic.x(TextToSpeech="Ciao.", **fields))["InstantCalls"][0]["Status"] == "Processing"

    own, spoken = Call.objects.order_by("id").values_list("flow", flat=True)
    assert own == {"steps": [{"do": "say", "text": "Welcome."}, MENU]}
    assert spoken == {"steps": [{"do": "say", "text": "Ciao.", "voice": "it-IT-F1"}, MENU]}
    refused(clinic.post(clinic.x(**fields | {"LanguageCode": None})), 400, "LanguageCode")


def test_15_an_introduction_needs_an_ivr(clinic):
    refused(clinic.post(clinic.x(Type=4, LanguageCode="it-IT-F1")), 400, "Extension")


@pytest.mark.parametrize("ignored", [{"LanguageCode": "it-IT-F1"}, {"LanguageCode": 7}, {"TextToSpeech": "Ciao."}])
def test_16_a_recording_has_no_voice(clinic, ignored):
    (call,) = clinic.sent(clinic.x(**ignored))["InstantCalls"]

    assert ignored.keys().isdisjoint(call)
    assert Call.objects.get().flow == {"steps": [{"do": "play", "prompt": AUDIO, "plays": 1}]}


@pytest.mark.parametrize("extension", [None, 999999, "999999", "abc", 1.5, -1, 2**70, {}])
def test_17_an_unknown_extension_is_refused(clinic, extension):
    refused(clinic.post(clinic.x(Extension=extension)), 400, "Extension")


def test_17_an_extension_of_another_account_is_unknown(clinic):
    other = clinic.another()
    clinic.account.prompts.all().delete()

    refused(clinic.post(clinic.x()), 400, "Extension")
    assert other.post(other.x()).status_code == 200


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ("2031-05-01T09:00:00.0554209+02:00", "2031-05-01T09:00:00.055+02:00"),
        ("2031-05-01T09:00:00.+02:00", "2031-05-01T09:00:00.000+02:00"),
        ("2031-05-01T09:00:00+0200", "2031-05-01T09:00:00.000+02:00"),
        ("2031-05-01T07:00:00Z", "2031-05-01T09:00:00.000+02:00"),
        ("2031-05-01T07:00:00.5Z", "2031-05-01T09:00:00.500+02:00"),
        ("2031-05-01 09:00", "2031-05-01T09:00:00.000+02:00"),
    ],
)
def test_18_dates_are_read_in_all_their_forms(clinic, sent, read):
    (call,) = clinic.sent(clinic.x(StartDate=sent, EndDate="2031-06-01T09:00:00Z"))["InstantCalls"]

    assert call["StartDate"] == read
    assert Call.objects.get().due_at == dt.datetime.fromisoformat(read) + dt.timedelta(
        microseconds=420 if "0554209" in sent else 0
    )


def test_19_dates_without_an_offset_are_the_accounts(clinic):
    clinic.sent(clinic.x(StartDate="2031-05-01T09:00:00", EndDate="2031-05-01T19:00:00"))

    call = Call.objects.get()
    assert call.due_at == dt.datetime(2031, 5, 1, 7, tzinfo=dt.UTC)
    assert call.not_after == dt.datetime(2031, 5, 1, 17, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    "date",
    ["01/05/2031 09:00", "2031-02-30T09:00:00Z", "0001-01-01T00:00:00+02:00", "2031-05-01", 7, None, [], "٢٠٣١-05-01"],
)
@pytest.mark.parametrize("name", ["StartDate", "EndDate"])
def test_20_other_dates_are_refused(clinic, name, date):
    refused(clinic.post(clinic.x(**{name: date})), 400, name)


def test_21_the_window_must_be_ahead(clinic):
    refused(clinic.post(clinic.x(StartDate="2031-05-02T09:00:00Z", EndDate="2031-05-01T09:00:00Z")), 400, "EndDate")
    refused(clinic.post(clinic.x(StartDate="2031-03-01T09:00:00Z", EndDate="2031-03-02T09:00:00Z")), 400, "EndDate")
    assert clinic.post(clinic.x(StartDate="2031-03-01T09:00:00Z")).status_code == 200
    assert Call.objects.get().due_at == clinic.world.now


def test_22_names_have_128_characters_at_most(clinic):
    (call,) = clinic.sent(clinic.x(FirstName="é" * 128, LastName="Bianchi"))["InstantCalls"]
    refused(clinic.post(clinic.x(FirstName="é" * 129)), 400, "FirstName")
    refused(clinic.post(clinic.x(LastName=7)), 400, "LastName")

    assert (call["FirstName"], call["LastName"]) == ("é" * 128, "Bianchi")


@pytest.mark.parametrize(
    "caller_id", ["00390451234567", "+390451234567", "390451234567", 390451234567, "+39 045-1234567"]
)
def test_23_a_caller_id_has_no_prefix(clinic, caller_id):
    (call,) = clinic.sent(clinic.x(CallerId=caller_id))["InstantCalls"]

    assert call["CallerId"] == Call.objects.get().caller_id == "390451234567"


@pytest.mark.parametrize("caller_id", [None, "", "abc", True, "12", "1" * 16, [], "++39045"])
def test_24_a_call_needs_a_caller_id(clinic, caller_id):
    refused(clinic.post(clinic.x(CallerId=caller_id)), 400, "CallerId")


def test_24_an_account_that_lists_its_numbers_shows_no_others(clinic):
    clinic.account.caller_ids.create(number="+390451234567")

    assert clinic.post(clinic.x()).status_code == 200
    refused(clinic.post(clinic.x(CallerId="390451234568")), 400, "CallerId")


@pytest.mark.parametrize("number", ["abc", None, "", "3331112222", "0039", True, [], "00" + "9" * 300, {"a": 1}])
def test_25_a_number_that_cannot_be_dialled_is_stored_as_forbidden(clinic, number):
    body = clinic.sent(clinic.b({"NumberToCall": number}, {"NumberToCall": ANSWERS}))
    clinic.world.run_until_idle()

    assert [call["Status"] for call in body["InstantCalls"]] == ["Forbidden", "NotCalled"]
    bad, good = clinic.calls(body["Id"])
    assert (bad["Status"], good["Status"]) == ("Forbidden", "Success")
    assert bad["NumberToCall"] == body["InstantCalls"][0]["NumberToCall"][:254]
    stored = Call.objects.order_by("id").first()
    assert (stored.outcome, stored.reason, stored.attempts.count()) == ("invalid_number", "invalid", 0)


def test_26_ornaments_of_a_number_are_dropped(clinic):
    (call,) = clinic.sent(clinic.x(NumberToCall="+39 333 111-2222"))["InstantCalls"]

    assert call["NumberToCall"] == "+39 333 111-2222"
    assert Call.objects.get().destination == "+393331112222"


@pytest.mark.parametrize("retries", [-1, "two", 101, 1.5, True, "", []])
def test_27_other_counts_are_refused(clinic, retries):
    refused(clinic.post(clinic.x(MaxRetries=retries)), 400, "MaxRetries")


def test_27_counts_may_be_texts(clinic):
    sent = clinic.x(MaxRetries="2", MinutesBetweenRetries="7", IVRRepeats="1", Extension=str(AUDIO))
    (call,) = clinic.sent(sent)["InstantCalls"]

    assert (call["MaxRetries"], call["MinutesBetweenRetries"], call["IVRRepeats"]) == (2, 7, 1)
    stored = Call.objects.get()
    assert (stored.max_attempts, stored.retry_minutes) == (3, 7)
    assert stored.flow == {"steps": [{"do": "play", "prompt": AUDIO, "plays": 2}]}
    refused(clinic.post(clinic.x(MinutesBetweenRetries=0)), 400, "MinutesBetweenRetries")


@pytest.mark.parametrize("calls", [[], {}, "a", 7, False])
def test_28_an_array_needs_calls(clinic, calls):
    refused(clinic.post(clinic.x(InstantCalls=calls)), 400, "InstantCalls")
    refused(clinic.post(clinic.x(InstantCalls=[None])), 400, "InstantCalls[0]")


def test_28_an_array_has_a_thousand_calls_at_most(clinic, settings):
    settings.SENDSERVICE = settings.SENDSERVICE | {"max_calls": 2}
    one = {"NumberToCall": ANSWERS}

    assert clinic.post(clinic.b(one, one)).status_code == 200
    refused(clinic.post(clinic.b(one, one, one)), 400, "InstantCalls")


def test_29_each_call_must_be_whole(clinic):
    body = clinic.b({"NumberToCall": ANSWERS} | WINDOW, {"NumberToCall": ANSWERS}, without=tuple(WINDOW))

    refused(clinic.post(body), 400, "InstantCalls[1].StartDate", "InstantCalls[1].EndDate")
    check_nothing_is_stored()


@pytest.mark.parametrize("code", [None, "", "  "])
def test_30_a_code_is_made_where_none_is_sent(clinic, code):
    body = clinic.sent(clinic.x(CodeRequest=code))

    assert uuid.UUID(body["InstantCalls"][0]["CodeRequest"])
    assert body["CodeRequest"] == body["InstantCalls"][0]["CodeRequest"] == Call.objects.get().reference


def test_30_a_code_of_the_request_is_that_of_all_its_calls(clinic):
    body = clinic.sent(clinic.b(CodeRequest="shared"))

    assert body["CodeRequest"] == "shared"
    assert [call["CodeRequest"] for call in body["InstantCalls"]] == [CODE, "shared"]
    refused(clinic.post(clinic.x(CodeRequest="a" * 201)), 400, "CodeRequest")


def test_46_the_same_number_is_called_twice(clinic):
    body = clinic.sent(clinic.b({"NumberToCall": ANSWERS}, {"NumberToCall": ANSWERS}))
    clinic.world.run_until_idle()

    assert [call["Status"] for call in clinic.calls(body["Id"])] == ["Success", "Success"]


@pytest.mark.parametrize("method", ["DELETE", "PUT", "PATCH", "HEAD", "OPTIONS"])
@pytest.mark.parametrize("path", ["", "1", "1/Success"])
def test_47_nothing_can_be_cancelled_or_changed(clinic, method, path):
    answer = clinic.world.client.generic(method, ROOT + path)

    assert answer.status_code == 405
    assert method == "HEAD" or answer.json()["Message"]


def test_no_such_resource(clinic):
    for path in ("/MultiChannelAPI", "/MultiChannelAPI/Api/InstantSMS", f"{ROOT}1/2/3"):
        refused(clinic.post(clinic.x(), path=path), 404)
    refused(clinic.post(clinic.x(), path=f"{ROOT}1"), 405)


def test_a_thousand_calls_take_no_statement_each(clinic, django_assert_max_num_queries):
    body = json.dumps(clinic.b(*({"NumberToCall": f"+39333{n:07}", "MaxRetries": n % 3} for n in range(1000))))
    with django_assert_max_num_queries(30):
        answer = clinic.post(body)
    ids = [call["Id"] for call in answer.json()["InstantCalls"]]

    assert list(Call.objects.order_by("number").values_list("pk", flat=True)) == ids
    with django_assert_max_num_queries(6):
        assert len(clinic.calls(answer.json()["Id"])) == 1000
