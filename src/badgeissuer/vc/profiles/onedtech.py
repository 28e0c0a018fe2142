"""The public 1EdTech validator, v1.11.0: its source was read, not run (OB30Inspector, CLR20Inspector)."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import ValidationError

from badgeissuer.vc.model.base import faults_of
from badgeissuer.vc.model.ob3 import OpenBadgeCredential
from badgeissuer.vc.profiles import checks
from badgeissuer.vc.profiles.checks import ERROR, NOTE, UNKNOWN, WARNING
from badgeissuer.vc.profiles.findings import Finding, Findings, Reading, items, text

_SOURCE = "1EdTech validator v1.11.0, source"
_SUITES = {
    "eddsa-rdfc-2022": True,
    "Ed25519Signature2020": True,
    "ecdsa-sd-2023": True,
    "ecdsa-rdfc-2019": False,
    "eddsa-jcs-2022": False,
}
_ALGORITHMS = ("RS256", "ES256")


def findings(reading: Reading) -> Findings:
    """What the validator's probes would say of this document, as far as the document alone shows it."""
    yield from checks.kind(reading, _SOURCE)
    yield from checks.context_order(reading, _SOURCE)
    yield from checks.own_contexts(reading, UNKNOWN, _SOURCE)
    # CLR20Inspector has no safe-mode probe for the outer document.
    yield from checks.terms(reading, UNKNOWN if reading.is_clr else ERROR, _SOURCE)
    yield from _schemas(reading)
    yield from checks.zoned_dates(reading, f"{_SOURCE}: JsonSchemasProbe")
    if not isinstance(reading.document.get("issuer"), Mapping):
        detail, remedy = "IssuerProbe wants an object of type Profile", "write the issuer as a Profile object"
        yield Finding(ERROR, "issuer-object", "/issuer", detail, remedy, f"{_SOURCE}: IssuerProbe")
    if reading.header is None:
        yield from _proof(reading)
    else:
        yield from _token(reading, reading.header)
    yield from _status(reading)


def _schemas(reading: Reading) -> Findings:
    source = f"{_SOURCE}: JsonSchemasProbe"
    document = reading.document
    if reading.is_badge:
        try:
            OpenBadgeCredential.model_validate(dict(document))
        except ValidationError as error:
            for fault in faults_of(error):
                yield Finding(ERROR, "schema", fault.pointer, fault.detail, "mend the document's form", source)
    else:
        yield from checks.credential_id(reading, source)
        yield from checks.one_subject(reading, ERROR, source)
        if not text(document.get("name")):
            detail = "CLRs and endorsements need a name"
            yield Finding(ERROR, "name", "/name", detail, "give it a name", source)
        detail = "the other members are not compared with the schema here"
        yield Finding(UNKNOWN, "schema-unread", "", detail, "put the file to the validator itself", source)
    for name in ("type", "proof"):
        if name in document and not isinstance(document[name], list):
            detail = "the formal schema wants an array (the validator warns)"
            yield Finding(WARNING, "array", f"/{name}", detail, "write an array of one", source)


def _proof(reading: Reading) -> Findings:
    source = f"{_SOURCE}: EmbeddedProofProbe"
    # The first DataIntegrityProof is the one that it looks at.
    chosen = [place for place in reading.proofs if place[1].get("type") == "DataIntegrityProof"] or reading.proofs
    taken = [_SUITES.get(checks.suite_of(proof), False) for _, proof in chosen]
    if any(taken) and not taken[0]:
        detail = "whether it takes the first proof, or the first of a suite that it knows, was not tried"
        yield Finding(UNKNOWN, "proof-order", "/proof", detail, "put the eddsa-rdfc-2022 proof first", source)
        return
    yield from checks.suites(chosen[:1], _SUITES, source)
    for pointer, proof in chosen[:1]:
        if proof.get("proofPurpose") != "assertionMethod":
            detail = "the purpose must be assertionMethod"
            yield Finding(ERROR, "proof-purpose", f"{pointer}/proofPurpose", detail, "sign for assertionMethod", source)
        method = text(proof.get("verificationMethod"))
        if method.startswith("did:") or "#" in method:
            # It does not compare the controller of a did:key that has no fragment.
            if not method.startswith("did:key:") or "#" in method:
                yield from checks.key_of_issuer(reading, [(pointer, proof)], source)
            if method.startswith("did:"):
                yield from checks.did_issuer(reading, UNKNOWN, source)
        else:
            detail = "the key's document must be fetched to say whose it is"
            remedy = "use a DID URL, or the issuer's URL with the key after #"
            yield Finding(UNKNOWN, "key-fetched", f"{pointer}/verificationMethod", detail, remedy, source)


def _token(reading: Reading, header: Mapping[str, object]) -> Findings:
    source = f"{_SOURCE}: ExternalProofProbe"
    if header.get("alg") not in _ALGORITHMS:
        detail = "only RS256 and ES256 are taken"
        yield Finding(ERROR, "token-alg", "", detail, "sign the JWT with ES256", source)
    if "kid" not in header and "jwk" not in header:
        detail = "the header names no key"
        yield Finding(ERROR, "token-key", "", detail, "put kid or jwk into the header", source)
    if reading.is_clr:
        detail = "a CLR as a whole-payload JWT probably fails: that reading is not switched on"
        yield Finding(UNKNOWN, "clr-token", "", detail, "give the CLR with a Data Integrity proof", source)


def _status(reading: Reading) -> Findings:
    source = f"{_SOURCE}: BitstringStatusListProbe"
    statuses = reading.statuses
    if isinstance(reading.document.get("credentialStatus"), list):
        detail = "both editions of the schema want one object"
        remedy = "write one status entry, for revocation"
        yield Finding(ERROR, "status-array", "/credentialStatus", detail, remedy, source)
    for pointer, status in statuses:
        if status.get("type") != "BitstringStatusListEntry":
            continue
        if not text(status.get("id")) or status.get("id") == status.get("statusListCredential"):
            detail = "the formal schema wants an id, and one that is not the list's URL"
            yield Finding(WARNING, "status-id", f"{pointer}/id", detail, "give the entry its own id", source)
        if status.get("statusPurpose") != "revocation":
            detail = "only entries for revocation are looked at"
            remedy = "do not count on the validator for this purpose"
            yield Finding(NOTE, "status-purpose", f"{pointer}/statusPurpose", detail, remedy, source)
        if status.get("statusSize", 1) != 1:
            detail = "only the first bit of an entry is read"
            yield Finding(WARNING, "status-size", f"{pointer}/statusSize", detail, "use one bit an entry", source)
    for pointer, subject in reading.subjects:
        if reading.is_clr and "ClrSubject" not in items(subject.get("type")):
            source = f"{_SOURCE}: ClrSubjectProbe"
            yield Finding(ERROR, "clr-subject", f"{pointer}/type", "must be a ClrSubject", "give it that type", source)
