"""Campaigns and what belongs to them, planned and steered in the admin."""

from __future__ import annotations

import datetime as dt

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from campaigns.admin import base, forms, moments, words
from campaigns.models import Call, CallAttempt, CallerId, Campaign, Contact, Member, Prompt, Suppression, User
from campaigns.operations import campaigns as operations
from campaigns.states import CampaignState
from tests.calls import add

# What the form of a new campaign sends.
CAMPAIGN = {
    "name": "Dues",
    "message": "Hello.",
    "max_plays": "1",
    "channels": "",
    "windows": "mon-fri 09:00-20:00\n10:00-12:00",
    "holidays": "2031-12-25",
    "pacing": "fixed",
    "capacity": "20",
    "max_abandon_rate": "0.03",
    "calls_per_member": "1",
    "member_wait_seconds": "2",
    "wrap_up_seconds": "10",
    "ring_seconds": "30",
    "max_attempts": "3",
    "retry_minutes": "15",
    "retry_growth": "1",
    "retry_rules": '{"busy": {"minutes": 5}}',
}


@pytest.fixture
def person(world):
    """A user of the world's account."""
    return User.objects.get(account=world.account)


@pytest.fixture
def tenant(person, client):
    client.force_login(person)
    return client


def url(name: str, *args) -> str:
    return reverse(f"admin:campaigns_{name}", args=args)


def told(response) -> list[str]:
    return [str(message) for message in response.context["messages"]]


def other_campaign(world) -> Campaign:
    account = world.other_account()["account"]
    return Campaign.objects.create(account_id=account, name="Theirs", created_at=world.now)


# --- The list ----------------------------------------------------------------------------------------------------


def test_the_list_shows_counts_and_the_button_of_each_state(tenant, world):
    running, paused = world.campaign(name="One"), world.campaign(name="Two")
    operations.move_campaign(campaign=paused, to=CampaignState.PAUSED, now=world.now)
    add(world, running, "+390612340200", "+390612341200", "+390612340486")
    add(world, running, "+390612340201", due_at=world.now + dt.timedelta(days=2))
    world.run(minutes=5)

    response = tenant.get(url("campaign_changelist"))

    html = response.content.decode()
    rows = {row.pk: row for row in response.context["cl"].result_list}
    assert rows[running.pk].counted.shown()["total"] == 4
    assert rows[running.pk].counted.outcomes == {"answered": 2, "busy": 1}
    assert url("campaign_pause", running.pk) in html
    assert url("campaign_resume", paused.pk) in html
    assert url("campaign_start", running.pk) not in html


def test_deleted_campaigns_are_listed_only_where_they_are_asked_for(tenant, world):
    campaign = world.campaign()
    operations.move_campaign(campaign=campaign, to=CampaignState.DELETED, now=world.now)

    plain = tenant.get(url("campaign_changelist")).context["cl"].result_list
    asked = tenant.get(url("campaign_changelist"), {"state": "deleted"}).context["cl"].result_list

    assert (plain, asked) == ([], [campaign])


def test_campaigns_are_found_by_name_and_by_id(tenant, world):
    campaign = world.campaign(name="Dues November")

    for text in ("november", str(campaign.pk)):
        found = tenant.get(url("campaign_changelist"), {"q": text}).context["cl"].result_list
        assert found == [campaign]


# --- Moves -------------------------------------------------------------------------------------------------------


def test_a_draft_is_started_paused_and_resumed_by_posts(tenant, world, person):
    campaign = operations.create_campaign(account=world.account, now=world.now, name="Dues")
    states = []
    for move in ("start", "pause", "resume"):
        assert tenant.post(url(f"campaign_{move}", campaign.pk)).status_code == 302
        campaign.refresh_from_db()
        states.append(campaign.state)

    assert states == ["running", "paused", "running"]
    assert campaign.changed_by == person.username
    history = tenant.get(url("campaign_history", campaign.pk)).content.decode()
    assert [word in history for word in ("Started.", "Paused.", "Resumed.")] == [True] * 3


def test_a_link_moves_nothing(tenant, world):
    campaign = world.campaign()

    assert tenant.get(url("campaign_pause", campaign.pk)).status_code == 405
    assert tenant.get(url("campaign_finish", campaign.pk)).status_code == 200
    assert tenant.get(url("campaign_delete", campaign.pk)).status_code == 200
    assert Campaign.objects.get(pk=campaign.pk).state == "running"


