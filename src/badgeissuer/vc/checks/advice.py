"""What a person should do: a remedy for every check that is not ok, and one sentence for the whole report.

A check may bring a remedy of its own, where it knows better; these are the ones by number, verdict and outcome.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from badgeissuer.vc.checks.report import (
    CONSISTENCY,
    DATES,
    KEY,
    NAMES,
    NESTED,
    PARSE,
    PROOF,
    SHAPE,
    STATUS_CHECK,
    TERMS,
    Check,
    Facts,
    Outcome,
    PolicyCheck,
    Verdict,
)

_LATER = "verify again later; if it stays so,"

FAILED: Mapping[int, str] = {
    PARSE: "send the credential itself: the JSON, JWT, PNG or SVG file as its issuer gave it out",
    SHAPE: "ask the issuer for the credential in the form of Open Badges 3.0; software on the way may have changed it",
    TERMS: "do not rely on it; its issuer has to sign it again with contexts that define all it says",
    PROOF: "do not rely on this copy; ask its holder or its issuer for the original file",
    KEY: "do not rely on it; ask the issuer that it names whether it is theirs",
    DATES: "ask the issuer for one with dates that can hold",
    STATUS_CHECK: "do not rely on it until its issuer has put its status right",
    CONSISTENCY: "ask the issuer for a corrected credential",
    NESTED: "do not rely on the part that is named; ask who signed it for a corrected one",
}
NOT_CHECKED: Mapping[int, str] = {
    PARSE: f"{_LATER} send another copy",
    SHAPE: f"{_LATER} send another copy",
    TERMS: f"{_LATER} ask the issuer for a smaller or simpler credential",
    PROOF: f"{_LATER} use a verifier that knows this kind of proof",
    KEY: f"{_LATER} ask the issuer to publish its keys where its id leads to",
    DATES: f"{_LATER} ask the issuer when it is valid",
    STATUS_CHECK: f"{_LATER} ask the issuer whether it still stands",
    CONSISTENCY: f"{_LATER} ask the issuer whom it is about",
    NESTED: f"{_LATER} verify the document that is named by itself",
}
BY_OUTCOME: Mapping[Outcome, str] = {
    Outcome.REVOKED: "do not rely on it; its issuer can say why it was taken back",
    Outcome.SUSPENDED: "do not rely on it for now; verify again later, or ask its issuer",
    Outcome.EXPIRED: "ask its holder or its issuer for a renewed one",
    Outcome.NOT_YET_VALID: "verify it again when its time has come",
}
AFTER_ANOTHER = "nothing by itself: an earlier check has to be ok first"
AFTER_THE_KEY = "nothing by itself: the next check, on the key, has to be ok first"

_GENUINE_BUT: Mapping[Outcome, str] = {
    Outcome.REVOKED: "taken back by its issuer",
    Outcome.SUSPENDED: "suspended by its issuer",
    Outcome.EXPIRED: "it ended at {}",
    Outcome.NOT_YET_VALID: "it begins at {}",
}
_INVALID: Mapping[int, str] = {
    PARSE: "Not verified: this could not be read as a credential",
    SHAPE: "Not verified: this is not a badge in the form of the standard",
    TERMS: "Not verified: it says things that no signature covers",
    PROOF: "Not genuine as it stands: it was changed after it was signed, or its signature was never good",
    KEY: "Not genuine as it stands: the key that signed it is not known to be that of the issuer it names",
    DATES: "Not valid: its dates contradict each other",
    STATUS_CHECK: "Not verified: what should say whether it still stands does not hold",
    CONSISTENCY: "Not valid: what it says of its subject does not fit",
    NESTED: "Not verified as a whole: a document that it holds or names is not in order",
}


_OVER = "An endorsement in it was withdrawn or has ended: do not count on that one."


def with_remedies(checks: tuple[Check, ...]) -> tuple[Check, ...]:
    """The nine checks, each with a remedy where it is not ok, down to its parts."""
    done: list[Check] = []
    earlier = False
    for check in checks:
        if not earlier and check.number == PROOF and _waits_for_the_key(checks):
            check = replace(check, remedy=check.remedy or AFTER_THE_KEY)
        done.append(_with_remedy(check, earlier=earlier and check.verdict is Verdict.NOT_CHECKED))
        earlier = earlier or (check.verdict is Verdict.FAILED and check.number <= KEY)
    return tuple(done)


def _waits_for_the_key(checks: tuple[Check, ...]) -> bool:
    return {checks[PROOF].verdict, checks[KEY].verdict} == {Verdict.NOT_CHECKED}


def _with_remedy(check: Check, *, earlier: bool) -> Check:
    parts = tuple(_with_remedy(part, earlier=earlier) for part in check.parts)
    if check.verdict is Verdict.OK:
        return replace(check, parts=parts)
    return replace(check, parts=parts, remedy=check.remedy or next(_remedies(check, parts, earlier=earlier)))


def _remedies(check: Check, parts: tuple[Check, ...], *, earlier: bool) -> Iterator[str]:
    if earlier:
        yield AFTER_ANOTHER
    if check.outcome is not None:
        yield BY_OUTCOME[check.outcome]
    # Parts that are not ok have one by now; the check is as bad as the worst of them.
    yield from (part.remedy for part in parts if part.verdict is check.verdict and part.remedy)
    yield (FAILED if check.verdict is Verdict.FAILED else NOT_CHECKED)[check.number]


def sentence(outcome: Outcome, checks: tuple[Check, ...], facts: Facts, policy: tuple[PolicyCheck, ...]) -> str:
    """What the whole means. ``checks`` have their remedies."""
    if outcome is Outcome.VALID:
        over = any(part.outcome is not None for part in checks[NESTED].parts)
        return f"{_valid(policy)} {_OVER}" if over else _valid(policy)
    if outcome in BY_OUTCOME:
        said = _GENUINE_BUT[outcome].format(facts.valid_from if outcome is Outcome.NOT_YET_VALID else facts.valid_until)
        return f"Genuine, but {said}: {BY_OUTCOME[outcome]}."
    if outcome is Outcome.INVALID:
        worst = next(check for check in checks if check.verdict is Verdict.FAILED)
        return f"{_INVALID[worst.number]}: {worst.remedy}."
    open_ = [check for check in checks if check.verdict is Verdict.NOT_CHECKED]
    what = ", ".join(NAMES[check.number] for check in open_)
    remedy = next((check.remedy for check in open_ if check.remedy != AFTER_THE_KEY), open_[0].remedy)
    return f"No verdict, so treat it as not verified ({what} could not be checked): {remedy}."


def _valid(policy: tuple[PolicyCheck, ...]) -> str:
    broken = [item for item in policy if item.verdict is not Verdict.OK]
    if broken:
        told = "; ".join(item.detail for item in broken)
        return f"Genuine and in force, but not accepted by your own rules ({told}): {broken[0].remedy}."
    return (
        "Genuine and in force: its issuer signed it, and it stands as it was signed. Whether that issuer deserves your "
        "trust, and whether what it says is true, is yours to decide."
    )
