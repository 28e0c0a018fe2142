"""The enumerations of the trade: the words that rows, rules and wire models share."""

from __future__ import annotations

from enum import StrEnum


class VersionState(StrEnum):
    """An achievement version: draft → published → retired. A published document never changes."""

    DRAFT = "draft"
    PUBLISHED = "published"
    RETIRED = "retired"


class KeyState(StrEnum):
    """An issuer key. NEXT is published but does not sign yet; RETIRED still verifies; COMPROMISED does not."""

    NEXT = "next"
    ACTIVE = "active"
    RETIRED = "retired"
    COMPROMISED = "compromised"


class KeyAlgorithm(StrEnum):
    """Ed25519 signs Data Integrity proofs; P-256 signs JWTs."""

    ED25519 = "Ed25519"
    P256 = "P-256"


class AssessmentMode(StrEnum):
    """Who decides under an achievement's policy: one assessor, two (with adjudication), or an outside body."""

    ONE = "one"
    TWO = "two"
    EXTERNAL = "external"


class DuplicatePolicy(StrEnum):
    """What a second award of the same achievement to the same earner does."""

    DENY = "deny"
    ALLOW = "allow"
    REPLACE = "replace"


class StatusPurpose(StrEnum):
    """What the one status entry of a credential can say (OB allows one entry, REQUIREMENTS 8.4)."""

    REVOCATION = "revocation"
    SUSPENSION = "suspension"


class DecisionState(StrEnum):
    """A decision waits for a second assessor, then perhaps for an adjudicator, and is then decided for good."""

    AWAITING_SECOND = "awaiting_second"
    NEEDS_ADJUDICATION = "needs_adjudication"
    DECIDED = "decided"


class Outcome(StrEnum):
    AWARDED = "awarded"
    NOT_YET = "not_yet"


class DecisionSource(StrEnum):
    """PLATFORM: an assessor's outcome sent by a platform; ASSESSMENTS: made here by rule; EXTERNAL: held elsewhere;
    STACK: made by a stack's rule over awards, each of which a person decided."""

    PLATFORM = "platform"
    ASSESSMENTS = "assessments"
    EXTERNAL = "external"
    STACK = "stack"


class AssessorRole(StrEnum):
    ASSESSOR = "assessor"
    ADJUDICATOR = "adjudicator"


class AwardState(StrEnum):
    """active ↔ suspended; active|suspended → revoked (final); active → superseded."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    REVOKED = "revoked"
    SUPERSEDED = "superseded"


class Visibility(StrEnum):
    """Who finds an award, as its earner chose. PUBLIC is listed; UNLISTED is open to who has its address; CLOSED is
    not there for anybody but the earner and who issued it."""

    PUBLIC = "public"
    UNLISTED = "unlisted"
    CLOSED = "closed"


class EndorsedKind(StrEnum):
    """What an endorsement is about."""

    ISSUER = "issuer"
    ACHIEVEMENT = "achievement"
    AWARD = "award"


class EndorsementState(StrEnum):
    """active → revoked (final). Whether it has ended its dates say."""

    ACTIVE = "active"
    REVOKED = "revoked"


class ClrState(StrEnum):
    """active → revoked (final). It stays readable, and says so by its status entry."""

    ACTIVE = "active"
    REVOKED = "revoked"


class Acceptance(StrEnum):
    """What an earner answered to an award. Declining takes nothing back: that is for the issuer to decide."""

    ACCEPTED = "accepted"
    DECLINED = "declined"


class MailKind(StrEnum):
    SIGN_IN = "sign_in"
    AWARD_NOTICE = "award_notice"


class MailState(StrEnum):
    """waiting → sent | dead (given up) | dropped (nobody wants it any more)."""

    WAITING = "waiting"
    SENT = "sent"
    DEAD = "dead"
    DROPPED = "dropped"


class ViewKind(StrEnum):
    """Whose page was opened: a badge's, or a record's by a share link."""

    BADGE = "badge"
    SHARE = "share"


class IdentityKind(StrEnum):
    EMAIL = "email"
    DID = "did"


class ClientKind(StrEnum):
    """Who an API key was made for. OPERATOR is the command line on the machine itself; EARNER is a person who is signed
    in at their own page, and has no key."""

    OPERATOR = "operator"
    PLATFORM = "platform"
    ISSUER = "issuer"
    AGENCY = "agency"
    EARNER = "earner"
    ANONYMOUS = "anonymous"


class JobState(StrEnum):
    """queued → running → succeeded | failed | cancelled; running → queued where a worker died or it is tried again."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
