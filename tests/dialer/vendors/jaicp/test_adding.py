"""addPhones and addPhone: acceptance cases 1 to 25, and what the contract says beside them."""

from __future__ import annotations

import datetime as dt
import json

import pytest

from campaigns.models import Call, Intake
from dialer.models import IdempotenceKey
from tests.dialer.vendors.jaicp.conftest import A, B, refused


def test_case_01_a_number_is_added(crm):
    answer = crm.post("addPhones", [{"phone": A}])

    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/json"
    (pk,) = answer.json()
    assert isinstance(pk, str)
    assert pk.isdigit()
    assert crm.call(pk).destination == f"+{A}"
    assert crm.call(pk).intake.api == "jaicp"


def test_case_02_a_number_may_be_an_integer(crm):
    (pk,) = crm.added({"phone": int(A)}, key="d5f41bd4")

    assert crm.call(pk).destination == f"+{A}"


def test_case_03_the_same_key_is_the_same_answer(crm):
    first = crm.add({"phone": int(A)}, key="d5f41bd4")
    second = crm.add({"phone": int(A)}, key="d5f41bd4")

    assert second.status_code == 200
    assert second.content == first.content
    assert crm.calls().count() == 1


def test_case_04_without_a_key_there_are_two_jobs(crm):
    assert crm.added(A) != crm.added(A)
    assert crm.total() == 2


def test_case_05_two_keys_are_two_jobs(crm):
    assert crm.added(A, key="k1") != crm.added(A, key="k2")


def test_case_06_a_key_holds_for_the_whole_account(crm):
    other = crm.another(name="T2")
    first = crm.added(A, key="k1")

    assert other.added(A, key="k1") == first
    assert other.total() == 0


def test_case_07_a_key_of_another_account_is_another_key(crm):
    theirs = crm.of_another_account()

    assert crm.added(A, key="k1") != theirs.added(A, key="k1")
    assert theirs.total() == 1


def test_case_08_ids_stand_in_the_order_of_the_numbers(crm):
    ids = crm.added(A, B)

    assert crm.report(ids[0])["phone"] == A
    assert crm.report(ids[1])["phone"] == B


def test_case_09_a_number_that_stands_twice_is_refused(crm):
    body = refused(crm.add({"phone": "1650 000-0000"}, {"phone": 16500000000}), "phone.duplicated")

    assert body["phone"] == A
    assert body["phonesDuplicates"] == [A]
    assert crm.total() == 0


def test_case_10_what_is_no_number_is_refused(crm):
    body = refused(crm.add(A, "abc"), "phone.bad.format")

    assert body["phone"] == "abc"
    assert crm.total() == 0


def test_case_11_a_fault_leaves_the_key_free(crm):
    refused(crm.add(A, "abc", key="k9"), "phone.bad.format")

    assert len(crm.added(A, key="k9")) == 1


@pytest.mark.parametrize("priority", [0, 6, "high", 1.5, True, "2"])
def test_case_12_a_priority_out_of_range_is_refused(crm, priority):
    refused(crm.add({"phone": A, "dialerPriority": priority}), "invalid.dialer_priority")


def test_case_13_overlapping_intervals_are_refused(crm):
    spans = [{"localTimeFrom": "10:00", "localTimeTo": "12:00"}, {"localTimeFrom": "11:00", "localTimeTo": "13:00"}]

    refused(crm.add({"phone": A, "allowedTime": {"mon": spans}}), "invalid.call.allowed.time")


@pytest.mark.parametrize("zone", ["Mars/Base", "+19:00", "", "+18:01", "-18:00:01", "5", "+5:30", "+05:60", "../x"])
def test_case_14_an_unknown_zone_is_refused(crm, zone):
    body = refused(crm.add({"phone": A, "gmtZone": zone}), "phone.gmtZone.bad.format")

    assert body["phone"] == A
    assert body["gmtZone"] == zone


