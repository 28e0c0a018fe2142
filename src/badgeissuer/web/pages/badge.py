"""The page of a credential: what it says, and how it stands now, for whoever opens its address in a browser."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from badgeissuer.rules.terms import ViewKind
from badgeissuer.runtime import Runtime
from badgeissuer.services import exhibiting, showing
from badgeissuer.services.endorsing_facts import MOST_SHOWN
from badgeissuer.services.rendering import Form
from badgeissuer.store.access import ANONYMOUS
from badgeissuer.vc.model.base import instant
from badgeissuer.vc.verify import Outcome, Report, Verdict
from badgeissuer.web.api.public import public_id
from badgeissuer.web.gate import gate_of
from badgeissuer.web.pages import reading
from badgeissuer.web.pages.rendering import in_words, page, words_of

# Each page is verified anew. Few at once, of their own, so that they keep nobody from POST /v1/verify or from issuing.
_RUNNING = 4
_WAITING = 64
_SECONDS = 15.0


async def badge_page(request: Request, runtime: Runtime, name: str) -> Response:
    """The page of the credential with that id, or a page that says what is wrong."""
    return await in_words(request, lambda: _page(request, runtime, name))


async def _page(request: Request, runtime: Runtime, name: str) -> Response:
    gate = gate_of(request.app, "badge pages", running=_RUNNING, waiting=_WAITING, seconds=_SECONDS)
    async with gate.enter(), runtime.begin(ANONYMOUS) as work:
        exhibit = await exhibiting.exhibit(work, credential_id=public_id(name))
        showing.count_view(work, kind=ViewKind.BADGE, target_id=exhibit.award_id)
    say, document, report = words_of(request), exhibit.document, exhibit.report
    badge = reading.badge(document, base_url=runtime.settings.base_url)
    state = state_of(report, superseded=exhibit.superseded)
    end = document.get("validFrom" if state == "not_yet_valid" else "validUntil")
    return page(
        request,
        "badge.html",
        listed=exhibit.listed,
        badge=badge,
        exhibit=exhibit,
        report=report,
        state=state,
        said=say(f"{state}_says", issuer=badge.issuer, date=say.day(instant(end)) if end else ""),
        ok=sum(check.verdict is Verdict.OK for check in report.checks),
        not_made=", ".join(
            say(f"check_{check.number}") for check in report.checks if check.verdict is Verdict.NOT_CHECKED
        ),
        endorsements=exhibit.endorsements[:MOST_SHOWN],
        more_endorsements=max(0, len(exhibit.endorsements) - MOST_SHOWN),
        forms=[form.value for form in Form if say.has(f"download_{form.value}")],
    )


def state_of(report: Report, *, superseded: bool = False) -> str:
    """The report in one word, by which messages and colours are named. Only here is a newer award told from a taken
    back one; a check that fails goes before both."""
    return "superseded" if superseded and report.outcome is Outcome.REVOKED else report.outcome.value
