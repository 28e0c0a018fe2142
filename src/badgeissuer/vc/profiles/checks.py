"""Checks that several profiles share. Each yields findings with the caller's severity and source."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from badgeissuer.vc import strictjson
from badgeissuer.vc.contexts import (
    CLR_V2P0_201,
    CREDENTIALS_V1,
    CREDENTIALS_V2,
    OB_EXTENSIONS,
    OB_V3P0_301,
    OB_V3P0_302,
    OB_V3P0_303,
)
from badgeissuer.vc.profiles.findings import Finding, Findings, Reading, Severity, items, members, text

ERROR, UNKNOWN, WARNING, NOTE = Severity.ERROR, Severity.UNKNOWN, Severity.WARNING, Severity.NOTE

UNVERSIONED = "https://purl.imsglobal.org/spec/ob/v3p0/context.json"
_FAMILIAR = frozenset((CREDENTIALS_V2, CREDENTIALS_V1, OB_V3P0_303, OB_EXTENSIONS, CLR_V2P0_201))
_OLD_OB = frozenset((OB_V3P0_301, OB_V3P0_302))
_IRI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s]+")
_ZONED = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)")
_DID = re.compile(r"did:([a-z0-9]+):.+")
_MEASURED_METHODS = ("key", "web")


def context_order(reading: Reading, source: str) -> Findings:
    """The contexts stand in the one order that every engine takes."""
    contexts = reading.contexts
    remedy = f"write @context as {CREDENTIALS_V2}, (for a CLR {CLR_V2P0_201},) {OB_V3P0_303}"
    first = contexts[0] if contexts else None
    if first == CREDENTIALS_V1:
        yield Finding(UNKNOWN, "old-data-model", "/@context", "VC 1.1 badges were not measured", remedy, source)
    elif first != CREDENTIALS_V2:
        detail = "does not start with the VC 2.0 context"
        yield Finding(ERROR, "context-order", "/@context", detail, remedy, source)
    elif UNVERSIONED in contexts:
        detail = "the unversioned Open Badges context redefines protected terms of VC 2.0 and cannot be expanded"
        yield Finding(ERROR, "context-unversioned", "/@context", detail, remedy, source)
    elif OB_V3P0_303 not in contexts[1:3]:
        detail = "badges with another Open Badges context than 3.0.3 were not measured"
        yield Finding(UNKNOWN, "context-other", "/@context", detail, remedy, source)


def own_contexts(reading: Reading, severity: Severity, source: str) -> Findings:
    """No context that a verifier does not bring with it."""
    familiar = _FAMILIAR | _OLD_OB | {UNVERSIONED}
    for context in reading.contexts:
        if isinstance(context, str) and context not in familiar:
            detail = "names a context that offline verifiers do not have"
            remedy = "use only terms of the VC 2.0, Open Badges 3.0.3 and extensions contexts"
            yield Finding(severity, "own-context", "/@context", detail, remedy, source)
            return


def terms(reading: Reading, severity: Severity, source: str) -> Findings:
    """JSON-LD safe mode: every member is defined, every id and type absolute."""
    if reading.trouble:
        remedy = "run `badgeissuer verify` on the document for all its faults"
        yield Finding(UNKNOWN, "not-expanded", "", f"could not be expanded here: {reading.trouble}", remedy, source)
    for name, pointer in reading.lost:
        detail = f"{name!r} is not defined by the contexts or not absolute: JSON-LD safe mode refuses it"
        yield Finding(severity, "undefined-term", pointer, detail, "leave it out, or use a defined term", source)


def credential_id(reading: Reading, source: str) -> Findings:
    """The credential has an id, and it is a URL or URN."""
    if not _IRI.fullmatch(text(reading.document.get("id"))):
        remedy = "give the credential an https URL or a urn:uuid as id"
        yield Finding(ERROR, "id", "/id", "the credential needs an id that is a URL or URN", remedy, source)


def zoned_dates(reading: Reading, source: str) -> Findings:
    """Dates have a time zone."""
    for name in ("validFrom", "validUntil"):
        value = reading.document.get(name)
        if value is not None and not _ZONED.fullmatch(text(value)):
            remedy = "write the moment with its zone, such as 2026-03-01T12:00:00Z"
            yield Finding(ERROR, "time-zone", f"/{name}", "has no time zone", remedy, source)


def one_subject(reading: Reading, severity: Severity, source: str) -> Findings:
    """``credentialSubject`` is one object."""
    if not isinstance(reading.document.get("credentialSubject"), Mapping):
        remedy = "issue one credential for each subject"
        detail = "must be one object"
        yield Finding(severity, "one-subject", "/credentialSubject", detail, remedy, source)


def endorsement_jwt(reading: Reading, source: str) -> Findings:
    """No endorsement as a JWT inside: older editions of the 3.0.3 context do not define the term."""
    if reading.lacks("endorsementJwt"):
        return
    for name, pointer in strictjson.strings(reading.document):
        if name == "endorsementJwt" and pointer.endswith("/endorsementJwt"):
            detail = "the edition of the 3.0.3 context in this engine does not define endorsementJwt"
            yield Finding(ERROR, "endorsement-jwt", pointer, detail, "embed endorsements as JSON (endorsement)", source)


def suite_of(proof: Mapping[str, object]) -> str:
    """What a proof is made with: its cryptosuite, or its type for the older kinds."""
    kind = text(proof.get("type"))
    return text(proof.get("cryptosuite")) if kind == "DataIntegrityProof" else kind


def suites(
    proofs: Iterable[tuple[str, Mapping[str, object]]],
    taken: Mapping[str, bool],
    source: str,
    *,
    otherwise: bool | None = None,
) -> Findings:
    """One of the proofs is of a suite that is taken; ``otherwise`` answers for suites that are not in the table."""
    given = list(proofs)
    remedy = "sign with one eddsa-rdfc-2022 proof; offer other suites as separate renderings"
    answers = [taken.get(suite_of(proof), otherwise) for _, proof in given]
    if not given:
        yield Finding(ERROR, "no-proof", "", "has no proof", remedy, source)
    elif not any(answers):
        pointer, proof = given[0]
        unsure = None in answers
        known = suite_of(proof) in taken
        named = f"a proof of {suite_of(proof)}" if known else "a proof of this suite"
        detail = f"{named} " + ("was not measured" if unsure else "is not taken")
        code = "suite-unmeasured" if unsure else "suite"
        yield Finding(UNKNOWN if unsure else ERROR, code, pointer, detail, remedy, source)


def did_issuer(reading: Reading, severity: Severity, source: str) -> Findings:
    """The issuer is a DID, of a method that was measured."""
    found = _DID.fullmatch(reading.issuer_id)
    if found is None:
        detail = "the issuer's id is not a DID, so no verification method can belong to it"
        yield Finding(severity, "issuer-did", "/issuer", detail, "use the issuer's did:web as its id", source)
    elif found[1] not in _MEASURED_METHODS:
        detail = "only did:key and did:web were measured"
        yield Finding(UNKNOWN, "did-method", "/issuer", detail, "use did:web for the issuer", source)


def key_of_issuer(reading: Reading, proofs: Iterable[tuple[str, Mapping[str, object]]], source: str) -> Findings:
    """Each proof's verification method belongs to the issuer."""
    for pointer, proof in proofs:
        if text(proof.get("verificationMethod")).partition("#")[0] != reading.issuer_id:
            detail = "the verification method does not belong to the issuer's id"
            remedy = "sign with a key of the DID that stands as the issuer's id"
            yield Finding(ERROR, "key-owner", f"{pointer}/verificationMethod", detail, remedy, source)


