"""The classes of Open Badges 3.0 and the parts of the W3C data model they use (OB data model; VCDM 2.0 §4).

Each class has the cardinalities of the standard. Classes that the standard leaves open keep members they do not name;
``IdentityObject``, ``IdentifierEntry``, ``Image`` are closed. Where the text of the standard demands more than its
schemas (a subject has an id or an identifier, criteria have an id or a narrative), the class demands it too.
"""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import Discriminator, Field, Tag, model_validator

from badgeissuer.vc.model.base import (
    ARRAY,
    MANY,
    OBJECT_BRANCH,
    URI_BRANCH,
    AchievementType,
    CompactJws,
    Date,
    Iri,
    Language,
    Node,
    Number,
    Texts,
    Timestamp,
    Types,
    contains,
)
from badgeissuer.vc.model.parts import (
    Address,
    Alignment,
    CredentialSchema,
    CredentialStatus,
    Criteria,
    Evidence,
    GeoCoordinates,
    IdentifierEntry,
    IdentityObject,
    Image,
    Proof,
    RefreshService,
    Related,
    Result,
    ResultDescription,
    RubricCriterionLevel,
    TermsOfUse,
)

__all__ = [
    "Achievement",
    "AchievementSubject",
    "Address",
    "Alignment",
    "Credential",
    "CredentialSchema",
    "CredentialStatus",
    "Criteria",
    "EndorsementCredential",
    "EndorsementSubject",
    "Evidence",
    "GeoCoordinates",
    "IdentifierEntry",
    "IdentityObject",
    "Image",
    "OpenBadgeCredential",
    "Profile",
    "ProfileRef",
    "Proof",
    "RefreshService",
    "Related",
    "Result",
    "ResultDescription",
    "RubricCriterionLevel",
    "TermsOfUse",
]


class Profile(Node):
    """OB §Profile: an organisation or a person."""

    id: Iri
    type: Annotated[Types, contains("Profile")]
    name: str | None = None
    url: Iri | None = None
    description: str | None = None
    image: Image | None = None
    email: str | None = None
    phone: str | None = None
    address: Address | None = None
    official: str | None = None
    other_identifier: Annotated[tuple[IdentifierEntry, ...], MANY] = ()
    parent_org: Profile | None = None
    family_name: str | None = None
    given_name: str | None = None
    additional_name: str | None = None
    patronymic_name: str | None = None
    honorific_prefix: str | None = None
    honorific_suffix: str | None = None
    family_name_prefix: str | None = None
    date_of_birth: Date | None = None
    endorsement: Annotated[tuple[EndorsementCredential, ...], MANY] = ()
    endorsement_jwt: Annotated[tuple[CompactJws, ...], MANY] = ()


class Achievement(Node):
    """OB §Achievement: what can be earned."""

    id: Iri
    type: Annotated[Types, contains("Achievement")]
    name: str
    description: str
    criteria: Criteria
    achievement_type: AchievementType | None = None
    alignment: Annotated[tuple[Alignment, ...], MANY] = ()
    creator: Profile | None = None
    credits_available: Number | None = None
    field_of_study: str | None = None
    human_code: str | None = None
    image: Image | None = None
    in_language: Language | None = None
    other_identifier: Annotated[tuple[IdentifierEntry, ...], MANY] = ()
    related: Annotated[tuple[Related, ...], MANY] = ()
    result_description: Annotated[tuple[ResultDescription, ...], MANY] = ()
    specialization: str | None = None
    tag: Texts = ()
    version: str | None = None
    endorsement: Annotated[tuple[EndorsementCredential, ...], MANY] = ()
    endorsement_jwt: Annotated[tuple[CompactJws, ...], MANY] = ()


class AchievementSubject(Node):
    """OB §AchievementSubject: who earned what, with which results."""

    id: Iri | None = None
    type: Annotated[Types, contains("AchievementSubject")]
    identifier: Annotated[tuple[IdentityObject, ...], MANY] = ()
    achievement: Achievement
    result: Annotated[tuple[Result, ...], MANY] = ()
    activity_start_date: Timestamp | None = None
    activity_end_date: Timestamp | None = None
    credits_earned: Number | None = None
    image: Image | None = None
    license_number: str | None = None
    narrative: str | None = None
    role: str | None = None
    source: Profile | None = None
    term: str | None = None

    @model_validator(mode="after")
    def _someone(self) -> Self:
        if self.id is None and not self.identifier:
            raise ValueError("a subject needs an id or an identifier (OB verification step 1)")
        return self


def _branch(value: Any) -> str | None:
    if isinstance(value, str):
        return URI_BRANCH
    return OBJECT_BRANCH if isinstance(value, dict | Profile) else None


ProfileRef = Annotated[
    Annotated[Iri, Tag(URI_BRANCH)] | Annotated[Profile, Tag(OBJECT_BRANCH)],
    Discriminator(_branch),
]


class Credential(Node):
    """What all kinds of credential have in common (VCDM §4, OB §AchievementCredential, §EndorsementCredential)."""

    context: Annotated[tuple[Iri, ...], ARRAY] = Field(alias="@context", min_length=2)
    id: Iri
    issuer: ProfileRef
    valid_from: Timestamp
    valid_until: Timestamp | None = None
    awarded_date: Timestamp | None = None
    description: str | None = None
    credential_schema: Annotated[tuple[CredentialSchema, ...], MANY] = ()
    credential_status: CredentialStatus | None = None
    refresh_service: RefreshService | None = None
    terms_of_use: Annotated[tuple[TermsOfUse, ...], MANY] = ()
    proof: Annotated[tuple[Proof, ...], MANY] = ()

    @property
    def issuer_id(self) -> str:
        return self.issuer if isinstance(self.issuer, str) else self.issuer.id


class EndorsementSubject(Node):
    """OB §EndorsementSubject: the thing that is endorsed."""

    id: Iri
    type: Annotated[Types, contains("EndorsementSubject")]
    endorsement_comment: str | None = None


class EndorsementCredential(Credential):
    """OB §EndorsementCredential."""

    type: Annotated[Types, contains("VerifiableCredential"), contains("EndorsementCredential")]
    name: str
    credential_subject: EndorsementSubject


class OpenBadgeCredential(Credential):
    """OB §AchievementCredential; ``AchievementCredential`` and ``OpenBadgeCredential`` are two names of one type."""

    type: Annotated[Types, contains("VerifiableCredential"), contains("OpenBadgeCredential", "AchievementCredential")]
    name: str | None = None
    image: Image | None = None
    credential_subject: AchievementSubject
    evidence: Annotated[tuple[Evidence, ...], MANY] = ()
    endorsement: Annotated[tuple[EndorsementCredential, ...], MANY] = ()
    endorsement_jwt: Annotated[tuple[CompactJws, ...], MANY] = ()


for _class in (Profile, Achievement, AchievementSubject, EndorsementCredential, OpenBadgeCredential):
    _class.model_rebuild()
