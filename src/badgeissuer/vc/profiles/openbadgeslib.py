"""openbadgeslib 4, the Python library."""

from __future__ import annotations

import math
from collections.abc import Mapping

from badgeissuer.vc.checks.shape import date_of
from badgeissuer.vc.profiles import checks
from badgeissuer.vc.profiles.checks import ERROR, UNKNOWN, WARNING
from badgeissuer.vc.profiles.findings import Finding, Findings, Reading, members

_MEASURED = "measured with openbadgeslib 4.6.3"
_LARGEST = 256 * 1024
_SUITES = {
    "eddsa-rdfc-2022": True,
    "ecdsa-sd-2023": True,
    "ecdsa-rdfc-2019": False,
    "Ed25519Signature2020": False,
    "eddsa-jcs-2022": False,
}


def findings(reading: Reading) -> Findings:
    """What is known of openbadgeslib, for this document."""
    yield from checks.kind(reading, _MEASURED)
    yield from checks.context_order(reading, _MEASURED)
    if any(isinstance(context, Mapping) for context in reading.contexts):
        detail = "an inline context is refused, even one that nothing uses"
        yield Finding(ERROR, "inline-context", "/@context", detail, "use only published contexts", _MEASURED)
    yield from checks.own_contexts(reading, ERROR, _MEASURED)
    yield from checks.terms(reading, UNKNOWN, _MEASURED)
    yield from checks.credential_id(reading, _MEASURED)
    yield from checks.zoned_dates(reading, _MEASURED)
    yield from checks.one_subject(reading, UNKNOWN, _MEASURED)
    yield from checks.did_issuer(reading, ERROR, _MEASURED)
    if reading.size > _LARGEST:
        detail = "is larger than 256 KiB"
        yield Finding(ERROR, "too-large", "", detail, "give large records in parts", _MEASURED)
    if reading.header is None:
        yield from _proofs(reading)
    else:
        yield from _token(reading, reading.header)
    if reading.statuses:
        detail = "it verifies a status list's signature only where the list is a JWT"
        remedy = "with a list in JSON its caller sets verify_status_list=False"
        yield Finding(WARNING, "status-list", reading.statuses[0][0], detail, remedy, _MEASURED)


def _proofs(reading: Reading) -> Findings:
    proofs = reading.proofs
    if sum(_SUITES.get(checks.suite_of(proof), False) for _, proof in proofs) > 1:
        detail = "two proofs of suites that it knows are refused as ambiguous"
        remedy = "keep one eddsa-rdfc-2022 proof in the document"
        yield Finding(ERROR, "proof-set", "/proof", detail, remedy, _MEASURED)
    yield from checks.suites(proofs, _SUITES, _MEASURED)
    yield from checks.key_of_issuer(reading, proofs, _MEASURED)
    yield from checks.key_fragment(proofs, _MEASURED)


def _token(reading: Reading, header: Mapping[str, object]) -> Findings:
    claims, document = reading.document, reading.document
    subject = members(document.get("credentialSubject")).get("id")
    said = {"iss": reading.issuer_id, "jti": document.get("id"), "sub": subject}
    remedy = "give the OB 3.0 JWT with all its claims, not vc+jwt"
    for name, value in said.items():
        if claims.get(name) is None or claims.get(name) != value:
            detail = "must be there and equal to what the credential says"
            yield Finding(ERROR, "claims", f"/{name}", detail, remedy, _MEASURED)
    start = date_of(document, "validFrom")
    if start is None or claims.get("nbf") != math.floor(start.timestamp()):
        yield Finding(ERROR, "claims", "/nbf", "must be there and equal to validFrom", remedy, _MEASURED)
    if header.get("alg") != "ES256":
        detail = "only ES256 was measured"
        yield Finding(UNKNOWN, "token-alg", "", detail, "sign the JWT with ES256", _MEASURED)
