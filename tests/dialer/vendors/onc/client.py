"""A client of the ONC door: JSON, and SOAP written by hand."""

from __future__ import annotations

import json

from lxml import etree

from campaigns.models import Campaign, Contact

C1 = "11111111-1111-4111-8111-111111111111"
C2 = "33333333-3333-4333-8333-333333333333"
K1 = "22222222-2222-4222-8222-222222222222"
K2 = "44444444-4444-4444-8444-444444444444"
NOBODY = "99999999-9999-4999-8999-999999999999"
# Numbers whose last three digits tell the simulator what to do.
ANSWERS, BUSY, GONE = "+3906123200", "+3906123486", "+3906123404"
ANSWERS_AFTER_MINUTE = "+3906123260"

ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
DATA = "http://schemas.datacontract.org/2004/07/OutboundNotifications"


class Onc:
    """Speaks as one account's client, in one session."""

    def __init__(self, client, secrets) -> None:
        self.client = client
        self.secrets = secrets["onc"]
        self.session = ""

    def post(self, path: str, body, content_type: str = "application/json", **headers):
        raw = body if isinstance(body, bytes | str) else json.dumps(body)
        # Not `post`, which would read and write bytes anew in the declared encoding.
        return self.client.generic("POST", path, raw, content_type=content_type, headers=headers)

    def result(self, method: str, **arguments):
        """Return the result of a method called in the session, over JSON."""
        response = self.post(f"/onc/{method}", {"sessionId": self.session, **arguments})
        assert response.status_code == 200, response.content
        answer = response.json()
        assert list(answer) == [f"{method}Result"]
        return answer[f"{method}Result"]

    def open(self, **changes):
        """Open a session, and return the answer."""
        opened = self.post("/onc/OpenAPISession", {**self.secrets, **changes}).json()["OpenAPISessionResult"]
        self.session = opened["SessionId"] or self.session
        return opened

    def add_campaign(self, key: str = C1, **members) -> int:
        return self.result("AddCampaign", campaign={"ID": key, "ShortName": "Dose reminder", **members})

    def update_campaign(self, key: str = C1, **members) -> int:
        return self.result("UpdateCampaign", campaign={"ID": key, "ShortName": "Dose reminder", **members})

    def campaign(self, key: str = C1):
        return self.result("GetCampaign", campaignId=key)

    def listing(self):
        return self.result("GetCampaignListing")

    def add_contact(self, key: str = K1, campaign: str = C1, **members) -> int:
        return self.result("AddCampaignContact", contact={"Id": key, "CampaignId": campaign, **members})

    def update_contact(self, key: str = K1, campaign: str = C1, **members) -> int:
        return self.result("UpdateCampaignContact", contact={"Id": key, "CampaignId": campaign, **members})

    def contact(self, key: str = K1, campaign: str = C1):
        found = self.result("GetCampaignContacts", campaignId=campaign)
        return next(item for item in found if item["Id"] == key)

    def voice(self, key: str = K1):
        return self.contact(key)["VoiceCommInfo"]

    def standing(self, key: str = K1, member: str = "VoiceCommInfo") -> tuple[int, int, int]:
        """Return a channel's StatusCode, LastDeliveryErrorCode and RetryCount."""
        told = self.contact(key)[member]
        return told["StatusCode"], told["LastDeliveryErrorCode"], told["RetryCount"]

    def soap(self, body: str, *, header: str = "", **headers):
        """Post an envelope with this in its Body."""
        raw = f'<s:Envelope xmlns:s="{ENVELOPE}">{header}<s:Body>{body}</s:Body></s:Envelope>'
        return self.post("/onc/soap", raw, "text/xml; charset=utf-8", **headers)

    def soap_result(self, method: str, inside: str = "", *, whole: bool = False) -> etree._Element | None:
        """Return the Result element of a method called in the session, over SOAP; None where there is none.

        With `whole`, the Response element that holds it.
        """
        body = f'<{method} xmlns="http://tempuri.org/"><sessionId>{self.session}</sessionId>{inside}</{method}>'
        response = self.soap(body)
        assert response.status_code == 200, response.content
        answer = etree.fromstring(response.content)[0][0]
        assert etree.QName(answer).localname == f"{method}Response"
        if whole:
            return answer
        return answer[0] if len(answer) else None


def voice(number: str = ANSWERS, **members):
    """Return a VoiceCommInfo."""
    return {"Destination": number, **members}


def voice_info(**members):
    """Return an OutboundVoiceNotificationInfo that speaks."""
    return {"Enabled": True, "TextToSpeak": "Please call us.", **members}


def nothing_stored() -> bool:
    """Tell whether no campaign and no contact is in the ledger."""
    return not Campaign.objects.exists() and not Contact.objects.exists()


def fault(response) -> tuple[str, str]:
    """Return the namespace and the local name of a fault's code."""
    assert response["Content-Type"] == "text/xml; charset=utf-8"
    found = etree.fromstring(response.content).find(f".//{{{ENVELOPE}}}Fault")
    code = found.find("faultcode")
    prefix, _, name = code.text.partition(":")
    assert found.find("faultstring").text
    return code.nsmap[prefix], name
