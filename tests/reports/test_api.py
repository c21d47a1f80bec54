"""Reports over HTTP: ended attempts, and what they come to."""

from __future__ import annotations

import pytest

from reports import building
from tests.campaigns.api.client import Native, faults
from tests.reports import rows


@pytest.fixture
def api(world):
    return Native(world.secrets["api_key"])


@pytest.fixture
def played(api, world):
    """A campaign whose four calls were played: two answered, one busy, one unallocated."""
    campaign = world.campaign(name="Dues")
    numbers = ["+390612323200", "+390612323486", "+390612323404", "+390612324200"]
    api.post("calls/bulk/", {"campaign": campaign.pk, "calls": [{"number": number} for number in numbers]})
    world.run(minutes=2)
    return campaign


def test_every_ended_attempt_has_a_report(api, played):
    found = api.all("reports/", campaign=played.pk)
    assert sorted(row["outcome"] for row in found) == ["answered", "answered", "busy", "invalid_number"]
    attempts = {row["id"]: row for row in api.all("attempts/")}
    for row in found:
        assert row["campaign_name"] == "Dues"
        shared = ("call", "campaign", "n", "outcome", "cause", "claimed_at", "placed_at", "answered_at", "ended_at")
        assert {name: row[name] for name in shared} == {name: attempts[row["id"]][name] for name in shared}
    assert api.get(f"reports/{found[0]['id']}/") == found[0]


def test_reports_are_narrowed(api, played):
    assert [row["number"] for row in api.all("reports/", outcome="busy")] == ["+390612323486"]
    assert len(api.all("reports/", destination="+390612323200")) == 1
    assert len(api.all("reports/", ended_after="2031-03-03T10:00:00Z", ended_before="2031-03-03T11:00:00Z")) == 4
    assert api.all("reports/", ended_after="2031-03-03T11:00:00Z") == []
    assert "ended_after" in faults(api.get("reports/?ended_after=2031-03-03T11:00:00", status=400))


def test_totals_by_outcome_and_by_hour_come_to_the_same(api, played):
    by_outcome = api.get(f"reports/totals/?campaign={played.pk}")
    assert by_outcome["results"] == [
        {"outcome": "answered", "attempts": 2, "originated": 2},
        {"outcome": "busy", "attempts": 1, "originated": 1},
        {"outcome": "invalid_number", "attempts": 1, "originated": 1},
    ]
    by_hour = api.get(f"reports/totals/?campaign={played.pk}&by=hour")
    (hour,) = by_hour["results"]
    assert hour.pop("hour") == "2031-03-03T10:00:00Z"
    assert hour == by_hour["total"] == by_outcome["total"]
    assert (hour["attempts"], hour["answer_rate"]) == (4, 0.5)
    assert hour["talk_seconds"] == sum(row["talk_seconds"] for row in api.all("reports/"))
    nothing = api.get("reports/totals/?ended_after=2031-03-04T00:00:00Z")
    assert (nothing["results"], nothing["total"]["attempts"], nothing["total"]["answer_rate"]) == ([], 0, None)


def test_a_wrong_query_of_totals_is_named(api, played):
    for query in ("by=day", "campaign=x", "campaign=0", "outcome=busy", "ended_after=2031", "channel=fax"):
        assert set(faults(api.get(f"reports/totals/?{query}", status=400))) == {query.partition("=")[0]}


def test_another_account_s_reports_are_not_there(api, world, played):
    other = Native(world.other_account()["api_key"])
    assert other.all("reports/", campaign=played.pk) == []
    other.get(f"reports/{api.all('reports/')[0]['id']}/", status=404)
    assert other.get(f"reports/totals/?campaign={played.pk}")["total"]["attempts"] == 0
    assert other.get("reports/totals/")["total"]["attempts"] == 0


def test_a_page_costs_the_same_however_many(api, world, django_assert_num_queries):
    campaign = world.campaign()
    for count in (1, 50):
        building.note_ended(rows.attempts(campaign, [{}] * count))
        building.build()
        api.get("reports/")
        with django_assert_num_queries(2):
            assert len(api.get("reports/")["results"]) == min(count, 50)
