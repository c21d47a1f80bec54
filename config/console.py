"""The look of the admin: its name, its colours, and what stands in its side bar."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse_lazy

# Hues of one blue-green that keep 4.5:1 with white from 600 on.
PRIMARY = {
    "50": "#effaf8",
    "100": "#d3f1ec",
    "200": "#a8e2d9",
    "300": "#74ccc0",
    "400": "#46afa3",
    "500": "#2c9387",
    "600": "#1f756c",
    "700": "#1c5e58",
    "800": "#1a4b47",
    "900": "#193f3c",
    "950": "#082523",
}
# By group: title, icon, model.
MENU: dict[str, tuple[tuple[str, str, str], ...]] = {
    "Work": (
        ("Campaigns", "campaign", "campaigns_campaign"),
        ("Calls", "call", "campaigns_call"),
        ("Attempts", "history", "campaigns_callattempt"),
        ("Contacts", "group", "campaigns_contact"),
        ("Members", "support_agent", "campaigns_member"),
        ("Do not contact", "do_not_disturb_on", "campaigns_suppression"),
    ),
    "Reports": (
        ("Attempt reports", "lab_profile", "reports_attemptreport"),
        ("By hour", "bar_chart", "reports_hourlysum"),
    ),
    "Settings": (
        ("Prompts", "graphic_eq", "campaigns_prompt"),
        ("Caller ids", "dialpad", "campaigns_callerid"),
        ("Accounts", "apartment", "campaigns_account"),
        ("People", "person", "campaigns_user"),
        ("API credentials", "key", "dialer_credential"),
        ("Requests", "inbox", "campaigns_intake"),
    ),
}
ENGINE = (
    ("Carriers", "cell_tower", "dialer_carrierhealth"),
    ("Heartbeats", "monitor_heart", "dialer_heartbeat"),
    ("Reports to build", "pending_actions", "reports_duereport"),
    ("Sessions", "login", "dialer_session"),
    ("Failed sign-ins", "gpp_bad", "dialer_loginfailure"),
    ("Repeated requests", "repeat", "dialer_idempotencekey"),
    ("Clock", "schedule", "dialer_clockanchor"),
    ("Groups", "admin_panel_settings", "auth_group"),
)


def theme() -> dict[str, Any]:
    """Return the settings of unfold."""
    return {
        "SITE_TITLE": "Trunkline",
        "SITE_HEADER": "Trunkline",
        "SITE_SYMBOL": "phone_in_talk",
        "SITE_URL": None,
        "SHOW_VIEW_ON_SITE": False,
        "COLORS": {"primary": PRIMARY},
        "STYLES": [_stylesheet],
        "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": _favicon}],
        # Its search loads every row that matches.
        "COMMAND": {"search_models": False, "show_history": False},
        "SIDEBAR": {
            "show_search": False,
            "show_all_applications": False,
            "navigation": [
                *({"title": title, "separator": True, "items": _items(rows)} for title, rows in MENU.items()),
                {
                    "title": "Engine",
                    "separator": True,
                    "collapsible": True,
                    "items": [{**item, "permission": is_platform} for item in _items(ENGINE)],
                },
            ],
        },
    }


def is_platform(request: HttpRequest) -> bool:
    """Tell whether the signed-in person belongs to the platform and to no account."""
    return getattr(request.user, "account_id", None) is None


def _items(rows: tuple[tuple[str, str, str], ...]) -> list[dict[str, Any]]:
    return [
        {"title": title, "icon": icon, "link": reverse_lazy(f"admin:{model}_changelist")} for title, icon, model in rows
    ]


def _stylesheet(request: HttpRequest) -> str:
    return static("campaigns/console.css")


def _favicon(request: HttpRequest) -> str:
    return static("campaigns/favicon.svg")
