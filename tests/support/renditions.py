"""A badge, an endorsement and a learner record of ours, secured by every suite and as every JWT, in every carrier."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from functools import cache, partial
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from badgeissuer.vc import jwt, lint
from badgeissuer.vc.bake import Family, bake
from badgeissuer.vc.build import clr_credential, endorsement_credential, open_badge_credential
from badgeissuer.vc.canon import canonicalize
from badgeissuer.vc.jwk import public_jwk
from badgeissuer.vc.multikey import public_multikey
from badgeissuer.vc.proofs import ed25519_2020
from badgeissuer.vc.proofs import eddsa_rdfc_2022 as eddsa
from badgeissuer.vc.proofs.ecdsa_sd_2023 import ECDSA_SD_2023, mandatory_pointers
from badgeissuer.vc.proofs.suites import ECDSA_JCS_2019, ECDSA_RDFC_2019, EDDSA_JCS_2022
from tests.support import issued, records, tokens
from tests.support.issued import Json

KINDS = ("badge", "endorsement", "clr")
ALGORITHMS = ("ES256", "RS256", "EdDSA")
FORMS = ("ob", "vc+jwt")
P256 = tokens.P256

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
)
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><circle r="4"/></svg>'
CARRIERS: Mapping[str, bytes | None] = {"text": None, "png": PNG, "svg": SVG}

_JWT_KEYS: Mapping[str, Any] = {"ES256": P256, "RS256": tokens.RSA, "EdDSA": issued.KEY}


def _multikey(key: Ed25519PrivateKey | ec.EllipticCurvePrivateKey) -> Json:
    name = public_multikey(key.public_key())
    return {
        "id": f"{issued.DID}#{name}",
        "type": "Multikey",
        "controller": issued.DID,
        "publicKeyMultibase": name,
    }


def _jwk(alg: str, key: Ed25519PrivateKey | ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> Json:
    return {
        "id": f"{issued.DID}#{alg}",
        "type": "JsonWebKey",
        "controller": issued.DID,
        "publicKeyJwk": public_jwk(key.public_key()),
    }


_METHODS = [*(_multikey(key) for key in (issued.KEY, P256)), *(_jwk(alg, key) for alg, key in _JWT_KEYS.items())]
# The issuer's controller document with all these keys.
WORLD: dict[str, Json] = {
    issued.DID: {
        "id": issued.DID,
        "verificationMethod": _METHODS,
        "assertionMethod": [method["id"] for method in _METHODS],
    }
}


@cache
def prepared(kind: str) -> lint.Prepared:
    """One of the three documents, ready to be signed."""
    match kind:
        case "badge":
            return issued.prepared(open_badge_credential(issued.facts()))
        case "endorsement":
            return records.prepared_endorsement(endorsement_credential(records.endorsement_facts()))
        case _:
            return records.prepared_clr(clr_credential(records.clr_facts()))


@cache
def secured(kind: str, suite: str) -> str:
    """The document with a proof of the suite, as the exact text that is handed on."""
    return json.dumps(_SECURE[suite](prepared(kind)))


@cache
def token(kind: str, form: str, alg: str) -> str:
    """The document as a JWT of the form, signed with the algorithm."""
    make = {"ob": jwt.create_ob, "vc+jwt": jwt.create_vc_jose}[form]
    sign, key = (issued.KEY.sign, issued.KEY.public_key()) if alg == "EdDSA" else tokens.SIGNERS[alg]
    return make(prepared(kind), sign=sign, key=key, kid=f"{issued.DID}#{alg}")


def carried(text: str, kind: str, carrier: str) -> bytes:
    """The text by itself, or baked into an image."""
    art = CARRIERS[carrier]
    family = Family.CLR if kind == "clr" else Family.OPEN_BADGE
    return text.encode() if art is None else bake(art, text, family=family)


def _with(suite: Any, sign: Callable[[bytes], bytes], key: Any) -> Callable[[lint.Prepared], Json]:
    def secure(ready: lint.Prepared) -> Json:
        method: str = _multikey(key)["id"]
        found: Json = suite.create(ready, sign=sign, verification_method=method, created=issued.NOW)
        return found

    return secure


def _eddsa(ready: lint.Prepared) -> Json:
    return eddsa.create(ready, sign=issued.KEY.sign, verification_method=issued.METHOD, created=issued.NOW)


def _selective(ready: lint.Prepared) -> Json:
    """What a holder shows: all that Open Badges requires, and the name."""
    document = ready.document
    base = ECDSA_SD_2023.create(
        ready,
        sign=partial(tokens.ecdsa, P256),
        verification_method=_multikey(P256)["id"],
        created=issued.NOW,
        pointers=mandatory_pointers(document),
        hmac_key=bytes(32),
        statement_key=ec.derive_private_key(9, ec.SECP256R1()),
        contexts=issued.CONTEXTS,
    )
    shown = ["/name", "/credentialSubject"] if "ClrCredential" in document["type"] else ["/name"]
    return ECDSA_SD_2023.derive(base, tuple(shown), contexts=issued.CONTEXTS)


def _of_2020(ready: lint.Prepared) -> Json:
    document = ed25519_2020.rendition_of(ready)
    return ed25519_2020.ED25519_SIGNATURE_2020.create(
        ready,
        rendition=canonicalize(document, issued.CONTEXTS, budget=lint.clr_budget(document)),
        sign=issued.KEY.sign,
        verification_method=issued.METHOD,
        created=issued.NOW,
    )


_SECURE: Mapping[str, Callable[[lint.Prepared], Json]] = {
    "eddsa-rdfc-2022": _eddsa,
    "eddsa-jcs-2022": _with(EDDSA_JCS_2022, issued.KEY.sign, issued.KEY),
    "ecdsa-rdfc-2019": _with(ECDSA_RDFC_2019, partial(tokens.ecdsa, P256), P256),
    "ecdsa-jcs-2019": _with(ECDSA_JCS_2019, partial(tokens.ecdsa, P256), P256),
    "ecdsa-sd-2023": _selective,
    "Ed25519Signature2020": _of_2020,
}
SUITES = tuple(_SECURE)
