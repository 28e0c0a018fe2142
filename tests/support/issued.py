"""A badge made and signed below the service: fixed keys, fixed time, no database. For tests of ``vc`` alone."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from badgeissuer.errors import Rejected, TooLarge
from badgeissuer.vc import lint, verify
from badgeissuer.vc.build import AwardFacts, EvidenceFacts, ResultFacts, open_badge_credential
from badgeissuer.vc.canon import FOREIGN_BUDGET, canonicalize
from badgeissuer.vc.contexts import ContextStore
from badgeissuer.vc.multibase import multibase_encode
from badgeissuer.vc.multikey import VerificationKey, did_document, public_multikey
from badgeissuer.vc.proofs import eddsa_rdfc_2022 as eddsa
from badgeissuer.vc.proofs.data_integrity import hash_data, proof_config
from badgeissuer.vc.recipient import hashed_identity
from badgeissuer.vc.status import Bits, status_entry, status_list_document

Json = dict[str, Any]

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
MULTIKEY = public_multikey(KEY.public_key())
DID = "did:web:badges.example.org:issuers:kvec"
METHOD = f"{DID}#{MULTIKEY}"
BASE = "https://badges.example.org"
LIST_URL = f"{BASE}/status/3f8f6a0e-9b5c-4a53-8f2e-0c4c8d4a7b10"
INDEX = 94_567
CONTEXTS = ContextStore.pinned()

_LEVEL = "urn:uuid:7d8c1f0e-2a3b-4c5d-8e9f-00000000000{}"
_RESULT = "urn:uuid:5b6a1c2d-3e4f-4a5b-8c6d-000000000001"


def issuer() -> Json:
    return {
        "id": DID,
        "type": ["Profile"],
        "name": "Kentucky Valley Educational Cooperative",
        "url": f"{BASE}/issuers/kvec",
        "description": "Serves the schools of eastern Kentucky.",
        "email": "badges@kvec.example.org",
        "address": {"type": ["Address"], "addressCountryCode": "US", "addressRegion": "KY"},
        "otherIdentifier": [{"type": "IdentifierEntry", "identifier": "2100270", "identifierType": "sourcedId"}],
    }


def achievement() -> Json:
    return {
        "id": f"{BASE}/achievements/0f3a2f61-74d4-4f0e-9f4e-64a2f7b0a001",
        "type": ["Achievement"],
        "name": "Assessment Literacy",
        "description": "Designs and reads classroom assessments that inform instruction.",
        "criteria": {
            "id": f"{BASE}/achievements/assessment-literacy",
            "narrative": "A *plan*,\na reflection.",
        },
        "achievementType": "MicroCredential",
        "alignment": [
            {
                "type": ["Alignment"],
                "targetName": "InTASC Standard 6: Assessment",
                "targetUrl": "https://ccsso.example.org/intasc#6",
                "targetFramework": "InTASC Model Core Teaching Standards",
                "targetCode": "6",
                "targetType": "ceasn:Competency",
            }
        ],
        "creator": {"id": "https://iris.example.org/", "type": ["Profile"], "name": "IRIS Center"},
        "creditsAvailable": 1.5,
        "fieldOfStudy": "Assessment",
        "humanCode": "KVEC-AL-1",
        "image": {"id": f"{BASE}/images/al.png", "type": "Image", "caption": "A ruler"},
        "inLanguage": "en",
        "related": [
            {"id": f"{BASE}/achievements/0f3a2f61-74d4-4f0e-9f4e-64a2f7b0a000", "type": ["Related"], "version": "0.9"}
        ],
        "resultDescription": [
            {
                "id": _RESULT,
                "type": ["ResultDescription"],
                "name": "Assessment design",
                "resultType": "RubricCriterionLevel",
                "requiredLevel": _LEVEL.format(2),
                "rubricCriterionLevel": [
                    {
                        "id": _LEVEL.format(number),
                        "type": ["RubricCriterionLevel"],
                        "name": name,
                        "level": str(number),
                        "points": str(number),
                    }
                    for number, name in enumerate(("Developing", "Proficient", "Exemplary"), start=1)
                ],
            }
        ],
        "tag": ["assessment", "literacy"],
        "version": "1",
    }


def facts() -> AwardFacts:
    """Every member that we ever issue."""
    return AwardFacts(
        credential_id=f"{BASE}/credentials/6a1f0f5e-52a7-4a2e-8a6a-0e5c8f6d1c01",
        issuer=issuer(),
        achievement=achievement(),
        subject_id="urn:uuid:b7a0d4e6-3d1c-4c8e-9e0f-5a4b3c2d1e0f",
        identities=(hashed_identity("teacher@school.example.org", salt="00112233445566778899aabbccddeeff"),),
        results=(ResultFacts(_RESULT, achieved_level=_LEVEL.format(3)),),
        evidence=(
            EvidenceFacts("Plan", "Two pages.", "Lesson plan", "Teachers", "What I *did*.", f"{BASE}/e/1", bytes(32)),
            EvidenceFacts("Student work", sha256=bytes(range(32))),
        ),
        awarded=NOW - timedelta(days=2),
        valid_from=NOW,
        valid_until=NOW + timedelta(days=365),
        status=status_entry(list_url=LIST_URL, index=INDEX, purpose="revocation"),
        name="Assessment Literacy",
        credits_earned=1.5,
        activity_start=NOW - timedelta(days=40),
        activity_end=NOW - timedelta(days=10),
    )


def minimal_facts() -> AwardFacts:
    """The least that we ever issue."""
    return replace(
        facts(),
        issuer={"id": DID, "type": ["Profile"], "name": "KVEC"},
        achievement={
            "id": f"{BASE}/achievements/1",
            "type": ["Achievement"],
            "name": "A",
            "description": "B",
            "criteria": {"narrative": "C"},
        },
        identities=(),
        results=(),
        evidence=(),
        awarded=None,
        valid_until=None,
        name=None,
        credits_earned=None,
        activity_start=None,
        activity_end=None,
    )


def prepared(document: Json, *, now: datetime = NOW) -> lint.Prepared:
    return lint.prepare(document, canonicalize(document, CONTEXTS), now=now)


def signed(given: AwardFacts | None = None) -> Json:
    """A badge signed the way the service does it."""
    return eddsa.create(
        prepared(open_badge_credential(given or facts())), sign=KEY.sign, verification_method=METHOD, created=NOW
    )


def resigned(document: Json, *, key: Ed25519PrivateKey = KEY, **proof: Any) -> Json:
    """Any document with a good proof, past all inspection: what a careless or hostile issuer could sign."""
    bare = {name: value for name, value in copy.deepcopy(document).items() if name != "proof"}
    options = {
        "type": "DataIntegrityProof",
        "cryptosuite": "eddsa-rdfc-2022",
        "created": "2026-03-01T12:00:00Z",
        "verificationMethod": METHOD,
        "proofPurpose": "assertionMethod",
        **proof,
    }
    options = {name: value for name, value in options.items() if value is not None}
    config = canonicalize(proof_config(bare, options), CONTEXTS, budget=FOREIGN_BUDGET)
    form = canonicalize(bare, CONTEXTS, budget=FOREIGN_BUDGET)
    value = multibase_encode(key.sign(hash_data(config.nquads, form.nquads)))
    return {**bare, "proof": [{**options, "proofValue": value}]}


def controller() -> Json:
    return did_document(DID, [VerificationKey(MULTIKEY)])


def status_list(bits: Bits | None = None, *, purpose: str = "revocation", encoded: str | None = None) -> Json:
    """The issuer's signed list."""
    encoded = encoded or (bits or Bits.new()).encode()
    document = status_list_document(list_url=LIST_URL, issuer=DID, purpose=purpose, encoded=encoded, valid_from=NOW)
    ready = lint.prepare_status_list(document, canonicalize(document, CONTEXTS), now=NOW)
    return eddsa.create(ready, sign=KEY.sign, verification_method=METHOD, created=NOW)


