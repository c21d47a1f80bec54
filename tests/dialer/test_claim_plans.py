"""How the claim reads: by which indexes, by how many statements, and what it does not read again."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from campaigns.models import Call, CallAttempt, Campaign
from campaigns.states import CampaignState
from dialer import checking, claiming, ready, turning
from dialer.horizons import MARGIN, Horizon
from tests.calls import add, number

pytestmark = pytest.mark.django_db

MANY = """
    INSERT INTO campaigns_call (account_id, campaign_id, number, destination, zones, priority, due_at, created_at,
        ready)
    SELECT c.account_id, c.id, '06 ' || g, '+3906' || (10000000 + g), 'Europe/Rome', g %% 3, %s, %s, true
    FROM generate_series(1, %s) g
    JOIN (SELECT id, account_id, row_number() OVER (ORDER BY id) - 1 AS place, count(*) OVER () AS many
        FROM campaigns_campaign) c ON c.place = g %% c.many"""
ENDED = """
    INSERT INTO campaigns_callattempt (key, account_id, campaign_id, call_id, n, carrier, destination, state, outcome,
        claimed_at, placed_at, ended_at, check_at)
    SELECT gen_random_uuid(), account_id, campaign_id, id, n, 'voice', destination, 'ended', 'busy', due_at, due_at,
        due_at, due_at FROM campaigns_call CROSS JOIN generate_series(1000, 1001) n"""
# Tables that grow with the calls; all others are small, and to read one whole is right.
GROWING = ("campaigns_call", "campaigns_callattempt", "campaigns_suppression")


def fill(world, calls: int) -> None:
    with connection.cursor() as cursor:
        earlier = world.now - dt.timedelta(days=3)
        cursor.execute(MANY, [earlier, earlier, calls])
        cursor.execute(ENDED)
        cursor.execute("ANALYZE campaigns_call, campaigns_callattempt, campaigns_campaign")


def plan_of(statement: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {statement}")
        return "\n".join(row[0] for row in cursor.fetchall())


def reading(queries) -> list[str]:
    """Return the statements that read or change rows."""
    told = [query["sql"].strip() for query in queries.captured_queries]
    return [sql for sql in told if sql.startswith(("SELECT", "UPDATE", "INSERT", "WITH"))]


@pytest.mark.postgres
@pytest.mark.parametrize("campaigns", [1, 10, 400])
def test_a_turn_reads_no_growing_table_whole(world, campaigns):
    world.account.__class__.objects.update(attempts_per_number_per_day=5)
    for index in range(campaigns):
        world.campaign(name=f"Campaign {index}", windows=[{"start": "09:00", "end": "20:00"}])
    fill(world, 20_000)

    with CaptureQueriesContext(connection) as queries:
        claimed = claiming.claim(account_id=world.account.pk, now=world.now, limit=100).attempt_ids
        checking.check(now=world.now)
        ready.accounts_with_work(world.now)

    assert len(claimed) == min(100, 20 * campaigns)
    for statement in reading(queries):
        plan = plan_of(statement)
        assert [table for table in GROWING if f"Seq Scan on {table} " in plan] == [], f"{statement}\n{plan}"
        # What was taken may be sorted, what waits may not.
        assert statement.startswith("INSERT") or "Sort Key: k.priority" not in plan, f"{statement}\n{plan}"


@pytest.mark.postgres
def test_the_ready_are_read_by_the_index_made_for_them(world):
    world.campaign()
    fill(world, 20_000)

    with CaptureQueriesContext(connection) as queries:
        claiming.claim(account_id=world.account.pk, now=world.now, limit=100)

    looks = [plan_of(sql) for sql in reading(queries) if "AS found" in sql]
    assert len(looks) == 2
    assert all("call_ready" in plan for plan in looks)


@pytest.mark.postgres
@pytest.mark.parametrize("is_known", [True, False], ids=["known", "young"])
def test_what_has_ended_is_not_gathered_to_find_what_is_open(world, is_known):
    """A bitmap of an index holds what died since the last vacuum, each time anew; a scan in its order forgets it."""
    world.campaign()
    fill(world, 20_000)
    claiming.claim(account_id=world.account.pk, now=world.now, limit=100)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE campaigns_callattempt")
        if not is_known:
            cursor.execute("DELETE FROM pg_statistic WHERE starelid = 'campaigns_callattempt'::regclass")

    with CaptureQueriesContext(connection) as queries:
        claiming.claim(account_id=world.account.pk, now=world.now + dt.timedelta(seconds=2), limit=100)

    [plan] = [plan_of(sql) for sql in reading(queries) if "oldest" in sql]
    oldest = plan[plan.index("CTE oldest") :].split("\n")[2]
    assert re.search(r"Index (Only )?Scan using attempt_open ", oldest), plan


LISTED = """
    INSERT INTO campaigns_suppression (account_id, destination, channel, source, created_at)
    SELECT %s, '+3907' || (10000000 + g), '', 'list', now() FROM generate_series(1, 50000) g"""


@pytest.mark.postgres
@pytest.mark.parametrize("is_known", [True, False], ids=["known", "young"])
def test_numbers_are_looked_up_one_by_one(world, is_known):
    """However long a list of suppressions is and however many were called that day, and known to the planner or not."""
    world.account.__class__.objects.update(attempts_per_number_per_day=5)
    world.campaign()
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE campaigns_suppression, campaigns_callattempt")
        cursor.execute(LISTED, [world.account.pk])
        cursor.execute(MANY, [world.now - dt.timedelta(hours=3)] * 2 + [20_000])
        cursor.execute(ENDED)
        cursor.execute("ANALYZE campaigns_call, campaigns_campaign")
        if is_known:
            cursor.execute("ANALYZE campaigns_suppression, campaigns_callattempt")

    with CaptureQueriesContext(connection) as queries:
        claiming.claim(account_id=world.account.pk, now=world.now, limit=100)

    [listed] = [plan_of(sql) for sql in reading(queries) if "campaigns_suppression" in sql]
    [tried] = [plan_of(sql) for sql in reading(queries) if "MIN(claimed_at)" in sql and "GROUP BY destination" in sql]
    assert "suppression_listed_once " in listed, listed
    assert "suppression_listed_once_in_campaign" in listed, listed
    assert "attempt_by_destination" in tried, tried


def statements_of(world, campaigns: int) -> int:
    for index in range(campaigns):
        add(world, world.campaign(name=f"Campaign {index}", calls_per_second=5 + index % 7), number(index, "200"))
    with CaptureQueriesContext(connection) as queries:
        claimed = claiming.claim(account_id=world.account.pk, now=world.now, limit=campaigns).attempt_ids
    assert len(claimed) == campaigns
    return len(queries)


def test_many_campaigns_are_claimed_by_as_many_statements_as_few(world):
    few = statements_of(world, 5)
    Call.objects.update(state="done", outcome="cancelled", done_at=world.now)
    CallAttempt.objects.update(state="ended", outcome="cancelled", ended_at=world.now)
    Campaign.objects.update(state=CampaignState.FINISHED)
    many = statements_of(world, 60)

    # SQLite has no LATERAL: there each lane's first calls are a statement of microseconds.
    lanes = 0 if connection.vendor == "postgresql" else 55
    assert many <= few + lanes


def test_a_turn_of_an_idle_system_asks_little(world, django_assert_max_num_queries):
    campaign = world.campaign()
    add(world, campaign, number(1, "200"))
    world.run_until_idle()

    with django_assert_max_num_queries(5):
        done = turning.turn(now=world.now, place=lambda ids: None)

    assert not done.did_something()


# --- Horizons ----------------------------------------------------------------------------------------------------


def claim(world, horizon, limit=2):
    ids = claiming.claim(account_id=world.account.pk, now=world.now, limit=limit, horizon=horizon).attempt_ids
    return list(CallAttempt.objects.filter(pk__in=ids).order_by("pk").values_list("call_id", flat=True))


def test_claims_of_one_horizon_take_each_call_once_and_in_order(world):
    campaign = world.campaign()
    low = add(world, campaign, *(number(index, "200") for index in range(3)))
    high = add(world, campaign, *(number(index, "200") for index in range(10, 13)), priority=5)
    horizon = Horizon()

    taken = [pk for _ in range(4) for pk in claim(world, horizon)]

    assert taken == [call.pk for call in [*high, *low]]


@pytest.mark.postgres
def test_what_comes_before_the_horizon_is_found_with_the_next(world):
    campaign = world.campaign()
    add(world, campaign, *(number(index, "200") for index in range(4)), priority=1)
    horizon = Horizon()
    claim(world, horizon)

    [urgent] = add(world, campaign, number(20, "200"), priority=9)

    assert urgent.pk not in claim(world, horizon)
    assert claim(world, Horizon()) == [urgent.pk]


def test_a_claim_that_failed_moves_no_horizon(world):
    campaign = world.campaign()
    calls = add(world, campaign, number(1, "200"), number(2, "200"))
    horizon = Horizon()
    # The ledger has an open attempt already, which its own constraint forbids a second time.
    CallAttempt.objects.create(
        account=world.account,
        campaign=campaign,
        call=calls[0],
        n=9,
        carrier="voice",
        claimed_at=world.now,
        check_at=world.now,
    )

    with pytest.raises(Exception, match=r"one_open_attempt_per_call|UNIQUE"):
        claim(world, horizon)

    assert (horizon.positions, horizon.swept_until) == ({}, {})


def test_parked_calls_that_come_due_are_swept_within_one_horizon(world):
    campaign = world.campaign()
    [later] = add(world, campaign, number(1, "200"), due_at=world.now + dt.timedelta(seconds=30))
    horizon = Horizon()
    assert claim(world, horizon) == []

    world.move_to(world.now + dt.timedelta(seconds=31))

    assert horizon.swept_until[world.account.pk] == world.now - dt.timedelta(seconds=31) - MARGIN
    assert claim(world, horizon) == [later.pk]


def test_attempts_in_progress_are_counted_whatever_the_horizon(world):
    campaign = world.campaign(capacity=3)
    add(world, campaign, *(number(index, "408") for index in range(8)))
    horizon = Horizon()
    assert len(claim(world, horizon, limit=3)) == 3
    world.move_to(world.now + dt.timedelta(seconds=20))

    assert claim(world, horizon, limit=3) == []
    CallAttempt.objects.update(state="ended", outcome="busy", ended_at=world.now)
    assert len(claim(world, horizon, limit=3)) == 3