def key_fragment(proofs: Iterable[tuple[str, Mapping[str, object]]], source: str) -> Findings:
    """A did:key verification method names its key after ``#``."""
    for pointer, proof in proofs:
        method = text(proof.get("verificationMethod"))
        if method.startswith("did:key:") and "#" not in method:
            detail = "a did:key without its fragment fails in the library beneath; the wallet itself was not measured"
            remedy = "write did:key:z6Mk…#z6Mk…"
            yield Finding(UNKNOWN, "key-fragment", f"{pointer}/verificationMethod", detail, remedy, source)


def kind(reading: Reading, source: str, *, clr: bool = True) -> Findings:
    """A badge, or a CLR where those were measured; nothing is known about other credentials."""
    if not reading.is_badge and not (clr and reading.is_clr):
        detail = "only Open Badges" + (" and CLRs" if clr else "") + " are covered by what is known of this target"
        yield Finding(UNKNOWN, "kind", "/type", detail, "import the badges themselves", source)


def token_unmeasured(reading: Reading, source: str) -> Findings:
    """Nothing is known about JWTs here."""
    if reading.header is not None:
        remedy = "give the JSON form with its eddsa-rdfc-2022 proof"
        yield Finding(UNKNOWN, "token", "", "the JWT form was not measured with this target", remedy, source)


def has_email(reading: Reading) -> bool:
    """Whether a subject is named by an e-mail address, hashed or plain."""
    return any(
        text(subject.get("id")).startswith("mailto:")
        or any(members(entry).get("identityType") == "emailAddress" for entry in items(subject.get("identifier")))
        for _, subject in reading.subjects
    )