def test_a_move_without_the_token_is_refused(world, person):
    campaign = world.campaign()
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(person)

    assert strict.post(url("campaign_pause", campaign.pk)).status_code == 403
    assert Campaign.objects.get(pk=campaign.pk).state == "running"


def test_to_finish_tells_the_consequence_and_wants_a_yes(tenant, world):
    campaign = world.campaign()
    add(world, campaign, "+390612340200", "+390612341200")

    asked = tenant.post(url("campaign_finish", campaign.pk))

    assert "2 waiting calls become Cancelled" in asked.content.decode()
    assert Campaign.objects.get(pk=campaign.pk).state == "running"
    tenant.post(url("campaign_finish", campaign.pk), {"confirmed": "yes"})
    assert Campaign.objects.get(pk=campaign.pk).state == "finished"
    assert set(Call.objects.values_list("outcome", flat=True)) == {"cancelled"}


def test_what_the_state_does_not_allow_is_said_and_not_done(tenant, world):
    campaign = world.campaign()
    operations.move_campaign(campaign=campaign, to=CampaignState.PAUSED, now=world.now, by="eva")

    response = tenant.post(url("campaign_pause", campaign.pk), follow=True)

    assert told(response) == ["Test is paused by eva; it cannot be paused. Nothing was done."]


def test_to_go_back_never_leads_to_another_site(tenant, world):
    campaign = world.campaign()

    away = tenant.post(url("campaign_pause", campaign.pk), {"next": "https://example.com/"})
    back = tenant.post(url("campaign_resume", campaign.pk), {"next": f"{url('campaign_changelist')}?state=paused"})

    assert away.headers["Location"] == url("campaign_change", campaign.pk)
    assert back.headers["Location"] == f"{url('campaign_changelist')}?state=paused"


@pytest.mark.parametrize("deed", ["start", "pause", "resume", "finish", "delete", "copy", "numbers"])
def test_another_accounts_campaign_answers_as_an_unknown_one(tenant, world, deed):
    theirs = other_campaign(world)

    known = tenant.post(url(f"campaign_{deed}", theirs.pk), {"confirmed": "yes"})
    unknown = tenant.post(url(f"campaign_{deed}", 987654321), {"confirmed": "yes"})

    assert known.status_code == unknown.status_code == 404
    assert known.content == unknown.content
    assert Campaign.objects.get(pk=theirs.pk).state == "draft"


def test_bulk_pause_says_of_each_that_could_not_be_paused_why(tenant, world):
    one, two = world.campaign(name="One"), world.campaign(name="Two")
    draft = operations.create_campaign(account=world.account, now=world.now, name="Three")
    chosen = {"action": "pause_selected", "_selected_action": [one.pk, two.pk, draft.pk]}

    response = tenant.post(url("campaign_changelist"), chosen, follow=True)

    assert sorted(told(response)) == ["2 paused.", "Three is draft; it cannot be paused. Nothing was done."]
    assert set(Campaign.objects.filter(state="paused")) == {one, two}


def test_a_copy_is_a_draft_with_the_settings(tenant, world):
    campaign = world.campaign(name="Dues", capacity=7)
    operations.add_member(campaign=campaign, code="100")

    response = tenant.post(url("campaign_copy", campaign.pk))

    made = Campaign.objects.get(name="Copy of Dues")
    assert response.headers["Location"] == url("campaign_change", made.pk)
    assert (made.state, made.capacity, made.members.count()) == ("draft", 7, 1)


def test_staff_who_may_only_look_move_nothing_and_see_no_secret(world, client):
    campaign = world.campaign()
    looker = User.objects.create(username="looker", is_staff=True)
    looker.user_permissions.add(Permission.objects.get(codename="view_campaign"))
    client.force_login(looker)

    html = client.get(url("campaign_change", campaign.pk)).content.decode()

    assert f"{campaign.account_id}.{campaign.pk}." not in html
    assert str(campaign.uuid) in html
    assert "Pause" not in html
    for deed in ("pause", "finish", "copy", "numbers"):
        assert client.post(url(f"campaign_{deed}", campaign.pk), {"confirmed": "yes"}).status_code == 403


