"""ONC's paths: one for each method as JSON, and the SOAP service under its two names."""

from __future__ import annotations

from django.urls import re_path

from dialer.vendors.onc import views
from dialer.vendors.onc.methods import METHODS

urlpatterns = [
    re_path(r"^onc/soap/?$", views.Soap.as_view()),
    re_path(r"^onc/OutboundNotificationCampaigns\.svc/?$", views.Soap.as_view()),
    *(re_path(rf"^onc/(?P<method>{name})/?$", views.JsonMethod.as_view()) for name in METHODS),
    re_path(r"^onc/", views.UnknownMethod.as_view()),
]
