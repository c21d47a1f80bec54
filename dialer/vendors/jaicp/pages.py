"""Reads jobs and dials by their dates, page by page."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from django.db.models import Model, QuerySet

from campaigns.models import Call, CallAttempt, Campaign
from dialer.vendors.jaicp import errors, jobs, moments

Row = TypeVar("Row", bound=Model)

LAST_PAGE = 199
LARGEST_PAGE = 200
PAGE_SIZE = 20
# The vendor's names of moments, and the columns that hold them.
JOB_DATES = {"createdAt": "created_at", "finishedAt": "done_at"}
TRY_DATES = {"startedAt": "answered_at", "finishedAt": "ended_at"}


@dataclass(frozen=True, slots=True)
class Page:
    """Which page, from 0, of how many items."""

    page: int
    size: int

    def cut(self, rows: QuerySet[Row]) -> QuerySet[Row]:
        """Return the rows of the page."""
        return rows[self.page * self.size : (self.page + 1) * self.size]

    def shown(self, items: list[dict[str, Any]]) -> dict[str, Any]:
        """Return the page as the vendor shows it."""
        return {"items": items, "pagination": {"page": self.page, "pageSize": self.size}}


@dataclass(frozen=True, slots=True)
class Search:
    """What a request asks for: conditions on columns, and a page."""

    conditions: dict[str, dt.datetime]
    page: Page


def read_search(body: object, dates: Mapping[str, str], zone_name: str) -> Search:
    """Read {"filter": {"createdAtFrom": …, "createdAtTo": …}, "pagination": {…}}; From is inside, To is not.

    Raises Fault.
    """
    if not isinstance(body, dict):
        raise errors.wrong("The body", "an object with filter and pagination")
    given = _object(body, "filter")
    conditions = {}
    for name, column in dates.items():
        for end, comparison in (("From", "gte"), ("To", "lt")):
            moment = moments.read(given.get(name + end), name + end, zone_name)
            if moment is not None:
                conditions[f"{column}__{comparison}"] = moment
    return Search(conditions, read_page(_object(body, "pagination")))


def read_page(body: object) -> Page:
    """Read {"page": 0, "pageSize": 20}. Raises Fault."""
    if not isinstance(body, dict):
        raise errors.wrong("The body", "an object with page and pageSize")
    return Page(_whole(body, "page", 0, 0, LAST_PAGE), _whole(body, "pageSize", PAGE_SIZE, 1, LARGEST_PAGE))


def _object(body: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = body.get(name)
    if value is not None and not isinstance(value, dict):
        raise errors.wrong(name, "an object")
    return value or {}


def _whole(body: Mapping[str, Any], name: str, default: int, least: int, most: int) -> int:
    value = body.get(name)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise errors.wrong(name, f"a whole number from {least} to {most}")
    return value


def by_date(campaign: Campaign, search: Search) -> list[jobs.Job]:
    """Return jobs by their dates, in the order of creation."""
    return _jobs(search.page.cut(jobs.of(campaign).filter(**search.conditions).order_by("id")))


def unfinished(campaign: Campaign, page: Page) -> list[jobs.Job]:
    """Return jobs that are not finished, in the order of creation."""
    return _jobs(page.cut(jobs.of(campaign).filter(done_at__isnull=True).order_by("id")))


def _jobs(rows: QuerySet[Call]) -> list[jobs.Job]:
    return list(jobs.read(rows.values_list("pk", flat=True)))


def tries_by_date(campaign: Campaign, search: Search) -> list[tuple[jobs.Job, jobs.Try]]:
    """Return dials by the dates of their talk, with their jobs."""
    dialled = CallAttempt.objects.filter(campaign=campaign, call__in=jobs.of(campaign), placed_at__isnull=False)
    # The moments of a dial are those of its talk; without one it has none.
    if search.conditions:
        dialled = dialled.filter(answered_at__isnull=False, **search.conditions)
    picked = search.page.cut(dialled.order_by("call_id", "n")).values_list("pk", "call_id")
    wanted = dict(picked)
    found = jobs.read(dict.fromkeys(wanted.values()))
    return [(job, dial) for job in found for dial in job.tries if dial.pk in wanted]
