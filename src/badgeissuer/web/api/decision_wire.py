"""What a platform sends about an attempt: the earner, the results, the evidence and the people who judged."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Annotated
from uuid import UUID

from pydantic import AliasChoices, BeforeValidator, Field, StringConstraints, model_validator

from badgeissuer.errors import BadgeissuerError, Fault, Rejected
from badgeissuer.rules.terms import Outcome
from badgeissuer.services.decision_rows import Asking
from badgeissuer.services.grounds import Attempt, EvidenceGiven
from badgeissuer.services.identifying import EarnerGiven
from badgeissuer.services.judging import AssessmentGiven, Judgement, Person
from badgeissuer.vc.model.base import ResultStatus
from badgeissuer.web.wire import Did, Email, HttpUrl, LongText, Reference, ShortText, Timestamp, WireIn

Line = Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True, pattern=r"^[^\n]*$")]
# Ids of rubric parts are URLs, and names are as long as people make them.
RubricPart = Annotated[str, StringConstraints(min_length=1, max_length=2_000)]
Sha256Hex = Annotated[str, StringConstraints(pattern=r"^[0-9A-Fa-f]{64}$")]
Levels = Annotated[
    dict[RubricPart, RubricPart],
    Field(max_length=200, description="criterion (its id or name) → level (its id or name)"),
]
_EXACT = 2**53


def _as_text(value: object) -> object:
    """OB3 has result values as strings; platforms hold them as numbers."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    if abs(value) > _EXACT:
        raise ValueError("a number beyond 2^53 is not the same in every program; send it as a string")
    return str(value)


ResultValue = Annotated[ShortText, BeforeValidator(_as_text, json_schema_input_type=str | float)]


class PersonIn(WireIn):
    """A person who judged. Without an ``id`` the name stands for the person."""

    id: Annotated[Reference, Field(description="by which your platform knows the person; not shown")] | None = None
    name: Line

    def as_person(self) -> Person:
        return Person(id=self.id or self.name, name=self.name)


def _as_person(value: object) -> object:
    return {"name": value} if isinstance(value, str) else value


Named = Annotated[PersonIn, BeforeValidator(_as_person, json_schema_input_type=str | PersonIn)]


class AffiliationIn(WireIn):
    """Where the earner works. It is counted by, and never signed."""

    school: Line | None = None
    district: Line | None = None
    state: Annotated[Line, Field(max_length=16, description="a code, such as KY or US-KY")] | None = None


class EarnerIn(WireIn):
    """Who the decision is about; ``email`` or ``did`` is needed. The credential holds no e-mail, name or licence."""

    email: Email | None = None
    did: Annotated[Did, Field(max_length=512)] | None = None
    did_proved: Annotated[
        bool, Field(strict=True, description="your platform saw the earner prove control of the DID")
    ] = False
    name: Line | None = None
    licence_id: Annotated[Line, Field(max_length=128)] | None = None
    affiliation: AffiliationIn = AffiliationIn()

    @model_validator(mode="after")
    def _identified(self) -> EarnerIn:
        if self.email is None and self.did is None:
            raise ValueError("an earner needs an email or a did")
        if self.did_proved and self.did is None:
            raise ValueError("did_proved is about a did, and there is none")
        return self

    def as_given(self) -> EarnerGiven:
        return EarnerGiven(
            email=self.email, did=self.did, did_proved=self.did_proved, name=self.name, licence_id=self.licence_id
        )


class ResultIn(WireIn):
    """What was reached on one result description of the achievement (one criterion, where it is a rubric)."""

    result_description: Annotated[
        RubricPart,
        Field(
            validation_alias=AliasChoices("result_description", "resultDescription", "criterion"),
            description="id or name; also accepted as criterion",
        ),
    ]
    achieved_level: Annotated[
        RubricPart | None,
        Field(
            validation_alias=AliasChoices("achieved_level", "achievedLevel", "level"),
            description="id or name; also accepted as level",
        ),
    ] = None
    value: ResultValue | None = None
    status: ResultStatus | None = None

    @model_validator(mode="after")
    def _says_something(self) -> ResultIn:
        if self.achieved_level is None and self.value is None and self.status is None:
            raise ValueError("a result needs an achieved_level, a value or a status")
        return self


class EvidenceIn(WireIn):
    """One piece of evidence. Its description and digest are signed; link and narrative only where ``share`` says so."""

    url: HttpUrl | None = None
    name: ShortText | None = None
    description: LongText | None = None
    narrative: LongText | None = None
    genre: ShortText | None = None
    audience: ShortText | None = None
    sha256: Annotated[Sha256Hex, Field(description="of the file's bytes, in hex")] | None = None
    share: Annotated[bool, Field(strict=True, description="link and narrative may stand in the public credential")] = (
        False
    )

    @model_validator(mode="after")
    def _says_something(self) -> EvidenceIn:
        if not any((self.url, self.name, self.description, self.narrative, self.sha256)):
            raise ValueError("evidence needs a url, a name, a description, a narrative or a sha256")
        return self

    def as_given(self) -> EvidenceGiven:
        return EvidenceGiven(
            **self.model_dump(exclude={"sha256"}), sha256=bytes.fromhex(self.sha256) if self.sha256 else None
        )


