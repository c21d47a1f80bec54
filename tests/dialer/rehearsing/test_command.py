"""`manage.py rehearse`: what is printed, what is refused, and that nothing is touched."""

from __future__ import annotations

import csv
import datetime as dt
import json

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command

from campaigns.models import Account, CallAttempt, Campaign, Member
from campaigns.operations import campaigns as campaign_operations
from campaigns.operations import suppressions
from campaigns.states import CampaignState
from tests.calls import add, number

pytestmark = pytest.mark.django_db


def draft(world, **fields):
    """Return a campaign that nobody has started."""
    wanted = {"name": "Dues", "caller_id": "390612345678", "message": "Hello there.", "max_attempts": 2} | fields
    return campaign_operations.create_campaign(account=world.account, now=world.now, **wanted)


def rehearse(capsys, *words):
    call_command("rehearse", *map(str, words))
    return capsys.readouterr().out


def told(capsys, *words):
    return json.loads(rehearse(capsys, *words, "--json"))


def test_a_person_reads_when_it_is_done_and_what_happens_until_then(world, capsys):
    campaign = draft(world, windows=[{"start": "12:00", "end": "13:00"}], capacity=2)
    add(world, campaign, *(number(index, suffix) for index, suffix in enumerate(("200", "486", "404", "271"))))

    out = rehearse(capsys, "Dues")

    assert "as if started at Mon 03 Mar 2031 11:00:00 Europe/Rome" in out
    assert "finish     Mon 03 Mar 2031 12:30:" in out
    assert "calls      4: 4 done, 0 never placed, 0 left" in out
    assert "attempts   5, 2 answered (40%)" in out
    assert "at once    2 calls in progress at most" in out
    assert "Outside the calling window of the called party" in out
    assert [line.split()[:4] for line in out.splitlines() if "█" in line] == [["12:00", "5", "2", "2"]]


def test_a_program_reads_the_same_and_the_hours_go_into_a_file(world, capsys, tmp_path):
    campaign = draft(world, capacity=1)
    add(world, campaign, *(number(index, "486") for index in range(6)))

    found = told(capsys, campaign.pk, "--csv", tmp_path / "hours.csv")

    assert (found["calls"], found["done"], found["left"], found["attempts"]) == (6, 6, 0, 12)
    assert found["outcomes"] == {"busy": 6}
    assert found["attempt_outcomes"] == {"busy": 12}
    assert sum(hour["attempts"] for hour in found["hours"]) == 12 == sum(day["attempts"] for day in found["days"])
    assert sum(found["limits"].values()) == pytest.approx(1, abs=0.01)
    with (tmp_path / "hours.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["begins"] for row in rows] == [hour["begins"] for hour in found["hours"]]
    assert [path.name for path in tmp_path.iterdir()] == ["hours.csv"]


def test_what_never_goes_is_named_with_its_reason_and_examples(world, capsys):
    Account.objects.update(allowed_prefixes=["+39"])
    campaign = draft(world, windows=[{"start": "09:00", "end": "10:00"}], channels={"sms": {"enabled": False}})
    fine, foreign, listed = add(world, campaign, number(1, "200"), "+442079460018", number(2, "200"))
    [silent] = add(world, campaign, number(3, "200"), channel="sms")
    [late] = add(world, campaign, number(4, "200"), not_after=world.now + dt.timedelta(minutes=5))
    [nowhere] = add(world, campaign, number(5, "200"))
    type(nowhere).objects.filter(pk=nowhere.pk).update(zones="Europe/Rome,Asia/Tokyo")
    suppressions.suppress(account=world.account, destinations=[listed.destination], now=world.now)

    never = {group["reason"]: group for group in told(capsys, campaign.pk)["never"]}

    assert {reason: [one["call"] for one in group["examples"]] for reason, group in never.items()} == {
        "prefix": [foreign.pk],
        "channel": [silent.pk],
        "suppressed": [listed.pk],
        "late": [late.pk],
        "zone": [nowhere.pk],
    }
    assert never["prefix"]["examples"][0]["number"] == "+442079460018"
    assert never["prefix"]["words"] == "The account may not call this destination: its prefix is not allowed"
    assert fine.pk not in {one["call"] for group in never.values() for one in group["examples"]}


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"capacity": 0}, "campaign_cap"),
        ({"calls_per_second": 0}, "pace"),
        ({"pacing": "progressive", "message": ""}, "member"),
    ],
)
def test_a_campaign_in_which_nothing_can_ever_go_says_so(world, capsys, fields, reason):
    campaign = draft(world, **fields)
    add(world, campaign, number(1, "200"), number(2, "200"))

    found = told(capsys, campaign.pk)

    assert [(group["reason"], group["calls"]) for group in found["never"]] == [(reason, 2)]
    assert found["attempts"] == 0


def test_what_if_changes_the_copy_alone(world, capsys):
    campaign = draft(world, capacity=1, max_attempts=1)
    add(world, campaign, *(number(index, "408") for index in range(8)))

    plain = told(capsys, campaign.pk)
    quick = told(capsys, campaign.pk, "--capacity", 8)
    often = told(capsys, campaign.pk, "--capacity", 8, "--max-attempts", 3)
    cut = told(capsys, campaign.pk, "--end", "2031-03-03T11:01")
    later = told(capsys, campaign.pk, "--start", "2031-03-05")
    slow = told(capsys, campaign.pk, "--capacity", 8, "--calls-per-second", "0.1")

    assert quick["ends_at"] < slow["ends_at"] < plain["ends_at"] < often["ends_at"] < later["ends_at"]
    assert (quick["attempts"], often["attempts"]) == (8, 24)
    assert cut["never"][0]["words"] == "The campaign's end comes before their turn"
    assert later["starts_at"] == "2031-03-05T00:00:00+01:00"
    assert Campaign.objects.get().capacity == 1


