"""The ledger in the admin. Apps above replace single pages by richer ones of their own."""

from campaigns.admin.account import AccountAdmin, CallerIdAdmin, UserAdmin
from campaigns.admin.attempt import CallAttemptAdmin
from campaigns.admin.call import CallAdmin, IntakeAdmin
from campaigns.admin.campaign import CampaignAdmin
from campaigns.admin.contact import ContactAdmin, MemberAdmin, SuppressionAdmin
from campaigns.admin.prompt import PromptAdmin

__all__ = [
    "AccountAdmin",
    "CallAdmin",
    "CallAttemptAdmin",
    "CallerIdAdmin",
    "CampaignAdmin",
    "ContactAdmin",
    "IntakeAdmin",
    "MemberAdmin",
    "PromptAdmin",
    "SuppressionAdmin",
    "UserAdmin",
]
