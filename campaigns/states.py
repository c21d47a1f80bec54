"""The words of the ledger: channels, states, outcomes, reasons, and the APIs that calls come by."""

from __future__ import annotations

from django.db.models import TextChoices


class Channel(TextChoices):
    VOICE = "voice", "Voice"
    SMS = "sms", "SMS"
    EMAIL = "email", "Email"


class CampaignState(TextChoices):
    DRAFT = "draft", "Draft"
    RUNNING = "running", "Running"
    PAUSED = "paused", "Paused"
    FINISHED = "finished", "Finished"
    DELETED = "deleted", "Deleted"


class CallState(TextChoices):
    WAITING = "waiting", "Waiting"
    LIVE = "live", "In progress"
    DONE = "done", "Done"


class AttemptState(TextChoices):
    """An attempt moves forward only, in this order; it may skip."""

    CLAIMED = "claimed", "Claimed"
    PLACED = "placed", "Placed"
    RINGING = "ringing", "Ringing"
    ANSWERED = "answered", "Answered"
    ENDED = "ended", "Ended"


class Outcome(TextChoices):
    """How an attempt, and at last its call, ended. One list for all channels."""

    ANSWERED = "answered", "Answered"
    MACHINE = "machine", "Answering machine"
    BUSY = "busy", "Busy"
    NO_ANSWER = "no_answer", "No answer"
    REJECTED = "rejected", "Declined"
    INVALID_NUMBER = "invalid_number", "Not in service"
    CONGESTION = "congestion", "Network full"
    FAILED = "failed", "Failed"
    SUPPRESSED = "suppressed", "Do not contact"
    CANCELLED = "cancelled", "Cancelled"
    EXPIRED = "expired", "Too late"
    UNKNOWN = "unknown", "Not known"


class Reason(TextChoices):
    """Why a call is not placed now: the first gate that is shut; for a call that is done, what closed it."""

    NONE = "", "Nothing stands in its way"
    # Of the campaign
    STATE = "state", "The campaign is not running"
    DATES = "dates", "Outside the campaign's dates"
    CHANNEL = "channel", "The channel is switched off or has no text"
    # Of the call
    DUE = "due", "Not due yet"
    RETRY = "retry", "Waits for its next try"
    WINDOW = "window", "Outside the calling window of the called party"
    ZONE = "zone", "No hour suits all the time zones that the number may be in"
    NUMBER_CAP = "number_cap", "The number was tried often enough for now"
    PREFIX = "prefix", "The account may not call this destination"
    # Of the moment
    ACCOUNT_CAP = "account_cap", "The account's calls in progress are at their cap"
    CAMPAIGN_CAP = "campaign_cap", "The campaign's calls in progress are at their cap"
    CARRIER_CAP = "carrier_cap", "The carrier's calls in progress are at their cap"
    CARRIER_DOWN = "carrier_down", "The carrier is not taking calls"
    PACE = "pace", "Next in turn"
    MEMBER = "member", "No member is free"
    CONGESTION = "congestion", "The network was full; tried again without counting"
    # What closed it
    ANSWERED = "answered", "It was answered"
    ATTEMPTS = "attempts", "All its attempts are used"
    INVALID = "invalid", "The number does not exist or cannot be dialled"
    SUPPRESSED = "suppressed", "The destination must not be contacted"
    CANCELLED = "cancelled", "It was cancelled by request"
    FINISHED = "finished", "Its campaign was finished"
    LATE = "late", "Its last moment passed"


class Api(TextChoices):
    """By which door calls came in."""

    NATIVE = "native", "Native API"
    GO4CLIENTS = "go4clients", "Go4clients"
    SENDSERVICE = "sendservice", "SENDService"
    JAICP = "jaicp", "JAICP"
    VOICENTER = "voicenter", "Voicenter"
    ONC = "onc", "ONC"
    IMPORT = "import", "File import"
    ADMIN = "admin", "Admin"


class ZoneSource(TextChoices):
    """Where a call's time zone came from."""

    CONTACT = "contact", "Given with the contact"
    NUMBER = "number", "From the number"
    ACCOUNT = "account", "The account's"


# Outcomes after which another try is never made, whatever the rules say.
FINAL_OUTCOMES = frozenset(
    {Outcome.ANSWERED, Outcome.INVALID_NUMBER, Outcome.SUPPRESSED, Outcome.CANCELLED, Outcome.EXPIRED}
)
