"""The classes of the Comprehensive Learner Record 2.0 (CLR data model): a credential that holds credentials.

The members of a record are documents of others. They are read as far as the CLR schema looks at them and kept exactly
as they came, since their own proofs cover them.
"""

from __future__ import annotations

import copy
from typing import Annotated, Any, Self

from pydantic import AfterValidator, Field, ModelWrapValidatorHandler, PrivateAttr, model_validator

from badgeissuer.vc.contexts import CREDENTIALS_V2
from badgeissuer.vc.model import terms
from badgeissuer.vc.model.base import (
    ARRAY,
    MANY,
    ClosedNode,
    CompactJws,
    Iri,
    Node,
    Timestamp,
    Types,
    contains,
    exactly,
    to_document,
)
from badgeissuer.vc.model.ob3 import Achievement, Credential, EndorsementCredential, ProfileRef
from badgeissuer.vc.model.parts import (
    CredentialSchema,
    CredentialStatus,
    Evidence,
    IdentityObject,
    Image,
    Proof,
    RefreshService,
    TermsOfUse,
)

__all__ = ["Association", "ClrCredential", "ClrSubject", "VerifiableCredential", "record_document"]


def _version_2(contexts: tuple[str, ...]) -> tuple[str, ...]:
    if contexts[:1] != (CREDENTIALS_V2,):
        raise ValueError(f"must begin with {CREDENTIALS_V2}: only VC 2.0 credentials may be in a CLR")
    return contexts


class Association(ClosedNode):
    """CLR §Association: how two achievements are related. The ids are those of achievements, not of credentials."""

    type: Annotated[str, exactly("Association")]
    association_type: Annotated[str, AfterValidator(terms.one_of(terms.ASSOCIATION_TYPES, extensible=False))]
    source_id: Iri
    target_id: Iri


class VerifiableCredential(Node):
    """CLR §VerifiableCredential: a member of a record, of any kind and any issuer, as a VC 2.0 object."""

    context: Annotated[tuple[Iri, ...], MANY, AfterValidator(_version_2)] = Field(alias="@context")
    id: Iri | None = None
    type: Annotated[Types, contains("VerifiableCredential")]
    issuer: ProfileRef
    valid_from: Timestamp
    valid_until: Timestamp | None = None
    credential_subject: Node
    credential_schema: Annotated[tuple[CredentialSchema, ...], MANY] = ()
    credential_status: CredentialStatus | None = None
    refresh_service: RefreshService | None = None
    terms_of_use: Annotated[tuple[TermsOfUse, ...], MANY] = ()
    evidence: Annotated[tuple[Evidence, ...], MANY] = ()
    proof: Annotated[tuple[Proof, ...], MANY] = ()

    _source: dict[str, Any] = PrivateAttr(default_factory=dict)

    @model_validator(mode="wrap")
    @classmethod
    def _kept(cls, given: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        node = handler(given)
        if isinstance(given, dict):
            node._source = copy.deepcopy(given)
        return node

    @property
    def document(self) -> dict[str, Any]:
        """The member as it was read, nulls, empty arrays and single values included; a fresh copy at every call."""
        return copy.deepcopy(self._source)


class ClrSubject(Node):
    """CLR §ClrSubject: whose record it is, the credentials in it, and how their achievements are related.

    ``achievement`` holds definitions that associations name and no credential here asserts.
    """

    id: Iri | None = None
    type: Annotated[Types, contains("ClrSubject")]
    identifier: Annotated[tuple[IdentityObject, ...], MANY] = ()
    achievement: Annotated[tuple[Achievement, ...], MANY] = ()
    verifiable_credential: Annotated[tuple[VerifiableCredential, ...], MANY] = Field(min_length=1)
    association: Annotated[tuple[Association, ...], MANY] = ()

    @model_validator(mode="after")
    def _someone(self) -> Self:
        if self.id is None and not self.identifier:
            raise ValueError("a subject needs an id or an identifier (CLR §ClrSubject)")
        return self


class ClrCredential(Credential):
    """CLR §ClrCredential. ``partial`` says that the publisher knows more assertions than are here."""

    context: Annotated[tuple[Iri, ...], ARRAY] = Field(alias="@context", min_length=3)
    type: Annotated[Types, contains("VerifiableCredential"), contains("ClrCredential")]
    name: str
    partial: bool | None = None
    image: Image | None = None
    credential_subject: ClrSubject
    evidence: Annotated[tuple[Evidence, ...], MANY] = ()
    endorsement: Annotated[tuple[EndorsementCredential, ...], MANY] = ()
    endorsement_jwt: Annotated[tuple[CompactJws, ...], MANY] = ()


def record_document(record: ClrCredential) -> dict[str, Any]:
    """The JSON form of a record: ``to_document`` for what is the record's own, and the members as they came."""
    document = to_document(record)
    members = record.credential_subject.verifiable_credential
    document["credentialSubject"]["verifiableCredential"] = [member.document for member in members]
    return document
