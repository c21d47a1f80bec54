"""Calls and the requests that they came by: what happened, read only."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import path, reverse

from campaigns import phones, refusals
from campaigns.admin import filters, moments, words
from campaigns.admin.base import HistoryAdmin, column, person
from campaigns.models import Call, CallAttempt, Campaign, Intake
from campaigns.operations import calls as operations
from campaigns.states import CallState, Channel, Reason


@admin.register(Call)
class CallAdmin(HistoryAdmin):
    """Calls: found by number, explained, cancelled. Everything else is done by their campaign and the engine."""

    list_display = (
        "number",
        "account",
        "campaign",
        "channel",
        "state_badge",
        "outcome_badge",
        "tries",
        "why",
        "next_look",
    )
    list_filter = (
        ("account", filters.RelatedDropdownFilter),
        filters.CampaignFilter,
        ("state", filters.ChoicesDropdownFilter),
        ("outcome", filters.ChoicesDropdownFilter),
        ("reason", filters.ChoicesDropdownFilter),
        ("channel", filters.ChoicesDropdownFilter),
        ("due_at", filters.PeriodFilter),
    )
    list_select_related = ("account", "campaign")
    list_defer = ("flow", "window", "message", "custom_data", "extra", "campaign__flow", "campaign__extra")
    search_fields = ("destination",)
    search_help_text = "A whole number in any form, an email address, an external id or reference, or a call's id."
    actions = ("cancel_selected",)
    change_form_outer_before_template = "admin/campaigns/call/story.html"
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("number", "destination"),
                    ("campaign", "contact"),
                    ("channel", "intake"),
                    ("state", "outcome"),
                    ("reason", "next_look_at"),
                    ("attempts_made", "attempts_total", "max_attempts"),
                )
            },
        ),
        (
            "When",
            {
                "classes": ("tab",),
                "fields": (
                    ("due_at", "not_after"),
                    ("zones", "zone_source"),
                    "window",
                    ("created_at", "done_at", "cancel_requested_at"),
                ),
            },
        ),
        (
            "What is said",
            {"classes": ("tab",), "fields": (("caller_id", "caller_name"), "message", "voice", "flow")},
        ),
        (
            "Whose",
            {
                "classes": ("tab",),
                "fields": (("external_id", "reference"), "custom_data", "priority", "ignores_suppression", "extra"),
            },
        ),
    )

    @column("State", badges=words.CALL_BADGES, ordering="state")
    def state_badge(self, row: Call) -> tuple[str, str]:
        """Show the state as a badge."""
        return row.state, row.get_state_display()

    @column("Outcome", badges=words.OUTCOME_BADGES)
    def outcome_badge(self, row: Call) -> tuple[str, str] | str:
        """Show the outcome as a badge."""
        return (row.outcome, row.get_outcome_display()) if row.outcome else ""

    @column("Tries")
    def tries(self, row: Call) -> str:
        """Show how many tries of how many were made."""
        return f"{row.attempts_made} of {row.budget()}"

    @column("Why")
    def why(self, row: Call) -> str:
        """Say what it waits for, or what closed it."""
        return Reason(row.reason).label if row.reason else words.NONE

    @column("Next look")
    def next_look(self, row: Call) -> str:
        """Show when the engine looks at it again."""
        return moments.brief(row.next_look_at)

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        """Find calls by whole keys only, each of which has an index."""
        if not search_term:
            return queryset, False
        mine = Campaign.objects.filter(pk__in=self.admin_site._registry[Campaign].get_queryset(request).values("pk"))
        by_campaign = queryset.filter(campaign__in=mine)
        wanted = Q(destination__in=_addresses(search_term, request)) | Q(external_id=search_term)
        if search_term.isascii() and search_term.isdigit() and len(search_term) < 19:
            wanted |= Q(pk=int(search_term))
        return by_campaign.filter(wanted | Q(reference=search_term)), False

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> Any:
        """Show a call: its tries, then all that is stored of it."""
        call = self.get_object(request, object_id)
        if call is not None and self.has_view_permission(request, call):
            extra_context = {**(extra_context or {}), **self.page(request, call)}
        return super().change_view(request, object_id, form_url, extra_context)

    def page(self, request: HttpRequest, call: Call) -> dict[str, Any]:
        """Return what the call's page shows above its fields. Apps above add to it."""
        tries = CallAttempt.objects.filter(call=call).select_related("account").defer("events", "evidence")
        return {
            "tries": [_try(attempt) for attempt in tries.order_by("n")],
            "may_cancel": self.may_cancel(request) and call.state != CallState.DONE,
            "cancel_requested": call.cancel_requested_at is not None,
            "state_badge": words.CALL_BADGES[call.state],
            "outcome_badge": words.OUTCOME_BADGES.get(call.outcome, ""),
        }

    # --- Cancelling ------------------------------------------------------------------------------------

    def may_cancel(self, request: HttpRequest) -> bool:
        """Tell whether calls may be cancelled: whoever may change campaigns may."""
        return bool(self.admin_site._registry[Campaign].has_change_permission(request))

    def has_cancel_permission(self, request: HttpRequest) -> bool:
        """Tell the same to the list's action."""
        return self.may_cancel(request)

    def get_urls(self) -> list[Any]:
        """Return the pages of calls, with the one that cancels."""
        view = self.admin_site.admin_view(self.cancel_view)
        return [path("<path:object_id>/cancel/", view, name="campaigns_call_cancel"), *super().get_urls()]

    def cancel_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Cancel a call: one that waits ends at once, one in progress gets no further try."""
        call = self.wanted(request, object_id)
        if not self.may_cancel(request):
            raise PermissionDenied
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        self._cancel(request, [call])
        return HttpResponseRedirect(reverse("admin:campaigns_call_change", args=[call.pk]))

    @admin.action(description="Cancel the selected calls", permissions=["cancel"])
    def cancel_selected(self, request: HttpRequest, queryset: QuerySet[Call]) -> None:
        """Cancel calls."""
        self._cancel(request, list(queryset.select_related("account")))

    def _cancel(self, request: HttpRequest, calls: list[Call]) -> None:
        now, changed = moments.now(), 0
        for account in {call.account for call in calls}:
            ids = [call.pk for call in calls if call.account_id == account.pk]
            changed += len(operations.cancel_calls(account=account, ids=ids, now=now))
        left = f"; {len(calls) - changed} were done already" if changed < len(calls) else ""
        self.message_user(request, f"{changed} cancelled{left}.", messages.SUCCESS if changed else messages.WARNING)


def _addresses(text: str, request: HttpRequest) -> list[str]:
    """Return the destinations that a person may mean."""
    account = person(request).account
    channel = Channel.EMAIL if "@" in text else Channel.VOICE
    try:
        return [phones.read(text, channel, account.country if account else "US").address, text]
    except refusals.Refused:
        return [text]


def _try(attempt: CallAttempt) -> dict[str, Any]:
    """Return a line of the table of tries."""
    ended = attempt.ended_at or attempt.claimed_at
    return {
        "n": attempt.n,
        "url": reverse("admin:campaigns_callattempt_change", args=[attempt.pk]),
        "claimed": moments.shown(attempt.claimed_at, attempt.account.timezone),
        "carrier": attempt.carrier,
        "outcome": attempt.get_outcome_display() or attempt.get_state_display(),
        "badge": words.OUTCOME_BADGES.get(attempt.outcome, words.ATTEMPT_BADGES[attempt.state]),
        "cause": attempt.cause,
        "talk": moments.clock((ended - attempt.answered_at).total_seconds()) if attempt.answered_at else words.NONE,
        "digits": attempt.digits,
        "counts": attempt.counts,
    }


@admin.register(Intake)
class IntakeAdmin(HistoryAdmin):
    """Requests and files by which calls came in."""

    list_display = ("__str__", "account", "api", "request_id", "created_at")
    list_filter = (("account", filters.RelatedDropdownFilter), ("api", filters.ChoicesDropdownFilter))
    list_select_related = ("account",)
    list_defer = ("extra",)
    search_fields = ("=request_id",)
