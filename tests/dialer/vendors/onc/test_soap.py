"""The SOAP form: acceptance cases 17 and 46 to 52."""

from __future__ import annotations

import pytest
from lxml import etree

from campaigns.models import Campaign
from dialer.vendors.onc import shapes, soap
from dialer.vendors.onc.methods import METHODS
from dialer.vendors.onc.shapes import Kind, ListOf, Shape
from tests.dialer.vendors.onc.client import C1, C2, DATA, ENVELOPE, K1, fault, nothing_stored, voice, voice_info

DISPATCHER = soap.DISPATCHER
MALFORMED = (DISPATCHER, "DeserializationFailed")
WSDL = {"xs": "http://www.w3.org/2001/XMLSchema", "wsdl": "http://schemas.xmlsoap.org/wsdl/"}
WSA = "http://www.w3.org/2005/08/addressing"
OPEN = (
    '<OpenAPISession xmlns="http://tempuri.org/"><accountId>{accountId}</accountId>'
    "<username>{username}</username><password>{password}</password></OpenAPISession>"
)


def names(element) -> list[str]:
    return [etree.QName(child).localname for child in element]


def test_case_17_a_guid_must_be_one(onc):
    body = f'<GetCampaign xmlns="http://tempuri.org/"><sessionId>{onc.session}</sessionId><campaignId>zzz</campaignId>'
    response = onc.soap(body + "</GetCampaign>")
    assert response.status_code == 500
    assert fault(response) == MALFORMED


@pytest.mark.parametrize("query", ["wsdl", "singleWsdl", "WSDL"])
@pytest.mark.parametrize("path", ["/onc/soap", "/onc/OutboundNotificationCampaigns.svc"])
def test_case_46_the_wsdl_tells_its_own_address(onc, path, query):
    response = onc.client.get(f"{path}?{query}", headers={"host": "localhost:8123"})
    assert response.status_code == 200
    assert response["Content-Type"].startswith("text/xml")
    root = etree.fromstring(response.content)
    assert len(root.findall("wsdl:portType/wsdl:operation", WSDL)) == 13
    (address,) = root.findall(".//{http://schemas.xmlsoap.org/wsdl/soap/}address")
    assert address.get("location") == f"http://localhost:8123{path}"


def test_case_46_the_wsdl_says_what_is_served(onc):
    """Every type and every message has exactly the members that are written, in their order."""
    root = etree.fromstring(onc.client.get("/onc/soap?wsdl").content)
    types = {kind.get("name"): members(kind) for kind in root.iterfind(".//xs:complexType[@name]", WSDL)}
    for shape in (item for item in vars(shapes).values() if isinstance(item, Shape)):
        assert types[shape.name] == [declared_as(*member) for member in shape.members]
    elements = root.iterfind(".//xs:schema/xs:element[xs:complexType]", WSDL)
    messages = {element.get("name"): members(element[0]) for element in elements}
    assert len(messages) == 26
    for method in METHODS.values():
        assert messages[method.name] == [declared_as(*parameter) for parameter in method.parameters]
        assert messages[f"{method.name}Response"] == [declared_as(f"{method.name}Result", method.result)]


def members(kind) -> list[tuple[str, str, str | None]]:
    found = kind.iterfind("xs:sequence/xs:element", WSDL)
    return [(member.get("name"), member.get("type"), member.get("nillable")) for member in found]


TYPES = {
    Kind.STRING: ("xs:string", "true"),
    Kind.DATE: ("xs:dateTime", "true"),
    Kind.TIME: ("ser:duration", "true"),
    Kind.MOMENT: ("xs:dateTime", None),
    Kind.INT: ("xs:int", None),
    Kind.BOOL: ("xs:boolean", None),
    Kind.GUID: ("ser:guid", None),
}


def declared_as(name, kind):
    if isinstance(kind, ListOf):
        of_guids = isinstance(kind.item, Kind)
        return (name, "arr:ArrayOfguid" if of_guids else f"d:ArrayOf{kind.item.name}", "true")
    return (name, f"d:{kind.name}", "true") if isinstance(kind, Shape) else (name, *TYPES[kind])


def schema_of(wsdl: bytes, folder) -> etree.XMLSchema:
    """Return the schemas of a WSDL as one that documents can be held against."""
    schemas = etree.fromstring(wsdl).findall(".//xs:schema", WSDL)
    files = {schema.get("targetNamespace"): folder / f"{number}.xsd" for number, schema in enumerate(schemas)}
    for schema in schemas:
        for needed in schema.findall("xs:import", WSDL):
            needed.set("schemaLocation", files[needed.get("namespace")].name)
        files[schema.get("targetNamespace")].write_bytes(etree.tostring(schema))
    return etree.XMLSchema(file=str(files[soap.SERVICE]))


