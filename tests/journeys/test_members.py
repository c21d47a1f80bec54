"""Campaigns with members, from their making over HTTP to their report: on the simulator, in virtual time."""

from __future__ import annotations

import datetime as dt
import itertools

import pytest
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext

from campaigns.models import Call, CallAttempt, Member
from dialer import explaining, invariants, turning
from dialer.models import PacingState
from reports import recounts
from tests.calls import add, number
from tests.campaigns.api.client import Native

pytestmark = pytest.mark.django_db
# A person answers after 1 s and stays.
PERSON = "270"


@pytest.fixture
def api(world):
    """A program with the account's first key."""
    return Native(world.secrets["api_key"])


def staffed(api, members: int = 1, **fields) -> dict:
    """Make a running campaign with members over HTTP."""
    wanted = {"name": "Sales", "caller_id": "390612345678", "pacing": "progressive", "safe_harbour_message": "Sorry."}
    made = api.post("campaigns/", wanted | fields)
    for index in range(members):
        api.post("members/", {"campaign": made["id"], "code": f"SIP{index}"})
    api.post(f"campaigns/{made['id']}/start/", status=200)
    return made


def bulk(api, campaign, *suffixes: str) -> None:
    calls = [{"number": number(index, suffix)} for index, suffix in enumerate(suffixes, start=1)]
    api.post("calls/bulk/", {"campaign": campaign["id"], "calls": calls})


def in_order(world) -> None:
    assert invariants.broken(world.now) == {}
    assert recounts.recount() == []


def test_persons_talk_to_members_and_the_report_says_so(world, api):
    campaign = staffed(api, members=2, wrap_up_seconds=15)
    bulk(api, campaign, *[PERSON] * 6, "486", "271", "408")
    world.run_until_idle()
    in_order(world)
    talks = CallAttempt.objects.filter(outcome="answered")
    assert talks.count() == 6
    assert not talks.filter(member=None).exists()
    assert not talks.exclude(abandoned=False).exists()
    assert all(one.connected_at - one.answered_at <= dt.timedelta(seconds=2) for one in talks)
    assert all(one.ended_at - one.connected_at >= dt.timedelta(seconds=20) for one in talks)
    assert not CallAttempt.objects.exclude(outcome="answered").exclude(member=None).exists()
    for member in Member.objects.all():
        mine = list(talks.filter(member=member).order_by("connected_at"))
        assert all(
            after.claimed_at - before.ended_at >= dt.timedelta(seconds=15) for before, after in itertools.pairwise(mine)
        )
    shown = [row for row in api.all("reports/", campaign=campaign["id"]) if row["outcome"] == "answered"]
    assert [row["abandoned"] for row in shown] == [False] * 6


def test_the_member_who_has_been_free_longest_takes_the_call(world, api):
    campaign = staffed(api, members=3, wrap_up_seconds=0)
    first, second, third = Member.objects.order_by("id")
    Member.objects.filter(pk=first.pk).update(busy_until=world.now - dt.timedelta(minutes=1))
    Member.objects.filter(pk=second.pk).update(busy_until=world.now - dt.timedelta(minutes=3))
    Member.objects.filter(pk=third.pk).update(busy_until=world.now - dt.timedelta(minutes=2))
    api.patch(f"campaigns/{campaign['id']}/", {"capacity": 1})
    bulk(api, campaign, "221", "221", "221")
    world.run_until_idle()
    taken = CallAttempt.objects.order_by("id").values_list("member_id", flat=True)
    assert list(taken) == [second.pk, third.pk, first.pk]


def over_dialled(world, api, *suffixes: str, **fields) -> list[CallAttempt]:
    """Call as many at once as there are suffixes, with one member who takes calls."""
    campaign = staffed(api, members=1, calls_per_member=str(len(suffixes)), **fields)
    bulk(api, campaign, *suffixes)
    world.run_until_idle()
    in_order(world)
    return list(CallAttempt.objects.order_by("id"))