@pytest.mark.parametrize(
    ("zone", "stored"),
    [
        ("Z", "UTC"),
        ("+3", "UTC+03:00"),
        ("-05:30", "UTC-05:30"),
        ("+0530", "UTC+05:30"),
        ("UTC+03:00", "UTC+03:00"),
        ("Europe/Moscow", "Europe/Moscow"),
        ("+18:00", "UTC+18:00"),
        ("-12", "UTC-12:00"),
        ("GMT+3", "UTC+03:00"),
        ("UT-0430", "UTC-04:30"),
        ("+01:02:03", "UTC+01:02:03"),
        ("+010203", "UTC+01:02:03"),
        ("+00:00", "UTC"),
        ("UT", "UTC"),
        (" 03:00", "UTC+03:00"),
    ],
)
def test_case_15_zones_are_known_in_all_spellings(crm, zone, stored):
    (pk,) = crm.added({"phone": A, "gmtZone": zone})

    assert crm.call(pk).zones == stored
    assert crm.call(pk).zone_source == "contact"


@pytest.mark.parametrize(
    ("start", "finish"),
    [
        ("2026-02-02", "2026-02-01"),
        ("2026-02-01T10:00:00Z", "2026-02-01T10:00:00Z"),
        ("2026-02-01T10:00:00+03:00", "2026-02-01T06:30:00Z"),
        (1_770_000_000_000, 1_700_000_000_000),
        ("0001-01-01T00:00:00+18:00", None),
        ("soon", None),
        (None, 1.5),
        (True, None),
        (10**30, None),
    ],
)
def test_case_16_dates_in_the_wrong_order_are_refused(crm, start, finish):
    refused(crm.add({"phone": A, "startDateTime": start, "finishDateTime": finish}), "invalid.request")
    assert crm.total() == 0


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("maxAttempts", 0),
        ("maxAttempts", 51),
        ("maxAttempts", "3"),
        ("maxAttempts", True),
        ("retryIntervalInMinutes", 0),
        ("retryIntervalInMinutes", 2881),
        ("retryIntervalInMinutes", 1.5),
    ],
)
def test_case_17_numbers_out_of_range_are_refused(crm, name, value):
    body = refused(crm.add({"phone": A, name: value}), "invalid.request")

    assert name in body["message"]


@pytest.mark.parametrize("body", ['{"phone":"1"}', "not json", "[]", "[{}]", "", "null", '["16500000000"]', "[[]]"])
def test_case_18_what_cannot_be_understood_is_refused(crm, body):
    found = refused(crm.raw("addPhones", body), "invalid.request")

    assert found["error"] == "invalid.request"
    assert crm.total() == 0


def test_case_20_one_number_by_get(crm):
    answer = crm.get("addPhone", "crmCalls", f"phone={A}&gmtZone=-05:30&name=Alex")

    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/json"
    call = crm.call(answer.json())
    assert answer.content.decode() == f'"{call.pk}"'
    assert call.custom_data == {"name": "Alex"}
    assert call.zones == "UTC-05:30"


@pytest.mark.parametrize("query", ["name=Alex", "phone=&name=Alex", ""])
def test_case_21_without_a_number_nothing_is_added(crm, query):
    refused(crm.get("addPhone", "crmCalls", query), "invalid.request")


def test_case_22_an_unescaped_plus_is_still_a_plus(crm):
    answer = crm.get("addPhone", "crmCalls", f"phone=+{A}&gmtZone=+03:00")

    assert crm.call(answer.json()).zones == "UTC+03:00"
    assert crm.call(answer.json()).destination == f"+{A}"


def test_case_23_the_key_may_stand_in_the_query(crm):
    query = f"phone={A}&Idempotence-Key=d5f41bd4"
    first, second = crm.get("addPhone", query=query), crm.get("addPhone", query=query)

    assert first.json() == second.json()
    assert crm.call(first.json()).custom_data == {}
    assert crm.total() == 1


def test_case_24_one_number_by_form(crm):
    form = "application/x-www-form-urlencoded"
    answers = [crm.raw("addPhone", f"phone={A}&order=17", form, "crmCalls", key="f1") for _ in range(2)]

    assert answers[0].json() == answers[1].json()
    assert crm.call(answers[0].json()).custom_data == {"order": "17"}
    assert crm.total() == 1