# --- The page ----------------------------------------------------------------------------------------------------


def test_the_page_says_what_waits_for_what_and_shows_identifiers(tenant, world):
    campaign = world.campaign(max_attempts=2, retry_minutes=15, windows=[{"start": "09:00", "end": "20:00"}])
    add(world, campaign, "+390612340486", "+390612340200")
    world.run(minutes=1)

    html = tenant.get(url("campaign_change", campaign.pk)).content.decode()

    assert "Waits for its next try" in html
    # 10:00 UTC is 11:00 in Rome, and the try ended within seconds.
    assert "Mon 3 Mar 2031 11:15:" in html
    assert "(in 14 min)" in html
    assert "Open now, until Mon 3 Mar 2031 20:00:00 CET." in html
    assert f"{campaign.account_id}.{campaign.pk}." in html
    assert str(campaign.uuid) in html


def test_a_campaign_is_made_through_the_form(tenant, world):
    response = tenant.post(url("campaign_add"), CAMPAIGN)

    made = Campaign.objects.get(name="Dues")
    assert response.headers["Location"] == url("campaign_change", made.pk)
    assert (made.account, made.state, made.api) == (world.account, "draft", "admin")
    assert made.windows == [
        {"days": ["mon", "tue", "wed", "thu", "fri"], "start": "09:00", "end": "20:00"},
        {"days": list(forms.EVERY_DAY), "start": "10:00", "end": "12:00"},
    ]
    assert (made.channels, made.flow, made.holidays) == ({}, None, ["2031-12-25"])


@pytest.mark.parametrize(
    ("fields", "words_of_it"),
    [
        ({"windows": "mon-fri 9-20"}, "&quot;mon-fri 9-20&quot; is no window; such as"),
        ({"windows": "moon 09:00-20:00"}, "&#x27;moon&#x27; names no days"),
        ({"windows": "09:00-25:00"}, "is no time of day; HH:MM is wanted."),
        ({"holidays": "25/12/2031"}, "is no date; YYYY-MM-DD is wanted."),
        ({"flow": '{"steps": [{"do": "sing"}]}'}, "flow.steps[0].do"),
        ({"timezone": "Europe/Roma"}, "is no time zone"),
        ({"retry_rules": '{"answered": {}}'}, "no rule can be given for &#x27;answered&#x27;"),
        ({"name": ""}, "This field is required."),
    ],
)
def test_a_wrong_setting_is_told_at_its_field(tenant, fields, words_of_it):
    response = tenant.post(url("campaign_add"), CAMPAIGN | fields)

    assert response.status_code == 200
    assert words_of_it in response.content.decode()
    assert list(response.context["errors"]) != []
    assert not Campaign.objects.exists()


def test_changed_windows_wake_the_calls_that_they_held(tenant, world, person):
    campaign = world.campaign(windows=[{"start": "09:00", "end": "10:00"}])
    (call,) = add(world, campaign, "+390612340200")
    world.run(seconds=5)
    assert Call.objects.get(pk=call.pk).reason == "window"

    response = tenant.post(url("campaign_change", campaign.pk), CAMPAIGN | {"windows": ""})

    assert response.status_code == 302
    campaign.refresh_from_db()
    assert (campaign.windows, campaign.changed_by, campaign.state) == ([], person.username, "running")
    assert Call.objects.get(pk=call.pk).ready


def test_a_deleted_campaign_can_be_read_and_not_changed(tenant, world):
    campaign = world.campaign()
    operations.move_campaign(campaign=campaign, to=CampaignState.DELETED, now=world.now)

    assert tenant.get(url("campaign_change", campaign.pk)).status_code == 200
    assert tenant.post(url("campaign_change", campaign.pk), CAMPAIGN).status_code == 403


def test_numbers_are_added_all_or_none(tenant, world):
    campaign = world.campaign()
    page = url("campaign_numbers", campaign.pk)

    refused = tenant.post(page, {"channel": "voice", "numbers": "06 1234 0200\n\n12\nnobody"}).content.decode()

    assert "Line 3, &#x27;12&#x27;:" in refused
    assert "Line 4, &#x27;nobody&#x27;:" in refused
    assert not Call.objects.exists()
    tenant.post(page, {"channel": "voice", "numbers": "06 1234 0200\n\n+39 06 1234 0486"})
    added = Call.objects.order_by("id")
    assert [call.destination for call in added] == ["+390612340200", "+390612340486"]
    assert {call.intake.api for call in added} == {"admin"}


