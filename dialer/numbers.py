"""Which number a called party sees."""

from __future__ import annotations

from collections.abc import Sequence

from campaigns import caller_ids
from campaigns.models import CallerId, Campaign
from campaigns.states import Channel
from dialer import gates


def shown(call: gates.Candidate, campaign: Campaign, listed: Sequence[CallerId], *, member_code: str = "") -> str:
    """Return the caller id of a voice call or the sender of a text; an email's sender is its carrier's affair."""
    if call.channel == Channel.VOICE:
        return caller_ids.resolve(
            requested=call.caller_id,
            destination=call.destination,
            listed=listed,
            member_code=member_code,
            campaign_caller_id=campaign.caller_id,
        )
    own = campaign.channels.get(call.channel, {}).get("sender")
    return (call.caller_id or str(own or campaign.caller_id))[:32]
