"""The beat's wake-up of the report builder."""

from __future__ import annotations

from celery import shared_task

from campaigns import outages
from reports import building


@shared_task(name="reports.tasks.build_reports")
@outages.survived("The report builder")
def build_reports(**kwargs: object) -> None:
    """Build what is due, for five seconds at most; the next beat goes on."""
    building.build_due(seconds=5)
