"""Reports in the admin: lists, filters, files, rates on campaigns' pages."""

from __future__ import annotations

import csv
import io
import json

import pytest
from django.urls import reverse

from campaigns.models import Account, User
from reports import building
from reports.models import AttemptReport
from tests.calls import add
from tests.reports import rows

LIST = "admin:reports_attemptreport_changelist"
EXPORT = "admin:reports_attemptreport_export"


@pytest.fixture
def tenant(world, client):
    client.force_login(User.objects.get(account=world.account))
    return client


def built(world, *numbers, **fields):
    """Return a campaign whose calls to these numbers were tried and reported."""
    campaign = world.campaign(**fields)
    add(world, campaign, *numbers)
    world.run_until_idle()
    building.build_due(seconds=10)
    return campaign


def lines(response) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(b"".join(response.streaming_content).decode())))


def test_reports_are_filtered_by_outcome_and_campaign(tenant, world):
    one = built(world, "+390612340200", "+390612340486")
    built(world, "+390612341486")

    def listed(**query):
        return [row.destination for row in tenant.get(reverse(LIST), query).context["cl"].result_list]

    assert listed(campaign=one.pk, outcome__exact="busy") == ["+390612340486"]
    assert sorted(listed(outcome__exact="busy")) == ["+390612340486", "+390612341486"]


@pytest.mark.parametrize(
    ("period", "found"),
    [
        # The attempt ended at 10:00 UTC on the 3rd, which is 11:00 in Rome.
        ({"from_0": "2031-03-03", "from_1": "10:59"}, 1),
        ({"from_0": "2031-03-03", "from_1": "11:01"}, 0),
        ({"to_0": "2031-03-03", "to_1": "10:59"}, 0),
        ({"from_0": "2031-03-03", "to_0": "2031-03-03"}, 1),
        ({"from_0": "2031-03-04"}, 0),
        ({"to_0": "2031-03-02"}, 0),
        ({"from_0": "yesterday"}, 0),
        ({"to_0": "9999-12-31"}, 1),
    ],
)
def test_a_period_is_read_in_the_accounts_zone(tenant, world, period, found):
    built(world, "+390612340486")
    query = {f"ended_at_{name}": value for name, value in period.items()}

    assert len(tenant.get(reverse(LIST), query).context["cl"].result_list) == found


def test_the_file_holds_what_the_filters_leave_and_of_the_own_account_only(tenant, world):
    one = built(world, "+390612340200", "+390612340486")
    built(world, "+390612341486")
    other = Account.objects.get(pk=world.other_account()["account"])
    rows.attempt(rows.campaign("Theirs", account=other))

    response = tenant.get(reverse(EXPORT, args=["csv"]), {"campaign": one.pk})

    assert response.headers["Content-Disposition"] == 'attachment; filename="attempts.csv"'
    assert sorted(line["destination"] for line in lines(response)) == ["'+390612340200", "'+390612340486"]
    everything = tenant.get(reverse(EXPORT, args=["csv"]))
    assert len(lines(everything)) == 3


@pytest.mark.parametrize("form", ["jsonl", "xlsx"])
def test_other_formats_come_too(tenant, world, form):
    built(world, "+390612340200")

    body = b"".join(tenant.get(reverse(EXPORT, args=[form])).streaming_content)

    assert body.startswith(b"PK") if form == "xlsx" else json.loads(body)["outcome"] == "answered"


def test_an_unknown_format_is_not_found(tenant):
    assert tenant.get(reverse(EXPORT, args=["pdf"])).status_code == 404


def test_selected_reports_are_exported(tenant, world):
    built(world, "+390612340200", "+390612340486")
    busy = AttemptReport.objects.get(outcome="busy")

    response = tenant.post(reverse(LIST), {"action": "export_selected", "_selected_action": [busy.pk]})

    assert [line["outcome"] for line in lines(response)] == ["busy"]


def test_a_person_who_may_not_look_gets_no_file(db, client):
    client.force_login(User.objects.create(username="new", is_staff=True))

    assert client.get(reverse(EXPORT, args=["csv"])).status_code == 403


def test_a_campaigns_page_and_row_show_the_answer_rate_of_its_attempts(tenant, world):
    campaign = built(world, "+390612340200", "+390612340271", "+390612340486", "+390612340408", name="Dues")

    html = tenant.get(reverse("admin:campaigns_campaign_change", args=[campaign.pk])).content.decode()
    listed = tenant.get(reverse("admin:campaigns_campaign_changelist")).content.decode()

    # A person, and a machine; two of four attempts.
    assert "(answered + machine) / ended attempts" in html
    assert "2 of 4" in html
    assert "1 of 4" in html
    assert "2 of 4" in listed
    assert f"{reverse(EXPORT, args=['csv'])}?campaign={campaign.pk}" in html
