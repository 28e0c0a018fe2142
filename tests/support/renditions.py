"""A badge, an endorsement and a learner record of ours, secured by every suite and as every JWT, in every carrier."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache, partial
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from badgeissuer.errors import Rejected, TooLarge
from badgeissuer.vc import jwt, lint, verify
from badgeissuer.vc.bake import Family, bake
from badgeissuer.vc.build import clr_credential, endorsement_credential, open_badge_credential
from badgeissuer.vc.canon import Canonical, canonicalize, source_digest
from badgeissuer.vc.contexts import ContextStore
from badgeissuer.vc.jwk import JoseKey, public_jwk
from badgeissuer.vc.multibase import multibase_encode
from badgeissuer.vc.multikey import did_key, public_multikey
from badgeissuer.vc.proofs import ed25519_2020
from badgeissuer.vc.proofs import eddsa_rdfc_2022 as eddsa
from badgeissuer.vc.proofs.cryptosuite import Cryptosuite, Form
from badgeissuer.vc.proofs.data_integrity import hash_data, jcs
from badgeissuer.vc.proofs.ecdsa_sd_2023 import ECDSA_SD_2023, mandatory_pointers
from badgeissuer.vc.proofs.suites import ECDSA_JCS_2019, ECDSA_RDFC_2019, EDDSA_JCS_2022
from tests.support import issued, records, tokens
from tests.support.issued import Json

KINDS = ("badge", "endorsement", "clr")
ALGORITHMS = ("ES256", "RS256", "EdDSA")
FORMS = ("ob", "vc+jwt")
P256, P384 = tokens.P256, tokens.P384
MEMBERS = 4

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


_METHODS = [*(_multikey(key) for key in (issued.KEY, P256, P384)), *(_jwk(alg, key) for alg, key in _JWT_KEYS.items())]
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
            facts = records.clr_facts()
            return records.prepared_clr(clr_credential(replace(facts, members=(*facts.members, of_another_issuer()))))


def of_another_issuer() -> Json:
    """A member whose issuer is not the record's: a did:key, with nothing to fetch for it."""
    name = public_multikey(issued.OTHER_KEY.public_key())
    did = did_key(name)
    facts = replace(issued.minimal_facts(), credential_id="urn:uuid:4b0c7d8e-6f5a-4b4c-9d3e-000000000002")
    member = open_badge_credential(replace(facts, issuer={"id": did, "type": ["Profile"], "name": "IRIS Center"}))
    del member["credentialStatus"]  # its list would be of yet another issuer
    return issued.resigned(member, key=issued.OTHER_KEY, verificationMethod=f"{did}#{name}")


@cache
def secured(kind: str, suite: str) -> str:
    """The document with a proof of the suite, as the exact text that is handed on."""
    return json.dumps(SECURE[suite](prepared(kind)))


@cache
def token(kind: str, form: str, alg: str) -> str:
    """The document as a JWT of the form, signed with the algorithm."""
    make = {"ob": jwt.create_ob, "vc+jwt": jwt.create_vc_jose}[form]
    sign, key = _JWT_SIGNERS[alg]
    return make(prepared(kind), sign=sign, key=key, kid=f"{issued.DID}#{alg}")


def carried(text: str, kind: str, carrier: str) -> bytes:
    """The text by itself, or baked into an image."""
    art = CARRIERS[carrier]
    family = Family.CLR if kind == "clr" else Family.OPEN_BADGE
    return text.encode() if art is None else bake(art, text, family=family)


def report_on(data: bytes) -> verify.Report:
    """What ``issued.report_on`` gives, canonicalising nothing twice: for tests that change a document many times."""
    plan = verify.plan(data)
    return verify.check(plan, material(plan), now=issued.NOW)


def material(plan: verify.Plan) -> verify.Material:
    """All that the plan needs. The world has these keys, and the one status list."""
    gathered = verify.Material(controllers=dict(WORLD), canonical={job.key: form_of(job) for job in plan.jobs})
    if issued.LIST_URL in plan.status_lists:
        gathered.status_lists[issued.LIST_URL] = _status_list()
    for pointer, nested in plan.nested.items():
        gathered.nested[pointer] = material(nested)
    return gathered


_FORMS: dict[Any, Canonical | verify.Failure] = {}


def form_of(job: verify.CanonJob) -> Canonical | verify.Failure:
    """The canonical form of a job's document, made once for each document that occurs."""
    key = source_digest(job.document), job.algorithm, job.edition, job.budget
    if key not in _FORMS:
        if len(_FORMS) > 2_000:
            _FORMS.clear()
        try:
            contexts = ContextStore.of_edition(job.edition)
            _FORMS[key] = canonicalize(job.document, contexts, budget=job.budget, algorithm=job.algorithm)
        except (Rejected, TooLarge) as error:
            _FORMS[key] = verify.Failure(error.detail, definite=True)
    return _FORMS[key]