def test_case_25_a_repeat_within_the_window_is_refused(crm, settings):
    settings.JAICP = {**settings.JAICP, "crm_duplicate_window_hours": 24}

    assert crm.get("addPhone", "crmCalls", f"phone={A}").status_code == 200
    body = refused(crm.get("addPhone", "crmCalls", f"phone={A}"), "phone.duplicated")
    assert body["phone"] == A
    # Another payload, a key, the trial route, another method and the next day are no repeats.
    assert crm.get("addPhone", "crmCalls", f"phone={A}&name=Alex").status_code == 200
    assert crm.get("addPhone", "crmCalls", f"phone={A}&Idempotence-Key=k").status_code == 200
    assert crm.get("test/addPhone", "crmCalls", f"phone={A}").status_code == 200
    assert crm.add(A).status_code == 200
    crm.world.move_to(crm.world.now + dt.timedelta(hours=24, seconds=1))
    assert crm.get("addPhone", "crmCalls", f"phone={A}").status_code == 200


def test_the_window_looks_at_single_numbers_only(crm, settings):
    settings.JAICP = {**settings.JAICP, "crm_duplicate_window_hours": 24}
    crm.added(A)

    assert crm.get("addPhone", "crmCalls", f"phone={A}").status_code == 200


def test_rules_of_a_number_are_stored(crm):
    item = {
        "phone": A,
        "payload": {"name": "Ann", "deep": [1, {"a": None}]},
        "startDateTime": "2031-04-01T10:00:00+03:00",
        "finishDateTime": 1_933_000_000_000,
        "maxAttempts": 3,
        "retryIntervalInMinutes": 45,
        "externalCheck": {"externalCheckUrl": "https://crm.example/check", "externalCheckMaxRetries": 2},
        "colour": "unknown fields are ignored",
    }
    call = crm.call(crm.added(item)[0])

    assert call.custom_data == item["payload"]
    assert call.due_at == dt.datetime(2031, 4, 1, 7, tzinfo=dt.UTC)
    assert call.not_after == dt.datetime.fromtimestamp(1_933_000_000, tz=dt.UTC)
    assert (call.max_attempts, call.retry_minutes) == (3, 45)
    assert call.extra == {"externalCheck": item["externalCheck"]}
    assert not call.ready


def test_a_moment_without_an_offset_is_read_in_the_campaigns_zone(crm):
    call = crm.call(crm.added({"phone": A, "startDateTime": "2031-07-01T10:00:00"})[0])

    # Rome keeps summer time in July.
    assert call.due_at == dt.datetime(2031, 7, 1, 8, tzinfo=dt.UTC)


def test_a_start_in_the_past_does_not_jump_the_queue(crm):
    call = crm.call(crm.added({"phone": A, "startDateTime": "2001-01-01T00:00:00Z"})[0])

    assert call.due_at == crm.world.now
    assert call.ready


def test_priorities_and_rules_make_the_order(crm):
    ids = crm.added(
        {"phone": "16500000001", "dialerPriority": 5},
        {"phone": "16500000002"},
        {"phone": "16500000003", "maxAttempts": 2},
        {"phone": "16500000004", "dialerPriority": 1},
        {"phone": "16500000005", "dialerPriority": 3, "payload": {"a": "b"}},
        {"phone": "16500000006", "dialerPriority": 2},
    )
    order = [str(pk) for pk in crm.calls().order_by("-priority", "due_at", "id").values_list("pk", flat=True)]

    assert [ids.index(pk) + 1 for pk in order] == [4, 6, 3, 2, 5, 1]


