"""An operator's way through the admin in a real browser, under the content security policy."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from campaigns import phones
from campaigns.models import Account, Call, CallAttempt, Campaign, User
from campaigns.operations import calls as call_operations
from campaigns.operations import campaigns as campaign_operations
from campaigns.states import Api
from dialer import credentials, playing

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
# Where pictures of the pages are kept for whoever wants to look at them.
PICTURES = os.environ.get("CONSOLE_PICTURES", "")
ENDINGS = ("200", "211", "212", "486", "408", "404", "271", "603", "221", "235", "101", "102", "103", "104", "105")


def picture(page, name: str, *, whole: bool = True) -> None:
    if PICTURES:
        page.screenshot(path=Path(PICTURES) / f"{name}.png", full_page=whole)


@pytest.fixture
def campaign(transactional_db):
    """A draft with calls, in an account in Rome; the time is the real one, as the browser's is."""
    opened = credentials.open_account(name="Acme", country="IT", timezone="Europe/Rome")
    account = Account.objects.get(pk=opened["account"])
    now = timezone.now()
    made = campaign_operations.create_campaign(
        account=account,
        now=now,
        name="Dues November",
        caller_id="390612345678",
        message="Hello.",
        max_attempts=3,
        retry_minutes=15,
        capacity=20,
    )
    add(made, [f"+3906{index:04d}{ending}" for index in range(20) for ending in ENDINGS], now)
    return made


def add(campaign, numbers, now, **fields) -> None:
    calls = [
        call_operations.NewCall(campaign=campaign, number=number, destination=phones.normalise(number, "IT"), **fields)
        for number in numbers
    ]
    intake = call_operations.take(account=campaign.account, api=Api.NATIVE, now=now)
    call_operations.add_calls(calls=calls, intake=intake, now=now)


def test_an_operators_way(page, site, signed_in, campaign):
    now = timezone.now()
    add(campaign, [f"+3906200{index:02d}00" for index in range(40)], now, due_at=now + dt.timedelta(hours=3))
    signed_in(User.objects.get(account=campaign.account))
    picture(page, "front")
    page.get_by_role("link", name="Campaigns").first.click()
    row = page.locator("#result_list tr", has_text="Dues November")
    expect(row).to_contain_text("Draft")
    expect(row).to_contain_text("340")
    picture(page, "campaigns")

    row.get_by_role("button", name="Start").click()

    expect(page.get_by_text("Dues November is started.")).to_be_visible()
    expect(row.get_by_role("button", name="Pause")).to_be_visible()
    playing.play(now=timezone.now(), until=timezone.now() + dt.timedelta(minutes=2))

    page.get_by_role("link", name="Dues November").click()
    expect(page.get_by_text("Waits for its next try")).to_be_visible()
    expect(page.locator(".tl-figures")).to_contain_text("Reached")
    picture(page, "campaign", whole=False)
    page.emulate_media(color_scheme="dark")
    page.reload()
    expect(page.locator("html")).to_have_class("dark")
    picture(page, "campaign-dark", whole=False)
    page.set_viewport_size({"width": 400, "height": 900})
    picture(page, "campaign-narrow")


def test_a_call_is_explained_and_its_tries_are_told(page, site, signed_in, campaign):
    campaign_operations.move_campaign(campaign=campaign, to="running", now=timezone.now())
    playing.play(now=timezone.now(), until=timezone.now() + dt.timedelta(minutes=2))
    signed_in(User.objects.get(account=campaign.account))
    waiting = Call.objects.filter(campaign=campaign, reason="retry").first()
    page.goto(f"{site}/admin/campaigns/call/{waiting.pk}/why/")
    expect(page.locator(".tl-answer")).to_contain_text("Waits for its next try.")
    picture(page, "why")
    page.get_by_role("link", name="The call with its tries").click()
    expect(page.get_by_text("Its tries")).to_be_visible()
    picture(page, "call")
    page.get_by_role("link", name="Try 1").click()
    expect(page.locator(".tl-timeline").first).to_contain_text("Claimed")
    picture(page, "attempt-waiting")
    pressed = CallAttempt.objects.filter(campaign=campaign, outcome="answered").exclude(digits="").first()
    page.goto(f"{site}/admin/campaigns/callattempt/{pressed.pk}/change/")
    page.get_by_text("What the carrier said").click()
    expect(page.locator(".tl-timeline").first).to_contain_text("Answered")
    picture(page, "attempt")