def test_whom_no_member_can_take_hears_the_message_within_two_seconds(world, api):
    taken, left = over_dialled(world, api, PERSON, PERSON)
    assert taken.connected_at
    assert not taken.abandoned
    assert left.abandoned
    assert left.connected_at is None
    assert left.member is None
    waited = (left.waits_until - left.answered_at).total_seconds()
    assert 2 <= waited < 3
    assert [step["do"] for step in left.steps] == ["say", "hangup"]
    assert left.steps[0]["at"] == pytest.approx(waited, abs=0.01)
    # "Sorry." takes a second to say.
    assert (left.ended_at - left.answered_at).total_seconds() == pytest.approx(waited + 1, abs=0.01)
    # Reached, if badly: nobody is called again for it.
    assert left.outcome == "answered"
    assert left.call.state == "done"
    assert sorted(row["abandoned"] for row in api.all("reports/")) == [False, True]


def test_without_a_message_the_call_just_ends(world, api):
    _, left = over_dialled(world, api, PERSON, PERSON, safe_harbour_message="")
    assert [step["do"] for step in left.steps] == ["hangup"]
    assert left.abandoned


def test_no_wait_is_no_wait_but_a_free_member_takes_the_call(world, api):
    taken, left = over_dialled(world, api, PERSON, PERSON, member_wait_seconds="0")
    assert taken.connected_at
    assert left.abandoned
    assert left.steps[0]["at"] < 1


def test_who_hangs_up_while_waiting_is_abandoned_too(world, api):
    _, left = over_dialled(world, api, PERSON, "221")
    assert left.abandoned
    assert left.steps == []
    assert left.ended_at - left.answered_at == dt.timedelta(seconds=1)


def test_a_member_who_comes_free_within_the_wait_takes_the_call(world, api):
    campaign = staffed(api, members=2, calls_per_member="2")
    late = Member.objects.get(code="SIP1")
    bulk(api, campaign, PERSON, PERSON)
    Member.objects.filter(pk=late.pk).update(busy_until=world.now + dt.timedelta(seconds=2.5))
    world.run_until_idle()
    attempts = CallAttempt.objects.order_by("id")
    assert {one.member.code for one in attempts} == {"SIP0", "SIP1"}
    assert not any(one.abandoned for one in attempts)
    in_order(world)


def test_machines_and_the_busy_take_no_member(world, api):
    campaign = staffed(api, members=1, calls_per_member="3")
    bulk(api, campaign, "271", "486", PERSON)
    world.run(seconds=5)
    (talk,) = CallAttempt.objects.filter(connected_at__isnull=False)
    assert talk.destination.endswith(PERSON)
    world.run_until_idle()
    assert not CallAttempt.objects.filter(abandoned=True).exists()
    in_order(world)


def test_a_member_on_a_break_is_given_nothing_and_explain_says_so(world, api):
    campaign = staffed(api, members=1)
    member = api.all("members/")[0]
    api.patch(f"members/{member['id']}/", {"is_available": False})
    bulk(api, campaign, PERSON)
    world.run(minutes=5)
    assert not CallAttempt.objects.exists()
    (call,) = api.all("calls/")
    assert api.get(f"calls/{call['id']}/")["state"] == "waiting"
    assert explaining.explain(Call.objects.get(), now=world.now).summary == "No member is free."
    api.patch(f"members/{member['id']}/", {"is_available": True})
    world.run(seconds=3)
    shown = api.get(f"members/{member['id']}/")
    assert (shown["is_available"], shown["in_call"]) == (True, True)
    assert explaining.explain(Call.objects.get(), now=world.now).summary.startswith("It is in progress")
    world.run_until_idle()
    shown = api.get(f"members/{member['id']}/")
    ended = CallAttempt.objects.get().ended_at
    assert shown["in_call"] is False
    assert dt.datetime.fromisoformat(shown["busy_until"]) == ended + dt.timedelta(seconds=10)


def test_the_break_of_whom_a_ringing_call_is_meant_for_gives_it_to_another(world, api):
    campaign = staffed(api, members=1)
    bulk(api, campaign, "239")
    world.run(seconds=3)
    meant = CallAttempt.objects.get()
    assert (meant.state, meant.member.code, meant.connected_at) == ("ringing", "SIP0", None)
    api.patch(f"members/{meant.member_id}/", {"is_available": False})
    api.post("members/", {"campaign": campaign["id"], "code": "SIP9"})
    world.run_until_idle()
    attempt = CallAttempt.objects.get()
    assert (attempt.member.code, attempt.abandoned) == ("SIP9", False)
    in_order(world)