def test_the_same_seed_foretells_the_same_and_another_something_else(world, capsys):
    campaign = draft(world)
    add(world, campaign, *(number(index, "999") for index in range(40)))

    first, again, other = (rehearse(capsys, campaign.pk, "--seed", seed) for seed in ("one", "one", "two"))

    assert first == again
    assert first != other


def test_the_share_of_answers_and_their_length_can_be_said(world, capsys):
    campaign = draft(world, max_attempts=1, capacity=1000)
    add(world, campaign, *(number(index, "486") for index in range(300)))

    often = told(capsys, campaign.pk, "--answer-rate", "0.9")
    seldom = told(capsys, campaign.pk, "--answer-rate", "0.1", "--talk-seconds", "600")

    assert 250 < often["answered"] <= 290
    assert 12 < seldom["answered"] < 55
    assert seldom["ends_at"] > often["ends_at"]
    assert often["models"]["voice"]["source"] == "given"


def test_it_goes_by_what_the_campaign_has_measured(world, capsys):
    campaign = world.campaign(max_attempts=1, capacity=200)
    add(world, campaign, *(number(index, "486") for index in range(150)))
    world.run_until_idle()
    add(world, campaign, *(number(1000 + index, "200") for index in range(20)))

    found = told(capsys, campaign.pk, "--model", "measured")

    assert found["models"]["voice"] == {"source": "campaign", "seed": "1", "measured": 150}
    assert found["attempt_outcomes"] == {"busy": 20}


def test_members_are_given_one_call_each_and_their_time_is_told(world, capsys):
    campaign = draft(world, message="", pacing="progressive", max_attempts=1)
    Member.objects.bulk_create(Member(campaign=campaign, code=code) for code in ("21", "22"))
    add(world, campaign, *(number(index, "200") for index in range(12)))

    found = told(capsys, campaign.pk)

    assert (found["members"], found["most_at_once"], found["answered"]) == (2, 2, 12)
    assert 0.05 < found["members_busy"] <= 1


def test_not_within_the_days_says_how_many_are_left(world, capsys):
    campaign = draft(world, windows=[{"days": ["sun"], "start": "09:00", "end": "10:00"}])
    add(world, campaign, number(1, "200"), number(2, "200"))

    out = rehearse(capsys, campaign.pk, "--days", 3)

    assert "finish     not by Thu 06 Mar 2031 11:00:00 Europe/Rome: 2 calls are left then" in out
    assert "left for   Outside the calling window of the called party 2" in out


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["nobody"], "There is no campaign 'nobody'; its id, uuid or name is wanted."),
        (["Dues", "--capacity", "-1"], "--capacity: '-1' will not do; a whole number from 0 to 2147483647 is wanted."),
        (["Dues", "--max-attempts", "many"], "--max-attempts: 'many' will not do; a whole number from 1 to 255"),
        (["Dues", "--answer-rate", "40"], "--answer-rate: '40' will not do; a number from 0 to 1 is wanted."),
        (["Dues", "--answer-rate", "nan"], "--answer-rate: 'nan' will not do"),
        (["Dues", "--days", "0"], "--days: '0' will not do; a whole number from 1 to 366 is wanted."),
        (["Dues", "--start", "soon"], "--start: 'soon' is no date or moment; write 2031-03-03"),
        (["Dues", "--start", "2031-03-02"], "--start: '2031-03-02' has passed; a moment from now on is wanted."),
        (["Dues", "--end", "2031-03-02"], "before it would start; give a later end with --end."),
        (["Dues", "--model", "guess"], "--model: 'guess' is none; there are auto, measured, simulator."),
        (["Dues", "--calls-per-second", "0.00001"], "calls_per_second: Ensure that there are no more than"),
        (["Dues", "--csv", "/nowhere/hours.csv"], "--csv: /nowhere/hours.csv cannot be written: No such file"),
    ],
)
def test_what_will_not_do_is_refused_in_a_sentence(world, words, sentence):
    draft(world)

    with pytest.raises(CommandError) as refusal:
        call_command("rehearse", *words)

    assert sentence in str(refusal.value)


def test_a_finished_campaign_and_a_disabled_account_are_refused(world):
    campaign = draft(world)
    campaign_operations.move_campaign(campaign=campaign, to=CampaignState.FINISHED, now=world.now)
    with pytest.raises(CommandError, match="is finished; only a draft, running or paused campaign is rehearsed"):
        call_command("rehearse", str(campaign.pk))

    other = draft(world, name="Other")
    Account.objects.update(is_active=False)
    with pytest.raises(CommandError, match="is disabled and dials nothing; enable it first"):
        call_command("rehearse", str(other.pk))


def test_not_a_row_is_changed(world, capsys):
    campaign = world.campaign(capacity=3, max_attempts=3)
    add(world, campaign, *(number(index, "486") for index in range(12)))
    world.run(seconds=2)
    before = rows()
    assert CallAttempt.objects.exclude(state="ended").exists()

    rehearse(capsys, campaign.pk, "--with-others", "--capacity", 9)

    assert rows() == before


def rows():
    """Return every row of every table of ours."""
    ours = [model for model in apps.get_models() if model._meta.app_label in {"campaigns", "reports", "dialer"}]
    return {model.__name__: sorted(map(str, model.objects.values_list())) for model in ours}