class AttemptIn(WireIn):
    """One attempt of one earner at one achievement, besides the judgement."""

    achievement: Annotated[str, Field(min_length=1, max_length=500, description="id, or public URL")]
    version: (
        Annotated[int, Field(ge=1, le=1_000_000, strict=True, description="the newest published one, unless set")]
        | None
    ) = None
    earner: EarnerIn
    results: Annotated[tuple[ResultIn, ...], Field(max_length=200)] = ()
    evidence: Annotated[tuple[EvidenceIn, ...], Field(max_length=100)] = ()
    external_reference: (
        Annotated[Reference, Field(description="your own reference: it makes repeats safe, like an Idempotency-Key")]
        | None
    ) = None
    feedback: LongText | None = None
    valid_until: Timestamp | None = None
    activity_start: Timestamp | None = None
    activity_end: Timestamp | None = None
    credits_earned: Annotated[float, Field(ge=0, le=100_000, strict=True, allow_inf_nan=False)] | None = None

    def achievement_id(self, base_url: str) -> UUID:
        """Raises ``Rejected`` for what is neither an id nor the public URL of an achievement here."""
        prefix = f"{base_url}/achievements/"
        try:
            return _uuid(self.achievement.removeprefix(prefix))
        except ValueError:
            raise Rejected(
                "the achievement is not named",
                faults=[Fault("/achievement", f"send the achievement's id, or its public URL {prefix}…")],
            ) from None

    def as_asking(
        self, base_url: str, *, judgement: Judgement | None, assessments: Iterable[AssessmentGiven] = ()
    ) -> Asking:
        """What is asked for, with how it was judged. Raises ``Rejected`` as ``achievement_id``."""
        return Asking(
            achievement_id=self.achievement_id(base_url),
            version=self.version,
            earner=self.earner.as_given(),
            attempt=self.as_attempt(),
            external_reference=self.external_reference,
            judgement=judgement,
            assessments=tuple(assessments),
        )

    def as_attempt(self) -> Attempt:
        return Attempt(
            results=[result.model_dump(exclude_none=True) for result in self.results],
            evidence=tuple(item.as_given() for item in self.evidence),
            affiliation=self.earner.affiliation.model_dump(exclude_none=True),
            feedback=self.feedback,
            valid_until=self.valid_until,
            activity_start=self.activity_start,
            activity_end=self.activity_end,
            credits_earned=self.credits_earned,
        )


class AssessmentIn(WireIn):
    """What one assessor found. Where ``outcome`` is left out, the levels and the rubric's required levels say it."""

    assessor: Named
    levels: Levels = {}  # noqa: RUF012 - a frozen model; pydantic copies it
    outcome: Outcome | None = None
    feedback: LongText | None = None
    assessed_at: Timestamp


def _uuid(text: str) -> UUID:
    if not re.fullmatch(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", text):
        raise ValueError
    return UUID(text)


# Where the parts of the credential came from. The format library names faults in the document that it checks; callers
# have never seen that document and need the place in what they sent.
_SENT_AS = (
    (r"/evidence/(\d+)/id", r"/evidence/\1/url"),
    (r"/evidence/(\d+)/digestMultibase", r"/evidence/\1/sha256"),
    (r"/credentialSubject/result/(\d+)/resultDescription", r"/results/\1/result_description"),
    (r"/credentialSubject/result/(\d+)/achievedLevel", r"/results/\1/achieved_level"),
    (r"/credentialSubject/result", "/results"),
    (r"/credentialSubject/creditsEarned", "/credits_earned"),
    (r"/credentialSubject/activityStartDate", "/activity_start"),
    (r"/credentialSubject/activityEndDate", "/activity_end"),
    (r"/credentialSubject/id", "/earner/did"),
    (r"/credentialSubject/identifier.*", "/earner"),
    (r"/credentialSubject/achievement.*", "/achievement"),
    (r"/criteria.*", "/achievement"),
    (r"/awardedDate", "/decided_at"),
    (r"/validUntil", "/valid_until"),
    (r"/email", "/earner/email"),
)


@contextmanager
def as_sent(renamed: Mapping[str, str] | None = None) -> Iterator[None]:
    """Let the faults of an error point into the body as the caller sent it. ``renamed``: prefixes of this route."""
    try:
        yield
    except BadgeissuerError as error:
        error.faults = tuple(_moved(fault, renamed or {}) for fault in error.faults)
        raise


def _moved(fault: Fault, renamed: Mapping[str, str]) -> Fault:
    pointer = fault.pointer
    for pattern, sent in _SENT_AS:
        found = re.match(pattern + r"(?=/|$)", pointer)
        if found:
            pointer = found.expand(sent) + pointer[found.end() :]
            break
    for prefix, sent in renamed.items():
        if pointer == prefix or pointer.startswith(f"{prefix}/"):
            pointer = sent + pointer.removeprefix(prefix)
            break
    return Fault(pointer, fault.detail, fault.code, fault.clause)
