"""Whole documents as a hostile issuer, or a man in the middle, sends them: each must fail at the check that is for it.

They are genuine badges with one change. Those that were changed and signed again have a good proof, so that nothing
but the check in question stands in their way.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from typing import Any

from badgeissuer.vc import verify
from badgeissuer.vc.contexts import CLR_CONTEXTS, CREDENTIALS_V2, OB_CONTEXTS, OB_V3P0_303
from badgeissuer.vc.verify import Material, Plan, Verdict
from bench.corpus.case import Case, Document
from bench.corpus.images import png, text_chunk
from tests.support import issued

_SUBJECT = ("credentialSubject",)
_ACHIEVEMENT = ("credentialSubject", "achievement")


@cache
def _text() -> str:
    return json.dumps(issued.signed())


def badge(**members: Any) -> Document:
    """The genuine badge with other members. Its proof is that of the badge as it was."""
    return {**json.loads(_text()), **members}


def within(path: tuple[str, ...], **members: Any) -> Document:
    """The genuine badge with other members in one of its objects; ``...`` takes one away."""
    document = badge()
    place = document
    for step in path:
        place = place[step]
    place.update(members)
    for name in [name for name, value in members.items() if value is ...]:
        del place[name]
    return document


def _proof(**members: Any) -> Document:
    return {**badge()["proof"][0], **members}


def _many(count: int, make: Callable[[int], Any]) -> list[Any]:
    return [make(number) for number in range(count)]


def _swapped() -> Document:
    """Name and description change places by the IRIs of the other."""
    achievement = badge()["credentialSubject"]["achievement"]
    return within(
        _ACHIEVEMENT,
        name=...,
        description=achievement["name"],
        **{"https://schema.org/name": achievement["description"]},
    )


def _renamed() -> Document:
    return within(_ACHIEVEMENT, criteria=..., Criteria=badge()["credentialSubject"]["achievement"]["criteria"])


def _presentation() -> Document:
    return {
        "@context": [CREDENTIALS_V2],
        "type": ["VerifiablePresentation"],
        "verifiableCredential": [badge()],
        "proof": badge()["proof"],
    }


def _another_around() -> Document:
    """A badge of somebody else's with the genuine one, proof and all, inside."""
    return within(_SUBJECT, credential=badge())


def _endorsements(levels: int, width: int, within: str = "e", words: int = 0) -> list[Document]:
    """Endorsements of endorsements, each with an id of its own."""
    return [
        {
            "@context": list(OB_CONTEXTS),
            "id": f"urn:x:{within}{n}",
            "name": "Endorsement" + " word" * words,
            "type": ["VerifiableCredential", "EndorsementCredential"],
            "issuer": {
                "id": issued.DID,
                "type": ["Profile"],
                **({"endorsement": _endorsements(levels - 1, width, f"{within}{n}", words)} if levels > 1 else {}),
            },
            "validFrom": "2026-01-01T00:00:00Z",
            "credentialSubject": {"id": "urn:a", "type": ["EndorsementSubject"]},
            "proof": badge()["proof"],
        }
        for n in range(width)
    ]


def _record(members: list[Any], **more: Any) -> Document:
    return {
        "@context": list(CLR_CONTEXTS),
        "id": "urn:uuid:0d0d6c0a-0000-4000-8000-00000000000a",
        "type": ["VerifiableCredential", "ClrCredential"],
        "issuer": {"id": issued.DID, "type": ["Profile"], "name": "A"},
        "name": "Record",
        "validFrom": "2026-01-01T00:00:00Z",
        "credentialSubject": {"id": "urn:a", "type": ["ClrSubject"], "verifiableCredential": members},
        "proof": badge()["proof"],
        **more,
    }


def _deep(levels: int) -> bytes:
    return (_text()[:-1] + ',"x":' + "[" * levels + "]" * levels + "}").encode()


def _baked(*texts: str) -> bytes:
    return png(*(text_chunk(text.encode()) for text in texts))


Documents = dict[str, tuple[Callable[[], Document | bytes], str]]

