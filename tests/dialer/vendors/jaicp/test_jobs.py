"""Cancelling jobs, and reports of jobs and dials: acceptance cases 26 to 36, and what the contract says beside them."""

from __future__ import annotations

import datetime as dt

import pytest

from campaigns.operations import calls as call_operations
from campaigns.states import Api, CampaignState
from dialer import claiming, placing
from tests.dialer.vendors.jaicp.conftest import A, B, refused

# By their last digits: rings out, is busy, answers and stays to the end, answers and presses 1, does not exist.
NO_ANSWER, BUSY, ANSWERS, PRESSES, UNALLOCATED = (f"39061230{suffix}" for suffix in ("408", "486", "200", "211", "404"))
FLOW = {
    "steps": [
        {"do": "say", "text": "Press one to confirm."},
        {"do": "detect", "options": [{"key": "1", "id": "CONFIRMED", "steps": [{"do": "say", "text": "Thank you."}]}]},
    ]
}
JOB_KEYS = {
    "callJobId",
    "redialNumber",
    "phone",
    "attemptsCount",
    "jobStatus",
    "createdAt",
    "finishedAt",
    "tagName",
    "tagPayload",
    "callDuration",
    "reportData",
}
ATTEMPT_KEYS = JOB_KEYS - {"attemptsCount", "createdAt"} | {"attemptNumber", "callResult", "startedAt"}


def ms(moment: dt.datetime) -> int:
    return int(moment.timestamp() * 1000)


def test_case_26_jobs_are_cancelled_by_their_number(crm):
    ids = crm.added(A) + crm.added(A)
    answer = crm.post("callJob/cancel", {"phones": [int(A)]})

    assert answer.status_code == 200
    assert answer.json() == ids
    for report in crm.reports(*ids):
        assert report["jobStatus"] == "cancelledByUser"
        assert report["finishedAt"] == ms(crm.world.now)


def test_case_27_what_is_cancelled_is_not_cancelled_again(crm):
    crm.added(A)
    crm.cancel(phones=[int(A)])
    again = crm.cancel(phones=[int(A)])

    assert again.status_code == 200
    assert again.json() == []


@pytest.mark.parametrize("pk", [1, "1", "abc", "", -1, 10**40, "01", " 1", "٣"])
def test_case_28_an_unknown_id_is_refused(crm, pk):
    refused(crm.cancel(ids=[pk]), "id.not.found")


def test_case_29_one_unknown_id_spares_the_others(crm):
    (good,) = crm.added(A)

    refused(crm.cancel(ids=[good, "999"]), "id.not.found")
    assert crm.report(good)["jobStatus"] == "planned"


@pytest.mark.parametrize("phone", ["19999999999", 19999999999, "abc", ""])
def test_case_30_an_unknown_number_is_refused(crm, phone):
    (good,) = crm.added(A)

    refused(crm.cancel(ids=[good], phones=[phone]), "phone.not.found")
    assert crm.report(good)["jobStatus"] == "planned"


def test_case_31_a_call_in_progress_is_finished(crm):
    # The second rings for 5 s, then answers.
    ids = crm.added({"phone": NO_ANSWER, "maxAttempts": 3}, {"phone": "39061230235", "maxAttempts": 3})
    crm.world.run(seconds=2)
    assert {report["jobStatus"] for report in crm.reports(*ids)} == {"inProcess"}

    assert crm.cancel(ids=ids).json() == ids
    assert {report["jobStatus"] for report in crm.reports(*ids)} == {"inProcess"}
    assert crm.cancel(ids=ids).json() == []
    crm.world.run_until_idle()

    unanswered, answered = crm.reports(*ids)
    # Whoever answered has the result of the call.
    assert (unanswered["jobStatus"], unanswered["attemptsCount"]) == ("cancelledByUser", 1)
    assert (answered["jobStatus"], answered["attemptsCount"]) == ("longCallWithNoResult", 1)
    assert unanswered["finishedAt"] > ms(crm.world.now) - 3_600_000


