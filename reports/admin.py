"""Reports in the admin: ended attempts with filters and export, their hourly sums, and rates on campaigns' pages."""

from __future__ import annotations

import tempfile
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet, Sum
from django.http import FileResponse, Http404, HttpRequest
from django.urls import path, reverse

from campaigns.admin import CampaignAdmin, filters, moments, words
from campaigns.admin.base import HistoryAdmin, column, is_tenant
from campaigns.models import Campaign
from campaigns.states import Channel, Outcome
from reports import exports, queries
from reports.models import AttemptReport, DueReport, HourlySum

CONTENT_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "jsonl": "application/x-ndjson",
}


@admin.register(AttemptReport)
class AttemptReportAdmin(HistoryAdmin):
    """Ended attempts: filtered and taken away as a file."""

    list_display = (
        "destination",
        "account",
        "campaign_name",
        "n",
        "channel",
        "outcome_badge",
        "cause",
        "digits",
        "ring",
        "talk",
        "ended",
    )
    list_filter = (
        ("account", filters.RelatedDropdownFilter),
        filters.CampaignFilter,
        ("outcome", filters.ChoicesDropdownFilter),
        ("channel", filters.ChoicesDropdownFilter),
        ("ended_at", filters.PeriodFilter),
    )
    list_select_related = ("account",)
    list_before_template = "admin/reports/attemptreport/export.html"
    actions = ("export_selected",)

    @column("Outcome", badges=words.OUTCOME_BADGES)
    def outcome_badge(self, row: AttemptReport) -> tuple[str, str]:
        """Show the outcome as a badge."""
        return row.outcome, row.get_outcome_display()

    @column("Ring")
    def ring(self, row: AttemptReport) -> str:
        """Show how long it rang; texts do not."""
        return _span(row, row.ring_seconds)

    @column("Talk")
    def talk(self, row: AttemptReport) -> str:
        """Show how long it lasted from the answer; texts do not last."""
        return _span(row, row.talk_seconds)

    @column("Ended", ordering="ended_at")
    def ended(self, row: AttemptReport) -> str:
        """Show when it ended."""
        return moments.brief(row.ended_at)

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        """Return the order that an index gives: of one account or campaign by end, of all by key."""
        owned = is_tenant(request) or "campaign" in request.GET
        return ("-ended_at", "-pk") if owned else ("-pk",)

    def get_urls(self) -> list[Any]:
        """Return the pages of reports, with the one that gives the file."""
        view = self.admin_site.admin_view(self.export_view)
        return [path("export/<slug:form>/", view, name="reports_attemptreport_export"), *super().get_urls()]

    def export_view(self, request: HttpRequest, form: str) -> FileResponse:
        """Give all attempts that the list's filters leave, oldest end first, as a file. Raises Http404."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        if form not in exports.WRITERS:
            raise Http404(f"There is no format {form}.")
        return _file(self.get_changelist_instance(request).get_queryset(request), form)

    @admin.action(description="Export the selected attempts as CSV", permissions=["view"])
    def export_selected(self, request: HttpRequest, queryset: QuerySet[AttemptReport]) -> FileResponse:
        """Give the selected attempts as a CSV file."""
        return _file(queryset, "csv")


def _file(reports: QuerySet[AttemptReport], form: str) -> FileResponse:
    """Return reports as a download, written to disk first: memory stays flat, and a fault is no half file."""
    # Not closed here: whoever sends the response closes it.
    file = tempfile.TemporaryFile(prefix="attempts-")  # noqa: SIM115
    exports.WRITERS[form](reports.order_by(), file)
    file.seek(0)
    return FileResponse(file, as_attachment=True, filename=f"attempts.{form}", content_type=CONTENT_TYPES[form])


def _span(row: AttemptReport, seconds: Decimal) -> str:
    return moments.clock(float(seconds)) if row.channel == Channel.VOICE else words.NONE


@admin.register(HourlySum)
class HourlySumAdmin(HistoryAdmin):
    """Sums of ended attempts by campaign, hour, channel and outcome."""

    list_display = (
        "shown_hour",
        "account",
        "campaign",
        "channel",
        "outcome_badge",
        "attempts",
        "originated",
        "abandoned",
        "talk",
        "cost",
    )
    list_filter = (
        ("account", filters.RelatedDropdownFilter),
        filters.CampaignFilter,
        ("outcome", filters.ChoicesDropdownFilter),
        ("hour", filters.PeriodFilter),
    )
    list_select_related = ("account", "campaign")
    list_defer = ("campaign__flow", "campaign__extra")

    @column("Hour", ordering="hour")
    def shown_hour(self, row: HourlySum) -> str:
        """Show the hour."""
        return moments.brief(row.hour)

    @column("Outcome", badges=words.OUTCOME_BADGES)
    def outcome_badge(self, row: HourlySum) -> tuple[str, str]:
        """Show the outcome as a badge."""
        return row.outcome, row.get_outcome_display()

    @column("Talk")
    def talk(self, row: HourlySum) -> str:
        """Show the talk time."""
        return moments.clock(float(row.talk_seconds))

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        """Return the order that an index gives."""
        return ("-hour", "-pk") if is_tenant(request) else ("-pk",)


@admin.register(DueReport)
class DueReportAdmin(HistoryAdmin):
    """Ended attempts whose report is still to be built: more than a few show that the builder is behind."""

    owner = "attempt__account"
    list_display = ("attempt", "campaign")
    list_select_related = ("attempt__campaign",)
    list_defer = ("attempt__events", "attempt__steps", "attempt__evidence", "attempt__campaign__flow")

    @column("Campaign")
    def campaign(self, row: DueReport) -> str:
        """Show whose attempt it is."""
        return row.attempt.campaign.name


# --- Rates on campaigns' pages ---------------------------------------------------------------------------------


class MeasuredCampaignAdmin(CampaignAdmin):
    """Campaigns with the answer rate of their attempts, and the way to their reports."""

    list_display = tuple("answer_rate" if name == "answered" else name for name in CampaignAdmin.list_display)

    def furnish(self, request: HttpRequest, rows: list[Campaign]) -> None:
        """Fetch the answer rates of a page of campaigns too, by one statement."""
        super().furnish(request, rows)
        rates = answer_rates([row.pk for row in rows])
        for row in rows:
            row.answer_rate = rates[row.pk]  # type: ignore[attr-defined]

    @column("Answer rate")
    def answer_rate(self, row: Any) -> str:
        """Show (answered + machine) / ended, of attempts that were on the wire."""
        return words.share(*row.answer_rate)

    def page(self, request: HttpRequest, campaign: Campaign) -> dict[str, Any]:
        """Return what the campaign's page shows, with its rates and the way to its reports."""
        context = super().page(request, campaign)
        query = urlencode({"campaign": campaign.pk})
        reports = f"{reverse('admin:reports_attemptreport_changelist')}?{query}"
        sums = f"{reverse('admin:reports_hourlysum_changelist')}?{query}"
        return {
            **context,
            "rates": _rates(queries.totals(queries.Scope(campaign_id=campaign.pk))),
            "links": [*context["links"], ("Attempt reports", reports), ("By hour", sums)],
            "exports": [
                (form.upper(), f"{reverse('admin:reports_attemptreport_export', args=[form])}?{query}")
                for form in exports.WRITERS
            ],
        }