def test_a_finished_campaign_takes_no_numbers(tenant, world):
    campaign = world.campaign()
    operations.move_campaign(campaign=campaign, to=CampaignState.FINISHED, now=world.now)

    response = tenant.post(
        url("campaign_numbers", campaign.pk), {"channel": "voice", "numbers": "+390612340200"}, follow=True
    )

    assert told(response) == ["The campaign is finished and takes no more calls."]


# --- People, suppressions, prompts, caller ids -------------------------------------------------------------------


def test_a_contact_with_a_number_gets_a_call_and_is_removed_with_it(tenant, world):
    campaign = world.campaign()
    wanted = {"campaign": campaign.pk, "first_name": "Ada", "last_name": "Rossi", "number": "06 1234 0200"}

    tenant.post(url("contact_add"), {**wanted, "timezone": "Europe/Rome", "attributes": ""})

    contact = Contact.objects.get()
    assert (str(contact), contact.account, contact.attributes) == ("Ada Rossi", world.account, {})
    call = Call.objects.get(contact=contact)
    assert (call.destination, call.zones) == ("+390612340200", "Europe/Rome")
    tenant.post(url("contact_changelist"), {"action": "remove_selected", "_selected_action": [contact.pk]})
    contact.refresh_from_db()
    assert contact.removed_at == world.now
    assert Call.objects.get(pk=call.pk).outcome == "cancelled"


def test_a_member_is_made_changed_and_taken_away(tenant, world):
    campaign = world.campaign()
    wanted = {"campaign": campaign.pk, "code": "100", "display_name": "Eva", "is_available": "on"}
    tenant.post(url("member_add"), wanted)
    member = Member.objects.get()
    assert str(member) == "Eva"

    twice = tenant.post(url("member_add"), wanted)
    tenant.post(url("member_change", member.pk), {"code": "100", "display_name": "Eva R."})

    assert twice.status_code == 200
    member.refresh_from_db()
    assert (member.display_name, member.is_available) == ("Eva R.", False)
    tenant.post(url("member_delete", member.pk), {"post": "yes"})
    assert not Member.objects.exists()


@pytest.mark.parametrize("model", ["member", "contact", "suppression"])
def test_rows_cannot_be_put_into_another_accounts_campaign(tenant, world, model):
    theirs = other_campaign(world)
    wanted = {"campaign": theirs.pk, "code": "100", "destination": "+390612340200", "attributes": "", "channel": ""}

    response = tenant.post(url(f"{model}_add"), wanted)

    assert "Select a valid choice" in response.content.decode()
    assert not any(made.objects.exists() for made in (Member, Contact, Suppression))


def test_a_suppressed_number_is_written_as_calls_are_and_ends_them(tenant, world, person):
    (call,) = add(world, world.campaign(), "+390612340200", due_at=world.now + dt.timedelta(hours=1))

    tenant.post(url("suppression_add"), {"destination": "06 1234 0200", "channel": "", "source": ""})
    world.run(seconds=5)

    listed = Suppression.objects.get()
    assert (listed.destination, listed.source) == ("+390612340200", f"{person.username}, in the admin")
    assert Call.objects.get(pk=call.pk).outcome == "suppressed"
    refused = tenant.post(url("suppression_change", listed.pk), {"destination": "+390612340201"})
    assert refused.status_code == 403
    tenant.post(url("suppression_delete", listed.pk), {"post": "yes"})
    assert not Suppression.objects.exists()


def test_prompts_get_the_next_free_extension_and_keep_theirs_apart(tenant, world):
    flow = '{"steps": [{"do": "say", "text": "Hello"}]}'
    for name in ("One", "Two"):
        tenant.post(url("prompt_add"), {"name": name, "extension": "", "flow": flow})

    refused = tenant.post(url("prompt_add"), {"name": "Three", "extension": "2", "flow": flow})
    neither = tenant.post(url("prompt_add"), {"name": "Four", "extension": "", "flow": ""})

    assert list(Prompt.objects.order_by("id").values_list("name", "extension")) == [("One", 1), ("Two", 2)]
    assert refused.status_code == neither.status_code == 200
    assert "A prompt is either an audio file or a call flow." in neither.content.decode()
    one = Prompt.objects.get(name="One")
    tenant.post(url("prompt_change", one.pk), {"name": "Uno", "extension": "1", "flow": flow})
    assert Prompt.objects.get(pk=one.pk).name == "Uno"


