"""Finds the field of each column: from the plain words of its header in several languages, or as a person says."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence

from campaigns.imports.faults import NotImported

ATTRIBUTE = "attribute"
IGNORE = "ignore"
# What the file of refused rows puts before the row's own cells, so that it can be imported again.
REFUSED_HEADER = ("refused line", "refused column", "refused because")

# Header words by field, the surer ones first: of two columns the one whose word stands earlier is taken.
CONTACT_FIELDS: Mapping[str, str] = {
    "phone": """mobile phone number|mobile phone|mobile number|mobile|cell phone|cellphone|cell|handynummer|handy
        |mobilnummer|mobiltelefon|cellulare|telefono cellulare|numero cellulare|movil|telefono movil|celular
        |numero celular|telefone celular|telemovel|portable|telephone portable|мобильный телефон|мобильный|нייד
        |нייד|טלפון נייד|phone number|phone no|phone|telephone number|telephone|tel number|tel no|tel|telefono
        |numero di telefono|numero telefono|numero de telefono|telefone|numero de telefone|telefonnummer|telefon
        |numero de telephone|numero telephone|телефон|номер телефона|טלפון|מספר טלפון|هاتف|جوال|رقم الهاتف|電話|电话
        |手机|电话号码|msisdn|number|numero|nummer|rufnummer|номер|destination|whatsapp""",
    "email": """email|e mail|email address|e mail address|mail|indirizzo email|posta elettronica|correo
        |correo electronico|courriel|adresse email|e mail adresse|электронная почта|почта|דואר אלקטרוני|אימייל""",
    "first_name": """first name|firstname|given name|forename|nome|vorname|nombre|nombres|prenom|primeiro nome|имя
        |שם פרטי|full name|name|nome completo|nombre completo|nome e cognome|имя и фамилия|фио|שם""",
    "last_name": """last name|lastname|surname|family name|cognome|nachname|familienname|apellido|apellidos|nom
        |nom de famille|sobrenome|фамилия|שם משפחה""",
    "timezone": """time zone|timezone|tz|fuso orario|zeitzone|zona horaria|fuseau horaire|fuso horario|часовой пояс
        |אזור זמן""",
    "priority": "priority|priorita|prioritat|prioridad|priorite|prioridade|приоритет|עדיפות",
    "due_at": "due at|due|call at|call time|scheduled at|scheduled for|not before|chiamare il|anrufen am|llamar el",
    "external_id": """external id|externalid|crm id|customer id|client id|contact id|record id|id|codice cliente
        |id cliente|kundennummer|id do cliente|id externo|id client|внешний id|код клиента|מספר לקוח""",
    "caller_id": "caller id|callerid|cli|caller number|sender|numero chiamante|mittente|anrufernummer|absender",
    "message": "message|text|messaggio|testo|nachricht|mensaje|mensagem|texto|сообщение|текст|הודעה",
    "channel": "channel|canale|kanal|canal|канал|ערוץ",
}
SUPPRESSION_FIELDS: Mapping[str, str] = {
    "phone": CONTACT_FIELDS["phone"],
    "email": CONTACT_FIELDS["email"],
    "channel": CONTACT_FIELDS["channel"],
    "source": "source|reason|origin|fonte|origine|motivo|quelle|grund|fuente|источник|причина",
}


def guess(header: Sequence[str], fields: Mapping[str, str] = CONTACT_FIELDS) -> list[str]:
    """Return the field of each column of a header; what no field's words name is an attribute."""
    ranks = {field: _words(words) for field, words in fields.items()}
    found = [ATTRIBUTE] * len(header)
    plain = [plain_words(name).removesuffix(" 1") for name in header]
    for field, rank in ranks.items():
        free = [index for index, name in enumerate(plain) if found[index] == ATTRIBUTE and name in rank]
        if free:
            found[min(free, key=lambda index: rank[plain[index]])] = field
    if tuple(plain[:3]) == REFUSED_HEADER:
        found[:3] = [IGNORE] * 3
    return found


def choose(header: Sequence[str], wanted: Iterable[str], fields: Mapping[str, str] = CONTACT_FIELDS) -> list[str]:
    """Return the field of each column, guessed but for what "column=field" says. Raises NotImported.

    A column is named by its header or by its number, from 1. Beside the fields there are "attribute" and "ignore".
    """
    said = dict(_pair(text, header, fields) for text in wanted)
    taken = [field for field in said.values() if field in fields]
    if twice := next((field for field in taken if taken.count(field) > 1), None):
        raise NotImported(f"--map: two columns are to be {twice}.")
    found = [
        ATTRIBUTE if field in taken and index not in said else field
        for index, field in enumerate(guess(header, fields))
    ]
    for index, field in said.items():
        found[index] = field
    if not {"phone", "email"} & set(found):
        is_data = any(sum(map(str.isdigit, name)) > 6 or "@" in name for name in header)
        raise NotImported(
            "No column is known as phone or email; name one with --map column=phone. "
            f"The columns are {_listed(header)}."
            + (" The first line looks like a row of data: --no-header says that it is one." if is_data else "")
        )
    return found


def _pair(text: str, header: Sequence[str], fields: Mapping[str, str]) -> tuple[int, str]:
    """Read "column=field". Raises NotImported telling the columns and fields that there are."""
    name, equals, field = text.rpartition("=")
    known = (*fields, ATTRIBUTE, IGNORE)
    if not equals or field.strip() not in known:
        raise NotImported(f"--map {text}: column=field is wanted; the fields are {', '.join(known)}.")
    plain = [plain_words(column) for column in header]
    if plain_words(name) in plain and name.strip():
        return plain.index(plain_words(name)), field.strip()
    number = name.strip()
    if number.isascii() and number.isdigit() and 1 <= int(number) <= len(header):
        return int(number) - 1, field.strip()
    raise NotImported(f"--map {text}: there is no column {name.strip()!r}; the columns are {_listed(header)}.")


def attribute_names(header: Sequence[str]) -> list[str]:
    """Return the names under which columns are kept as attributes: their headers, made different and never blank."""
    names: list[str] = []
    for index, column in enumerate(header, start=1):
        name, count = column or f"column {index}", 2
        while name in names:
            name, count = f"{column} ({count})", count + 1
        names.append(name)
    return names


def plain_words(text: str) -> str:
    """Return a header's words in lower case, without accents and signs."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text)
    letters = "".join(c for c in unicodedata.normalize("NFKD", spaced.casefold()) if not unicodedata.combining(c))
    return " ".join(re.findall(r"\w+", letters.replace("_", " ")))


def _words(listed: str) -> dict[str, int]:
    """Return header words with their rank."""
    return {plain_words(word): rank for rank, word in reversed(list(enumerate(listed.split("|"))))}


def _listed(header: Sequence[str]) -> str:
    return ", ".join(repr(name) for name in header)