def test_to_finish_is_asked_first(page, site, signed_in, campaign):
    signed_in(User.objects.get(account=campaign.account))
    page.goto(f"{site}/admin/campaigns/campaign/{campaign.pk}/change/")

    page.get_by_role("link", name="Finish…").click()

    expect(page.get_by_text("300 waiting calls become Cancelled")).to_be_visible()
    picture(page, "finish")
    page.get_by_role("link", name="Leave it as it is").click()
    assert Campaign.objects.get(pk=campaign.pk).state == "draft"
    page.get_by_role("link", name="Finish…").click()
    page.get_by_role("button", name="Finish for good").click()
    expect(page.get_by_text("Dues November is finished.")).to_be_visible()
    assert Call.objects.filter(campaign=campaign, outcome="cancelled").count() == 300


def test_a_campaign_is_made_and_fed_by_hand(page, site, signed_in, campaign):
    signed_in(User.objects.get(account=campaign.account))
    page.goto(f"{site}/admin/campaigns/campaign/add/")
    page.locator("#id_name").fill("Survey")
    page.locator("#id_message").fill("One question.")
    page.get_by_text("When", exact=True).click()
    page.locator("#id_windows").fill("mon-fri 09:00-20:00\nsat 10:00-13:00")
    picture(page, "add")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("No calls yet. Add numbers")).to_be_visible()
    expect(page.get_by_text("sat 10:00-13:00").first).to_be_visible()

    page.get_by_role("link", name="Add numbers").click()
    page.locator("#id_numbers").fill("06 1234 5200\n12")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_text("Line 2, '12'")).to_be_visible()
    picture(page, "numbers")
    page.locator("#id_numbers").fill("06 1234 5200\n06 1234 5486")
    page.get_by_role("button", name="Add", exact=True).click()

    expect(page.get_by_text("2 calls were added.")).to_be_visible()
    made = Campaign.objects.get(name="Survey")
    assert list(made.calls.order_by("id").values_list("destination", flat=True)) == ["+390612345200", "+390612345486"]
    assert made.windows[1] == {"days": ["sat"], "start": "10:00", "end": "13:00"}


def test_lists_of_history_and_reports(page, site, signed_in, campaign):
    signed_in(User.objects.create(username="root", is_staff=True, is_superuser=True))
    campaign_operations.move_campaign(campaign=campaign, to="running", now=timezone.now())
    playing.play(now=timezone.now(), until=timezone.now() + dt.timedelta(minutes=2))
    for name in ("campaigns/call", "campaigns/callattempt", "reports/hourlysum", "dialer/credential"):
        page.goto(f"{site}/admin/{name}/")
        expect(page.locator("#result_list")).to_be_visible()
        picture(page, name.replace("/", "-"))
    page.goto(f"{site}/admin/reports/attemptreport/")
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    lines = Path(download.value.path()).read_text().splitlines()
    assert lines[0].startswith("attempt,campaign,")
    assert len(lines) == 1 + CallAttempt.objects.filter(state="ended").count()
    picture(page, "reports")
    page.locator("a", has_text="Filters").first.click()
    picture(page, "reports-filters")


def test_the_documents_of_the_api_open(page, site, transactional_db):
    page.goto(f"{site}/api/docs/")

    expect(page.get_by_text("/api/v1/campaigns/").first).to_be_visible()