def test_case_32_a_job_right_after_adding(crm):
    (pk,) = crm.added({"phone": A, "payload": {"name": "Ann"}})

    assert crm.report(pk) == {
        "attemptsCount": 0,
        "callDuration": 0,
        "callJobId": pk,
        "createdAt": ms(crm.world.now),
        "finishedAt": None,
        "jobStatus": "planned",
        "phone": A,
        "redialNumber": None,
        "reportData": None,
        "tagName": None,
        "tagPayload": None,
    }


def test_case_33_a_job_never_dialled_has_no_attempts(crm):
    (pk,) = crm.added(A)
    answer = crm.post("callAttempt/getReport", {"ids": [pk]})

    assert answer.status_code == 200
    assert answer.json() == []


def test_case_34_attempts_are_numbered(crm):
    # Busy twice, then the plan of the number changes: the ledger says which dial was which.
    (pk,) = crm.added({"phone": BUSY, "maxAttempts": 3, "retryIntervalInMinutes": 5})
    crm.world.run(minutes=6)
    assert crm.report(pk)["jobStatus"] == "onRetry"
    crm.calls().update(destination="+" + ANSWERS)
    crm.world.run_until_idle()

    rows = crm.attempts(pk)
    assert [row["attemptNumber"] for row in rows] == [1, 2, 3]
    assert all(set(row) == ATTEMPT_KEYS for row in rows)
    assert [row["startedAt"] is None for row in rows] == [True, True, False]
    assert [row["finishedAt"] is None for row in rows] == [True, True, False]
    report = crm.report(pk)
    assert report["attemptsCount"] == 3
    assert report["jobStatus"] == "longCallWithNoResult"
    dial = crm.dials().last()
    assert rows[2]["startedAt"] == ms(dial.answered_at)
    assert rows[2]["finishedAt"] == ms(dial.ended_at)
    assert report["callDuration"] == rows[2]["callDuration"] == int((dial.ended_at - dial.answered_at).total_seconds())


def test_case_35_all_attempts_unanswered(crm):
    ids = crm.added({"phone": BUSY, "maxAttempts": 2}, {"phone": NO_ANSWER, "maxAttempts": 1})
    crm.world.run_until_idle()

    busy, silent = crm.reports(*ids)
    assert (busy["jobStatus"], busy["attemptsCount"]) == ("noAnswer", 2)
    assert (silent["jobStatus"], silent["attemptsCount"]) == ("noAnswer", 1)
    assert busy["finishedAt"] == ms(crm.call(ids[0]).done_at)
    assert busy["callDuration"] == 0


def test_case_36_a_number_and_an_id_of_one_job_are_one_row(crm):
    (pk,) = crm.added(A)

    assert [row["callJobId"] for row in crm.reports(ids=[pk, int(pk), pk], phones=[A, int(A), f"+{A}"])] == [pk]


def test_a_number_has_all_its_jobs_in_the_order_of_creation(crm):
    first, other, last = crm.added(A)[0], crm.added(B)[0], crm.added(A)[0]

    assert [row["callJobId"] for row in crm.reports(ids=[other], phones=[A])] == [first, other, last]


def test_what_the_flow_recorded_is_reported(crm):
    survey = crm.another(flow=FLOW)
    ids = survey.added(PRESSES, ANSWERS, UNALLOCATED)
    survey.world.run_until_idle()

    confirmed, silent, nowhere = survey.reports(*ids)
    assert confirmed["jobStatus"] == "longCallWithResult"
    assert confirmed["reportData"] == {"CONFIRMED": "1"}
    assert silent["jobStatus"] == "longCallWithNoResult"
    assert silent["reportData"] is None
    assert nowhere["jobStatus"] == "nonexistentNumber"
    rows = survey.attempts(*ids)
    assert [row["callResult"] for row in rows] == ["CONFIRMED", None, None]
    assert rows[0]["reportData"] == {"CONFIRMED": "1"}