def test_a_person_on_the_line_goes_before_a_call_that_only_rings(world, api):
    """The one member is meant for the first call, which rings 30 s; the second is answered at once."""
    campaign = staffed(api, members=1, calls_per_member="2")
    bulk(api, campaign, "408", PERSON)
    world.run(seconds=5)
    ringing, talking = CallAttempt.objects.order_by("id")
    assert (ringing.member, talking.member.code) == (None, "SIP0")
    world.run_until_idle()
    in_order(world)


def test_a_removed_member_leaves_calls_to_the_others(world, api):
    campaign = staffed(api, members=1)
    bulk(api, campaign, "239")
    world.run(seconds=3)
    api.delete(f"members/{CallAttempt.objects.get().member_id}/")
    world.run_until_idle()
    assert CallAttempt.objects.get().abandoned
    in_order(world)


def test_a_call_with_words_of_its_own_takes_no_member(world, api):
    campaign = staffed(api, members=1)
    api.post("calls/bulk/", {"campaign": campaign["id"], "calls": [{"number": number(1, PERSON), "message": "Hi."}]})
    world.run_until_idle()
    attempt = CallAttempt.objects.get()
    assert (attempt.member, attempt.abandoned, attempt.steps[0]["do"]) == (None, False, "say")
    in_order(world)


def test_a_power_ratio_is_held_once_the_cap_is_passed(world, api):
    campaign = staffed(api, members=2, calls_per_member="3", capacity=100, wrap_up_seconds=0)
    bulk(api, campaign, *[PERSON] * 40)
    world.run(seconds=2)
    assert CallAttempt.objects.count() == 6
    world.run_until_idle()
    # Four were abandoned at once; from then on there is a call for each member only.
    assert CallAttempt.objects.filter(abandoned=True).count() == 4
    assert CallAttempt.objects.count() == 40
    in_order(world)


def test_predictive_dials_more_than_members_once_answers_have_earned_it(world, api):
    campaign = staffed(api, members=20, pacing="predictive", capacity=200, wrap_up_seconds=5)
    bulk(api, campaign, *["408", "486", PERSON, "408", PERSON] * 80)
    most: list[int] = []
    for _ in range(36):
        world.run(seconds=10)
        most.append(CallAttempt.objects.exclude(state="ended").count())
    # Progressive never has more calls in progress than members, and so it begins.
    assert max(most[:3]) <= 20 < max(most)
    state = PacingState.objects.get()
    assert state.answer_curve[0] == pytest.approx(0.4, abs=0.12)
    persons = CallAttempt.objects.filter(outcome="answered")
    assert persons.filter(abandoned=True).count() <= 0.03 * persons.count() + 1
    assert not persons.filter(connected_at__gt=F("answered_at") + dt.timedelta(seconds=2)).exists()
    in_order(world)


def test_a_cap_of_nothing_makes_predictive_progressive(world, api):
    campaign = staffed(api, members=2, pacing="predictive", capacity=50, max_abandon_rate="0")
    bulk(api, campaign, *["408"] * 20)
    world.run(seconds=10)
    assert CallAttempt.objects.count() == 2


def test_time_brings_nothing_to_predictive_calls_that_may_not_go(world, api):
    campaign = staffed(api, pacing="predictive", capacity=0)
    bulk(api, campaign, PERSON)
    world.run_until_idle(days=400)
    assert world.now < dt.datetime(2031, 3, 4, tzinfo=dt.UTC)


def test_campaigns_without_members_ask_nothing_of_members(world):
    """The engine's path of a fixed campaign names no member's table."""
    campaign = world.campaign()
    add(world, campaign, number(1, PERSON), number(2, "486"))
    with CaptureQueriesContext(connection) as captured:
        turning.turn_here(now=world.now)
        turning.turn_here(now=world.now + dt.timedelta(seconds=3))
    assert CallAttempt.objects.filter(answered_at__isnull=False).exists()
    assert not [
        query["sql"] for query in captured if "campaigns_member" in query["sql"] or "pacingstate" in query["sql"]
    ]
