"""Campaigns as operators see them: a list with counts, a page with what waits for what, and the settings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html, format_html_join

from campaigns import counts, refusals
from campaigns.admin import filters, forms, moments, overview, words
from campaigns.admin.adding import NumbersAdmin
from campaigns.admin.base import column
from campaigns.admin.moves import MOVES, CampaignMoves, possible
from campaigns.models import Campaign
from campaigns.operations import campaigns as operations
from campaigns.states import Api, CampaignState, Outcome

# The moves that a row of the list offers; the others are on the campaign's page, with their consequences.
ROW_MOVES = ("start", "pause", "resume")


class CampaignForm(forms.LedgerForm):
    """A campaign's settings."""

    windows = forms.WindowsField(
        help_text='When the called party may be called, in their own time zone; such as "mon-fri 09:00-20:00" '
        'and "sat 10:00-13:00", one a line. Without any, at every hour.'
    )
    holidays = forms.DatesField(help_text='Days without calls, such as "2026-12-25", one a line.')


@admin.register(Campaign)
class CampaignAdmin(NumbersAdmin, CampaignMoves):
    """Campaigns: planned, started, watched, finished."""

    form = CampaignForm
    # Rows are never deleted: a campaign moves to its last state.
    deeds = frozenset({"view", "add", "change"})
    list_display: ClassVar[Sequence[str]] = (
        "name",
        "account",
        "state_badge",
        "total",
        "waiting",
        "live",
        "done",
        "answered",
        "progress",
        "changed",
        "buttons",
    )
    list_filter = (("account", filters.RelatedDropdownFilter), filters.StateFilter)
    search_fields = ("name", "description")
    search_help_text = "A part of the name or the description, or a campaign's id."
    list_defer = ("flow", "extra", "description", "message", "safe_harbour_message")
    list_select_related = ("account",)
    change_form_outer_before_template = "admin/campaigns/campaign/overview.html"
    actions = ("pause_selected", "resume_selected")
    fieldsets = (
        (None, {"fields": ("account", "name", "description")}),
        (
            "What is said",
            {
                "classes": ("tab",),
                "fields": (
                    ("caller_id", "caller_name"),
                    "message",
                    "voice",
                    ("max_plays", "repetition_key"),
                    "flow",
                    "detect_machines",
                    "channels",
                ),
            },
        ),
        (
            "When",
            {"classes": ("tab",), "fields": ("timezone", "windows", "holidays", "starts_at", "ends_at")},
        ),
        (
            "How fast",
            {
                "classes": ("tab",),
                "fields": (
                    "pacing",
                    ("capacity", "calls_per_second"),
                    "ring_seconds",
                    ("max_abandon_rate", "calls_per_member"),
                    ("member_wait_seconds", "wrap_up_seconds"),
                    "safe_harbour_message",
                ),
            },
        ),
        (
            "How often",
            {"classes": ("tab",), "fields": ("max_attempts", ("retry_minutes", "retry_growth"), "retry_rules")},
        ),
    )

    # --- Who may do what, and what is shown --------------------------------------------------------------

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Tell whether settings may be changed: never those of a deleted campaign."""
        deleted = obj is not None and obj.state == CampaignState.DELETED
        return not deleted and super().has_change_permission(request, obj)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Return what cannot be changed: a campaign stays with its account."""
        return ("account",) if obj else ()

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        """Find campaigns by a part of their name, or by their id."""
        found, twice = super().get_search_results(request, queryset, search_term)
        if search_term.isascii() and search_term.isdigit() and len(search_term) < 19:
            found = found | queryset.filter(pk=int(search_term))
        return found, twice

    # --- The list ----------------------------------------------------------------------------------------

    def furnish(self, request: HttpRequest, rows: list[Campaign]) -> None:
        """Count the calls of a page of campaigns by one statement, and say which buttons each row has."""
        counted = counts.of([row.pk for row in rows])
        may_move, back = self.may(request, "change"), request.get_full_path()
        for row in rows:
            row.counted = counted[row.pk]  # type: ignore[attr-defined]
            row.moves = [name for name in possible(row) if may_move and name in ROW_MOVES]  # type: ignore[attr-defined]
            row.back = back  # type: ignore[attr-defined]

    @column("State", badges=words.CAMPAIGN_BADGES, ordering="state")
    def state_badge(self, row: Campaign) -> tuple[str, str]:
        """Show the state as a badge."""
        return row.state, row.get_state_display()

    @column("Calls")
    def total(self, row: Any) -> str:
        """Show how many calls there are."""
        return f"{row.counted.total:,}"

    @column("Waiting")
    def waiting(self, row: Any) -> str:
        """Show how many calls wait."""
        return f"{row.counted.waiting:,}"

    @column("In progress")
    def live(self, row: Any) -> str:
        """Show how many calls are in progress, of how many that may be."""
        return f"{row.counted.live:,} / {row.capacity:,}"

    @column("Done")
    def done(self, row: Any) -> str:
        """Show how many calls are done."""
        return f"{row.counted.done:,}"

    @column("Reached")
    def answered(self, row: Any) -> str:
        """Show how many of the calls that are done were answered by a person."""
        return words.share(row.counted.outcomes.get(Outcome.ANSWERED, 0), row.counted.done)

    @column("Progress")
    def progress(self, row: Any) -> str:
        """Show how much is done, as a bar."""
        part = 100 * row.counted.done // row.counted.total if row.counted.total else 0
        return format_html(
            '<span class="tl-bar" role="img" aria-label="{} % done"><span style="width:{}%"></span></span>', part, part
        )

    @column("Changed", ordering="changed_at")
    def changed(self, row: Campaign) -> str:
        """Show when it was last changed, and by whom."""
        when = moments.brief(row.changed_at)
        return f"{when}, {row.changed_by}" if row.changed_by else when

    @column("")
    def buttons(self, row: Any) -> str:
        """Show what can be done with a row at once: a POST with the list's own token."""
        return format_html_join(
            "",
            '<button class="tl-button" type="submit" formmethod="post" formaction="{}" name="next" value="{}">'
            "{}</button>",
            (
                (reverse(f"admin:campaigns_campaign_{name}", args=[row.pk]), row.back, MOVES[name].verb)
                for name in row.moves
            ),
        )

    @admin.action(description="Pause the selected campaigns", permissions=["change"])
    def pause_selected(self, request: HttpRequest, queryset: QuerySet[Campaign]) -> None:
        """Pause running campaigns."""
        self._move_all(request, queryset, "pause")

    @admin.action(description="Resume the selected campaigns", permissions=["change"])
    def resume_selected(self, request: HttpRequest, queryset: QuerySet[Campaign]) -> None:
        """Resume paused campaigns."""
        self._move_all(request, queryset, "resume")

    def _move_all(self, request: HttpRequest, campaigns: Iterable[Campaign], name: str) -> None:
        """Move those that can be; say of how many of them it was done, and of each other why not."""
        moved, move = 0, MOVES[name]
        for campaign in campaigns:
            try:
                self.move(request, campaign, move)
            except refusals.Refused as refusal:
                self.message_user(request, refusal.message, messages.WARNING)
            else:
                moved += 1
        if moved:
            self.message_user(request, f"{moved} {move.done}.", messages.SUCCESS)

    # --- The page ----------------------------------------------------------------------------------------

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> Any:
        """Show a campaign: what becomes of its calls, then its settings."""
        campaign = self.get_object(request, object_id) if request.method == "GET" else None
        if campaign is not None and self.has_view_permission(request, campaign):
            extra_context = {**(extra_context or {}), **self.page(request, campaign)}
        return super().change_view(request, object_id, form_url, extra_context)

    def page(self, request: HttpRequest, campaign: Campaign) -> dict[str, Any]:
        """Return what the campaign's page shows above its settings. Apps above add to it."""
        may_change = self.may(request, "change")
        return {
            "overview": overview.of(campaign, now=moments.now(), with_secrets=may_change),
            "moves": [(name, MOVES[name]) for name in possible(campaign)] if may_change else [],
            "may_add_calls": may_change and campaign.takes_calls(),
            "may_copy": self.has_add_permission(request),
            "links": overview.links(campaign),
        }

    # --- Writes ------------------------------------------------------------------------------------------

    def make(self, request: HttpRequest, fields: dict[str, Any]) -> Campaign:
        """Make a draft. Raises Refused."""
        return operations.create_campaign(now=moments.now(), api=Api.ADMIN, **fields)

    def alter(self, request: HttpRequest, row: Campaign, changed: Mapping[str, Any]) -> None:
        """Change settings; calls that they held back are looked at afresh. Raises Refused."""
        by = request.user.get_username()
        operations.update_campaign(campaign=row, now=moments.now(), by=by, **changed)

    def response_add(self, request: HttpRequest, obj: Campaign, post_url_continue: str | None = None) -> HttpResponse:
        """Go on to the new campaign's page, where numbers are added and it is started."""
        response: HttpResponse = super().response_add(request, obj, post_url_continue)
        plain = not {"_addanother", "_continue", "_popup"} & set(request.POST)
        if plain and response.status_code == 302:
            response["Location"] = reverse("admin:campaigns_campaign_change", args=[obj.pk])
        return response