_DOCUMENTS: Documents = {
    # Contexts (security 3)
    "a context that redefines a term": (lambda: badge(**{"@context": [*OB_CONTEXTS, {"name": "urn:x:y"}]}), "1 shape"),
    "a vocabulary for all that is undefined": (
        lambda: badge(**{"@context": [*OB_CONTEXTS, {"@vocab": "urn:x:"}]}),
        "1 shape",
    ),
    "contexts in another order": (lambda: badge(**{"@context": [OB_V3P0_303, CREDENTIALS_V2]}), "1 shape"),
    "a context twice": (lambda: badge(**{"@context": [*OB_CONTEXTS, OB_V3P0_303]}), "1 shape"),
    "a context too few": (lambda: badge(**{"@context": [CREDENTIALS_V2]}), "1 shape"),
    "a context that nobody knows": (
        lambda: badge(**{"@context": [*OB_CONTEXTS, "https://evil.example/c"]}),
        "1 shape",
    ),
    "one context that is no array": (lambda: badge(**{"@context": CREDENTIALS_V2}), "1 shape"),
    "a context in the subject": (lambda: within(_SUBJECT, **{"@context": {"name": "urn:x:y"}}), "1 shape"),
    "an empty context in the subject": (lambda: within(_SUBJECT, **{"@context": []}), "1 shape"),
    "no context from the subject on": (lambda: within(_SUBJECT, **{"@context": None}), "1 shape"),
    # Other ways to say what JSON readers do not see
    "an unsigned extra member": (lambda: badge(extra="not signed"), "2 terms"),
    "an unsigned extra member in the achievement": (lambda: within(_ACHIEVEMENT, extra="not signed"), "2 terms"),
    "an unsigned extra object": (lambda: within(_ACHIEVEMENT, extra={"name": "not signed"}), "2 terms"),
    "a type that is not defined": (lambda: within(_ACHIEVEMENT, type=["Achievement", "Extra"]), "2 terms"),
    "a relative id": (lambda: within(_ACHIEVEMENT, id="achievements/1"), "1 shape"),
    "a member by its IRI": (lambda: within(_ACHIEVEMENT, **{"https://schema.org/name": "Another"}), "1 shape"),
    "terms that change places": (_swapped, "1 shape"),
    "a term in another case": (_renamed, "1 shape"),
    "a second id by a keyword": (lambda: within(_SUBJECT, **{"@id": "did:web:other.example"}), "1 shape"),
    "an id by a keyword alone": (lambda: within(_SUBJECT, id=..., **{"@id": "did:web:other.example"}), "1 shape"),
    "a type by a keyword": (lambda: badge(**{"@type": ["OpenBadgeCredential"]}), "1 shape"),
    "a value by a keyword": (lambda: within(_ACHIEVEMENT, name={"@value": "Another"}), "1 shape"),
    "a language by a keyword": (lambda: within(_ACHIEVEMENT, name={"@value": "A", "@language": "en"}), "1 shape"),
    "a set by a keyword": (lambda: within(_ACHIEVEMENT, tag={"@set": ["a"]}), "1 shape"),
    "included nodes": (lambda: badge(**{"@included": [{"id": "urn:a", "type": ["Profile"]}]}), "1 shape"),
    "a reverse member": (lambda: badge(**{"@reverse": {"urn:p": [{"id": "urn:a"}]}}), "1 shape"),
    "nested members": (lambda: badge(**{"@nest": {"name": "A"}}), "1 shape"),
    "a graph of its own": (lambda: badge(**{"@graph": [{"id": "urn:a"}]}), "1 shape"),
    "a blank node id": (lambda: within(_ACHIEVEMENT, id="_:b0"), "1 shape"),
    "an array in an array": (lambda: within(_ACHIEVEMENT, tag=[["assessment"], "literacy"]), "1 shape"),
    "a null": (lambda: within(_ACHIEVEMENT, version=None), "1 shape"),
    # Wrapping (security 7)
    "the proof in the subject": (lambda: within(_SUBJECT, proof=badge()["proof"]), "1 shape"),
    "the proof in the achievement": (lambda: within(_ACHIEVEMENT, proof=badge()["proof"]), "1 shape"),
    "a credential in a badge": (lambda: badge(verifiableCredential=[badge()]), "1 shape"),
    "a credential in the subject": (_another_around, "1 shape"),
    "a presentation": (_presentation, "1 shape"),
    "a presentation by its type": (lambda: badge(type=["VerifiablePresentation"]), "1 shape"),
    "a badge that is a presentation too": (
        lambda: badge(type=[*badge()["type"], "VerifiablePresentation"]),
        "1 shape",
    ),
    "a badge that is a record too": (lambda: badge(type=[*badge()["type"], "ClrCredential"]), "1 shape"),
    "an envelope": (
        lambda: {
            "@context": CREDENTIALS_V2,
            "id": "data:application/vc+jwt,a.b.c",
            "type": "EnvelopedVerifiableCredential",
        },
        "1 shape",
    ),
    "a status list": (lambda: issued.status_list(), "1 shape"),
    "two badges in an array": (lambda: json.dumps([badge(), badge()]).encode(), "0 parse"),
    "a proof that holds an object": (lambda: badge(proof=[_proof(document={"a": 1})]), "1 shape"),
    "a proof with contexts": (lambda: badge(proof=[_proof(**{"@context": [CREDENTIALS_V2]})]), "3 proof"),
    # Proofs
    "no proof": (lambda: within((), proof=...), "3 proof"),
    "an empty proof": (lambda: badge(proof=[]), "1 shape"),
    "nine proofs": (lambda: badge(proof=_many(9, lambda n: _proof(id=f"urn:x:{n}"))), "3 proof"),
    "the same proof twice": (lambda: badge(proof=badge()["proof"] * 2), "3 proof"),
    "a signature of zeros": (lambda: badge(proof=[_proof(proofValue="z" + "1" * 64)]), "3 proof"),
    "a signature of 200 kB": (lambda: badge(proof=[_proof(proofValue="z" + "2" * 200_000)]), "3 proof"),
    "a suite that nobody knows": (lambda: badge(proof=[_proof(cryptosuite="none")]), "3 proof"),
    "another proof purpose": (lambda: badge(proof=[_proof(proofPurpose="authentication")]), "3 proof"),
    "a name that was changed": (lambda: within(_ACHIEVEMENT, name="Another"), "3 proof"),
    "an issuer that was changed": (lambda: badge(issuer={**issued.issuer(), "id": "did:web:evil.example"}), "3 proof"),
    "a term with a control character": (lambda: within(_ACHIEVEMENT, name="Name\a"), "2 terms"),
    # Much of something
    "three thousand proofs of nothing": (lambda: badge(proof=_many(3_000, lambda n: {"id": f"urn:{n}"})), "1 shape"),
    "a proof with four thousand predecessors": (
        lambda: badge(proof=[_proof(previousProof=_many(4_000, lambda n: f"urn:{n}"))]),
        "3 proof",
    ),
    "three thousand faults": (lambda: badge(evidence=_many(2_900, lambda _n: {"id": 5})), "1 shape"),
    "six thousand faults": (lambda: badge(evidence=_many(6_000, lambda _n: {"id": 5})), "1 shape"),
    "forty thousand nulls": (lambda: badge(evidence=[None] * 40_000), "1 shape"),
    "fifty thousand numbers": (lambda: within(_ACHIEVEMENT, tag=[0] * 50_000), "1 shape"),
    "ten thousand tags": (lambda: within(_ACHIEVEMENT, tag=_many(10_000, str)), "1 shape"),
    "ten thousand unknown members": (lambda: badge(**{f"x{n}": n for n in range(10_000)}), "1 shape"),
    "ten thousand types": (lambda: badge(type=[*badge()["type"], *_many(10_000, lambda n: f"T{n}")]), "1 shape"),
    "four thousand status entries": (
        lambda: badge(credentialStatus=_many(1_000, lambda n: {**badge()["credentialStatus"], "id": f"urn:{n}"})),
        "1 shape",
    ),
    "four thousand contexts": (lambda: badge(**{"@context": [*OB_CONTEXTS, *[OB_V3P0_303] * 4_000]}), "1 shape"),
    "a hundred and twenty endorsements, unsigned": (lambda: badge(endorsement=_endorsements(4, 3)), "3 proof"),
    # Signed again: each of those that are looked at costs as much as a document of its own.
    "a hundred and twenty endorsements, signed": (
        lambda: issued.resigned(badge(endorsement=_endorsements(4, 3))),
        "6 status",
    ),
    "sixty long endorsements, signed": (
        lambda: issued.resigned(badge(endorsement=_endorsements(1, 60, words=600))),
        "6 status",
    ),
    "poison that a good issuer would not sign": (
        lambda: within(_SUBJECT, result=[{"type": ["Result"], "alignment": [_ALIGNMENT] * 8}] * 2),
        "2 terms",
    ),
    # Texts and images
    "sixty levels": (lambda: _deep(60), "1 shape"),
    "seventy levels": (lambda: _deep(70), "0 parse"),
    "a hundred thousand levels": (lambda: _deep(100_000), "0 parse"),
    "a badge of a megabyte": (lambda: badge(description="word " * 200_000), "0 parse"),
    "a record of fifteen megabytes in name only": (
        lambda: json.dumps(badge(description="ClrCredential " * 1_100_000)).encode(),
        "0 parse",
    ),
    "sixteen megabytes of small values": (
        lambda: b'{"type":"ClrCredential","a":[' + b"0," * 8_000_000 + b"0]}",
        "0 parse",
    ),
    "a badge that is baked in twice": (
        lambda: _baked(_text(), _text()),
        "0 parse",
    ),
    "a changed badge in an image": (lambda: _baked(json.dumps(within(_ACHIEVEMENT, name="Another"))), "3 proof"),
    "a status list in an image": (lambda: _baked(json.dumps(issued.status_list())), "1 shape"),
}
_ALIGNMENT: Document = {"type": ["Alignment"], "targetName": "x", "targetUrl": "https://b.example/x"}