@pytest.mark.parametrize(
    "item",
    [
        {"payload": "text"},
        {"payload": []},
        {"gmtZone": 3},
        {"externalCheck": {}},
        {"externalCheck": "https://crm.example"},
        {"externalCheck": {"externalCheckUrl": "https://crm.example", "externalCheckMaxRetries": "2"}},
        {"allowedDays": []},
        {"allowedDays": ["monday"]},
        {"allowedDays": "mon"},
        {"allowedDays": [["mon"]]},
        {"allowedTime": []},
        {"allowedTime": {"mon": []}},
        {"allowedTime": {"mon": {}}},
        {"allowedTime": {"funday": [{"localTimeFrom": "10:00", "localTimeTo": "11:00"}]}},
        {"allowedTime": {"mon": [{"localTimeFrom": "10:00"}]}},
        {"allowedTime": {"mon": [{"localTimeFrom": "9:00", "localTimeTo": "11:00"}]}},
        {"allowedTime": {"mon": [{"localTimeFrom": "11:00", "localTimeTo": "11:00"}]}},
        {"localTimeFrom": "25:00"},
        {"localTimeFrom": 0},
        {"localTimeFrom": "12:00", "localTimeTo": "11:00"},
        {"phone": None},
        {"phone": 1.65e10},
        {"phone": True},
        {"phone": ["16500000000"]},
    ],
)
def test_a_field_of_the_wrong_kind_is_refused(crm, item):
    refused(crm.add({"phone": A} | item), "invalid.request")
    assert crm.total() == 0


@pytest.mark.parametrize(
    "phone",
    ["", "123456", "1234567890123456", "tel:16500000000", "1650/0000000", "١٦٥٠٠٠٠٠٠٠٠", "++16500000000", -16500000000],
)
def test_what_the_format_does_not_allow_is_refused(crm, phone):
    body = refused(crm.add({"phone": phone}), "phone.bad.format")

    assert body["phone"] == str(phone)


@pytest.mark.parametrize("phone", ["+1 (650) 000-00.00", "0016500000000", " 16500000000 ", 16500000000])
def test_ornaments_of_a_number_are_dropped(crm, phone):
    (pk,) = crm.added({"phone": phone})

    assert crm.report(pk)["phone"] == A
    assert crm.call(pk).number == str(phone)


def test_national_prefixes_are_a_campaigns_own(crm):
    theirs = crm.another(extra={"national_prefixes": {"8XXXXXXXXXX": "7XXXXXXXXXX"}})
    plain, mapped = crm.added("89161234567")[0], theirs.added("89161234567")[0]

    assert crm.report(plain)["phone"] == "89161234567"
    assert theirs.report(mapped)["phone"] == "79161234567"
    assert theirs.reports(phones=["8 916 123-45-67"])[0]["callJobId"] == mapped


def test_the_first_fault_wins_but_repeats_are_told_together(crm):
    body = refused(crm.add(A, A, "abc", B, B, A), "phone.duplicated")
    assert body["phonesDuplicates"] == [A, B]
    assert "[1]" in refused(crm.add(A, "abc", A), "phone.bad.format")["message"]
    refused(crm.add({"phone": A, "gmtZone": "x"}, "abc"), "phone.gmtZone.bad.format")


def test_more_numbers_than_a_request_may_have(crm):
    body = json.dumps([{"phone": "1"}] * 100_001)

    assert "100000" in refused(crm.raw("addPhones", body), "invalid.request")["message"]


def test_a_body_over_the_limit(crm):
    body = b"[" + b" " * (32 * 1024 * 1024) + b"]"

    found = refused(crm.raw("addPhones", body), "request.too.large", 413)
    assert found["error"] == "request.too.large"


@pytest.mark.parametrize("kind", ["text/plain", "application/xml", "application/x-www-form-urlencoded"])
def test_a_list_must_be_json(crm, kind):
    refused(crm.raw("addPhones", json.dumps([{"phone": A}]), kind), "unsupported.media.type", 415)


@pytest.mark.parametrize(
    "kind", ["application/json; charset=utf-8", "Application/JSON", "application/vnd.crm+json", ""]
)
def test_kinds_of_json(crm, kind):
    assert crm.raw("addPhones", json.dumps([{"phone": A}]), kind).status_code == 200


