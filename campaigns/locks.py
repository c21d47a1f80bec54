"""The locks of the ledger. Whoever needs several takes them in this order: account, campaigns, calls, attempts,
members.

The account's lock makes its dialling decisions one after another: claiming, placing, pausing, cancelling and
suppressing all hold it, so what an answered request says is true of every call placed afterwards. SQLite needs
none of them: its transactions are IMMEDIATE, one writer at a time. All functions require a transaction.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db import connection

from campaigns import bulk


def account(pk: int) -> None:
    """Hold an account's dialling decisions until the transaction ends. New calls may still come in."""
    _lock("SELECT 1 FROM campaigns_account WHERE id = %s FOR NO KEY UPDATE", pk)


def account_shared(pk: int) -> None:
    """Keep an account's decisions as they are until the transaction ends; others may share this."""
    accounts_shared([pk])


def accounts_shared(pks: Iterable[int]) -> None:
    """Keep accounts' decisions as they are until the transaction ends; others may share this."""
    _lock("SELECT 1 FROM campaigns_account WHERE id = ANY(%s) ORDER BY id FOR SHARE", sorted(pks))


def campaigns_shared(pks: Iterable[int]) -> None:
    """Keep campaigns from being finished until the transaction ends; others may share this."""
    _lock("SELECT 1 FROM campaigns_campaign WHERE id = ANY(%s) ORDER BY id FOR SHARE", sorted(pks))


def campaign(pk: int) -> None:
    """Hold a campaign: nobody adds to it or changes it until the transaction ends."""
    _lock("SELECT 1 FROM campaigns_campaign WHERE id = %s FOR NO KEY UPDATE", pk)


def campaign_import(pk: int) -> None:
    """Let no other file be stored into a campaign until the transaction ends; single calls may still come in."""
    _lock("SELECT pg_advisory_xact_lock(hashtextextended('campaign import', %s))", pk)


def members(campaign_ids: Iterable[int]) -> None:
    """Hold who gives answered calls to the members of campaigns, until the transaction ends."""
    statement = """SELECT pg_advisory_xact_lock(hashtextextended('campaign members', id))
        FROM (SELECT unnest(%s::bigint[]) AS id ORDER BY 1) AS ordered"""
    _lock(statement, sorted(campaign_ids))


def _lock(statement: str, value: int | list[int]) -> None:
    if bulk.is_postgres():
        with connection.cursor() as cursor:
            cursor.execute(statement, [value])