def test_a_key_without_an_option_is_recorded_but_is_no_result(crm):
    deaf = {
        "steps": [{"do": "say", "text": "Hi."}, {"do": "detect", "options": [{"key": "5", "id": "X", "steps": []}]}]
    }
    survey = crm.another(flow=deaf)
    (pk,) = survey.added(PRESSES)
    survey.world.run_until_idle()

    report = survey.report(pk)
    assert report["jobStatus"] == "longCallWithNoResult"
    assert report["reportData"] == {"1": "1"}


@pytest.mark.parametrize("body", [{}, {"ids": [], "phones": []}, {"ids": None}, {"other": [1]}])
def test_nothing_asked_for_is_nothing_done(crm, body):
    crm.added(A)

    for route in ("callJob/cancel", "callJob/getReport", "callAttempt/getReport"):
        answer = crm.post(route, body)
        assert answer.status_code == 200
        assert answer.json() == []
    assert crm.calls().get().state == "waiting"


@pytest.mark.parametrize("route", ["callJob/cancel", "callJob/getReport", "callAttempt/getReport"])
def test_reports_and_cancelling_refuse_the_same(crm, route):
    theirs = crm.another().added(A)[0]

    refused(crm.post(route, {"ids": [theirs]}), "id.not.found")
    refused(crm.post(route, {"phones": [A]}), "phone.not.found")
    for body in ([], "text", {"ids": "1"}, {"ids": [True]}, {"ids": [1.0]}, {"phones": [None]}, {"phones": {}}):
        refused(crm.post(route, body), "invalid.request")
    refused(crm.raw(route, b""), "invalid.request")
    refused(crm.raw(route, b"ids=1", "application/x-www-form-urlencoded"), "unsupported.media.type", 415)
    refused(crm.post(route, {"ids": ["1"] * 100_001}), "invalid.request")


def test_jobs_of_other_apis_are_seen_and_imported_numbers_are_not(crm):
    native = crm.import_number(api=Api.NATIVE)
    imported = crm.import_number(B, api=Api.IMPORT)
    typed = crm.import_number("16500000002", api=Api.ADMIN)

    assert crm.report(native)["phone"] == A
    for pk, phone in ((imported, B), (typed, "16500000002")):
        refused(crm.cancel(ids=[pk]), "id.not.found")
        refused(crm.cancel(phones=[phone]), "phone.not.found")
        refused(crm.post("callJob/getReport", {"ids": [pk]}), "id.not.found")
    assert crm.cancel(phones=[A]).json() == [native]
    assert crm.total() == 3


def test_another_accounts_jobs_are_unknown(crm):
    theirs = crm.of_another_account().added(A)[0]
    mine = refused(crm.cancel(ids=[theirs]), "id.not.found")

    assert mine == refused(crm.cancel(ids=[theirs]), "id.not.found")
    assert (
        mine["message"].replace(theirs, "9" * len(theirs))
        == (refused(crm.cancel(ids=["9" * len(theirs)]), "id.not.found")["message"])
    )


def test_cancelling_takes_a_key(crm):
    (pk,) = crm.added(A)

    first = crm.post("callJob/cancel", {"ids": [pk]}, key="c1")
    second = crm.post("callJob/cancel", {"ids": [pk]}, key="c1")
    assert first.json() == second.json() == [pk]
    # Another group of operations has keys of its own.
    assert len(crm.added(A, key="c1")) == 1


def test_a_try_that_was_withdrawn_is_no_dial(crm):
    (pk,) = crm.added(ANSWERS)
    claimed = claiming.claim(account_id=crm.world.account.pk, now=crm.world.now)
    crm.control("pause")
    placing.place(claimed.attempt_ids, now=crm.world.now)

    assert crm.report(pk)["attemptsCount"] == 0
    assert crm.report(pk)["jobStatus"] == "planned"
    assert crm.attempts(pk) == []
    crm.control("resume")
    crm.world.run_until_idle()
    assert [row["attemptNumber"] for row in crm.attempts(pk)] == [1]


