"""One class for each route: read, one deed, render."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from django.conf import settings
from django.http import HttpResponse
from rest_framework import exceptions
from rest_framework.request import Request

from campaigns import garbage
from campaigns.operations.calls import NewCall
from dialer.vendors.jaicp import (
    adding,
    answers,
    idempotence,
    items,
    jobs,
    pages,
    reading,
    serializers,
    statuses,
    steering,
)
from dialer.vendors.jaicp.doors import Door


class AddPhones(Door):
    """Adds a list of numbers, all of them or none."""

    @garbage.put_off()
    def post(self, request: Request, token: str) -> HttpResponse:
        """Return the ids of the jobs, in the order of the list."""
        key = reading.key_of_header(request._request)

        def read() -> list[NewCall]:
            listed = items.check_list(self.json(request))
            items.check_open(self.campaign)
            return items.Reader(self.campaign, self.now).calls(listed)

        def add(calls: list[NewCall]) -> list[str]:
            return adding.add(campaign=self.campaign, calls=calls, key=key, now=self.now)

        return answers.value(self.once(idempotence.ADDING, key).answer(read, add))


class AddPhone(Door):
    """Adds one number; what is sent beside it is its payload."""

    refuses_repeats: ClassVar[bool] = True

    def get(self, request: Request, token: str) -> HttpResponse:
        """Return the id of the job, for the fields of the query."""
        return self.add(request, bytes)

    def post(self, request: Request, token: str) -> HttpResponse:
        """Return the id of the job, for the fields of a form, of a JSON object or of the query."""
        return self.add(request, lambda: self.body(request))

    def add(self, request: Request, body: Callable[[], bytes]) -> HttpResponse:
        """Add the number that query and body ask for."""
        key = reading.key_of(request._request)
        window = settings.JAICP["crm_duplicate_window_hours"] if self.refuses_repeats else 0

        def read() -> NewCall:
            return adding.read_single(self.campaign, reading.fields(request._request, body()), self.now)

        def add(call: NewCall) -> str:
            return adding.add_single(call=call, key=key, now=self.now, window_hours=window)

        made = self.once(idempotence.ADDING, key).answer(read, add)
        return answers.word(made, request.headers.get("Accept", ""))


class AddTestPhone(AddPhone):
    """Adds one number for a trial: repeats are never refused."""

    http_method_names = ["get"]
    refuses_repeats = False


class CancelJobs(Door):
    """Cancels jobs: the waiting at once, those on a call when it ends."""

    def post(self, request: Request, token: str) -> HttpResponse:
        """Return the ids of the jobs that this has cancelled."""
        key = reading.key_of_header(request._request)

        def cancel(wanted: jobs.Wanted) -> list[str]:
            return jobs.cancel(campaign=self.campaign, wanted=wanted, now=self.now)

        cancelled = self.once(idempotence.CANCELLING, key).answer(lambda: jobs.read_wanted(self.json(request)), cancel)
        return answers.value(cancelled)


class JobReport(Door):
    """Tells what became of jobs."""

    def post(self, request: Request, token: str) -> HttpResponse:
        """Return a report of each job that is asked for."""
        wanted = jobs.read_wanted(self.json(request))
        return answers.value([serializers.job(job) for job in jobs.read(jobs.find(self.campaign, wanted))])


class AttemptReport(Door):
    """Tells what became of each dial of jobs."""

    def post(self, request: Request, token: str) -> HttpResponse:
        """Return a report of each dial of the jobs that are asked for."""
        wanted = jobs.read_wanted(self.json(request))
        found = jobs.read(jobs.find(self.campaign, wanted))
        return answers.value([row for job in found for row in serializers.attempts(job)])


class JobReportByDate(Door):
    """Tells what became of jobs, found by their dates."""

    def post(self, request: Request, token: str) -> HttpResponse:
        """Return a page of job reports."""
        search = pages.read_search(self.json(request), pages.JOB_DATES, self.campaign.zone_name())
        found = pages.by_date(self.campaign, search)
        return answers.value(search.page.shown([serializers.job(job) for job in found]))


class UnfinishedJobs(Door):
    """Tells of jobs that are not finished."""

    def post(self, request: Request, token: str) -> HttpResponse:
        """Return a page of job reports."""
        page = pages.read_page(self.json(request))
        return answers.value(page.shown([serializers.job(job) for job in pages.unfinished(self.campaign, page)]))


class AttemptReportByDate(Door):
    """Tells what became of dials, found by the dates of their talk."""

    def post(self, request: Request, token: str) -> HttpResponse:
        """Return a page of attempt reports."""
        search = pages.read_search(self.json(request), pages.TRY_DATES, self.campaign.zone_name())
        found = pages.tries_by_date(self.campaign, search)
        return answers.value(search.page.shown([serializers.attempt(job, dial) for job, dial in found]))


class CampaignInfo(Door):
    """Describes the campaign."""

    def get(self, request: Request, token: str) -> HttpResponse:
        """Return what the campaign is, and its numbers."""
        return answers.value(serializers.campaign(self.campaign, now=self.now))


class CampaignStatus(Door):
    """Tells how the campaign stands."""

    def get(self, request: Request, token: str) -> HttpResponse:
        """Return the status alone."""
        return answers.word(statuses.campaign(self.campaign, now=self.now), request.headers.get("Accept", ""))


class Control(Door):
    """Pauses, resumes or stops the campaign; a body is ignored."""

    steering = True

    def post(self, request: Request, token: str, action: str) -> HttpResponse:
        """Take the action, and return nothing."""
        if action not in steering.ACTIONS:
            raise exceptions.NotFound("There is no such action; pause, resume and stop are known.")
        key = reading.key_of_header(request._request)

        def steer(action: str) -> None:
            steering.steer(campaign=self.campaign, action=action, now=self.now)

        self.once(f"control/{action}", key).answer(lambda: action, steer)
        return answers.nothing()