def answer_rates(campaign_ids: list[int]) -> dict[int, tuple[int, int]]:
    """Return (answered + machine, ended) of each campaign's attempts on the wire, as reports.queries defines them."""
    reached = Sum("originated", filter=Q(outcome__in=[Outcome.ANSWERED, Outcome.MACHINE]), default=0)
    rows = (
        HourlySum.objects.filter(campaign_id__in=campaign_ids)
        .order_by()
        .values_list("campaign_id")
        .annotate(reached=reached, ended=Sum("originated", default=0))
    )
    found = {pk: (part, whole) for pk, part, whole in rows}
    return {pk: found.get(pk, (0, 0)) for pk in campaign_ids}


def _rates(totals: queries.Totals) -> list[tuple[str, str, str]]:
    """Return the rates of a campaign's page: (words, value, definition)."""
    by_outcome = totals.originated_by_outcome
    persons = by_outcome.get(Outcome.ANSWERED, 0)
    reached = persons + by_outcome.get(Outcome.MACHINE, 0)
    return [
        ("Answer rate", words.share(reached, totals.originated), "(answered + machine) / ended attempts"),
        ("Person rate", words.share(persons, totals.originated), "answered / ended attempts"),
        ("Mean talk", _mean(totals.talk_seconds, reached), "from the answer to the end"),
    ]


def _mean(seconds: Decimal, number: int) -> str:
    return moments.clock(float(seconds) / number) if number else words.NONE


admin.site.unregister(Campaign)
admin.site.register(Campaign, MeasuredCampaignAdmin)
