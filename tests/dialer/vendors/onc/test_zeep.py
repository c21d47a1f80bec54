"""All thirteen methods through a generated SOAP client, over a real socket."""

from __future__ import annotations

import datetime as dt

import pytest
import zeep

from dialer import credentials
from tests.dialer.vendors.onc.client import C1, K1

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def client(live_server):
    """A client made from the WSDL alone."""
    made = zeep.Client(f"{live_server.url}/onc/soap?wsdl")
    yield made
    made.transport.session.close()


@pytest.fixture
def secrets(live_server):
    return credentials.open_account(name="Acme", country="IT", timezone="Europe/Rome")["onc"]


def test_case_46_zeep_loads_the_wsdl_and_finds_every_operation(client):
    (binding,) = client.wsdl.bindings.values()
    assert len(binding.all()) == 13


def test_case_46_zeep_drives_every_method(client, secrets):
    service, make = client.service, client.type_factory("http://schemas.datacontract.org/2004/07/OutboundNotifications")
    opened = service.OpenAPISession(**secrets)
    assert (opened.ErrorCode, opened.Description) == (0, None)
    session = opened.SessionId
    assert service.GetCampaignListing(session) is None
    campaign = make.OutboundNotificationCampaignInfo(
        ID=C1,
        ShortName="Dose reminder",
        IsPaused=True,
        ActiveFromDate=dt.datetime(2026, 3, 1),  # noqa: DTZ001
        ActiveFromTime=dt.timedelta(hours=9),
        ActiveToTime=dt.timedelta(hours=17, minutes=30),
        OutboundVoiceNotificationInfo=make.OutboundVoiceNotificationInfo(
            Enabled=True, TextToSpeak="Please call us.", DialMsTimeout=25000, MaxDeliveryRetries=3
        ),
    )
    assert service.AddCampaign(session, campaign) == 0
    assert service.AddCampaign(session, campaign) == 8
    assert service.GetCampaignListing(session) == [C1]
    (listed,) = service.GetCampaigns(session)
    told = service.GetCampaign(session, C1)
    assert listed.ShortName == told.ShortName == "Dose reminder"
    assert (told.ActiveFromTime, told.ActiveToDate) == (dt.timedelta(hours=9), None)
    assert told.OutboundVoiceNotificationInfo.MaxDeliveryRetries == 3
    assert told.OutboundSMSNotificationInfo is None
    assert told.CreationDateUtc.tzinfo is not None
    # Read, modify, write.
    told.Description = "Second dose"
    assert service.UpdateCampaign(session, told) == 0
    assert service.GetCampaign(session, C1).Description == "Second dose"
    drive_contacts(service, make, session)
    assert service.DeleteCampaign(session, C1) == 0
    assert service.GetCampaign(session, C1) is None
    assert service.CloseAPISession(session).ErrorCode == 0
    assert service.CloseAPISession(session).ErrorCode == 3


def drive_contacts(service, make, session):
    contact = make.OutboundNotificationContactInfo(
        CampaignId=C1, Id=K1, VoiceCommInfo=make.CommunicationInfo(Destination="+39 06 12345678")
    )
    assert service.AddCampaignContact(session, contact) == 0
    assert service.GetCampaignContactsListing(session, C1) == [K1]
    (told,) = service.GetCampaignContacts(session, C1)
    assert (told.VoiceCommInfo.StatusCode, told.VoiceCommInfo.RetryCount) == (1, 3)
    assert told.EmailCommInfo is None
    told.EmailCommInfo = make.CommunicationInfo(Destination="bob@example.com")
    assert service.UpdateCampaignContact(session, told) == 0
    (told,) = service.GetCampaignContacts(session, C1)
    assert told.EmailCommInfo.Destination == "bob@example.com"
    assert service.DeleteCampaignContact(session, C1, K1) == 0
    assert service.DeleteCampaignContact(session, C1, K1) == 6


def test_zeep_sees_a_fault_for_a_bad_value(client, secrets):
    session = client.service.OpenAPISession(**secrets).SessionId
    with pytest.raises(zeep.exceptions.Fault) as caught:
        client.service.GetCampaign(session, "zzz")
    assert caught.value.code.endswith("DeserializationFailed")
