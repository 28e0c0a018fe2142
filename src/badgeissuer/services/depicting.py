"""What pictures and papers say of a credential: read from its signed text, in its language (English or Spanish)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from badgeissuer.drawing.sheets import BadgeFacts, CertificateFacts
from badgeissuer.rules.terms import AwardState
from badgeissuer.vc.model.base import instant

# One sheet has room for so many lines of results, and for labels and values of such lengths.
_MOST_RESULTS = 5
_LABEL, _VALUE = 48, 80
_LANGUAGE = re.compile(r"([a-z]{2,3})(?:-|$)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Standing:
    """How the award stands here, from what we know of it and not only from what its status list shows."""

    state: AwardState
    changed: datetime


def badge_facts(document: Mapping[str, Any]) -> BadgeFacts:
    """What the default badge of a credential shows."""
    achievement, issuer = document["credentialSubject"]["achievement"], document["issuer"]
    kind = _in_words(achievement.get("achievementType"))
    return BadgeFacts(
        title=achievement["name"],
        issuer=issuer.get("name") or issuer["id"],
        issuer_id=issuer["id"],
        kind=kind,
        language=_language(document),
    )


def certificate_facts(
    document: Mapping[str, Any], *, standing: Standing, now: datetime, earner: str | None = None
) -> CertificateFacts:
    """What the certificate says. Without a name it speaks of the holder: the credential itself names nobody."""
    words = _words(document)
    achievement = document["credentialSubject"]["achievement"]
    return CertificateFacts(
        badge=badge_facts(document),
        earner=earner or words["holder"],
        description=achievement.get("description") or "",
        facts=tuple((_short(label, _LABEL), _short(value, _VALUE)) for label, value in _facts(document, words)),
        url=document["id"],
        status=status_line(document, standing=standing, now=now),
        in_force=_in_force(document, standing, now),
        words={name: words[name] for name in _ON_THE_SHEET},
    )


def card_line(document: Mapping[str, Any], *, standing: Standing, now: datetime) -> str:
    """What stands below the title on the card of a shared link: when it was awarded, or why it no longer holds."""
    if _in_force(document, standing, now):
        words = _words(document)
        return f"{words['awarded']}: {_date(_awarded(document), words)}"
    return status_line(document, standing=standing, now=now)


def state_word(document: Mapping[str, Any], *, standing: Standing, now: datetime) -> str:
    """How the credential stands, in one word: a state of the award, or ``expired``."""
    return "expired" if standing.state is AwardState.ACTIVE and _expired(document, now) else standing.state.value


def status_line(document: Mapping[str, Any], *, standing: Standing, now: datetime) -> str:
    """How the credential stands on the day that the sheet is made."""
    words = _words(document)
    match standing.state:
        case AwardState.REVOKED:
            return words["revoked"].format(_date(standing.changed, words))
        case AwardState.SUSPENDED:
            return words["suspended"].format(_date(standing.changed, words))
        case AwardState.SUPERSEDED:
            return words["superseded"].format(_date(standing.changed, words))
        case AwardState.ACTIVE:
            if _expired(document, now):
                return words["expired"].format(_date(instant(document["validUntil"]), words))
            return words["valid"].format(_date(now, words))


def file_stem(document: Mapping[str, Any]) -> str:
    """A file name without its end: the achievement's name in plain letters, and the first of the credential's id."""
    name = unicodedata.normalize("NFKD", document["credentialSubject"]["achievement"]["name"])
    plain = re.sub(r"[^a-z0-9]+", "-", name.encode("ascii", "ignore").decode().lower()).strip("-")[:60].strip("-")
    return f"{plain or 'badge'}-{str(document['id']).rpartition('/')[2][:8]}"


def _facts(document: Mapping[str, Any], words: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    subject = document["credentialSubject"]
    yield words["awarded"], _date(_awarded(document), words)
    until = document.get("validUntil")
    yield words["until"], words["unlimited"] if until is None else _date(instant(until), words)
    credits_ = subject.get("creditsEarned", subject["achievement"].get("creditsAvailable"))
    if credits_ is not None:
        yield words["credits"], f"{credits_:g}"
    results = list(_results(subject, words))
    yield from results[:_MOST_RESULTS]
    if len(results) > _MOST_RESULTS:
        yield words["more"].format(len(results) - _MOST_RESULTS), words["see"]


def _results(subject: Mapping[str, Any], words: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Each result by its description's name, and by the name of the level that was reached."""
    described = {each.get("id"): each for each in subject["achievement"].get("resultDescription", ())}
    for result in subject.get("result", ()):
        about = described.get(result.get("resultDescription"), {})
        levels = {level.get("id"): level.get("name") for level in about.get("rubricCriterionLevel", ())}
        value = levels.get(result.get("achievedLevel")) or result.get("value") or _in_words(result.get("status"))
        if value:
            yield about.get("name") or words["result"], str(value)


