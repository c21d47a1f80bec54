"""The campaign, its status and its steering: acceptance cases 19, 37 to 47 and 49, and what stands beside them."""

from __future__ import annotations

import datetime as dt

import pytest

from campaigns.states import CampaignState
from tests.dialer.vendors.jaicp.conftest import A, B, Crm, refused

ANSWERS = "39061230200"
# Answers after 5 s.
RINGS_LONG = "39061230235"
ROUTES = [
    ("POST", "calls", "addPhones"),
    ("GET", "calls", "addPhone"),
    ("POST", "calls", "addPhone"),
    ("GET", "crmCalls", "addPhone"),
    ("POST", "crmCalls", "addPhone"),
    ("GET", "crmCalls", "test/addPhone"),
    ("POST", "calls", "callJob/cancel"),
    ("POST", "calls", "callJob/getReport"),
    ("POST", "calls", "callJob/getReportByDate"),
    ("POST", "calls", "callJob/getUnfinished"),
    ("POST", "calls", "callAttempt/getReport"),
    ("POST", "calls", "callAttempt/getReportByDate"),
    ("GET", "calls", ""),
    ("GET", "calls", "status"),
    ("POST", "calls", "control/pause"),
    ("POST", "calls", "control/resume"),
    ("POST", "calls", "control/stop"),
]


@pytest.mark.parametrize(("verb", "root", "route"), ROUTES)
@pytest.mark.parametrize("change", ["secret", "account", "campaign", "shape", "length", "inactive"])
def test_case_19_an_unknown_token_on_every_route(crm, verb, root, route, change):
    account, campaign, secret = crm.token.split(".")
    crm.token = {
        "secret": f"{account}.{campaign}.{secret[:-1]}{'0' if secret[-1] != '0' else '1'}",
        "account": f"{account}1.{campaign}.{secret}",
        "campaign": f"{account}.{campaign}1.{secret}",
        "shape": f"{account}.{campaign}.{secret}%20",
        "length": "1" * 201,
        "inactive": crm.token,
    }[change]
    if change == "inactive":
        crm.world.account.is_active = False
        crm.world.account.save()
    path = crm.path(route, root)
    answer = crm.world.client.generic(verb, path, b"[]", content_type="application/json")

    body = refused(answer, "invalid.token", 404)
    assert crm.token not in body["message"]


@pytest.mark.parametrize(("verb", "root", "route"), ROUTES)
def test_a_slash_at_the_end_is_free(crm, verb, root, route):
    path = crm.path(route, root)
    without, with_it = (
        crm.world.client.generic(verb, path + slash, b"{}", content_type="application/json") for slash in ("", "/")
    )

    assert without.status_code != 404
    if not route.startswith("control/"):
        assert without.status_code == with_it.status_code


def test_case_37_what_a_campaign_tells_of_itself(crm):
    crm.added(A, B)
    answer = crm.get()

    assert answer.status_code == 200
    now = int(crm.world.now.timestamp() * 1000)
    account, pk = crm.world.account.pk, crm.campaign.pk
    assert answer.json() == {
        "id": pk,
        "name": "Spring reminders",
        "projectName": f"acme-{account}",
        "creationDate": now,
        "botId": f"{account}-acme-{account}-{pk}",
        "status": "inProgress",
        "startTime": now,
        "endTime": None,
        "maxSimultaneousCalls": 5,
        "shortReport": {
            "totalNumbers": 2,
            "processedNumbers": 0,
            "usedTalkingTime": 0,
            "usedAsrSeconds": 0,
            "inProcessCalls": 0,
            "retryCalls": 0,
        },
    }


def test_the_short_report_follows_the_calls(crm):
    crm.added({"phone": "39061230486", "maxAttempts": 3, "retryIntervalInMinutes": 1}, RINGS_LONG)
    crm.import_number("39061231235")
    crm.world.run(seconds=2)
    assert crm.info()["shortReport"]["inProcessCalls"] == 2
    crm.world.run_until_idle()

    report = crm.info()["shortReport"]
    talked = sum((d.ended_at - d.answered_at).total_seconds() for d in crm.dials().filter(answered_at__isnull=False))
    assert talked > 0
    assert report == {
        "totalNumbers": 3,
        "processedNumbers": 3,
        "usedTalkingTime": int(talked),
        "usedAsrSeconds": 0,
        "inProcessCalls": 0,
        "retryCalls": 2,
    }