def test_a_caller_id_listed_twice_is_refused_in_the_form(tenant, world):
    wanted = {"number": "390612345678", "country": "", "member_code": "", "weight": "1"}
    tenant.post(url("callerid_add"), wanted)

    response = tenant.post(url("callerid_add"), wanted)

    assert response.status_code == 200
    assert CallerId.objects.get().account == world.account


# --- Calls and attempts ------------------------------------------------------------------------------------------


def test_calls_are_found_by_number_in_any_form_and_by_their_keys(tenant, world):
    (call,) = add(world, world.campaign(), "+390612340200", external_id="crm-7", reference="batch-1")
    add(world, world.campaign(), "+390612340201")

    for text in ("06 1234 0200", "+39 (06) 1234-0200", "crm-7", "batch-1", str(call.pk)):
        assert tenant.get(url("call_changelist"), {"q": text}).context["cl"].result_list == [call], text
    assert tenant.get(url("call_changelist"), {"q": "0612"}).context["cl"].result_list == []


def test_calls_are_filtered_by_a_link_from_their_campaign(tenant, world):
    one, two = world.campaign(), world.campaign()
    (call,) = add(world, one, "+390612340200")
    add(world, two, "+390612340200")

    def listed(**query):
        return tenant.get(url("call_changelist"), query).context["cl"].result_list

    assert listed(campaign=one.pk) == [call]
    assert listed(campaign=one.pk, state__exact="waiting", ready__exact=1) == [call]
    assert listed(campaign=one.pk, state__exact="done") == []
    assert listed(campaign="x") == []


def test_a_call_is_cancelled_by_a_post(tenant, world):
    (call,) = add(world, world.campaign(), "+390612340200")
    assert tenant.get(url("call_cancel", call.pk)).status_code == 405

    first = tenant.post(url("call_cancel", call.pk), follow=True)
    second = tenant.post(url("call_cancel", call.pk), follow=True)

    assert Call.objects.get(pk=call.pk).outcome == "cancelled"
    assert (told(first), told(second)) == (["1 cancelled."], ["0 cancelled; 1 were done already."])


def test_another_accounts_call_is_not_cancelled(tenant, world):
    other = world.other_account("Third")["account"]
    campaign = Campaign.objects.create(account_id=other, name="Theirs", created_at=world.now)
    (call,) = add(world, campaign, "+390612340200")

    assert tenant.post(url("call_cancel", call.pk)).status_code == 404
    tenant.post(url("call_changelist"), {"action": "cancel_selected", "_selected_action": [call.pk]})

    assert Call.objects.get(pk=call.pk).state == "waiting"


def test_an_attempts_timeline_is_told_in_order_in_the_accounts_zone(tenant, world):
    flow = {"steps": [{"do": "say", "text": "Press"}, {"do": "detect", "options": [{"key": "2", "steps": []}]}]}
    add(world, world.campaign(flow=flow), "+390612340212")
    world.run_until_idle()
    attempt = CallAttempt.objects.get()

    response = tenant.get(url("callattempt_change", attempt.pk))

    marks = response.context["timeline"]
    assert [mark.words for mark in marks][:4] == ["Claimed", "Placed", "Ringing", "Answered"]
    assert marks[-1].words == "Ended"
    assert ("Waited for a key", "key 2") in [(mark.words, mark.detail) for mark in marks]
    assert marks == sorted(marks, key=lambda mark: mark.at)
    assert marks[0].shown.startswith("Mon 3 Mar 2031 11:00:")
    assert marks[0].shown.endswith("CET")
    assert marks[0].after == "+0.0 s"
    assert "Answered, SIP 200" in marks[-1].detail
    assert str(attempt.key) in response.content.decode()


