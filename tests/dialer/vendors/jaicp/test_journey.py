"""A customer's whole way, from the first number to the last report, over thousands of virtual seconds."""

from __future__ import annotations

import datetime as dt

from tests.dialer.vendors.jaicp.test_jobs import FLOW

# By their last digits: presses 1, is busy, rings out, does not exist, answers and says nothing, is refused.
PEOPLE = {
    "39061230211": "longCallWithResult",
    "39061230486": "noAnswer",
    "39061230408": "noAnswer",
    "39061230404": "nonexistentNumber",
    "39061230200": "longCallWithNoResult",
    "39061230603": "noAnswer",
    "39061230500": "technicalError",
    "39061230503": "technicalError",
}


def test_from_the_first_number_to_the_last_report(crm):
    survey = crm.another(name="Survey", flow=FLOW, max_attempts=2, retry_minutes=10)
    rules = {"gmtZone": "Europe/Rome", "allowedTime": {"default": [{"localTimeFrom": "10:00", "localTimeTo": "18:00"}]}}
    ids = survey.added(*({"phone": phone, "payload": {"n": n}} | rules for n, phone in enumerate(PEOPLE)), key="day 1")
    assert survey.added(*PEOPLE, key="day 1") == ids
    single = survey.get("addPhone", "crmCalls", "phone=+39061231211&gmtZone=+01:00&name=Ann").json()
    cancelled = survey.added({"phone": "39061232200", "startDateTime": "2031-03-04T10:00:00Z"})[0]
    assert survey.total() == len(PEOPLE) + 2

    survey.world.run(minutes=3)
    assert survey.cancel(phones=["39061232200"]).json() == [cancelled]
    assert survey.control("pause").status_code == 200
    paused_at = survey.dials().count()
    survey.world.run(minutes=60)
    assert survey.dials().count() == paused_at
    assert survey.status() == "paused"
    assert survey.control("resume").status_code == 200
    survey.world.run_until_idle()

    reports = {report["phone"]: report for report in survey.reports(*ids)}
    assert {phone: report["jobStatus"] for phone, report in reports.items()} == PEOPLE
    assert reports["39061230211"]["reportData"] == {"CONFIRMED": "1"}
    assert reports["39061230486"]["attemptsCount"] == 2
    assert all(report["finishedAt"] >= report["createdAt"] for report in reports.values())
    assert survey.report(single)["jobStatus"] == "longCallWithResult"
    assert survey.report(cancelled)["jobStatus"] == "cancelledByUser"
    rows = survey.attempts(*ids)
    assert len(rows) == sum(report["attemptsCount"] for report in reports.values())
    assert all(report["callDuration"] == talked(rows, pk) for pk, report in zip(ids, reports.values(), strict=True))

    short = survey.info()["shortReport"]
    assert short["totalNumbers"] == short["processedNumbers"] == len(PEOPLE) + 2
    assert short["inProcessCalls"] == 0
    assert short["retryCalls"] == sum(row["attemptNumber"] > 1 for row in rows)
    assert survey.control("stop").status_code == 200
    ended = dt.datetime.fromtimestamp(survey.info()["endTime"] / 1000, tz=dt.UTC)
    assert ended == survey.world.now
    assert survey.add("39061239200").json()["state"] == "FINISHED"


def talked(rows: list[dict], pk: str) -> int:
    return sum(row["callDuration"] for row in rows if row["callJobId"] == pk)