def test_case_38_the_status_alone(crm):
    answer = crm.get("status")

    assert answer.content == b'"inProgress"'
    assert answer.headers["Content-Type"] == "application/json"
    plain = crm.get("status", Accept="text/plain")
    assert plain.content == b"inProgress"
    assert plain.headers["Content-Type"].startswith("text/plain")


def test_case_39_a_paused_campaign_dials_nothing(crm):
    crm.added(ANSWERS)
    answer = crm.control("pause")

    assert answer.status_code == 200
    assert answer.content == b""
    assert crm.status() == "paused"
    crm.world.run(minutes=30)
    assert crm.dials().count() == 0


def test_case_40_illegal_steering(crm):
    body = refused(crm.control("resume"), "invalid.call.task.state")
    assert body["error"] == "invalid.call.task.state"
    assert body["args"] == {}
    crm.control("pause")

    assert refused(crm.control("pause"), "invalid.call.task.state")["error"] == "invalid.call.task.state"
    assert crm.status() == "paused"


def test_case_41_resume_goes_on(crm):
    crm.control("pause")
    answer = crm.control("resume")

    assert (answer.status_code, answer.content) == (200, b"")
    assert crm.status() == "inProgress"


def test_case_42_stop_is_final(crm):
    tomorrow = (crm.world.now + dt.timedelta(days=1)).isoformat()
    ids = crm.added({"phone": A, "startDateTime": tomorrow}, "39061230408")
    crm.world.run(seconds=2)
    answer = crm.control("stop")

    assert (answer.status_code, answer.content) == (200, b"")
    assert crm.status() == "finished"
    assert crm.info()["endTime"] == int(crm.world.now.timestamp() * 1000)
    assert [report["jobStatus"] for report in crm.reports(*ids)] == ["notDone", "inProcess"]
    # The call in progress ends by itself, and is not made again.
    crm.world.run_until_idle()
    assert [report["jobStatus"] for report in crm.reports(*ids)] == ["notDone", "notDone"]
    for action in ("pause", "resume", "stop"):
        refused(crm.control(action), "invalid.call.task.state")


def test_case_43_a_stopped_campaign_takes_no_numbers(crm):
    crm.control("stop")

    assert refused(crm.add(A), "invalid.call.task.state")["state"] == "FINISHED"
    assert refused(crm.get("addPhone", query=f"phone={A}"), "invalid.call.task.state")["state"] == "FINISHED"


def test_a_deleted_campaign_is_known_and_takes_nothing(crm):
    crm.move(CampaignState.DELETED)

    assert crm.status() == "deleted"
    assert refused(crm.add(A), "invalid.call.task.state")["state"] == "DELETED"
    for action in ("pause", "resume", "stop"):
        refused(crm.control(action), "invalid.call.task.state")


def test_case_44_numbers_added_while_paused_are_dialled_after_resume(crm):
    crm.control("pause")
    (pk,) = crm.added(ANSWERS)
    crm.world.run(minutes=5)
    assert crm.report(pk)["attemptsCount"] == 0

    crm.control("resume")
    crm.world.run_until_idle()
    assert crm.report(pk)["jobStatus"] == "longCallWithNoResult"


def test_case_45_steering_takes_a_key(crm):
    first, second = crm.control("pause", key="p1"), crm.control("pause", key="p1")

    assert (first.status_code, second.status_code) == (200, 200)
    assert second.content == b""
    # Each action has keys of its own.
    assert crm.control("resume", key="p1").status_code == 200
    assert crm.status() == "inProgress"


