"""How many calls of campaigns wait, are live and are done: for any number of campaigns by one statement."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

from campaigns import bulk
from campaigns.states import CallState

# A waiting call that nothing holds back is counted under this word.
READY = "ready"
# Each part has a partial index, which SQLite uses only where the conditions stand as literals. A live call has
# exactly one open attempt, and those have an index.
_COUNTS = """
    SELECT campaign_id, 'waiting', '', COUNT(*) AS number, NULL AS look FROM campaigns_call
    WHERE ready AND state = 'waiting' AND {among} GROUP BY campaign_id
    UNION ALL
    SELECT campaign_id, 'waiting', reason, COUNT(*), MIN(next_look_at) FROM campaigns_call
    WHERE NOT ready AND state = 'waiting' AND {among} GROUP BY campaign_id, reason
    UNION ALL
    SELECT campaign_id, 'live', '', COUNT(*), NULL FROM campaigns_callattempt
    WHERE NOT state = 'ended' AND {among} GROUP BY campaign_id
    UNION ALL
    SELECT campaign_id, 'done', outcome, COUNT(*), NULL FROM campaigns_call
    WHERE state = 'done' AND {among} GROUP BY campaign_id, outcome
"""
_UNEVEN = f"""
    SELECT campaign_id, SUM(told), SUM(total) FROM (
        SELECT campaign_id, number AS told, 0 AS total FROM ({_COUNTS}) AS counted
        UNION ALL
        SELECT campaign_id, 0, COUNT(*) FROM campaigns_call WHERE {{among}} GROUP BY campaign_id
    ) AS both_ways GROUP BY campaign_id HAVING SUM(told) <> SUM(total) ORDER BY campaign_id
"""


@dataclass(slots=True)
class Counts:
    """The calls of one campaign. `reasons` says what the waiting wait for, `outcomes` how the done ended.

    `looks` says of each reason when the engine looks at the first call that waits for it.
    """

    waiting: int = 0
    live: int = 0
    done: int = 0
    reasons: dict[str, int] = field(default_factory=dict)
    outcomes: dict[str, int] = field(default_factory=dict)
    looks: dict[str, dt.datetime] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """Return how many there are in all."""
        return self.waiting + self.live + self.done

    def shown(self) -> dict[str, Any]:
        """Return the counts as the API shows them."""
        return {
            "total": self.total,
            "waiting": self.waiting,
            "live": self.live,
            "done": self.done,
            "outcomes": self.outcomes,
            "reasons": self.reasons,
        }


def of(campaign_ids: Iterable[int]) -> dict[int, Counts]:
    """Return the counts of campaigns, those without any call included."""
    found = {pk: Counts() for pk in campaign_ids}
    for campaign_id, state, word, number, look in _grouped(_COUNTS, list(found)):
        counts = found[campaign_id]
        setattr(counts, state, getattr(counts, state) + number)
        if state == CallState.WAITING:
            counts.reasons[word or READY] = counts.reasons.get(word or READY, 0) + number
            if look is not None:
                counts.looks[word or READY] = bulk.moment(look)
        elif state == CallState.DONE:
            counts.outcomes[word] = number
    return found


def uneven(campaign_ids: Iterable[int]) -> list[tuple[int, int, int]]:
    """Return the campaigns whose counts do not add up to their calls: (campaign, calls counted by state, calls)."""
    return [(pk, int(told), int(total)) for pk, told, total in _grouped(_UNEVEN, list(campaign_ids))]


def _grouped(statement: str, ids: list[int]) -> list[tuple[Any, ...]]:
    if not ids:
        return []
    statement = statement.format(among=bulk.among("campaign_id"))
    with connection.cursor() as cursor:
        cursor.execute(statement, [bulk.ids(ids)] * statement.count("%s"))
        return list(cursor.fetchall())
