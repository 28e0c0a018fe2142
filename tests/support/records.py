"""Endorsements and learner records made and signed below the service, with the keys and the time of ``issued``."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from badgeissuer.vc import lint
from badgeissuer.vc.build import AssociationFacts, ClrFacts, EndorsementFacts, clr_credential, endorsement_credential
from badgeissuer.vc.canon import canonicalize
from badgeissuer.vc.proofs import eddsa_rdfc_2022 as eddsa
from tests.support import issued
from tests.support.issued import Json

OTHER = "urn:uuid:2b0c7d8e-6f5a-4b4c-9d3e-000000000001"


def endorsement_facts() -> EndorsementFacts:
    """Every member of an endorsement."""
    return EndorsementFacts(
        credential_id=f"{issued.BASE}/endorsements/1f7d3c52-6c1b-4a0e-9d7a-3b5e8c2f4a01",
        issuer=issued.issuer(),
        subject_id=issued.achievement()["id"],
        name="Endorsement of Assessment Literacy",
        valid_from=issued.NOW,
        valid_until=issued.NOW + timedelta(days=365),
        status=issued.facts().status,
        comment="Fits our *framework*.",
        description="What we looked at.",
        awarded=issued.NOW - timedelta(days=1),
    )


def clr_facts() -> ClrFacts:
    """Every member of a record: two badges, an endorsement, a further achievement and an association."""
    second = replace(issued.minimal_facts(), credential_id=f"{issued.BASE}/credentials/2")
    wider = {**issued.minimal_facts().achievement, "id": OTHER, "name": "Data Literacy"}
    return ClrFacts(
        credential_id=f"{issued.BASE}/credentials/8c2e5f10-7a44-4c5b-b1d3-9f60a2e7d301",
        issuer=issued.issuer(),
        name="Learner record",
        subject_id=issued.facts().subject_id,
        identities=issued.facts().identities,
        members=(issued.signed(), issued.signed(second), signed_endorsement()),
        valid_from=issued.NOW,
        valid_until=issued.NOW + timedelta(days=365),
        status=issued.facts().status,
        achievements=(wider,),
        associations=(AssociationFacts("isPartOf", issued.achievement()["id"], OTHER),),
        partial=True,
        description="All that was earned here.",
        awarded=issued.NOW - timedelta(days=1),
    )


def minimal_clr_facts() -> ClrFacts:
    """The least that a record holds."""
    return replace(
        clr_facts(),
        issuer={"id": issued.DID, "type": ["Profile"], "name": "KVEC"},
        identities=(),
        members=(issued.signed(issued.minimal_facts()),),
        valid_until=None,
        achievements=(),
        associations=(),
        partial=None,
        description=None,
        awarded=None,
    )


def minimal_endorsement_facts() -> EndorsementFacts:
    """The least that an endorsement says."""
    return replace(endorsement_facts(), valid_until=None, comment=None, description=None, awarded=None)


def prepared_clr(document: Json) -> lint.Prepared:
    form = canonicalize(document, issued.CONTEXTS, budget=lint.clr_budget(document))
    return lint.prepare_clr(document, form, now=issued.NOW)


def prepared_endorsement(document: Json) -> lint.Prepared:
    return lint.prepare_endorsement(document, canonicalize(document, issued.CONTEXTS), now=issued.NOW)


def signed_endorsement(facts: EndorsementFacts | None = None) -> Json:
    return _signed(prepared_endorsement(endorsement_credential(facts or endorsement_facts())))


def signed_clr(facts: ClrFacts | None = None) -> Json:
    return _signed(prepared_clr(clr_credential(facts or clr_facts())))


def _signed(prepared: lint.Prepared) -> Json:
    return eddsa.create(prepared, sign=issued.KEY.sign, verification_method=issued.METHOD, created=issued.NOW)
