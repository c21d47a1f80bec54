"""How often and when again: the retry policy, pure."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from campaigns import refusals
from campaigns.states import FINAL_OUTCOMES, Outcome

# Outcomes that are tried again unless a rule says otherwise. A machine has heard the message.
RETRIED = frozenset({Outcome.BUSY, Outcome.NO_ANSWER, Outcome.REJECTED, Outcome.FAILED, Outcome.UNKNOWN})
# Carrier trouble has a ceiling and a wait of its own, for it does not use the budget.
CONGESTION_CEILING = 10
CONGESTION_FIRST_WAIT = dt.timedelta(seconds=30)
CONGESTION_LONGEST_WAIT = dt.timedelta(minutes=15)
LONGEST_WAIT = dt.timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Rule:
    """What one outcome changes: whether to try again, and after how long."""

    retry: bool = True
    wait: dt.timedelta | None = None


@dataclass(frozen=True, slots=True)
class Policy:
    """How often a call is tried, and how long it waits between tries."""

    max_attempts: int
    first_wait: dt.timedelta
    growth: float = 1.0
    rules: Mapping[str, Rule] = field(default_factory=dict)

    def next_try(self, *, outcome: str, counted: int, ended_at: dt.datetime) -> dt.datetime | None:
        """Return when to try again after a counted try that ended so, or None to give up.

        `counted` is how many tries count against the budget, this one included.
        """
        rule = self.rules.get(outcome, Rule(retry=outcome in RETRIED))
        if not rule.retry or outcome in FINAL_OUTCOMES or counted >= self.max_attempts:
            return None
        wait = self.first_wait if rule.wait is None else rule.wait
        seconds = wait.total_seconds() * math.pow(self.growth, max(counted - 1, 0))
        return ended_at + dt.timedelta(seconds=min(seconds, LONGEST_WAIT.total_seconds()))


def after_congestion(*, congestions: int, ended_at: dt.datetime) -> dt.datetime | None:
    """Return when to try again after carrier trouble, or None where its own ceiling is reached.

    `congestions` counts the tries in a row that met it, this one included.
    """
    if congestions >= CONGESTION_CEILING:
        return None
    return ended_at + min(CONGESTION_FIRST_WAIT * (1 << min(congestions - 1, 10)), CONGESTION_LONGEST_WAIT)


def parse_rules(value: object) -> dict[str, Rule]:
    """Read rules as stored: {"busy": {"minutes": 5}, "rejected": {"retry": false}}. Raises InvalidValue."""
    if not isinstance(value, dict):
        raise refusals.InvalidValue("retry_rules: an object by outcome is wanted.", field="retry_rules")
    return {outcome: _parse_rule(outcome, rule) for outcome, rule in value.items()}


def _parse_rule(outcome: object, rule: object) -> Rule:
    if outcome not in Outcome.values or outcome in FINAL_OUTCOMES or outcome == Outcome.CONGESTION:
        known = sorted(set(Outcome.values) - FINAL_OUTCOMES - {Outcome.CONGESTION})
        raise refusals.InvalidValue(
            f"retry_rules: no rule can be given for {outcome!r}; for {', '.join(known)} it can.",
            field="retry_rules",
        )
    if not isinstance(rule, dict) or set(rule) - {"retry", "minutes"}:
        raise refusals.InvalidValue(
            f'retry_rules.{outcome}: an object with "retry" and "minutes" is wanted.', field="retry_rules"
        )
    minutes, retry = rule.get("minutes"), rule.get("retry", True)
    if not isinstance(retry, bool):
        raise refusals.InvalidValue(f"retry_rules.{outcome}.retry: true or false is wanted.", field="retry_rules")
    if minutes is None:
        return Rule(retry=retry)
    if isinstance(minutes, bool) or not isinstance(minutes, int | float) or not 0 <= minutes <= 525_600:
        raise refusals.InvalidValue(
            f"retry_rules.{outcome}.minutes: a number from 0 to 525600 is wanted.", field="retry_rules"
        )
    return Rule(retry=retry, wait=dt.timedelta(minutes=minutes))