def test_a_form_must_be_a_form_or_json(crm):
    refused(crm.raw("addPhone", f"phone={A}", "text/plain", "crmCalls"), "unsupported.media.type", 415)
    refused(crm.raw("addPhone", "[]", root="crmCalls"), "invalid.request")


def test_body_and_query_are_merged_and_the_body_wins(crm):
    path = crm.path("addPhone", "crmCalls") + f"?phone={B}&who=query&only=query&who=last"
    answer = crm.world.client.post(path, f"phone={A}&who=body", content_type="application/x-www-form-urlencoded")

    assert crm.call(answer.json()).destination == f"+{A}"
    assert crm.call(answer.json()).custom_data == {"who": "body", "only": "query"}


def test_parameters_may_stand_in_the_url_alone(crm):
    path = crm.path("addPhone", "crmCalls") + f"?phone={A}&who=first&who=last"
    answer = crm.world.client.post(path)

    assert crm.call(answer.json()).custom_data == {"who": "last"}


def test_one_number_as_a_json_object(crm):
    body = {"phone": int(A), "gmtZone": "+03:00", "name": "Ann", "sum": 17, "paid": True, "idempotence-key": "never"}
    answer = crm.post("addPhone", body, root="crmCalls")

    call = crm.call(answer.json())
    assert call.zones == "UTC+03:00"
    assert call.custom_data == {"name": "Ann", "sum": "17", "paid": "true"}


def test_the_header_wins_over_the_query(crm):
    first = crm.get("addPhone", query=f"phone={A}&idempotence-key=a", **{"Idempotence-Key": "b"})
    second = crm.get("addPhone", query=f"phone={A}&Idempotence-Key=b")

    assert first.json() == second.json()
    assert list(IdempotenceKey.objects.values_list("key", flat=True)) == ["b"]


def test_plain_text_for_who_prefers_it(crm):
    plain = crm.get("addPhone", query=f"phone={A}", Accept="text/plain")
    better = crm.get("addPhone", query=f"phone={A}", Accept="application/json;q=0.5, text/plain")

    for answer in (plain, better):
        assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
        assert crm.call(answer.content.decode())
    for accept in ("application/json, text/plain, */*", "text/plain, */*", "*/*", "text/plain;q=x", "text/html", ",;"):
        assert crm.get("addPhone", query=f"phone={A}", Accept=accept).content.startswith(b'"')


def test_a_key_is_kept_with_the_answer_whatever_the_body(crm):
    first = crm.added(A, key="k")

    assert crm.added(B, key="k") == first
    assert crm.raw("addPhones", "not json", key="k").json() == first
    assert Intake.objects.get().request_id == "k"


def test_a_key_that_is_too_long(crm):
    refused(crm.add(A, key="k" * 256), "invalid.request")
    assert len(crm.added(A, key="k" * 255)) == 1


def test_adding_in_bulk_and_one_by_one_share_their_keys(crm):
    ids = crm.added(A, key="k")

    assert crm.get("addPhone", query=f"phone={B}&Idempotence-Key=k").json() == ids
    assert crm.total() == 1


def test_a_replay_is_answered_though_the_campaign_has_stopped(crm):
    ids = crm.added(A, key="k")
    crm.control("stop")

    assert crm.added(A, key="k") == ids
    refused(crm.add(A, key="k2"), "invalid.call.task.state")


def test_the_state_is_looked_at_before_the_numbers(crm):
    crm.control("stop")

    refused(crm.add("abc"), "invalid.call.task.state")
    refused(crm.get("addPhone", query="phone=abc"), "invalid.call.task.state")
    refused(crm.raw("addPhones", "not json"), "invalid.request")


def test_many_numbers_cost_a_handful_of_statements(crm, django_assert_max_num_queries):
    listed = [{"phone": f"1650{n:07}", "gmtZone": "+03:00", "maxAttempts": 2} for n in range(2000)]

    with django_assert_max_num_queries(20):
        ids = crm.added(*listed, key="k")
    assert len(set(ids)) == 2000
    assert Call.objects.count() == 2000
