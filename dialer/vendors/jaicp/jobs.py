"""Finds the jobs of a campaign, and reads what became of them: a few statements for any number of jobs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.db.models import QuerySet

from campaigns.models import Call, CallAttempt, Campaign
from campaigns.operations import calls as call_operations
from campaigns.states import Api, Channel
from dialer.vendors.jaicp import errors, numbers

BATCH = 2000
MOST_WANTED = 100_000
_LONGEST_ID = 18


class Try(NamedTuple):
    """One dial of a job. `n` counts those that reached the wire."""

    pk: int
    n: int
    answered_at: dt.datetime | None
    ended_at: dt.datetime | None
    steps: list[dict[str, Any]]

    def talk_seconds(self) -> int:
        """Return how long was talked, in whole seconds; 0 while it goes on."""
        return int((self.ended_at - self.answered_at).total_seconds()) if self.answered_at and self.ended_at else 0


class Job(NamedTuple):
    """A call as this API sees it, with its tries."""

    pk: int
    destination: str
    state: str
    outcome: str
    reason: str
    created_at: dt.datetime
    done_at: dt.datetime | None
    tries: list[Try]


@dataclass(frozen=True, slots=True)
class Wanted:
    """The jobs that a request names: by id, by number, or both."""

    ids: list[str]
    phones: list[str | int]


def read_wanted(body: object) -> Wanted:
    """Read {"ids": […], "phones": […]}, of which either may be missing. Raises Fault."""
    if not isinstance(body, dict):
        raise errors.wrong("The body", "an object with ids or phones")
    return Wanted(ids=[str(pk) for pk in _listed(body, "ids")], phones=_listed(body, "phones"))


def _listed(body: Mapping[str, Any], name: str) -> list[str | int]:
    value = body.get(name)
    if value is None:
        return []
    if not isinstance(value, list) or any(isinstance(v, bool) or not isinstance(v, str | int) for v in value):
        raise errors.wrong(name, "a list of strings or integers")
    if len(value) > MOST_WANTED:
        raise errors.wrong(name, f"a list of at most {MOST_WANTED}; it has {len(value)}")
    return value


def of(campaign: Campaign) -> QuerySet[Call]:
    """Return the jobs of a campaign: its voice calls that came in through any API, and not by an import or a person."""
    calls = Call.objects.filter(campaign=campaign, channel=Channel.VOICE)
    return calls.exclude(intake__api__in=[Api.IMPORT, Api.ADMIN])


def find(campaign: Campaign, wanted: Wanted) -> list[int]:
    """Return the ids of the jobs that a request names, each once, in the order of creation. Raises Fault."""
    return sorted(_by_id(campaign, wanted.ids) | _by_phone(campaign, wanted.phones))


def _by_id(campaign: Campaign, ids: Sequence[str]) -> set[int]:
    asked = {written: int(written) for written in ids if _is_id(written)}
    found: set[int] = set()
    for some in _batches(list(asked.values())):
        found.update(of(campaign).filter(pk__in=some).values_list("pk", flat=True))
    for written in ids:
        if asked.get(written) not in found:
            raise errors.Fault(errors.NO_SUCH_ID, f"The campaign has no job {written[:40]!r}.")
    return found


def _is_id(written: str) -> bool:
    return written.isascii() and written.isdigit() and len(written) <= _LONGEST_ID and str(int(written)) == written


def _by_phone(campaign: Campaign, phones: Sequence[str | int]) -> set[int]:
    plan = numbers.plan_of(campaign)
    asked = {str(phone): _address(plan, phone) for phone in phones}
    found: set[int] = set()
    there: set[str] = set()
    for some in _batches([address for address in asked.values() if address]):
        for pk, destination in of(campaign).filter(destination__in=some).values_list("pk", "destination"):
            found.add(pk)
            there.add(destination)
    for written, address in asked.items():
        if address not in there:
            raise errors.Fault(errors.NO_SUCH_PHONE, f"The campaign has no job for {written[:40]!r}.")
    return found


def _address(plan: numbers.Plan, phone: str | int) -> str:
    try:
        return plan.read(phone)[1].address
    except errors.Fault:
        # What cannot be dialled was never added.
        return ""


def cancel(*, campaign: Campaign, wanted: Wanted, now: dt.datetime) -> list[str]:
    """Cancel jobs, and return the ids of those that this has cancelled. Requires a transaction. Raises Fault."""
    cancelled: list[int] = []
    for some in _batches(find(campaign, wanted)):
        cancelled += call_operations.cancel_calls(account=campaign.account, ids=some, now=now)
    return [str(pk) for pk in sorted(cancelled)]


def read(ids: Iterable[int]) -> Iterator[Job]:
    """Yield jobs with their tries, in the order of the ids."""
    for some in _batches(list(ids)):
        tries = _tries(some)
        rows = Call.objects.filter(pk__in=some).values_list(*Job._fields[:-1])
        jobs = {row[0]: Job._make((*row, tries.get(row[0], []))) for row in rows}
        yield from (jobs[pk] for pk in some if pk in jobs)


def _tries(ids: Sequence[int]) -> dict[int, list[Try]]:
    """Return the dials of jobs. A try that was withdrawn before it reached the wire is none."""
    placed = CallAttempt.objects.filter(call__in=ids, placed_at__isnull=False).order_by("call_id", "n")
    found: dict[int, list[Try]] = {}
    for pk, call_id, answered_at, ended_at, steps in placed.values_list(
        "pk", "call_id", "answered_at", "ended_at", "steps"
    ):
        tries = found.setdefault(call_id, [])
        tries.append(Try(pk, len(tries) + 1, answered_at, ended_at, steps))
    return found


def _batches(values: list[Any]) -> Iterator[list[Any]]:
    for start in range(0, len(values), BATCH):
        yield values[start : start + BATCH]
