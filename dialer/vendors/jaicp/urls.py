"""The vendor's paths, absolute; a slash at the end is free."""

from __future__ import annotations

from django.urls import URLPattern, re_path

from dialer.vendors.jaicp import views
from dialer.vendors.jaicp.doors import Door, Unknown

CALLS = "api/calls/campaign/{token}"
CRM = "api/crmCalls/campaign/{token}"
ROUTES: dict[str, type[Door]] = {
    f"{CALLS}/addPhones": views.AddPhones,
    f"{CALLS}/addPhone": views.AddPhone,
    f"{CRM}/addPhone": views.AddPhone,
    f"{CRM}/test/addPhone": views.AddTestPhone,
    f"{CALLS}/callJob/cancel": views.CancelJobs,
    f"{CALLS}/callJob/getReport": views.JobReport,
    f"{CALLS}/callJob/getReportByDate": views.JobReportByDate,
    f"{CALLS}/callJob/getUnfinished": views.UnfinishedJobs,
    f"{CALLS}/callAttempt/getReport": views.AttemptReport,
    f"{CALLS}/callAttempt/getReportByDate": views.AttemptReportByDate,
    CALLS: views.CampaignInfo,
    f"{CALLS}/status": views.CampaignStatus,
    f"{CALLS}/control/{{action}}": views.Control,
}


def _path(route: str, view: type[Door]) -> URLPattern:
    pattern = route.replace("{token}", "(?P<token>[^/]+)").replace("{action}", "(?P<action>[^/]+)")
    return re_path(rf"^{pattern}/?\Z", view.as_view())


urlpatterns = [
    *(_path(route, view) for route, view in ROUTES.items()),
    re_path(r"^api/(?:calls|crmCalls)(?:/.*)?$", Unknown.as_view()),
]
