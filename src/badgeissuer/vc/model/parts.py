"""The smaller classes of Open Badges 3.0: those that hold no profile, achievement or credential (OB data model)."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import model_validator

from badgeissuer.vc.model.base import (
    MANY,
    ClosedNode,
    IdentifierType,
    Iri,
    Language,
    Node,
    Number,
    ResultStatus,
    ResultType,
    TargetType,
    Text,
    Texts,
    Timestamp,
    Types,
    contains,
    exactly,
)


class Image(ClosedNode):
    """OB §Image. A bare URI in its place is refused."""

    id: Iri
    type: Annotated[str, exactly("Image")]
    caption: str | None = None


class IdentifierEntry(ClosedNode):
    """OB §IdentifierEntry: another identifier of a thing."""

    type: Annotated[str, exactly("IdentifierEntry")]
    identifier: str
    identifier_type: IdentifierType


class IdentityObject(ClosedNode):
    """OB §IdentityObject: whom a credential is about, plain or hashed."""

    type: Annotated[str, exactly("IdentityObject")]
    hashed: bool
    identity_hash: str
    identity_type: IdentifierType
    salt: str | None = None


class GeoCoordinates(Node):
    """OB §GeoCoordinates."""

    type: Annotated[str, exactly("GeoCoordinates")]
    latitude: Number
    longitude: Number


class Address(Node):
    """OB §Address."""

    type: Annotated[Types, contains("Address")]
    address_country: str | None = None
    address_country_code: str | None = None
    address_region: str | None = None
    address_locality: str | None = None
    street_address: str | None = None
    post_office_box_number: str | None = None
    postal_code: str | None = None
    geo: GeoCoordinates | None = None


class Related(Node):
    """OB §Related: an achievement that is another language or version of this one."""

    id: Iri
    type: Annotated[Types, contains("Related")]
    in_language: Language | None = None
    version: str | None = None


class Alignment(Node):
    """OB §Alignment: an entry of a framework that the thing aligns to."""

    type: Annotated[Types, contains("Alignment")]
    target_name: str
    target_url: Iri
    target_code: str | None = None
    target_description: str | None = None
    target_framework: str | None = None
    target_type: TargetType | None = None


class RubricCriterionLevel(Node):
    """OB §RubricCriterionLevel."""

    id: Iri
    type: Annotated[Types, contains("RubricCriterionLevel")]
    name: str
    level: str | None = None
    points: str | None = None
    description: str | None = None
    alignment: Annotated[tuple[Alignment, ...], MANY] = ()


class ResultDescription(Node):
    """OB §ResultDescription. ``allowedValue`` and ``rubricCriterionLevel`` are ordered from low to high."""

    id: Iri
    type: Annotated[Types, contains("ResultDescription")]
    name: str
    result_type: ResultType
    allowed_value: Texts = ()
    required_level: Iri | None = None
    required_value: str | None = None
    rubric_criterion_level: Annotated[tuple[RubricCriterionLevel, ...], MANY] = ()
    value_min: str | None = None
    value_max: str | None = None
    alignment: Annotated[tuple[Alignment, ...], MANY] = ()


class Result(Node):
    """OB §Result."""

    type: Annotated[Types, contains("Result")]
    result_description: Iri | None = None
    achieved_level: Iri | None = None
    status: ResultStatus | None = None
    value: str | None = None
    alignment: Annotated[tuple[Alignment, ...], MANY] = ()


class Evidence(Node):
    """OB §Evidence. It belongs to the credential: under the subject JSON-LD drops it without a word."""

    id: Iri | None = None
    type: Annotated[Types, contains("Evidence")]
    name: str | None = None
    description: str | None = None
    narrative: str | None = None
    genre: str | None = None
    audience: str | None = None


class Criteria(Node):
    """OB §Criteria: a page, a narrative, or both."""

    id: Iri | None = None
    narrative: str | None = None

    @model_validator(mode="after")
    def _some(self) -> Self:
        if self.id is None and not (self.narrative or "").strip():
            raise ValueError("criteria need an id (a page) or a narrative")
        return self


class Proof(Node):
    """OB §Proof; DI §2.1. What a proof must have in order to count is the verifier's business, not the shape's."""

    type: Text
    created: Timestamp | None = None
    cryptosuite: str | None = None
    challenge: str | None = None
    domain: Annotated[tuple[str, ...], MANY] = ()
    nonce: str | None = None
    proof_purpose: str | None = None
    proof_value: str | None = None
    verification_method: str | None = None


class CredentialSchema(Node):
    id: Iri
    type: Text


class CredentialStatus(Node):
    """OB §CredentialStatus: ``id`` may be missing since document 1.4."""

    id: Iri | None = None
    type: Text


class RefreshService(Node):
    id: Iri
    type: Text


class TermsOfUse(Node):
    id: Iri | None = None
    type: Text
