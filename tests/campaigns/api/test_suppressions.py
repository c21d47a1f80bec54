"""Suppressions over HTTP."""

from __future__ import annotations

from campaigns.models import CallAttempt, Suppression
from tests.campaigns.api.client import faults


def test_a_destination_is_listed_normalised_and_once(api):
    made = api.post("suppressions/", {"destination": "06 1232 3200", "source": "letter of 3 March"})
    assert (made["destination"], made["channel"], made["campaign"], made["source"]) == (
        "+390612323200",
        "",
        None,
        "letter of 3 March",
    )
    assert api.post("suppressions/", {"destination": "+39 06 1232 3200", "source": "again"}) == made
    assert api.all("suppressions/", destination="+390612323200") == [made]
    assert api.post("suppressions/", {"destination": "Anna@Example.org"})["destination"] == "anna@example.org"


def test_a_listed_destination_is_not_reached_until_it_is_lifted(api, world):
    campaign = world.campaign()
    row = api.post("suppressions/", {"destination": "+390612323200", "campaign": campaign.pk, "channel": "voice"})
    call = api.post("calls/", {"campaign": campaign.pk, "number": "+390612323200"})
    world.run(minutes=1)
    assert api.get(f"calls/{call['id']}/")["outcome"] == "suppressed"
    assert not CallAttempt.objects.exists()
    api.delete(f"suppressions/{row['id']}/")
    again = api.post("calls/", {"campaign": campaign.pk, "number": "+390612323200"})
    world.run(minutes=1)
    assert api.get(f"calls/{again['id']}/")["outcome"] == "answered"


def test_a_list_is_stored_at_once_and_answered_in_its_order(api, world, django_assert_max_num_queries):
    campaign = world.campaign()
    rows = [{"destination": f"+3906{number}", "source": f"row {number}"} for number in range(10_000_000, 10_000_500)]
    rows += [
        {"destination": "a@example.org", "channel": "email"},
        {"destination": "+390612323200", "campaign": campaign.pk},
    ]
    rows += rows[:1]
    api.get("suppressions/")
    with django_assert_max_num_queries(40):
        made = api.post("suppressions/", rows)
    assert [row["destination"] for row in made] == [row["destination"] for row in rows]
    assert [row["source"] for row in made[:500]] == [row["source"] for row in rows[:500]]
    assert Suppression.objects.count() == 502


def test_one_bad_row_refuses_the_list(api):
    rows = [{"destination": "+390612323200"}, {"destination": "anna"}, {"destination": "x@y", "channel": "email"}]
    problem = api.post("suppressions/", rows, status=400)
    assert set(faults(problem)) == {"[1].destination", "[2].destination"}
    shapes = api.post("suppressions/", [{"destination": "+390612323200"}, {"channel": "fax"}, 3], status=400)
    assert set(faults(shapes)) == {"[1].destination", "[1].channel", "[2]"}
    assert "destination" in faults(api.post("suppressions/", {"destination": "anna"}, status=400))
    assert "10000 are the most" in api.post("suppressions/", [{}] * 10_001, status=400)["detail"]
    assert not Suppression.objects.exists()


def test_an_empty_list_lists_nothing(api):
    assert api.post("suppressions/", []) == []


def test_a_page_costs_the_same_however_many(api, world, django_assert_num_queries):
    for count in (1, 50):
        rows = [{"destination": f"+3906{number}"} for number in range(10_000_000, 10_000_000 + count)]
        api.post("suppressions/", rows)
        with django_assert_num_queries(2):
            assert len(api.get("suppressions/")["results"]) == count
