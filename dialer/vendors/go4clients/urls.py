"""The vendor's paths, absolute, from the settings; a slash at the end is free."""

from __future__ import annotations

import re

from django.conf import settings
from django.urls import URLPattern, re_path

from dialer.vendors.go4clients import views
from dialer.vendors.go4clients.doors import Door, Unknown

DOORS: dict[str, type[Door]] = {
    "create": views.CreateCampaign,
    "custom_call": views.AddCustomCall,
    "text_call": views.AddTextCall,
    "finish": views.FinishCampaign,
    "info": views.CampaignInfo,
    "steer": views.SteerCampaign,
}
PATHS: dict[str, str] = settings.GO4CLIENTS["paths"]
OTP, ALL = "TelintelSms/apiotp/voice/", "TelintelSms"


def _path(path: str, view: type[Door]) -> URLPattern:
    pattern = re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(path))
    return re_path(rf"^{pattern}/?\Z", view.as_view())


urlpatterns = [
    *(_path(PATHS[name], view) for name, view in DOORS.items()),
    re_path(rf"^{OTP}(?:[\s\S]*)$", views.ByShape.as_view()),
    re_path(rf"^{ALL}(?:/[\s\S]*)?$", Unknown.as_view()),
]
