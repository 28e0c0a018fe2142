"""Whole credentials out of a source of chance: every class and member of Open Badges 3.0 and CLR 2.0, there or not.

For holding our canonical form against that of others. All of them are ordinary JSON-LD under the pinned contexts, with
nothing in them that implementations write in different ways; much is in them that no issuer would write.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random
from typing import Any

from badgeissuer.vc.contexts import CLR_CONTEXTS, OB_CONTEXTS

Json = dict[str, Any]

__all__ = ["badge", "document", "documents", "record"]

# Latin, other scripts, right to left, combining, astral; what JSON and N-Quads escape; and what both leave alone.
_PIECES = (
    "lesson", "plan", "é", "e\u0301", "学習", "оценка", "תעודה", "🎓", "𝔘", "\U0010fffd", "\u2028", "\u00a0", "\u0085",
    "ß", '"', "\\", "\\u0041", "\n", "\r", "\t", "'", "<b>", "&amp;", "_:b0", "^^", "@en", " .", "{}", "%", "#",
)  # fmt: skip
_LANGUAGES = ("en", "en-US", "ES", "zh-Hant-TW", "de-1996")
_NUMBERS = (0, 1, -3, 2**53, 1.5, 0.001, -2.25, 3.0, 1e15, 123456.789)
_TYPES = {"achievementType": "MicroCredential", "resultType": "Status", "targetType": "CFItem", "status": "Completed"}


def documents(seed: int, count: int) -> Iterator[Json]:
    """So many, always the same for a seed: badges, endorsements, and every twentieth a learner record."""
    chance = Random(seed)
    for number in range(count):
        yield record(chance) if number % 20 == 19 else document(chance)


def document(chance: Random) -> Json:
    """A badge, signed or not; or an endorsement."""
    return badge(chance) if chance.random() < 0.85 else _endorsement(chance)


def badge(chance: Random) -> Json:
    """An OpenBadgeCredential with nought to five pieces of evidence."""
    return {
        "@context": list(OB_CONTEXTS),
        "type": ["VerifiableCredential", chance.choice(("OpenBadgeCredential", "AchievementCredential"))],
        **_envelope(chance),
        "credentialSubject": _subject(chance),
        **_many(chance, "evidence", _evidence, most=5, likely=0.8),
        **_many(chance, "endorsement", _endorsement, most=2, likely=0.2),
        **_texts(chance, "endorsementJwt", likely=0.05),
    }


def record(chance: Random) -> Json:
    """A ClrCredential of one to four members, each with proofs of its own."""
    members = [{**document(chance), "proof": [_proof(chance)]} for _ in range(chance.randint(1, 4))]
    return {
        "@context": list(CLR_CONTEXTS),
        "type": ["VerifiableCredential", "ClrCredential"],
        **_envelope(chance),
        **_maybe(chance, "partial", lambda: chance.random() < 0.5),
        "credentialSubject": {
            **_maybe(chance, "id", lambda: _urn(chance)),
            "type": ["ClrSubject"],
            **_many(chance, "identifier", _identity),
            **_many(chance, "achievement", _achievement),
            "verifiableCredential": members,
            **_many(chance, "association", _association),
        },
        **_many(chance, "evidence", _evidence),
        **_many(chance, "endorsement", _endorsement, most=1, likely=0.2),
    }


def _envelope(chance: Random) -> Json:
    """What all credentials have. Some lack an id, which makes a blank node of the whole."""
    return {
        **_maybe(chance, "id", lambda: _urn(chance), likely=0.9),
        **_maybe(chance, "name", lambda: _language(chance)),
        **_maybe(chance, "description", lambda: _language(chance)),
        **_maybe(chance, "image", lambda: _image(chance), likely=0.2),
        "issuer": _profile(chance) if chance.random() < 0.8 else _url(chance),
        "validFrom": _moment(chance),
        **_maybe(chance, "validUntil", lambda: _moment(chance)),
        **_maybe(chance, "awardedDate", lambda: _moment(chance)),
        **_many(chance, "credentialSchema", lambda c: _typed(c, "1EdTechJsonSchemaValidator"), likely=0.0),
        **_maybe(chance, "credentialStatus", lambda: _status(chance)),
        **_many(chance, "proof", _proof, most=2, likely=0.3),
    }


def _subject(chance: Random) -> Json:
    return {
        **_maybe(chance, "id", lambda: _urn(chance)),
        "type": ["AchievementSubject"],
        **_many(chance, "identifier", _identity),
        **_maybe(chance, "activityStartDate", lambda: _moment(chance)),
        **_maybe(chance, "activityEndDate", lambda: _moment(chance)),
        **_maybe(chance, "creditsEarned", lambda: chance.choice(_NUMBERS)),
        "achievement": _achievement(chance),
        **_maybe(chance, "image", lambda: _image(chance), likely=0.2),
        **_some_texts(chance, "licenseNumber", "narrative", "role", "term"),
        **_many(chance, "result", _result),
        **_maybe(chance, "source", lambda: _profile(chance), likely=0.2),
    }


def _achievement(chance: Random) -> Json:
    return {
        "id": _url(chance),
        "type": ["Achievement"],
        "name": _language(chance),
        "description": _language(chance),
        "criteria": {
            **_maybe(chance, "id", lambda: _url(chance)),
            "narrative": _text(chance),
        },
        **_maybe(chance, "achievementType", lambda: "MicroCredential"),
        **_many(chance, "alignment", _alignment),
        **_maybe(chance, "creator", lambda: _profile(chance), likely=0.3),
        **_maybe(chance, "creditsAvailable", lambda: chance.choice(_NUMBERS)),
        **_some_texts(chance, "fieldOfStudy", "humanCode", "specialization", "version"),
        **_maybe(chance, "image", lambda: _image(chance)),
        **_maybe(chance, "inLanguage", lambda: "en-US"),
        **_many(chance, "otherIdentifier", _identifier),
        **_many(chance, "related", _related),
        **_many(chance, "resultDescription", _description),
        **_texts(chance, "tag"),
        **_many(chance, "endorsement", _endorsement, most=1, likely=0.1),
    }


def _profile(chance: Random, level: int = 0) -> Json:
    return {
        "id": _url(chance),
        "type": ["Profile"],
        **_some_texts(
            chance, "name", "description", "email", "phone", "official", "familyName", "givenName", "additionalName",
            "patronymicName", "honorificPrefix", "honorificSuffix", "familyNamePrefix",
        ),
        **_maybe(chance, "url", lambda: _url(chance)),
        **_maybe(chance, "image", lambda: _image(chance), likely=0.2),
        **_maybe(chance, "address", lambda: _address(chance), likely=0.3),
        **_many(chance, "otherIdentifier", _identifier, likely=0.3),
        **_maybe(chance, "dateOfBirth", lambda: "2000-02-29", likely=0.1),
        **(_maybe(chance, "parentOrg", lambda: _profile(chance, level + 1), likely=0.2) if level < 2 else {}),
    }  # fmt: skip


def _endorsement(chance: Random) -> Json:
    made = {
        "@context": list(OB_CONTEXTS),
        "type": ["VerifiableCredential", "EndorsementCredential"],
        **_maybe(chance, "id", lambda: _urn(chance), likely=0.9),
        "name": _text(chance),
        "issuer": _profile(chance, 2),
        "validFrom": _moment(chance),
        "credentialSubject": {
            "id": _url(chance),
            "type": ["EndorsementSubject"],
            **_maybe(chance, "endorsementComment", lambda: _text(chance)),
        },
        **_maybe(chance, "credentialStatus", lambda: _status(chance)),
        "proof": [_proof(chance)],
    }
    return dict(chance.sample(list(made.items()), len(made)))


def _evidence(chance: Random) -> Json:
    return {
        **_maybe(chance, "id", lambda: _url(chance)),
        "type": ["Evidence"],
        **_some_texts(chance, "name", "description", "narrative", "genre", "audience"),
    }


def _alignment(chance: Random) -> Json:
    return {
        "type": ["Alignment"],
        "targetName": _text(chance),
        "targetUrl": _url(chance),
        **_some_texts(chance, "targetCode", "targetDescription", "targetFramework"),
        **_maybe(chance, "targetType", lambda: _TYPES["targetType"]),
    }


def _description(chance: Random) -> Json:
    return {
        "id": _urn(chance),
        "type": ["ResultDescription"],
        "name": _text(chance),
        "resultType": _TYPES["resultType"],
        **_texts(chance, "allowedValue"),
        **_maybe(chance, "requiredLevel", lambda: _urn(chance)),
        **_some_texts(chance, "requiredValue", "valueMin", "valueMax"),
        **_many(chance, "rubricCriterionLevel", _level),
        **_many(chance, "alignment", _alignment, likely=0.2),
    }


def _level(chance: Random) -> Json:
    return {
        "id": _urn(chance),
        "type": ["RubricCriterionLevel"],
        "name": _text(chance),
        **_some_texts(chance, "level", "points", "description"),
        **_many(chance, "alignment", _alignment, likely=0.1),
    }


def _result(chance: Random) -> Json:
    return {
        "type": ["Result"],
        **_maybe(chance, "resultDescription", lambda: _urn(chance)),
        **_maybe(chance, "achievedLevel", lambda: _urn(chance)),
        **_maybe(chance, "status", lambda: _TYPES["status"]),
        **_some_texts(chance, "value"),
        **_many(chance, "alignment", _alignment, most=1, likely=0.2),
    }


def _identity(chance: Random) -> Json:
    return {
        "type": "IdentityObject",
        "hashed": chance.random() < 0.5,
        "identityHash": _text(chance),
        "identityType": "emailAddress",
        **_some_texts(chance, "salt"),
    }


def _identifier(chance: Random) -> Json:
    return {"type": "IdentifierEntry", "identifier": _text(chance), "identifierType": "sourcedId"}


def _related(chance: Random) -> Json:
    return {"id": _url(chance), "type": ["Related"], **_some_texts(chance, "version")}


def _association(chance: Random) -> Json:
    return {
        "type": "Association",
        "associationType": "isChildOf",
        "sourceId": _url(chance),
        "targetId": _url(chance),
    }


def _image(chance: Random) -> Json:
    return {"id": _url(chance), "type": "Image", **_some_texts(chance, "caption")}


def _address(chance: Random) -> Json:
    return {
        "type": ["Address"],
        **_some_texts(
            chance, "addressCountry", "addressCountryCode", "addressRegion", "addressLocality", "streetAddress",
            "postOfficeBoxNumber", "postalCode",
        ),
        **_maybe(chance, "geo", lambda: {"type": "GeoCoordinates", "latitude": 37.5, "longitude": -83}),
    }  # fmt: skip


def _status(chance: Random) -> Json:
    return {
        **_maybe(chance, "id", lambda: _url(chance)),
        "type": "BitstringStatusListEntry",
        "statusPurpose": chance.choice(("revocation", "suspension")),
        "statusListIndex": str(chance.randrange(131_072)),
        "statusListCredential": _url(chance),
    }


def _typed(chance: Random, type_: str) -> Json:
    return {"id": _url(chance), "type": type_}


def _proof(chance: Random) -> Json:
    return {
        **_maybe(chance, "id", lambda: _urn(chance), likely=0.2),
        "type": "DataIntegrityProof",
        "cryptosuite": "eddsa-rdfc-2022",
        "created": _moment(chance),
        **_maybe(chance, "expires", lambda: _moment(chance), likely=0.2),
        "verificationMethod": _url(chance),
        "proofPurpose": chance.choice(("assertionMethod", "authentication")),
        **_maybe(chance, "challenge", lambda: _text(chance), likely=0.1),
        **_maybe(chance, "domain", lambda: _text(chance), likely=0.1),
        "proofValue": f"z{chance.getrandbits(128):x}",
    }


def _maybe(chance: Random, name: str, make: Callable[[], Any], *, likely: float = 0.5) -> Json:
    return {name: make()} if chance.random() < likely else {}


def _many(chance: Random, name: str, make: Callable[[Random], Json], *, most: int = 3, likely: float = 0.5) -> Json:
    """Some of these, one of them perhaps twice. Equal ones are told apart by nothing."""
    if chance.random() >= likely:
        return {}
    items = [make(chance) for _ in range(chance.randint(1, most))]
    if len(items) < most and chance.random() < 0.15:
        items.append(dict(chance.choice(items)))
    return {name: items}


def _some_texts(chance: Random, *names: str) -> Json:
    return {name: _text(chance) for name in names if chance.random() < 0.4}


def _texts(chance: Random, name: str, *, likely: float = 0.5) -> Json:
    return {name: [_text(chance) for _ in range(chance.randint(1, 3))]} if chance.random() < likely else {}


def _text(chance: Random) -> str:
    return "".join(chance.choice(_PIECES) for _ in range(chance.randint(1, 5)))


def _language(chance: Random) -> Any:
    """A text, or the same with its language, or several (VCDM §11.1)."""
    if chance.random() < 0.8:
        return _text(chance)
    tagged = [{"@value": _text(chance), "@language": chance.choice(_LANGUAGES)} for _ in range(chance.randint(1, 2))]
    return tagged if len(tagged) > 1 else tagged[0]


def _moment(chance: Random) -> str:
    return f"20{chance.randrange(10, 40)}-0{chance.randrange(1, 10)}-28T{chance.randrange(10, 24)}:00:00Z"


# Few enough that one thing is named in several places.
def _url(chance: Random) -> str:
    return f"https://a.example/{chance.choice('é学x')}/{chance.randrange(6)}?q=1&r=%20#f"


def _urn(chance: Random) -> str:
    return f"urn:uuid:00000000-0000-4000-8000-{chance.randrange(8):012d}"
