"""The ledger: what is planned and what happened."""

from campaigns.models.account import Account, CallerId, User
from campaigns.models.attempt import CallAttempt
from campaigns.models.call import Call, Intake
from campaigns.models.campaign import Campaign, Member
from campaigns.models.contact import Contact, Suppression
from campaigns.models.prompt import Prompt

__all__ = [
    "Account",
    "Call",
    "CallAttempt",
    "CallerId",
    "Campaign",
    "Contact",
    "Intake",
    "Member",
    "Prompt",
    "Suppression",
    "User",
]
