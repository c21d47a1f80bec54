from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from campaigns.models import Account
from campaigns.states import Api
from dialer import credentials

ROOT = Path(__file__).resolve().parents[3]


def _created(capsys, *argv: str) -> str:
    call_command("create_account", *argv)
    return capsys.readouterr().out


def test_json_is_one_object_of_the_promised_shape(db, capsys):
    opened = json.loads(_created(capsys, "Acme", "--json"))

    shape = {key: set(value) if isinstance(value, dict) else type(value).__name__ for key, value in opened.items()}
    assert shape == {
        "account": "int",
        "user": "str",
        "password": "str",
        "api_key": "str",
        "go4clients": {"apikey", "apisecret"},
        "sendservice": {"username", "password", "guid"},
        "voicenter": {"code"},
        "onc": {"accountId", "username", "password"},
    }


def test_what_it_shows_opens_the_doors(db, world, capsys):
    opened = json.loads(_created(capsys, "Shown", "--json"))

    assert world.client.login(username=opened["user"], password=opened["password"])
    by_key = credentials.by_secret(Api.NATIVE, opened["api_key"], now=world.now)
    assert by_key is not None
    assert by_key.account_id == opened["account"]
    pair = opened["go4clients"]
    digest = credentials.digest(pair["apikey"])
    assert credentials.by_pair(Api.GO4CLIENTS, digest, pair["apisecret"], now=world.now)
    assert credentials.by_pair(Api.GO4CLIENTS, digest, "0" * 15, now=world.now) is None


def test_options_are_the_accounts_fields(db, capsys):
    argv = ["--country", "IT", "--timezone", "Europe/Rome", "--sandbox", "--prefix", "+39", "--prefix", "+44"]
    opened = json.loads(_created(capsys, "Acme", "--json", *argv))

    account = Account.objects.get(pk=opened["account"])
    assert (account.country, account.timezone, account.is_sandbox) == ("IT", "Europe/Rome", True)
    assert account.allowed_prefixes == ["+39", "+44"]


def test_without_json_a_person_can_read_it(db, capsys):
    text = _created(capsys, "Acme")

    account = Account.objects.get(name="Acme")
    assert text.startswith(f'Account {account.pk} "Acme". What follows is shown this once:\n')
    for word in ("api_key", "apisecret", "guid", "accountId"):
        assert word in text


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["Taken"], "name: Account with this Name already exists"),
        ([""], "name: This field cannot be blank"),
        (["New", "--country", "XX"], "country: 'XX' is no country code"),
        (["New", "--timezone", "Rome"], "timezone: 'Rome' is no time zone"),
        (["New", "--prefix", "39"], "allowed_prefixes: A list of prefixes is wanted"),
    ],
)
def test_what_is_wrong_is_told_and_nothing_is_made(db, capsys, argv, said):
    credentials.open_account(name="Taken")

    with pytest.raises(CommandError, match=said):
        call_command("create_account", *argv)

    assert list(Account.objects.values_list("name", flat=True)) == ["Taken"]


def test_on_a_fresh_database_it_says_what_to_run_instead_of_a_traceback(tmp_path):
    done = subprocess.run(
        [sys.executable, "manage.py", "create_account", "Acme", "--json"],
        cwd=ROOT,
        env={"TRUNKLINE_VAR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert (done.returncode, done.stdout) == (1, "")
    assert "Traceback" not in done.stderr
    assert "python3 manage.py migrate" in done.stderr