def test_case_46_what_is_served_is_valid_by_the_wsdl(onc, tmp_path):
    schema = schema_of(onc.client.get("/onc/soap?wsdl").content, tmp_path)
    onc.add_campaign(
        ActiveFromDate="2031-03-01",
        ActiveFromTime="09:00:30.25",
        ActiveToTime="00:00:00",
        OutboundVoiceNotificationInfo=voice_info(),
        OutboundSMSNotificationInfo={},
        OutboundEmailNotificationInfo={"Subject": "\x0b"},
    )
    onc.add_contact(VoiceCommInfo=voice(), EmailCommInfo={})
    for method in METHODS.values():
        if method.name != "CloseAPISession":
            schema.assertValid(onc.soap_result(method.name, f"<campaignId>{C1}</campaignId>", whole=True))


def test_case_47_a_session_opens_with_addressing_headers_and_no_action(onc):
    header = (
        f'<s:Header xmlns:wsa="{WSA}"><wsa:Action>http://tempuri.org/IOutboundNotificationCampaigns/OpenAPISession'
        "</wsa:Action><wsa:MessageID>urn:uuid:1</wsa:MessageID><wsa:To>http://x/onc/soap</wsa:To></s:Header>"
    )
    response = onc.soap(OPEN.format(**onc.secrets), header=header)
    assert response.status_code == 200
    result = etree.fromstring(response.content).find(".//{http://tempuri.org/}OpenAPISessionResult")
    assert [child.tag for child in result] == [
        f"{{{DATA}}}{name}" for name in ("Description", "ErrorCode", "SessionId")
    ]
    assert result[1].text == "0"
    assert not result[0].text
    onc.session = result[2].text
    assert onc.listing() == []


@pytest.mark.parametrize("action", ["", '""', '"http://tempuri.org/IOutboundNotificationCampaigns/AddCampaign"', "x/y"])
def test_case_47_the_body_names_the_operation_whatever_the_action_says(onc, action):
    response = onc.soap(OPEN.format(**onc.secrets), SOAPAction=action)
    assert b"<a:ErrorCode>0</a:ErrorCode>" in response.content


@pytest.mark.parametrize("quote", ['"', ""])
def test_case_47_an_empty_body_is_named_by_its_action(onc, quote):
    action = f"{quote}http://tempuri.org/IOutboundNotificationCampaigns/CloseAPISession{quote}"
    response = onc.soap("", SOAPAction=action)
    assert response.status_code == 200
    assert b"<a:ErrorCode>3</a:ErrorCode>" in response.content


def test_case_48_an_empty_list_is_an_empty_element_and_null_is_none(onc):
    result = onc.soap_result("GetCampaigns")
    assert len(result) == 0
    assert result.text is None
    assert onc.soap_result("GetCampaignListing") is not None
    onc.session = "gone"
    assert onc.soap_result("GetCampaigns") is None
    assert onc.soap_result("GetCampaignListing") is None
    assert onc.soap_result("AddCampaign").text == "3"


def test_case_49_members_may_come_in_any_order_under_any_prefix(onc):
    campaign = (
        f'<campaign xmlns:q="{DATA}" xmlns:z="urn:other">'
        "<q:VoiceNotificationRequired>1</q:VoiceNotificationRequired><z:ShortName>Dose</z:ShortName>"
        "<q:OutboundVoiceNotificationInfo><q:TextToSpeak>Hi.</q:TextToSpeak><q:MaxTextPlays> 2 </q:MaxTextPlays>"
        "<q:DialMsTimeout>+25000</q:DialMsTimeout><q:Enabled>true</q:Enabled></q:OutboundVoiceNotificationInfo>"
        f"<q:IsPaused>false</q:IsPaused><q:ID>{C1}</q:ID><ActiveToTime>PT17H30M</ActiveToTime>"
        "<q:ActiveToDate>2031-03-31T00:00:00</q:ActiveToDate><q:ActiveFromTime>PT9H</q:ActiveFromTime>"
        "<q:ActiveFromDate>2031-03-01</q:ActiveFromDate></campaign>"
    )
    assert onc.soap_result("AddCampaign", campaign).text == "0"
    told = onc.campaign()
    assert (told["ActiveFromDate"], told["ActiveFromTime"]) == ("2031-03-01", "09:00:00")
    assert (told["ActiveToDate"], told["ActiveToTime"]) == ("2031-03-31", "17:30:00")
    assert (told["ShortName"], told["VoiceNotificationRequired"]) == ("Dose", True)
    spoken = told["OutboundVoiceNotificationInfo"]
    assert (spoken["TextToSpeak"], spoken["MaxTextPlays"], spoken["DialMsTimeout"]) == ("Hi.", 2, 25000)