@pytest.mark.parametrize(
    ("verb", "route", "allow"),
    [
        ("GET", "addPhones", "POST"),
        ("POST", "status", "GET"),
        ("PUT", "addPhones", "POST"),
        ("DELETE", "", "GET"),
        ("HEAD", "addPhone", "GET, POST"),
        ("OPTIONS", "addPhone", "GET, POST"),
        ("GET", "control/pause", "POST"),
    ],
)
def test_case_46_a_wrong_verb(crm, verb, route, allow):
    answer = crm.world.client.generic(verb, crm.path(route) + f"?phone={A}")

    assert answer.status_code == 405
    assert answer.headers["Allow"] == allow
    if verb != "HEAD":
        assert refused(answer, "method.not.allowed", 405)["error"] == "method.not.allowed"
    assert crm.total() == 0


@pytest.mark.parametrize("action", ["start", "foo", "pause/now"])
def test_case_47_an_unknown_action(crm, action):
    refused(crm.control(action), "not.found", 404)
    assert crm.status() == "inProgress"


@pytest.mark.parametrize("path", ["/api/calls", "/api/calls/campaign", "/api/crmCalls/x/y", "/api/calls/campaign/"])
def test_an_unknown_path_is_refused_in_the_vendors_shape(crm, path):
    refused(crm.world.client.get(path), "not.found", 404)


def test_case_49_a_day_that_is_not_allowed_is_never_dialled(crm):
    # It is Monday, 11:00 in Rome.
    spans = [{"localTimeFrom": "10:00", "localTimeTo": "12:00"}]
    item = {"phone": "39061230408", "allowedDays": ["mon"], "allowedTime": {"tue": spans}}
    (pk,) = crm.added(item | {"maxAttempts": 40, "retryIntervalInMinutes": 360})
    crm.world.run(days=15)

    days = {dial.claimed_at.astimezone(dt.timezone(dt.timedelta(hours=1))).weekday() for dial in crm.dials()}
    assert crm.report(pk)["attemptsCount"] > 5
    assert days == {0}


class TestDrafts:
    """A campaign that nobody has started: it is dialled by nobody, so pausing it only changes what it says."""

    def test_its_status(self, crm):
        assert crm.draft().status() == "new"
        assert crm.draft(starts_at=crm.world.now + dt.timedelta(days=1)).status() == "planned"

    def test_pause_and_resume(self, crm):
        draft = crm.draft()
        refused(draft.control("resume"), "invalid.call.task.state")
        assert draft.control("pause").status_code == 200
        assert draft.status() == "paused"
        refused(draft.control("pause"), "invalid.call.task.state")
        assert len(draft.added(A)) == 1
        assert draft.control("resume").status_code == 200
        assert draft.status() == "planned"
        refused(draft.control("resume"), "invalid.call.task.state")
        draft.campaign.refresh_from_db()
        assert draft.campaign.state == CampaignState.DRAFT
        assert draft.campaign.started_at is None

    def test_stop(self, crm):
        for draft in (crm.draft(), crm.draft(extra={"jaicp_status": "paused"})):
            (pk,) = draft.added(A)
            assert draft.control("stop").status_code == 200
            assert draft.status() == "finished"
            assert draft.report(pk)["jobStatus"] == "notDone"

    def test_what_was_marked_is_forgotten_once_a_person_starts_it(self, crm):
        draft = crm.draft()
        draft.control("pause")
        draft.move(CampaignState.RUNNING)

        assert draft.status() == "inProgress"


def test_a_campaign_whose_begin_is_still_to_come(crm):
    begins = crm.world.now + dt.timedelta(days=1)
    later: Crm = crm.another(starts_at=begins)

    assert later.status() == "planned"
    assert later.info()["startTime"] == int(begins.timestamp() * 1000)
    assert later.control("pause").status_code == 200
    assert later.status() == "paused"
    assert later.control("resume").status_code == 200
    assert later.status() == "planned"
    later.world.move_to(begins)
    assert later.status() == "inProgress"


def test_the_word_for_running_is_a_setting(crm, settings):
    settings.JAICP = {**settings.JAICP, "running_word": "inProcess"}

    assert crm.status() == crm.info()["status"] == "inProcess"


def test_a_body_of_any_kind_is_ignored_by_steering(crm):
    assert crm.raw("control/pause", b"\xff\x00<xml", "application/xml").status_code == 200


def test_the_token_is_not_logged(crm, caplog, capsys):
    crm.add("abc")
    crm.control("resume")

    assert crm.token not in capsys.readouterr().err