@cache
def _status_list() -> verify.StatusListMaterial:
    inner = verify.plan_status_list(issued.status_list())
    return verify.StatusListMaterial(inner, material(inner))


def _ecdsa(key: ec.EllipticCurvePrivateKey, data: bytes) -> bytes:
    """r‖s with the nonce of RFC 6979, so that every run tries the same texts."""
    size = key.key_size // 8
    digest = hashes.SHA256() if size == 32 else hashes.SHA384()
    r, s = decode_dss_signature(key.sign(data, ec.ECDSA(digest, deterministic_signing=True)))
    return r.to_bytes(size) + s.to_bytes(size)


_JWT_SIGNERS: Mapping[str, tuple[tokens.Sign, JoseKey]] = {
    "EdDSA": (issued.KEY.sign, issued.KEY.public_key()),
    "ES256": (partial(_ecdsa, P256), P256.public_key()),
    "RS256": tokens.SIGNERS["RS256"],
}


def _with(suite: Any, sign: Callable[[bytes], bytes], key: Any) -> Callable[[lint.Prepared], Json]:
    def secure(ready: lint.Prepared) -> Json:
        method: str = _multikey(key)["id"]
        found: Json = suite.create(ready, sign=sign, verification_method=method, created=issued.NOW)
        return found

    return secure


def _p384(suite: Cryptosuite) -> Callable[[lint.Prepared], Json]:
    """With a P-384 key, which verifies and never signs here: made by hand (vc-di-ecdsa §3.2, §3.3)."""

    def secure(ready: lint.Prepared) -> Json:
        document = ready.document
        proof: Json = {
            "type": "DataIntegrityProof",
            "cryptosuite": suite.name,
            "created": "2026-03-01T12:00:00Z",
            "verificationMethod": _multikey(P384)["id"],
            "proofPurpose": "assertionMethod",
        }
        if suite.form is Form.JCS:
            proof["@context"] = document["@context"]
        inputs = suite.inputs(document, proof)
        config, body = (_formed(suite.form, part) for part in (inputs.config, inputs.document))
        signature = _ecdsa(P384, hash_data(config, body, "sha384"))
        return {**document, "proof": [{**proof, "proofValue": multibase_encode(signature)}]}

    return secure


def _formed(form: Form, document: Mapping[str, Any]) -> bytes:
    if form is Form.JCS:
        return jcs(document)
    budget = lint.clr_budget(document)
    return canonicalize(document, issued.CONTEXTS, budget=budget, algorithm="sha384").nquads


def _eddsa(ready: lint.Prepared) -> Json:
    return eddsa.create(ready, sign=issued.KEY.sign, verification_method=issued.METHOD, created=issued.NOW)


def _selective(ready: lint.Prepared) -> Json:
    """What a holder shows: all that Open Badges requires, and the name."""
    document = ready.document
    base = ECDSA_SD_2023.create(
        ready,
        sign=partial(_ecdsa, P256),
        verification_method=_multikey(P256)["id"],
        created=issued.NOW,
        pointers=mandatory_pointers(document),
        hmac_key=bytes(32),
        statement_key=ec.derive_private_key(9, ec.SECP256R1()),
        contexts=issued.CONTEXTS,
    )
    shown = {
        "OpenBadgeCredential": ("/credentialSubject/creditsEarned", "/credentialSubject/achievement/creator"),
        "EndorsementCredential": (),
        "ClrCredential": ("/credentialSubject",),
    }[document["type"][1]]
    return ECDSA_SD_2023.derive(base, ("/name", *shown), contexts=issued.CONTEXTS)


def _of_2020(ready: lint.Prepared) -> Json:
    document = ed25519_2020.rendition_of(ready)
    return ed25519_2020.ED25519_SIGNATURE_2020.create(
        ready,
        rendition=canonicalize(document, issued.CONTEXTS, budget=lint.clr_budget(document)),
        sign=issued.KEY.sign,
        verification_method=issued.METHOD,
        created=issued.NOW,
    )


SECURE: Mapping[str, Callable[[lint.Prepared], Json]] = {
    "eddsa-rdfc-2022": _eddsa,
    "eddsa-jcs-2022": _with(EDDSA_JCS_2022, issued.KEY.sign, issued.KEY),
    "ecdsa-rdfc-2019": _with(ECDSA_RDFC_2019, partial(_ecdsa, P256), P256),
    "ecdsa-rdfc-2019 P-384": _p384(ECDSA_RDFC_2019),
    "ecdsa-jcs-2019": _with(ECDSA_JCS_2019, partial(_ecdsa, P256), P256),
    "ecdsa-jcs-2019 P-384": _p384(ECDSA_JCS_2019),
    "ecdsa-sd-2023": _selective,
    "Ed25519Signature2020": _of_2020,
}
SUITES = tuple(SECURE)
