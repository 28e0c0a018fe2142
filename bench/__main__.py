"""What one credential costs, as ratios to the least that any issuer must do: ``make bench``.

The limit is hashing the canonical form and making one Ed25519 signature with the same library. Every figure comes from
this one run on this one machine: rounds of the contenders alternate, and the median of five rounds counts, so that a
busy machine slows all of them alike. Ratios can be compared between machines; microseconds cannot.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from badgeissuer.vc import strictjson
from badgeissuer.vc.build import AwardFacts, EvidenceFacts, open_badge_credential
from badgeissuer.vc.canon import canonicalize
from badgeissuer.vc.contexts import ContextStore
from badgeissuer.vc.lint import prepare
from badgeissuer.vc.multikey import public_multikey
from badgeissuer.vc.proofs import eddsa_rdfc_2022 as suite
from badgeissuer.vc.recipient import hashed_identity
from badgeissuer.vc.status import status_entry

ROUNDS = 5
NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
ISSUER = "did:web:issuer.example:issuers:bench"
BASE = "https://issuer.example"


def main() -> int:
    if sys.argv[1:2] == ["hostile"]:
        from bench import hostile

        return hostile.main(sys.argv[2:])
    if sys.argv[1:2] == ["retroactive"]:
        from bench import retroactive

        return retroactive.main(sys.argv[2:])
    if sys.argv[1:2] == ["pages"]:
        from bench import pages

        return pages.main(sys.argv[2:])
    if sys.argv[1:2] == ["catalogue"]:
        from bench import catalogue

        return catalogue.main(sys.argv[2:])
    parser = argparse.ArgumentParser(prog="python -m bench", description="cost of issuing one credential")
    parser.add_argument("--credentials", type=int, default=40, help="credentials a round (default 40)")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    options = parser.parse_args()

    contexts = ContextStore.pinned()
    key = Ed25519PrivateKey.generate()
    method = f"{ISSUER}#{public_multikey(key.public_key())}"
    sample = _mint(_facts(0), contexts, key, method)
    document = {name: value for name, value in sample.items() if name != "proof"}
    canonical = canonicalize(document, contexts)

    def limit(_: int) -> object:
        return key.sign(hashlib.sha256(canonical.nquads).digest() * 2)

    def canonical_form(number: int) -> object:
        return canonicalize(open_badge_credential(_facts(number)), contexts)

    def issue(number: int) -> object:
        return strictjson.dumps(_mint(_facts(number), contexts, key, method))

    contenders: dict[str, Callable[[int], object]] = {
        "limit: hash the canonical form and sign it": limit,
        "canonical form alone (PyLD)": canonical_form,
        "issue: build, check, canonicalise, sign, verify": issue,
    }
    medians = _measure(contenders, options.credentials)
    least = medians["limit: hash the canonical form and sign it"]
    figures = [{"what": what, "us": round(us, 1), "ratio": round(us / least, 2)} for what, us in medians.items()]
    size = {"bytes": len(strictjson.dumps(sample)), "canonical_bytes": len(canonical.nquads), "quads": canonical.quads}
    if options.json:
        print(json.dumps({"figures": figures, "credential": size, "rounds": ROUNDS, "each": options.credentials}))
        return 0
    print(f"median of {ROUNDS} rounds of {options.credentials}; each: {size['bytes']} bytes, {size['quads']} quads")
    print(f"{'':52}{'µs':>10}{'× limit':>10}")
    for figure in figures:
        print(f"{figure['what']:52}{figure['us']:>10}{figure['ratio']:>10}")
    return 0


def _measure(contenders: Mapping[str, Callable[[int], object]], count: int) -> dict[str, float]:
    """Median microseconds per call; the rounds of all contenders alternate, after one round that does not count."""
    rounds: dict[str, list[float]] = {what: [] for what in contenders}
    for turn in range(ROUNDS + 1):
        for what, call in contenders.items():
            started = time.perf_counter()
            for number in range(count):
                call(turn * count + number)
            if turn:
                rounds[what].append((time.perf_counter() - started) / count * 1e6)
    return {what: statistics.median(taken) for what, taken in rounds.items()}


def _mint(facts: AwardFacts, contexts: ContextStore, key: Ed25519PrivateKey, method: str) -> dict[str, Any]:
    """The way of services/minting, without the database and in this process."""
    document = open_badge_credential(facts)
    canonical = canonicalize(document, contexts)
    prepared = prepare(document, canonical, now=NOW)
    secured = suite.create(prepared, sign=key.sign, verification_method=method, created=NOW)
    (proof,) = secured["proof"]
    config = suite.config_nquads(proof)
    suite.verify(proof, config_nquads=config, document_nquads=canonical.nquads, key=key.public_key())
    return secured


def _facts(number: int) -> AwardFacts:
    """An educator's badge of usual size: two pieces of evidence, two alignments."""
    achievement = f"{BASE}/achievements/{_uuid(0)}"
    list_url = f"{BASE}/status/{_uuid(1)}"
    return AwardFacts(
        credential_id=f"{BASE}/credentials/{_uuid(number)}",
        issuer={"id": ISSUER, "type": ["Profile"], "name": "Bench issuer", "url": f"{BASE}/issuers/bench"},
        achievement={
            "id": achievement,
            "type": ["Achievement"],
            "name": "Checking for understanding",
            "description": "The educator checks what every learner has understood and changes the lesson accordingly.",
            "achievementType": "MicroCredential",
            "criteria": {
                "narrative": "Plan, teach and reflect on one lesson with three checks for understanding. " * 6
            },
            "alignment": [
                {
                    "type": ["Alignment"],
                    "targetName": f"Standard {part}",
                    "targetUrl": f"https://standards.example/{part}",
                    "targetFramework": "Teaching standards",
                }
                for part in ("6a", "6b")
            ],
        },
        subject_id=f"urn:uuid:{_uuid(number + 1_000_000)}",
        identities=(hashed_identity("educator@school.example", salt=f"{number:032x}"),),
        results=(),
        evidence=tuple(
            EvidenceFacts(
                name=f"Evidence {part}",
                description="Video of a lesson with notes",
                genre="Video",
                audience="Assessors",
                narrative=None,
                url=None,
                sha256=hashlib.sha256(f"{number} {part}".encode()).digest(),
            )
            for part in (1, 2)
        ),
        awarded=NOW,
        valid_from=NOW,
        valid_until=None,
        status=status_entry(list_url=list_url, index=number % 131_072, purpose="revocation"),
    )


def _uuid(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012x}"


if __name__ == "__main__":
    sys.exit(main())
