"""Every "no" that the ledger can say, one class each; a door turns each into its own words."""

from __future__ import annotations


class Refused(Exception):
    """The ledger does not do this. `field` names what was wrong, where it was a field."""

    code = "refused"

    def __init__(self, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.field = field


class InvalidNumber(Refused):
    """The destination is no number or address that its channel can reach."""

    code = "invalid_number"


class InvalidCallerId(Refused):
    """The caller id is no phone number."""

    code = "invalid_caller_id"


class InvalidZone(Refused):
    """The time zone is unknown."""

    code = "invalid_zone"


class InvalidWindows(Refused):
    """The calling windows are malformed."""

    code = "invalid_windows"


class InvalidFlow(Refused):
    """The call flow is malformed; the message names the path of the step."""

    code = "invalid_flow"


class InvalidValue(Refused):
    """A value is out of its range or of the wrong kind."""

    code = "invalid_value"


class IllegalMove(Refused):
    """The state does not allow this."""

    code = "illegal_move"


class CampaignClosed(Refused):
    """The campaign takes no more calls."""

    code = "campaign_closed"


class AlreadyThere(Refused):
    """Something with this key exists already."""

    code = "already_there"


class NotPending(Refused):
    """No waiting call answers to this."""

    code = "not_pending"


class NothingToDial(Refused):
    """The campaign cannot place a single call as it stands; the message says why."""

    code = "nothing_to_dial"
