"""The arithmetic of reports in the SQL of either database: durations, hours and exact sums, each defined once.

PostgreSQL computes in numeric and is exact. SQLite stores moments as text and decimals as floating point: moments
are turned into whole microseconds here, and each sum is rounded to its places, so that it is exact as well.
"""

from __future__ import annotations

from campaigns import bulk

# What is summed, and the places of each sum.
PLACES = {"attempts": 0, "originated": 0, "abandoned": 0, "ring_seconds": 3, "talk_seconds": 3, "cost": 5}
MEASURES = tuple(PLACES)
# By what it is summed.
KEYS = ("campaign_id", "hour", "channel", "outcome")
# The longest duration that a report's column holds: 11 days.
LONGEST_MILLISECONDS = 999_999_999


def duration(start: str, end: str) -> str:
    """Return the SQL of the seconds between two moments, in thousandths: 0 where one is missing or they are reversed.

    Events may be stamped out of order by a carrier; what lasts longer than the column holds is cut to its longest.
    """
    if bulk.is_postgres():
        seconds = f"ROUND(EXTRACT(EPOCH FROM {end} - {start})::numeric, 3)"
        return f"COALESCE(LEAST(GREATEST({seconds}, 0), {LONGEST_MILLISECONDS / 1000}), 0)"
    milliseconds = f"({_microseconds(end)} - {_microseconds(start)} + 500) / 1000"
    return f"COALESCE(MIN(MAX({milliseconds}, 0), {LONGEST_MILLISECONDS}), 0) / 1000.0"


def _microseconds(moment: str) -> str:
    """Return the SQL of SQLite for a moment as a whole number; its own date functions round to milliseconds."""
    fraction = f"CAST(substr(substr({moment}, 21) || '000000', 1, 6) AS INTEGER)"
    return f"(CAST(strftime('%%s', substr({moment}, 1, 19)) AS INTEGER) * 1000000 + {fraction})"


def ring_seconds(attempt: str) -> str:
    """Return the SQL of how long an attempt rang: from ringing, or else placing, to answer or end. Voice only."""
    start = f"COALESCE({attempt}.ringing_at, {attempt}.placed_at)"
    end = f"COALESCE({attempt}.answered_at, {attempt}.ended_at)"
    return f"CASE WHEN {attempt}.channel = 'voice' THEN {duration(start, end)} ELSE 0 END"


def talk_seconds(attempt: str) -> str:
    """Return the SQL of how long an attempt was connected: from answer to end. Voice only."""
    talk = duration(f"{attempt}.answered_at", f"{attempt}.ended_at")
    return f"CASE WHEN {attempt}.channel = 'voice' THEN {talk} ELSE 0 END"


def hour(moment: str) -> str:
    """Return the SQL of the hour, in UTC, that a moment lies in."""
    if bulk.is_postgres():
        return f"date_trunc('hour', {moment}, 'UTC')"
    return f"substr({moment}, 1, 13) || ':00:00'"


def exact(expression: str, measure: str) -> str:
    """Return the SQL of a sum of decimals without the error of floating point."""
    if bulk.is_postgres() or not PLACES[measure]:
        return expression
    return f"ROUND({expression}, {PLACES[measure]})"


def sums(ring: str = "ring_seconds", talk: str = "talk_seconds") -> str:
    """Return the SQL of all measures over a group of attempts or of their reports, in the order of MEASURES."""
    totals = {"ring_seconds": ring, "talk_seconds": talk, "cost": "cost"}
    added = [f"{exact(f'SUM({expression})', name)} AS {name}" for name, expression in totals.items()]
    counted = [
        "COUNT(*) AS attempts",
        "COUNT(placed_at) AS originated",
        "COUNT(*) FILTER (WHERE abandoned) AS abandoned",
    ]
    return ", ".join(counted + added)