def canonical_forms(plan: verify.Plan) -> dict[str, Any]:
    forms: dict[str, Any] = {}
    for job in plan.jobs:
        try:
            contexts = ContextStore.of_edition(job.edition)
            forms[job.key] = canonicalize(job.document, contexts, budget=job.budget, algorithm=job.algorithm)
        except (Rejected, TooLarge) as error:
            forms[job.key] = verify.Failure(error.detail, definite=True)
    return forms


def material(
    plan: verify.Plan, controllers: Mapping[str, Json] | None = None, lists: Mapping[str, Any] | None = None
) -> verify.Material:
    """All that the plan needs, from these documents: the world as a fetcher would find it."""
    world = {DID: controller()} if controllers is None else dict(controllers)
    known = {LIST_URL: status_list()} if lists is None else dict(lists)
    gathered = verify.Material(controllers=dict(world), canonical=canonical_forms(plan))
    for url in plan.status_lists:
        if url in known:
            inner = verify.plan_status_list(known[url])
            gathered.status_lists[url] = verify.StatusListMaterial(inner, material(inner, world, {}))
    for pointer, nested in plan.nested.items():
        gathered.nested[pointer] = material(nested, world, known)
    return gathered


def report_on(
    document: Json | bytes,
    *,
    controllers: Mapping[str, Json] | None = None,
    lists: Mapping[str, Any] | None = None,
    now: datetime = NOW,
) -> verify.Report:
    plan = verify.plan(document)
    report = verify.check(plan, material(plan, controllers, lists), now=now)
    # Whatever a test makes of a document, its reader is told what to do.
    assert report.advice
    assert not without_remedy(report), without_remedy(report)
    return report


def without_remedy(report: verify.Report) -> list[verify.Check]:
    """The checks, and parts of checks, that are not ok and leave a person without anything to do."""
    found, left = list[verify.Check](), list(report.checks)
    while left:
        check = left.pop()
        left += check.parts
        if check.verdict is not verify.Verdict.OK and not check.remedy:
            found.append(check)
    return found
