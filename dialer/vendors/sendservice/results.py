"""Finds calls and what became of them, in two queries however many there are."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.db.models import QuerySet

from campaigns.models import Account, Call, CallAttempt, Intake
from campaigns.states import Api
from dialer.vendors.sendservice import statuses
from dialer.vendors.sendservice.statuses import Status

MOST_IDS = 5000


@dataclass(frozen=True, slots=True)
class Result:
    """A call with its tries in their order, and the status that follows from both."""

    call: Call
    tries: list[CallAttempt]
    status: Status


def request(account: Account | None, pk: int) -> Intake | None:
    """Return a request of an account's, or of any where none is given; None where there is none."""
    found = Intake.objects.filter(pk=pk, api=Api.SENDSERVICE, account__is_active=True)
    return (found.filter(account=account) if account else found).select_related("account").first()


def of_request(intake: Intake) -> list[Result]:
    """Return a request's calls, in its order."""
    return _results(Call.objects.filter(intake=intake))


def of_codes(account: Account, codes: Collection[str]) -> list[Result]:
    """Return the calls that came by this API with one of these codes, the oldest first."""
    calls = Call.objects.filter(account=account, reference__in=list(codes), intake__api=Api.SENDSERVICE)
    return _results(calls.exclude(reference="")) if codes else []


def _results(found: QuerySet[Call]) -> list[Result]:
    calls = list(found.order_by("id"))
    tries: dict[int, list[CallAttempt]] = {call.pk: [] for call in calls}
    for row in _tries(list(tries)):
        tries[row.call_id].append(row)
    return [Result(call, tries[call.pk], _status(call, tries[call.pk])) for call in calls]


def _tries(ids: list[int]) -> Iterable[CallAttempt]:
    for start in range(0, len(ids), MOST_IDS):
        yield from CallAttempt.objects.filter(call__in=ids[start : start + MOST_IDS]).order_by("call_id", "n")


def _status(call: Call, tries: list[CallAttempt]) -> Status:
    last = tries[-1] if tries else None
    return statuses.of_call(
        call.state,
        call.outcome,
        attempt_state=last.state if last else "",
        cause=last.cause if last else "",
        dialled=any(row.placed_at for row in tries),
    )
