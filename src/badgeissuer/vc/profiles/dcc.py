"""Learner Credential Wallet and VerifierPlus: both verify with @digitalcredentials/verifier-core."""

from __future__ import annotations

from badgeissuer.vc import strictjson
from badgeissuer.vc.profiles import checks
from badgeissuer.vc.profiles.checks import ERROR, UNKNOWN, WARNING
from badgeissuer.vc.profiles.findings import Finding, Findings, Reading

_MEASURED = "measured with @digitalcredentials/verifier-core"
_SOURCE = "digitalcredentials/verifier-core, src/Verify.ts"
_WALLET = "openwallet-foundation-labs/learner-credential-wallet"
_SUITES = {"eddsa-rdfc-2022": True, "Ed25519Signature2020": True, "ecdsa-rdfc-2019": False, "ecdsa-sd-2023": False}


def findings(reading: Reading) -> Findings:
    """What is known of the two, for this document."""
    yield from checks.kind(reading, _MEASURED)
    yield from checks.context_order(reading, _MEASURED)
    yield from checks.own_contexts(reading, UNKNOWN, _MEASURED)
    yield from checks.terms(reading, ERROR, _MEASURED)
    yield from checks.credential_id(reading, _MEASURED)
    yield from checks.endorsement_jwt(reading, _MEASURED)
    yield from checks.one_subject(reading, UNKNOWN, _MEASURED)
    yield from checks.did_issuer(reading, ERROR, _MEASURED)
    yield from checks.token_unmeasured(reading, _MEASURED)
    if reading.header is None:
        yield from checks.suites(reading.proofs, _SUITES, _SOURCE, otherwise=False)
        yield from checks.key_of_issuer(reading, reading.proofs, _MEASURED)
        yield from checks.key_fragment(reading.proofs, f"{_WALLET}#772")
    yield from _characters(reading)
    if reading.is_clr:
        detail = "the CLR context is not built in: the wallet must be online to verify"
        yield Finding(WARNING, "clr-context", "/@context", detail, "tell holders to verify online", _MEASURED)


def _characters(reading: Reading) -> Findings:
    if reading.is_ascii:
        return
    for text, pointer in strictjson.strings(reading.document):
        if not text.isascii():
            detail = "badges with characters such as ® and ’ did not verify in the wallet (they did in VerifierPlus)"
            remedy = "write plain ASCII where you can, until the wallet's issue is closed"
            yield Finding(UNKNOWN, "characters", pointer, detail, remedy, f"{_WALLET}#768")
            return
