"""What a call says: its own flow or text, else its campaign's."""

from __future__ import annotations

from typing import Any, Protocol

from campaigns import flows
from campaigns.models import Campaign
from campaigns.states import Channel

# Made once: an enumeration builds its list of values anew each time it is asked.
_CHANNELS = frozenset(Channel.values)


class Saying(Protocol):
    """What a call has of its own to say: the row, or those columns of it."""

    @property
    def flow(self) -> dict[str, Any] | None:
        """The flow; None means the campaign's."""

    @property
    def message(self) -> str:
        """The text; blank means the campaign's."""

    @property
    def voice(self) -> str:
        """The voice; blank means the campaign's."""


def flow_of(call: Saying, campaign: Campaign) -> flows.Flow:
    """Return what a voice call does once it is answered; no steps where there is nothing to say."""
    if call.flow:
        return dict(call.flow)
    if not call.message and campaign.flow:
        return dict(campaign.flow)
    text = call.message or campaign.message
    if not text:
        return {"steps": []}
    return flows.spoken(
        text,
        voice=call.voice or campaign.voice,
        plays=campaign.max_plays,
        repeat_key=campaign.repetition_key,
    )


def safe_harbour(campaign: Campaign) -> flows.Flow:
    """Return what a person hears for whom no member came free: the campaign's message, then the end."""
    said = (
        flows.spoken(campaign.safe_harbour_message, voice=campaign.voice)["steps"]
        if campaign.safe_harbour_message
        else []
    )
    return {"steps": [*said, {"do": "hangup"}]}


def text_of(campaign: Campaign, channel: str, own: str = "") -> str:
    """Return what a text or an email says, `own` being the call's message; blank where there is nothing to send."""
    settings = channel_settings(campaign, channel)
    # A channel with a text of its own, be it blank, does not say the campaign's.
    given = [settings[name] for name in ("text", "html") if name in settings]
    return own or str((given[0] or "") if given else campaign.message)


def may_be_silent(campaign: Campaign, channel: str) -> bool:
    """Tell whether a channel is used where there is nothing to say.

    A voice call is: it is bridged to a member, or its ringing is all that is wanted; unless the campaign forbids it.
    """
    forbids = channel_settings(campaign, channel).get("silent", True) is False
    return channel == Channel.VOICE and (not forbids or campaign.flow is not None)


def channel_settings(campaign: Campaign, channel: str) -> dict[str, Any]:
    """Return a campaign's own settings for a channel; none where it has none."""
    found = campaign.channels.get(channel)
    return found if isinstance(found, dict) else {}


def is_open(campaign: Campaign, channel: str) -> bool:
    """Tell whether a campaign uses a channel: it is unless it was switched off."""
    return channel in _CHANNELS and channel_settings(campaign, channel).get("enabled", True) is True