def _awarded(document: Mapping[str, Any]) -> datetime:
    return instant(document.get("awardedDate") or document["validFrom"])


def _in_force(document: Mapping[str, Any], standing: Standing, now: datetime) -> bool:
    return standing.state is AwardState.ACTIVE and not _expired(document, now)


def _expired(document: Mapping[str, Any], now: datetime) -> bool:
    until = document.get("validUntil")
    return until is not None and instant(until) <= now


def _in_words(term: object) -> str | None:
    """ "MicroCredential" → "Micro-credential", as the trade writes it; "LearningProgram" → "Learning program"."""
    if not isinstance(term, str) or not term:
        return None
    parts = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", term.removeprefix("ext:")).split(" ")
    joined = " ".join([parts[0], *(part.lower() for part in parts[1:])])
    return joined.replace("Micro credential", "Micro-credential")


def _language(document: Mapping[str, Any]) -> str:
    found = _LANGUAGE.match(str(document["credentialSubject"]["achievement"].get("inLanguage") or "en"))
    return found[1].lower() if found else "en"


def _words(document: Mapping[str, Any]) -> Mapping[str, str]:
    return _WORDS.get(_language(document), _WORDS["en"])


def _date(moment: datetime, words: Mapping[str, str]) -> str:
    month = words["months"].split(" ")[moment.month - 1]
    return words["date"].format(day=moment.day, month=month, year=moment.year)


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


_ON_THE_SHEET = ("certifies", "earned", "art", "code", "scan", "check", "lacking")
_WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "holder": "the holder of this credential",
        "certifies": "This certifies that",
        "earned": "has earned",
        "art": "The badge",
        "code": "QR code with the address of the credential",
        "scan": "Scan to check",
        "check": "This sheet is a copy. The signed credential is at",
        "lacking": "No font here has some of the letters on this sheet; this file's properties have them all.",
        "awarded": "Awarded",
        "until": "Valid until",
        "unlimited": "no end date",
        "credits": "Credits",
        "result": "Result",
        "more": "and {} more results",
        "see": "in the signed credential",
        "valid": "Valid when this sheet was made on {}",
        "expired": "EXPIRED on {}",
        "revoked": "REVOKED on {}",
        "suspended": "SUSPENDED since {}",
        "superseded": "REPLACED by a newer award on {}",
        "date": "{day} {month} {year}",
        "months": "January February March April May June July August September October November December",
    },
    "es": {
        "holder": "la persona titular de esta credencial",
        "certifies": "Se certifica que",
        "earned": "ha obtenido",
        "art": "La insignia",
        "code": "Código QR con la dirección de la credencial",
        "scan": "Escanee para comprobar",
        "check": "Esta hoja es una copia. La credencial firmada está en",
        "lacking": "Ninguna fuente tiene algunas letras de esta hoja; están todas en las propiedades del archivo.",
        "awarded": "Otorgada",
        "until": "Válida hasta",
        "unlimited": "sin fecha de fin",
        "credits": "Créditos",
        "result": "Resultado",
        "more": "y {} resultados más",
        "see": "en la credencial firmada",
        "valid": "Vigente cuando se hizo esta hoja, el {}",
        "expired": "CADUCÓ el {}",
        "revoked": "REVOCADA el {}",
        "suspended": "SUSPENDIDA desde el {}",
        "superseded": "SUSTITUIDA por una más reciente el {}",
        "date": "{day} de {month} de {year}",
        "months": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    },
}
