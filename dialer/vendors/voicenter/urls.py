"""The vendor's paths, absolute; their case does not matter, nor a slash at the end."""

from __future__ import annotations

from django.urls import URLPattern, re_path

from dialer.vendors.voicenter.views import calls, campaigns
from dialer.vendors.voicenter.views.doors import Door, UnknownMethod

METHODS: dict[str, type[Door]] = {
    "AddCall": calls.AddCall,
    "RemoveCall": calls.RemoveCall,
    "GetCampaignList": campaigns.GetCampaignList,
    "GetMembersList": campaigns.GetMembersList,
    "RemoveMember": campaigns.RemoveMember,
    "AddMember": campaigns.AddMember,
    "StopCampaign": campaigns.StopCampaign,
    "StartCampaign": campaigns.StartCampaign,
    "UpdateCampaignStrategy": campaigns.UpdateCampaignStrategy,
    "ClearCampaignCalls": calls.ClearCampaignCalls,
    "AddCallsBulk": calls.AddCallsBulk,
    "GetCampaignPendingCalls": calls.GetCampaignPendingCalls,
    "UpdateCall": calls.UpdateCall,
    "GetCampaignDetails": campaigns.GetCampaignDetails,
    "ConfigureIvrCampaign": campaigns.ConfigureIvrCampaign,
}


def _any_case(text: str) -> str:
    """Return a regular expression for a text in any case. One flag of its own would make no URL reversible at all."""
    return "".join(f"[{char.upper()}{char.lower()}]" if char.isalpha() else char for char in text)


def _path(method: str, view: type[Door]) -> URLPattern:
    return re_path(rf"^{_any_case('ForwardDialer/Dialer/' + method)}/?$", view.as_view())


urlpatterns = [
    *(_path(method, view) for method, view in METHODS.items()),
    re_path(rf"^{_any_case('ForwardDialer')}(?:/[\s\S]*)?$", UnknownMethod.as_view()),
]