_RECORDS: Documents = {
    "a thousand empty members": (lambda: _record([{}] * 1_000), "3 proof"),
    "five thousand empty members": (lambda: _record([{}] * 5_000), "2 terms"),
    "a hundred members that are the same": (lambda: _record([badge()] * 100), "3 proof"),
    "a member that is a JWT": (lambda: _record(["a.b.c"]), "3 proof"),
    "records in records, four levels": (lambda: _record([_record([_record([_record([badge()])])])]), "3 proof"),
    "a hundred poisoned members": (
        lambda: _record(
            [
                within(_SUBJECT, result=[{"type": ["Result"], "alignment": [_ALIGNMENT] * 8}] * 2, id=f"urn:{n}")
                for n in range(100)
            ]
        ),
        "2 terms",
    ),
}


def verified(document: Document | bytes) -> str:
    """The first check that is not ok, after all was gathered that needs no network; "verified" where there is none."""
    plan = verify.plan(document)
    report = verify.check(plan, _gathered(plan), now=issued.NOW)
    bad = [check for check in report.checks if check.verdict is not Verdict.OK]
    assert report.verified is (not bad)
    return f"{bad[0].number} {bad[0].name}" if bad else "verified"


def _gathered(plan: Plan) -> Material:
    """As the service gathers: what is inside only where the whole is proved."""
    material = Material(controllers={issued.DID: issued.controller()}, canonical=issued.canonical_forms(plan))
    core = verify.core_checks(plan, material, now=issued.NOW)
    if all(check.verdict is Verdict.OK for check in core):
        material.nested = {pointer: _gathered(inner) for pointer, inner in plan.nested.items()}
    return material


CASES: list[Case] = [
    *(Case("document", name, make, verified, answer) for name, (make, answer) in _DOCUMENTS.items()),
    *(Case("record", name, make, verified, answer) for name, (make, answer) in _RECORDS.items()),
]
