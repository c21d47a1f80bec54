"""Lists of destinations that must not be reached."""

from __future__ import annotations

import io

import pytest
from django.core.management import CommandError, call_command

from campaigns.models import Suppression
from tests.campaigns.imports.conftest import refused_rows

LIST = (
    "Telefono;Email;Channel;Reason\n+39 312 342 7359;;;asked by phone\n312 342 7360;;sms;\n"
    ";Anna@Example.com;;\n0039312 3427359;;;twice\n12;;;\n;;voice;\nbea@example.com;;email;\n+393123427361;;fax;\n"
)


@pytest.fixture
def listed(world, tmp_path):
    """Return a function that imports a list of an account and returns what was told."""

    def imported(text, *options, account="Acme", name="dnc.csv", **named):
        path = tmp_path / name
        path.write_text(text)
        out = io.StringIO()
        call_command("import_suppressions", account, str(path), *options, stdout=out, **named)
        return out.getvalue(), refused_rows(path.with_name(f"{name}.refused.csv"))

    return imported


def rows():
    """Return what is listed: destination, channel, source."""
    return set(Suppression.objects.values_list("destination", "channel", "source"))


def test_numbers_and_addresses_are_listed_by_channel_and_source(world, listed):
    told, refused = listed(LIST)
    assert rows() == {
        ("+393123427359", "", "twice"),
        ("+393123427360", "sms", "dnc.csv"),
        ("anna@example.com", "", "dnc.csv"),
        ("bea@example.com", "email", "dnc.csv"),
    }
    assert set(Suppression.objects.values_list("account", "campaign")) == {(world.account.pk, None)}
    assert "read             8\nlisted           4" in told
    assert "known            1" in told
    assert [(row["refused line"], row["refused column"], row["refused because"]) for row in refused] == [
        ("6", "Telefono", "too short"),
        ("7", "Telefono", "there is no phone number and no email address"),
        ("9", "Channel", "'fax' is no channel; voice, sms and email are known"),
    ]


def test_a_repeat_lists_nothing_twice(listed):
    listed(LIST)
    before = rows()
    told, _ = listed(LIST)
    assert rows() == before
    assert "listed           0" in told


def test_a_dry_run_lists_nothing(listed):
    told, refused = listed(LIST, "--dry-run")
    assert "listed           4 (would be)" in told
    assert len(refused) == 3
    assert rows() == set()


def test_options_stand_for_what_rows_do_not_say(world, listed):
    campaign = world.campaign(name="Dues")
    listed("phone\n+393123427359\n", "--channel", "voice", "--campaign", "Dues", "--source", "register of 2031")
    [entry] = Suppression.objects.all()
    assert (entry.campaign, entry.channel, entry.source) == (campaign, "voice", "register of 2031")


def test_a_bare_list_of_numbers_is_taken_with_a_word(listed):
    with pytest.raises(CommandError, match="--no-header"):
        listed("+393123427359\n+393123427360\n")
    listed("+393123427359\n+393123427360\n", "--no-header", "--map", "1=phone")
    assert len(rows()) == 2


def test_a_suppressed_number_is_not_called(world, listed, load):
    found = load("phone\n+3906123200\n")
    listed("phone\n06 123200\n")
    world.run_until_idle()
    [call] = found.calls()
    assert (call.outcome, call.reason, call.attempts_total) == ("suppressed", "suppressed", 0)


def test_another_accounts_campaign_is_unknown(world, listed):
    campaign = world.campaign()
    world.other_account()
    with pytest.raises(CommandError, match=f"There is no campaign '{campaign.pk}' in the account 'Other'"):
        listed("phone\n+393123427359\n", "--campaign", str(campaign.pk), account="Other")
    with pytest.raises(CommandError, match="There is no account 'Nobody'"):
        listed("phone\n+393123427359\n", account="Nobody")
    assert rows() == set()


def test_a_list_of_which_nothing_is_fit_is_a_failure(listed):
    with pytest.raises(CommandError, match="all of the 2 rows were refused"):
        listed("phone\n12\nabc\n")
    with pytest.raises(CommandError, match="there is no such file"):
        call_command("import_suppressions", "Acme", "/nowhere/dnc.csv")


def test_many_are_listed_in_few_statements(listed, django_assert_max_num_queries):
    numbers = "".join(f"+3931234{n:05}\n" for n in range(6000))
    with django_assert_max_num_queries(90):
        listed(f"phone\n{numbers}")
    assert Suppression.objects.count() == 6000