def test_attempts_are_found_by_number_and_by_the_carriers_key(tenant, world):
    add(world, world.campaign(), "+390612340486", "+390612340200")
    world.run_until_idle()
    attempt = CallAttempt.objects.get(destination="+390612340200")

    for text in ("+390612340200", str(attempt.key)):
        assert tenant.get(url("callattempt_changelist"), {"q": text}).context["cl"].result_list == [attempt]


def test_a_long_list_is_counted_no_further_than_its_cap(tenant, world):
    listed = (
        Suppression(account=world.account, destination=f"+3906{index:08}", created_at=world.now)
        for index in range(base.MOST_COUNTED + 2)
    )
    Suppression.objects.bulk_create(listed)

    response = tenant.get(url("suppression_changelist"))

    assert response.context["cl"].result_count == base.MOST_COUNTED
    assert "More than 10000 suppressions: narrow the filter" in response.content.decode()


# --- Words -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line",
    [
        "mon-fri 09:00-20:00",
        "09:00-24:00",
        "mon,wed,sat,sun 10:00-13:00",
        "fri 22:00-02:00",
        "mon-wed,fri-sun 08:30-09:00",
    ],
)
def test_windows_are_typed_and_shown_alike(line):
    field = forms.WindowsField()

    (window,) = field.clean(line)

    assert forms.WindowsField().clean(forms.window_line(window)) == [window]


def test_days_go_round_the_week():
    assert forms.WindowsField().clean("Sat-Mon 9:00-10:00") == [
        {"days": ["mon", "sat", "sun"], "start": "09:00", "end": "10:00"}
    ]


def test_spans_are_written_as_people_read_them():
    start = dt.datetime(2031, 3, 3, 10, tzinfo=dt.UTC)

    def later(**span):
        return start + dt.timedelta(**span)

    assert moments.after(later(seconds=1.84), start) == "+1.8 s"
    assert moments.after(later(seconds=125), start) == "+2:05"
    assert moments.clock(3725) == "1:02:05"
    assert [moments.away(moment, start) for moment in (start, later(minutes=12), later(hours=-3))] == [
        "now",
        "in 12 min",
        "3 h ago",
    ]
    assert moments.shown(start, "Europe/Rome") == "Mon 3 Mar 2031 11:00:00 CET"
    assert moments.shown(None) == "-"


def test_shares_say_how_few_they_are_of():
    assert words.share(0, 0) == "-"
    assert words.share(12, 29) == "12 of 29"
    assert words.share(41, 100) == "41 %"
    assert words.share(1, 40) == "2.5 %"


# --- The platform's staff ----------------------------------------------------------------------------------------


@pytest.fixture
def staff(world, client):
    client.force_login(User.objects.create(username="root", is_staff=True, is_superuser=True))
    return client


def test_staff_make_campaigns_and_suppressions_for_an_account_that_they_name(staff, world):
    staff.post(url("campaign_add"), CAMPAIGN)
    staff.post(url("campaign_add"), CAMPAIGN | {"account": world.account.pk})
    listed = {"account": world.account.pk, "destination": "06 1234 0200", "channel": "", "source": "a letter"}
    staff.post(url("suppression_add"), listed)

    assert Campaign.objects.get().account == world.account
    assert Suppression.objects.get().destination == "+390612340200"


def test_a_suppression_is_not_put_into_the_campaign_of_another_account(staff, world):
    wanted = {"account": world.account.pk, "destination": "06 1234 0200", "campaign": other_campaign(world).pk}

    response = staff.post(url("suppression_add"), wanted)

    assert "The campaign belongs to another account." in response.content.decode()
    assert not Suppression.objects.exists()


def test_staff_make_users_who_can_sign_in(staff, world, client):
    secret = "correct horse battery"
    wanted = {
        "username": "eva",
        "account": world.account.pk,
        "is_staff": "on",
        "password1": secret,
        "password2": secret,
    }
    staff.post(url("user_add"), wanted)
    made = User.objects.get(username="eva")

    assert (made.account, made.is_superuser) == (world.account, False)
    assert client.login(username="eva", password=secret)
    assert client.get(url("campaign_changelist")).status_code == 200
    assert client.get(url("user_change", made.pk)).status_code == 200
    password = reverse("admin:auth_user_password_change", args=[made.pk])
    assert client.get(password).status_code == 403
