"""The program's patience with PostgreSQL, and PostgreSQL's with it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import OperationalError, connection

from campaigns.models import Account
from config.postgresql import options as postgres
from tests.trials.between import Fault, Proxy

ROOT = Path(__file__).resolve().parents[2]
NAMES = ("CONNECT", "SILENCE", "STATEMENT", "IDLE")


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch):
    for name in NAMES:
        monkeypatch.delenv(f"DATABASE_{name}_SECONDS", raising=False)


def test_a_peer_that_vanished_is_noticed():
    found = postgres.options({}, pgbouncer=False)

    assert found["connect_timeout"] == 5
    assert found["tcp_user_timeout"] == 15_000
    noticed = found["keepalives_idle"] + found["keepalives_interval"] * found["keepalives_count"]
    assert (found["keepalives"], noticed) == (1, 15)


def test_each_has_its_variable(monkeypatch):
    for name, value in zip(NAMES, ("7", "20", "1.5", "90"), strict=True):
        monkeypatch.setenv(f"DATABASE_{name}_SECONDS", value)

    found = postgres.options({}, pgbouncer=False)

    assert (found["connect_timeout"], found["tcp_user_timeout"]) == (7, 20_000)
    assert found["options"] == "-c statement_timeout=1500 -c idle_in_transaction_session_timeout=90000 -c jit=off"


def test_what_the_url_says_goes_before():
    found = postgres.options({"connect_timeout": 1, "sslmode": "require"}, pgbouncer=False)

    assert (found["connect_timeout"], found["sslmode"]) == (1, "require")


def test_pgbouncer_is_asked_for_no_settings_of_a_session():
    assert "options" not in postgres.options({}, pgbouncer=True)


@pytest.mark.parametrize(
    ("module", "word", "limit"),
    [
        ("config.wsgi", "", 30_000),
        ("config.celery", "worker", 30_000),
        ("config.celery", "beat", 0),
        ("config.celery", "migrate", 0),
    ],
)
def test_web_server_and_workers_give_a_statement_up_and_commands_do_not(module, word, limit, tmp_path):
    asked = f"import json, {module}; from django.conf import settings; print(json.dumps(settings.DATABASES['default']))"
    own = {"DATABASE_URL": "postgres://a:b@127.0.0.1:1/c", "TRUNKLINE_VAR": str(tmp_path)}
    said = subprocess.run(
        [sys.executable, "-c", asked, word], cwd=ROOT, env=os.environ | own, capture_output=True, text=True, check=True
    ).stdout

    assert f"statement_timeout={limit} " in json.loads(said)["OPTIONS"]["options"]


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_the_server_is_told(monkeypatch):
    monkeypatch.setenv("DATABASE_STATEMENT_SECONDS", "0.05")
    connection.close()
    kept = connection.settings_dict["OPTIONS"]
    connection.settings_dict["OPTIONS"] = postgres.options({}, pgbouncer=False)
    try:
        with connection.cursor() as cursor, pytest.raises(OperationalError, match="statement timeout"):
            cursor.execute("SELECT pg_sleep(5)")
    finally:
        connection.settings_dict["OPTIONS"] = kept
        connection.close()


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_server_that_stands_still_is_given_up(monkeypatch):
    """Nothing comes through, though the connection stays open: only our own clock can tell."""
    monkeypatch.setenv("DATABASE_STATEMENT_SECONDS", "0.2")
    monkeypatch.setenv("DATABASE_SILENCE_SECONDS", "0.3")
    proxy = Proxy(int(connection.settings_dict["PORT"] or 5432))
    connection.close()
    kept = connection.settings_dict["PORT"]
    connection.settings_dict["PORT"] = proxy.port
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            proxy.strike(Fault("hole"))
            with pytest.raises(OperationalError, match=r"silent for 0\.5 s"):
                cursor.execute("SELECT 2")
        assert not connection.is_usable()
        proxy.heal()
        connection.close_if_unusable_or_obsolete()
        assert Account.objects.count() == 0
    finally:
        connection.close()
        connection.settings_dict["PORT"] = kept
        proxy.end()


@pytest.mark.postgres
@pytest.mark.django_db
@pytest.mark.parametrize("table", ["campaigns_call", "campaigns_callattempt"])
def test_what_changes_most_is_tidied_often(table):
    with connection.cursor() as cursor:
        cursor.execute("SELECT reloptions FROM pg_class WHERE relname = %s", [table])
        assert "autovacuum_vacuum_scale_factor=0.02" in cursor.fetchone()[0]


@pytest.mark.postgres
@pytest.mark.django_db
def test_no_statement_is_compiled():
    with connection.cursor() as cursor:
        cursor.execute("SHOW jit")
        assert cursor.fetchone() == ("off",)