def test_case_49_nil_absent_and_empty_are_null(onc):
    nil = 'xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:nil="true"'
    campaign = (
        f"<campaign><ID>{C1}</ID><ShortName>X</ShortName><ActiveFromDate {nil}/><ActiveToTime/><IsPaused/>"
        f"<OutboundVoiceNotificationInfo {nil}/><OutboundSMSNotificationInfo/><Description {nil}/></campaign>"
    )
    assert onc.soap_result("AddCampaign", campaign).text == "0"
    told = onc.campaign()
    assert told["ActiveFromDate"] is told["ActiveToTime"] is told["Description"] is None
    assert told["OutboundVoiceNotificationInfo"] is told["OutboundSMSNotificationInfo"] is None
    assert onc.soap_result("AddCampaign", "<campaign/>").text == "7"
    assert onc.soap_result("AddCampaign").text == "7"


def test_case_50_members_come_in_the_order_of_the_contract(onc):
    onc.add_campaign(
        ActiveFromDate="2031-03-01",
        ActiveFromTime="09:00:30.5",
        ActiveToDate="2031-03-31",
        ActiveToTime="17:30:00",
        Description="\x01 is no XML",
        ProgressWSEndpoint="",
        OutboundVoiceNotificationInfo=voice_info(),
        OutboundSMSNotificationInfo={"Enabled": False},
        OutboundEmailNotificationInfo={"Enabled": False},
    )
    result = onc.soap_result("GetCampaign", f"<campaignId>{C1}</campaignId>")
    assert names(result) == [name for name, _ in shapes.CAMPAIGN.members]
    assert {etree.QName(child).namespace for child in result.iter()} == {DATA, "http://tempuri.org/"}
    text = {etree.QName(child).localname: child.text for child in result}
    assert text["ActiveFromDate"] == "2031-03-01T00:00:00"
    assert (text["ActiveFromTime"], text["ActiveToTime"]) == ("PT9H30.5S", "PT17H30M")
    assert text["CreationDateUtc"] == "2031-03-03T10:00:00Z"
    assert (text["IsPaused"], text["ID"]) == ("false", C1)
    assert text["Description"] == "\ufffd is no XML"
    # Null is left out, and what .NET calls a value never is.
    spoken = result.find(f"{{{DATA}}}OutboundVoiceNotificationInfo")
    assert names(spoken) == [
        "DialMsTimeout",
        "Enabled",
        "MaxDeliveryRetries",
        "MaxTextPlays",
        "RetryMinutesInterval",
        "TextToSpeak",
    ]


def test_case_50_contacts_come_in_the_order_of_the_contract(onc):
    onc.add_campaign()
    onc.add_contact(
        VoiceCommInfo=voice(TextToSendOverwrite=""), SMSCommInfo={"Destination": ""}, EmailCommInfo={"Destination": ""}
    )
    result = onc.soap_result("GetCampaignContacts", f"<campaignId>{C1}</campaignId>")
    assert names(result[0]) == [name for name, _ in shapes.CONTACT.members]
    assert names(result[0][4]) == [name for name, _ in shapes.COMMUNICATION.members]
    listing = onc.soap_result("GetCampaignContactsListing", f"<campaignId>{C1}</campaignId>")
    assert [(child.tag, child.text) for child in listing] == [
        ("{http://schemas.microsoft.com/2003/10/Serialization/Arrays}guid", K1)
    ]


def test_case_51_an_unknown_operation_is_not_supported(onc):
    for body, action in (('<Nope xmlns="http://tempuri.org/"/>', ""), ("", ""), ("", '"x/Nope"')):
        response = onc.soap(body, SOAPAction=action)
        assert response.status_code == 500
        assert fault(response) == (soap.ADDRESSING_NONE, "ActionNotSupported")


