"""Independent software on our credentials: openvc-core 1.37.0 verifies ours, and we verify what it signs.

It wants the one proof by itself and not in an array, which is another way to write the same. It knows no clock but the
one it is given, no contexts but those it is given, and reads what the issuer publishes from ``_published``. What it
refuses of ours is in ``REFUSED``, each with the reason; shared/interop.md has the same cells.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from openvc import (
    Ed25519SigningKey,
    OpenvcError,
    P256SigningKey,
    P384SigningKey,
    VerificationPolicy,
    verify_credential,
)
from openvc.did.base import DidResolverRegistry
from openvc.did.did_key import DidKeyResolver
from openvc.did.did_web import DidWebResolver
from openvc.proof.data_integrity import DataIntegrityProofSuite
from openvc.proof.di_ecdsa_rdfc import EcdsaRdfcProofSuite
from openvc.proof.di_jcs import EcdsaJcsProofSuite, EddsaJcsProofSuite
from openvc.proof.ecdsa_sd import EcdsaSdProofSuite
from openvc.status import CredentialRevoked
from openvc.status.bitstring import new_bitstring, set_status_bit
from openvc.status.issue import build_status_list_credential, build_status_list_entry

from badgeissuer.vc.build import clr_credential, endorsement_credential, open_badge_credential
from badgeissuer.vc.contexts import CREDENTIALS_V2, ContextStore
from badgeissuer.vc.multikey import VerificationKey, did_document, did_key, public_multikey
from badgeissuer.vc.proofs.ecdsa_sd_2023 import ECDSA_SD_2023, mandatory_pointers
from badgeissuer.vc.status import Bits
from badgeissuer.vc.verify import Outcome, Verdict
from tests.support import issued, records, renditions
from tests.support.issued import Json
from tests.support.renditions import ALGORITHMS, FORMS, KINDS, P256, P384
from tests.support.single_changes import variants

CONTEXTS = {url: ContextStore.pinned().document(url) for url in ContextStore.pinned().urls if url != CREDENTIALS_V2}
PRIVATE: Mapping[str, tuple[Any, Callable[..., Any]]] = {
    "Ed25519": (issued.KEY, Ed25519SigningKey),
    "P-256": (P256, P256SigningKey),
    "P-384": (P384, P384SigningKey),
}


def _published(did: str) -> Json:
    """The DID document of an issuer with all the keys, in the form that we serve."""
    return did_document(did, [VerificationKey(public_multikey(key.public_key())) for key, _ in PRIVATE.values()])


WORLD = {issued.DID: _published(issued.DID)}


def alone(document: Json) -> Json:
    """With its one proof by itself."""
    (proof,) = document["proof"]
    return {**document, "proof": proof}


def its_verdict(
    credential: Json | str, *, world: Mapping[str, Json] = WORLD, lists: Mapping[str, Json] | None = None
) -> str:
    """``valid``, ``revoked``, or the name of its error with what it says."""
    lists = {issued.LIST_URL: issued.status_list()} if lists is None else lists
    urls = {}
    for did, document in world.items():
        host, *path = did.removeprefix("did:web:").split(":")
        urls[f"https://{host.replace('%3A', ':')}/{'/'.join(path) or '.well-known'}/did.json"] = document

    def status_list(url: str) -> Json:
        found = lists[url]
        found = alone(found) if isinstance(found["proof"], list) else found
        verify_credential(found, policy=policy, resolver=resolver, extra_contexts=CONTEXTS)
        return found

    policy = VerificationPolicy(now=issued.NOW + timedelta(minutes=1), require_status_issuer_binding=True)
    resolver = DidResolverRegistry([DidKeyResolver(), DidWebResolver(urls.__getitem__)])
    try:
        result = verify_credential(
            credential, policy=policy, resolver=resolver, extra_contexts=CONTEXTS, resolve_status_list=status_list
        )
    except CredentialRevoked:
        return "revoked"
    except OpenvcError as error:
        return f"{type(error).__name__}: {error}"
    # Valid, and not only because it looked at nothing.
    assert ("credentialStatus" in result.credential) == (result.status is not None)
    return "valid"


# Ours, read by it

ACCEPTED = [
    *((suite, kind) for suite in ("eddsa-rdfc-2022", "ecdsa-rdfc-2019", "ecdsa-sd-2023") for kind in KINDS[:2]),
    # It reads no context for these, so that a learner record is a document as any other.
    *((suite, kind) for suite in ("eddsa-jcs-2022", "ecdsa-jcs-2019", "ecdsa-jcs-2019 P-384") for kind in KINDS),
]


@pytest.mark.parametrize(("suite", "kind"), ACCEPTED)
def test_it_accepts_ours(suite: str, kind: str) -> None:
    document = json.loads(renditions.secured(kind, suite))
    assert its_verdict(alone(document)) == "valid"
    revoked = Bits.new()
    revoked.set(issued.INDEX, True)
    assert its_verdict(alone(document), lists={issued.LIST_URL: issued.status_list(revoked)}) == "revoked"


def _alias(document: Json) -> None:
    document["type"] = ["VerifiableCredential", "AchievementCredential"]


def _of_an_https_issuer(document: Json) -> None:
    document["issuer"] = {**document["issuer"], "id": "https://badges.example.org/issuers/kvec"}


def ours(kind: str, suite: str = "eddsa-rdfc-2022") -> Json:
    found: Json = json.loads(renditions.secured(kind, suite))
    return found


def resigned(change: Callable[[Json], None]) -> Json:
    document = ours("badge")
    change(document)
    return alone(issued.resigned(document))


_NOT_COMPACT = "ProofMalformed: the document is not in compacted form under its @context (at /credentialSubject"
REFUSED: Mapping[str, tuple[Callable[[], Json | str], str]] = {
    # It looks for the suite in one object, and never in an array.
    "an array with the one proof": (lambda: ours("badge"), "UnknownCredentialFormat: dict has no `proof`"),
    # Two proofs cannot be one object.
    "a proof set": (
        lambda: {**ours("badge"), "proof": [*ours("badge")["proof"], *ours("badge", "ecdsa-rdfc-2019")["proof"]]},
        "UnknownCredentialFormat: dict has no `proof`",
    ),
    # No DataIntegrityProof: it has no suite of that age.
    "Ed25519Signature2020": (
        lambda: alone(ours("badge", "Ed25519Signature2020")),
        "UnknownCredentialFormat: unsupported Data Integrity cryptosuite NoneType",
    ),
    # It canonicalises with SHA-256 whatever the curve, where vc-di-ecdsa §3.2.3 has SHA-384 for P-384: the two label
    # the many blank nodes of a badge in different orders. The few of an endorsement happen to agree.
    "ecdsa-rdfc-2019 with P-384": (
        lambda: alone(ours("badge", "ecdsa-rdfc-2019 P-384")),
        "SignatureInvalid: ecdsa-rdfc-2019 proof does not verify",
    ),
    # The context of CLR 2.0.1 scopes the subject's terms to its type, which its comparison with the compacted form
    # does not follow.
    **{
        f"a learner record, {suite}": (lambda suite=suite: alone(ours("clr", suite)), _NOT_COMPACT)
        for suite in ("eddsa-rdfc-2022", "ecdsa-rdfc-2019", "ecdsa-sd-2023")
    },
    # It reads no type under its other name, since the two compact to one.
    "the alias of the type": (lambda: resigned(_alias), "ProofMalformed: "),
    # Even one that changes nothing, so that the proof holds. We refuse it too.
    "an inline context": (
        lambda: {**(found := alone(ours("badge"))), "@context": [*found["@context"], {"grade": "urn:x:grade"}]},
        "ProofMalformed: ",
    ),
    # The key must be the issuer's, and it knows no issuers but DIDs.
    "an https issuer": (lambda: resigned(_of_an_https_issuer), "IssuerBindingError: "),
    # Of OB 3.0's form it misses the ``vc`` claim of VC 1.1; RS256 it has not; VC-JOSE-COSE's form has no ``iss``.
    **{
        f"a JWT, {form} {alg}": (
            lambda form=form, alg=alg: renditions.token("badge", form, alg),
            "MalformedToken: no issuer"
            if form == "vc+jwt"
            else "UnsupportedAlgorithm: algorithm 'RS256'"
            if alg == "RS256"
            else "ClaimsInvalid: no embedded `vc` object",
        )
        for form in FORMS
        for alg in ALGORITHMS
    },
}


@pytest.mark.parametrize("name", REFUSED)
def test_it_refuses_of_ours(name: str) -> None:
    """A newer one that accepts more is good news: then the cell moves from this table into the other."""
    make, why = REFUSED[name]
    assert its_verdict(make(), world=renditions.WORLD).startswith(why)


@pytest.mark.parametrize(
    ("did", "verdict"),
    [
        ("did:web:badges.example.org", "valid"),
        ("did:web:badges.example.org:issuers:kvec", "valid"),
        ("did:web:localhost%3A8000", "valid"),
        # An address is no host name. We refuse to become such an issuer (did:web method, "Method-specific identifier").
        ("did:web:127.0.0.1%3A8000", "KeyResolutionError: "),
    ],
)
def test_the_dids_that_it_reads(did: str, verdict: str) -> None:
    document = open_badge_credential(replace(issued.minimal_facts(), issuer={**issued.issuer(), "id": did}))
    del document["credentialStatus"]
    signed = issued.resigned(document, verificationMethod=f"{did}#{issued.MULTIKEY}")
    assert its_verdict(alone(signed), world={did: _published(did)}).startswith(verdict)


# Its, read by us

ITS: Mapping[str, tuple[Any, str]] = {
    "eddsa-rdfc-2022": (DataIntegrityProofSuite(), "Ed25519"),
    "ecdsa-rdfc-2019": (EcdsaRdfcProofSuite(), "P-256"),
    "eddsa-jcs-2022": (EddsaJcsProofSuite(), "Ed25519"),
    "ecdsa-jcs-2019": (EcdsaJcsProofSuite(), "P-256"),
    "ecdsa-jcs-2019 P-384": (EcdsaJcsProofSuite(), "P-384"),
}
JCS = [suite for suite in ITS if "-jcs-" in suite]


def did_of(method: str, curve: str) -> str:
    """Two kinds of issuer: one whose document must be fetched, and one that is its own."""
    return issued.DID if method == "did:web" else did_key(public_multikey(PRIVATE[curve][0].public_key()))


def unsigned(kind: str, did: str) -> Json:
    """With the status entry that it writes, in the list that it signs."""
    match kind:
        case "badge":
            document = open_badge_credential(issued.facts())
        case "endorsement":
            document = endorsement_credential(records.endorsement_facts())
        case _:
            document = clr_credential(records.clr_facts())
    document["issuer"]["id"] = did
    entry = build_status_list_entry(status_list_credential=issued.LIST_URL, index=issued.INDEX)
    return {**document, "credentialStatus": entry}


def its(suite: str, document: Json, did: str) -> Json:
    engine, curve = ITS[suite]
    key, wrap = PRIVATE[curve]
    method = f"{did}#{public_multikey(key.public_key())}"
    # The suites of JCS read no context and take none.
    contexts = {} if suite in JCS else {"extra_contexts": CONTEXTS}
    signed: Json = engine.add_proof(
        document, signing_key=wrap(key, method), verification_method=method, created=issued.NOW, **contexts
    )
    assert isinstance(signed["proof"], dict)
    return signed


def its_list(suite: str, did: str, *revoked: int) -> Json:
    bits = new_bitstring(131_072)
    for index in revoked:
        set_status_bit(bits, index, True)
    until = issued.NOW + timedelta(days=1)
    document = build_status_list_credential(
        id=issued.LIST_URL, issuer=did, bitstring=bits, valid_from=issued.NOW, valid_until=until
    )
    return its(suite, document, did)


CELLS = [(suite, kind, method) for suite in ITS for kind in KINDS[:2] for method in ("did:web", "did:key")]
# A record has the one list with its members, which is their issuer's.
CELLS += [(suite, "clr", "did:web") for suite in JCS]


@pytest.mark.parametrize(("suite", "kind", "method"), CELLS)
def test_we_accept_its(suite: str, kind: str, method: str) -> None:
    did = did_of(method, ITS[suite][1])
    document = its(suite, unsigned(kind, did), did)
    lists = {issued.LIST_URL: its_list(suite, did)}
    assert its_verdict(document, lists=lists) == "valid"
    report = issued.report_on(document, controllers=WORLD, lists=lists)
    assert [check for check in report.checks if check.verdict is not Verdict.OK] == []
    assert report.verified
    lists = {issued.LIST_URL: its_list(suite, did, issued.INDEX)}
    assert its_verdict(document, lists=lists) == "revoked"
    report = issued.report_on(document, controllers=WORLD, lists=lists)
    assert (report.verified, report.outcome) == (False, Outcome.REVOKED)


@pytest.mark.parametrize("suite", JCS)
def test_its_proofs_by_jcs_are_of_an_older_draft(suite: str) -> None:
    """It signs the contexts among the options and leaves them out of the proof; we take it with and without them."""
    document = its(suite, unsigned("badge", issued.DID), issued.DID)
    assert "@context" not in document["proof"]
    report = issued.report_on(document, controllers=WORLD)
    assert report.check(3).detail.endswith("signature is good, over its options with the document's contexts")
    document["proof"]["@context"] = document["@context"]
    assert its_verdict(document) == "valid"
    assert issued.report_on(document, controllers=WORLD).check(3).detail.endswith("signature is good")


@pytest.mark.parametrize("suite", ["eddsa-rdfc-2022", "ecdsa-rdfc-2019"])
def test_it_signs_no_learner_record_by_rdf(suite: str) -> None:
    """What it does not verify it does not sign either."""
    with pytest.raises(OpenvcError, match="not in compacted form"):
        its(suite, unsigned("clr", issued.DID), issued.DID)


# Selective disclosure


def its_base(document: Json) -> Json:
    method = f"{issued.DID}#{public_multikey(P256.public_key())}"
    base: Json = EcdsaSdProofSuite().add_base_proof(
        document,
        signing_key=P256SigningKey(P256, method),
        verification_method=method,
        mandatory_pointers=mandatory_pointers(document),
        created=issued.NOW,
        extra_contexts=CONTEXTS,
    )
    return base


def its_derived(document: Json) -> Json:
    derived: Json = EcdsaSdProofSuite().derive_proof(
        its_base(document), selective_pointers=["/name"], extra_contexts=CONTEXTS
    )
    return derived


def small_badge(criteria: str | None = f"{issued.BASE}/criteria") -> Json:
    """Without an id for its criteria, these are a blank node, the one that it has."""
    document = open_badge_credential(replace(issued.minimal_facts(), name="A"))
    if criteria is not None:
        document["credentialSubject"]["achievement"]["criteria"]["id"] = criteria
    entry = build_status_list_entry(status_list_credential=issued.LIST_URL, index=issued.INDEX, id="urn:x:entry")
    return {**document, "credentialStatus": entry}


def test_what_it_signs_to_be_shown_in_part_we_derive_and_verify() -> None:
    base = its_base(unsigned("badge", issued.DID))
    derived = ECDSA_SD_2023.derive(base, ("/name",), contexts=issued.CONTEXTS)
    assert derived["name"] == base["name"]
    assert "evidence" not in derived
    assert its_verdict(derived) == "valid"
    assert issued.report_on(derived, controllers=WORLD).verified


def test_what_it_derives_of_a_small_badge_we_accept() -> None:
    derived = its_derived(small_badge())
    assert its_verdict(derived) == "valid"
    assert issued.report_on(derived, controllers=WORLD).verified


def test_what_it_derives_with_a_blank_node_we_refuse() -> None:
    """It names the node in the document, and such a name is no URI, as every id must be (VC 2.0 §4.4)."""
    derived = its_derived(small_badge(criteria=None))
    assert derived["credentialSubject"]["achievement"]["criteria"]["id"] == "_:b0"
    assert its_verdict(derived) == "valid"
    report = issued.report_on(derived, controllers=WORLD)
    assert not report.verified
    assert report.check(1).detail.startswith("/credentialSubject/achievement/criteria/id must be an absolute URI")


def test_it_derives_nothing_of_the_usual_badge() -> None:
    """With two objects without an id it mixes up their labels (shared/deps.md §5)."""
    with pytest.raises(OpenvcError, match="no matching base signature"):
        its_derived(unsigned("badge", issued.DID))


# Both refuse what was changed


def our_small(suite: str) -> Json:
    """With little to change, where each look takes it long."""
    facts = issued.minimal_facts()
    achievement = {**facts.achievement, "creator": {"id": issued.DID, "type": ["Profile"]}}
    facts = replace(facts, name="A", credits_earned=1.5, achievement=achievement)
    return alone(renditions.SECURE[suite](issued.prepared(open_badge_credential(facts))))


SIGNED: Mapping[str, Callable[[], Json]] = {
    "our badge, eddsa-jcs-2022": lambda: alone(ours("badge", "eddsa-jcs-2022")),
    "our small badge, eddsa-rdfc-2022": lambda: our_small("eddsa-rdfc-2022"),
    "our small badge, ecdsa-rdfc-2019": lambda: our_small("ecdsa-rdfc-2019"),
    "our small badge, ecdsa-sd-2023": lambda: our_small("ecdsa-sd-2023"),
    "our endorsement, eddsa-rdfc-2022": lambda: alone(ours("endorsement")),
    "its badge, ecdsa-jcs-2019": lambda: its("ecdsa-jcs-2019", unsigned("badge", issued.DID), issued.DID),
    "its small badge, eddsa-rdfc-2022": lambda: its("eddsa-rdfc-2022", small_badge(), issued.DID),
    "its small badge, ecdsa-rdfc-2019": lambda: its("ecdsa-rdfc-2019", small_badge(), issued.DID),
}


@pytest.mark.parametrize("name", SIGNED)
def test_any_single_change_makes_both_refuse(name: str) -> None:
    document = SIGNED[name]()
    assert its_verdict(document) == "valid"
    assert renditions.report_on(json.dumps(document).encode()).verified
    cases = dict(variants(document))
    assert len(cases) >= 15
    its_own = {case for case, changed in cases.items() if its_verdict(changed) == "valid"}
    # It takes the document's contexts for the proof's, and reads those of the proof not at all.
    assert its_own == {case for case in cases if case.startswith("changed /proof/@context/")}
    accepted = [case for case, changed in cases.items() if renditions.report_on(json.dumps(changed).encode()).verified]
    assert accepted == []