def test_a_job_that_came_too_late_is_not_done(crm):
    finish = (crm.world.now + dt.timedelta(minutes=1)).isoformat()
    start = (crm.world.now + dt.timedelta(seconds=30)).isoformat()
    never = {"allowedDays": ["tue"], "finishDateTime": finish}
    ids = crm.added({"phone": A, **never}, {"phone": BUSY, "startDateTime": start, "finishDateTime": finish})
    crm.world.run_until_idle()

    assert [report["jobStatus"] for report in crm.reports(*ids)] == ["notDone", "noAnswer"]


def test_the_word_for_cancelled_is_a_setting(crm, settings):
    settings.JAICP = {**settings.JAICP, "cancelled_word": "canceled"}
    (pk,) = crm.added(A)
    crm.cancel(ids=[pk])

    assert crm.report(pk)["jobStatus"] == "canceled"


def test_jobs_are_found_by_their_dates(crm):
    now = crm.world.now
    old = crm.added(A)
    crm.world.move_to(now + dt.timedelta(hours=1))
    new = crm.added(B, NO_ANSWER, "16500000002")
    crm.cancel(ids=[new[0]])

    def found(filters, **pagination):
        answer = crm.post("callJob/getReportByDate", {"filter": filters, "pagination": pagination})
        assert answer.status_code == 200
        return answer.json()

    everything = found({})
    assert [item["callJobId"] for item in everything["items"]] == old + new
    assert set(everything["items"][0]) == JOB_KEYS
    assert everything["pagination"] == {"page": 0, "pageSize": 20}
    later = {"createdAtFrom": crm.world.now.isoformat()}
    assert [item["callJobId"] for item in found(later)["items"]] == new
    assert [item["callJobId"] for item in found({"createdAtTo": crm.world.now.isoformat()})["items"]] == old
    assert [item["callJobId"] for item in found({"finishedAtFrom": now.isoformat()})["items"]] == new[:1]
    assert found(later, page=1, pageSize=2) == {
        "items": [crm.report(new[2])],
        "pagination": {"page": 1, "pageSize": 2},
    }
    unfinished = crm.post("callJob/getUnfinished", {"page": 0, "pageSize": 200}).json()
    assert [item["callJobId"] for item in unfinished["items"]] == old + new[1:]


def test_dials_are_found_by_the_dates_of_their_talk(crm):
    ids = crm.added(ANSWERS, BUSY)
    crm.world.run_until_idle()

    def found(**filters):
        return crm.post("callAttempt/getReportByDate", {"filter": filters}).json()["items"]

    assert found() == crm.attempts(*ids)
    started = crm.attempts(ids[0])[0]["startedAt"]
    assert found(startedAtFrom=started) == crm.attempts(ids[0])
    assert found(startedAtFrom=started + 1) == []
    assert found(finishedAtTo=started) == []


@pytest.mark.parametrize(
    "body",
    [
        [],
        {"filter": []},
        {"filter": {"createdAtFrom": "soon"}},
        {"pagination": {"page": 200}},
        {"pagination": {"page": -1}},
        {"pagination": {"pageSize": 0}},
        {"pagination": {"pageSize": 201}},
        {"pagination": {"pageSize": "20"}},
        {"pagination": []},
    ],
)
def test_a_malformed_search_is_refused(crm, body):
    refused(crm.post("callJob/getReportByDate", body), "invalid.request")


def test_reports_cost_the_same_few_statements_for_any_number_of_jobs(crm, django_assert_num_queries):
    ids = crm.added(*(f"1650{n:07}" for n in range(400)))

    with django_assert_num_queries(4):
        assert len(crm.reports(*ids)) == 400
    with django_assert_num_queries(4):
        assert len(crm.reports(*ids[:2])) == 2


def test_a_job_cancelled_by_another_way_is_told_the_same(crm):
    (pk,) = crm.added(A)
    call_operations.cancel_calls(account=crm.world.account, ids=[int(pk)], now=crm.world.now)
    crm.move(CampaignState.FINISHED)

    assert crm.report(pk)["jobStatus"] == "cancelledByUser"
    assert crm.cancel(ids=[pk]).json() == []