@pytest.mark.parametrize(
    "doctype",
    [
        '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE x [<!ENTITY e "value">]>',
        '<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">',
        "<!DOCTYPE x>",
    ],
)
def test_case_52_a_doctype_is_refused_and_no_entity_resolved(onc, doctype):
    entity = "&e;" if "ENTITY" in doctype else "x"
    body = f'<AddCampaign xmlns="http://tempuri.org/"><sessionId>{onc.session}</sessionId><campaign><ShortName>{entity}'
    body += "</ShortName></campaign></AddCampaign>"
    raw = f'{doctype}<s:Envelope xmlns:s="{ENVELOPE}"><s:Body>{body}</s:Body></s:Envelope>'
    response = onc.post("/onc/soap", raw, "text/xml")
    assert response.status_code == 500
    assert fault(response) == MALFORMED
    assert b"root:" not in response.content
    assert nothing_stored()


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("IsPaused", "yes"),
        ("IsPaused", "TRUE"),
        ("ActiveFromDate", "yesterday"),
        ("ActiveFromTime", "P1M"),
        ("ID", "zzz"),
        ("ShortName", "<b>bold</b>"),
        ("OutboundVoiceNotificationInfo", "<MaxTextPlays>2.5</MaxTextPlays>"),
        ("OutboundVoiceNotificationInfo", "<MaxTextPlays>2147483648</MaxTextPlays>"),
        ("OutboundVoiceNotificationInfo", "<MaxTextPlays>٢</MaxTextPlays>"),
    ],
)
def test_a_bad_value_is_a_fault(onc, member, value):
    inside = f"<campaign><ID>{C1}</ID><{member}>{value}</{member}></campaign>"
    body = f'<AddCampaign xmlns="http://tempuri.org/"><sessionId>{onc.session}</sessionId>{inside}</AddCampaign>'
    response = onc.soap(body.replace(f"<ID>{C1}</ID>", "" if member == "ID" else f"<ID>{C1}</ID>"))
    assert response.status_code == 500
    assert fault(response) == MALFORMED
    assert nothing_stored()


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "no xml",
        "<a/>",
        f'<s:Envelope xmlns:s="{ENVELOPE}"/>',
        f'<s:Envelope xmlns:s="{ENVELOPE}"><s:Body>',
        '<?xml version="1.0" encoding="klingon"?><a/>',
        f'<s:Envelope xmlns:s="{ENVELOPE}"><s:Body>&nbsp;</s:Body></s:Envelope>',
        b"\x00\xff",
        "<a>" * 300 + "</a>" * 300,
    ],
)
def test_what_is_no_envelope_is_a_fault(onc, raw):
    response = onc.post("/onc/soap", raw, "text/xml")
    assert response.status_code == 500
    assert fault(response) == MALFORMED


def test_another_version_of_soap_is_a_mismatch(onc):
    raw = '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body/></s:Envelope>'
    assert fault(onc.post("/onc/soap", raw, "text/xml")) == (ENVELOPE, "VersionMismatch")


@pytest.mark.parametrize(
    ("attributes", "understood"),
    [
        ('s:mustUnderstand="1"', False),
        ('s:mustUnderstand="true"', False),
        ('s:mustUnderstand="1" s:actor="http://schemas.xmlsoap.org/soap/actor/next"', False),
        ('s:mustUnderstand="0"', True),
        ("", True),
        ('s:mustUnderstand="1" s:actor="urn:somebody-on-the-way"', True),
    ],
)
def test_a_header_that_must_be_understood_is_not(onc, attributes, understood):
    header = f'<s:Header><x:Secret xmlns:x="urn:x" {attributes}/></s:Header>'
    response = onc.soap(OPEN.format(**onc.secrets), header=header)
    assert response.status_code == (200 if understood else 500)
    if not understood:
        assert fault(response) == (ENVELOPE, "MustUnderstand")


def test_what_is_wrong_with_the_http_request_keeps_its_status(onc):
    assert onc.post("/onc/soap", "<a/>", "application/soap+xml").status_code == 415
    assert onc.post("/onc/soap", "<a>" + "x" * (4 * 1024 * 1024) + "</a>", "text/xml").status_code == 413
    assert onc.client.put("/onc/soap").status_code == 405
    for response in (onc.post("/onc/soap", "{}", "application/json"), onc.client.delete("/onc/soap")):
        assert fault(response) == MALFORMED


def test_a_browser_is_told_where_the_description_is(onc):
    response = onc.client.get("/onc/soap")
    assert response.status_code == 200
    assert b"?wsdl" in response.content


def test_comments_and_other_encodings_do_no_harm(onc):
    body = f'<GetCampaignListing xmlns="http://tempuri.org/"><!-- x --><sessionId>{onc.session}</sessionId>'
    raw = f'<?xml version="1.0" encoding="utf-16"?><s:Envelope xmlns:s="{ENVELOPE}"><s:Body><?pi?>{body}'
    raw += "</GetCampaignListing></s:Body></s:Envelope>"
    onc.add_campaign(C2)
    response = onc.post("/onc/OutboundNotificationCampaigns.svc", raw.encode("utf-16"), "text/xml; charset=utf-16")
    assert response.status_code == 200
    assert C2.encode() in response.content


def test_both_forms_do_the_same(onc):
    inside = f"<campaign><ID>{C1}</ID><ShortName>Ä &lt;b&gt; 医</ShortName><IsPaused>true</IsPaused></campaign>"
    assert onc.soap_result("AddCampaign", inside).text == "0"
    assert onc.soap_result("AddCampaign", inside).text == "8"
    assert onc.campaign()["ShortName"] == "Ä <b> 医"
    assert Campaign.objects.get().state == "paused"
    assert onc.soap_result("DeleteCampaign", f"<campaignId>{C1}</campaignId>").text == "0"
    assert onc.listing() == []
