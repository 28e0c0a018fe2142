"""What POST /v1/verify takes and answers."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, StrictBool, StringConstraints, WithJsonSchema

from badgeissuer.vc.checks.report import NESTED
from badgeissuer.vc.model.base import is_iri
from badgeissuer.vc.verify import NestedReport, Outcome, Policy, Report, Role, Verdict
from badgeissuer.web.submitted import document_or_jwt
from badgeissuer.web.wire import WireIn, WireOut


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _document_or_jwt(value: object) -> object:
    return None if value is None else document_or_jwt(value)


def _issuer_id(value: str) -> str:
    if not is_iri(value):
        raise ValueError("must be the id of an issuer: a DID or a URL")
    return value


_Text = Annotated[str, StringConstraints(min_length=1, max_length=2_000)]
_IssuerId = Annotated[_Text, AfterValidator(_issuer_id)]


class VerificationIn(WireIn):
    """A credential, or where it can be had, and what the caller asks of it besides."""

    credential: Annotated[
        Any, AfterValidator(_document_or_jwt), WithJsonSchema({"type": ["object", "string", "null"]})
    ] = Field(None, description="the document, or a JWT")
    url: str | None = Field(None, description="where it can be fetched (https): JSON, a JWT, a PNG or an SVG")
    recipient: list[_Text] | None = Field(
        None,
        min_length=1,
        max_length=20,
        description="e-mail addresses, DIDs or other ids of the one whom it should be about: a part of check 7",
    )
    trusted_issuers: list[_IssuerId] | None = Field(
        None, max_length=1_000, description="ids of the issuers that you accept; shows in `policy`, not in `verified`"
    )
    needs_status: StrictBool = Field(
        False, description="accept only what its issuer could take back; shows in `policy`"
    )
    domain: Annotated[list[_Text] | None, BeforeValidator(_listed)] = Field(
        None, min_length=1, max_length=20, description="the domain that the proof has to be made for, or several"
    )
    challenge: _Text | None = Field(None, description="the challenge that the proof has to repeat")

    def policy(self) -> Policy:
        return Policy(
            recipient=_set(self.recipient),
            trusted_issuers=_set(self.trusted_issuers),
            needs_status=self.needs_status,
            domain=_set(self.domain),
            challenge=self.challenge,
        )


def _set(values: list[str] | None) -> frozenset[str] | None:
    return None if values is None else frozenset(values)


class CheckOut(WireOut):
    number: int
    name: str
    verdict: Verdict = Field(description="not checked is never valid")
    detail: str
    type: str | None = Field(description="URI of the kind of failure, where the standards name one")
    remedy: str | None = Field(description="what the reader can do")
    parts: list[CheckOut] = Field([], description="the single steps, where a check has several")


class CredentialFactsOut(WireOut):
    """What the document says of itself; to be believed only where it is verified."""

    id: str | None
    types: list[str]
    issuer: str | None
    issuer_name: str | None
    name: str | None
    achievement: str | None
    achievement_id: str | None
    valid_from: str | None
    valid_until: str | None


class MemberOut(WireOut):
    """One credential of a learner record, verified by the same steps."""

    pointer: str = Field(description="where it stands in the record")
    verified: bool
    outcome: Outcome
    checks: list[CheckOut]
    credential: CredentialFactsOut

    @classmethod
    def of(cls, found: NestedReport) -> MemberOut:
        report = found.report
        return cls(
            pointer=found.pointer,
            verified=report.verified,
            outcome=report.outcome,
            checks=[CheckOut.model_validate(check) for check in report.checks],
            credential=CredentialFactsOut.model_validate(report.facts),
        )


class PolicyCheckOut(WireOut):
    """One of the caller's own rules."""

    name: str
    verdict: Verdict
    detail: str
    remedy: str | None


class VerificationOut(WireOut):
    verified: bool = Field(description="every check is ok. Whether the issuer deserves trust is another question")
    accepted: bool = Field(description="verified, and within the rules that the caller sent (see `policy`)")
    outcome: Outcome
    advice: str = Field(description="what it means, and what a person should do, in words")
    refreshed: bool = Field(description="the answer is about the newer edition that its refresh service gave")
    policy: list[PolicyCheckOut] = Field(description="the caller's own rules; they change nothing in `verified`")
    checks: list[CheckOut]
    credential: CredentialFactsOut = Field(validation_alias="facts")
    members: list[MemberOut] = Field([], description="of a learner record: each credential in it, in its order")

    @classmethod
    def of(cls, report: Report) -> VerificationOut:
        """The wire form. The members have their checks here, so check 8 only says of each whether it holds."""
        nested = report.checks[NESTED]
        parts = tuple(
            replace(part, parts=()) if part.name.startswith("credential at") else part for part in nested.parts
        )
        found = cls.model_validate(replace(report, checks=(*report.checks[:NESTED], replace(nested, parts=parts))))
        members = [MemberOut.of(item) for item in report.nested if item.role is Role.MEMBER]
        return found.model_copy(update={"members": members})
