"""The vendor's words for our states."""

from __future__ import annotations

from campaigns.states import CampaignState

# A finished campaign is shown as stopped: it is still there, and no API call of the vendor's ends one.
STATUS_NAMES: dict[CampaignState, str] = {
    CampaignState.DRAFT: "Disabled",
    CampaignState.RUNNING: "Enabled",
    CampaignState.PAUSED: "Disabled",
    CampaignState.FINISHED: "Disabled",
    CampaignState.DELETED: "Deleted",
}

# What StartCampaign and StopCampaign make of a campaign; what is absent is there already. To start a finished one
# is tried too, and the ledger refuses it.
STARTED: dict[CampaignState, CampaignState] = {
    CampaignState.DRAFT: CampaignState.RUNNING,
    CampaignState.PAUSED: CampaignState.RUNNING,
    CampaignState.FINISHED: CampaignState.RUNNING,
}
STOPPED: dict[CampaignState, CampaignState] = {CampaignState.RUNNING: CampaignState.PAUSED}

# The only status of a call that the vendor has a number for.
PENDING = {"Status": 1, "Description": "Pending"}
