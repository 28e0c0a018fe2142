"""The page of an endorsement: who endorses what, why, and how it stands now; and the list of those of one thing."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response

from badgeissuer.rules.terms import EndorsementState
from badgeissuer.runtime import Runtime
from badgeissuer.services import endorsing_facts, endorsing_targets, verifying
from badgeissuer.services.endorsing_facts import Shown
from badgeissuer.store.access import ANONYMOUS
from badgeissuer.vc.verify import Verdict
from badgeissuer.web.api.public import public_id
from badgeissuer.web.gate import gate_of
from badgeissuer.web.pages.markup import shown
from badgeissuer.web.pages.rendering import in_words, page, words_of

# As for badges: each page is verified anew, and a crowd of readers keeps nobody else waiting.
_RUNNING = 2
_WAITING = 32
_SECONDS = 15.0


async def endorsement_page(request: Request, runtime: Runtime, name: str) -> Response:
    """The page of the endorsement with that id, or a page that says what is wrong."""
    return await in_words(request, lambda: _page(request, runtime, name))


async def _page(request: Request, runtime: Runtime, name: str) -> Response:
    gate = gate_of(request.app, "endorsement pages", running=_RUNNING, waiting=_WAITING, seconds=_SECONDS)
    async with gate.enter(), runtime.begin(ANONYMOUS) as work:
        found = await endorsing_facts.public_endorsement(work, endorsement_id=public_id(name))
        told = endorsing_facts.shown(work, found)
        about = await endorsing_targets.named(work, found.endorsement)
        row = found.endorsement
        text, subject, title = row.text, row.subject, row.name
        withdrawn = row.state_changed_at if row.state is EndorsementState.REVOKED else None
        report = await verifying.verify(work, data=text.encode(), keep=True)
        now = work.now
    say, state, endorser = words_of(request), report.outcome.value, shown(told.name, 200)
    said = f"endorsement_{state}_says"
    return page(
        request,
        "endorsement.html",
        told=told,
        title=shown(title, 200),
        subject=subject,
        about=about,
        endorser=endorser,
        withdrawn=withdrawn,
        state=state,
        said=say(
            said if say.has(said) else f"{state}_says",
            issuer=endorser,
            date=say.day(told.until) if told.until is not None else "",
        ),
        report=report,
        ok=sum(check.verdict is Verdict.OK for check in report.checks),
        json_url=f"{told.url}.json",
        now=now,
    )


def endorsements_page(
    request: Request, endorsements: Sequence[Shown], *, subject: str, following: str | None
) -> Response:
    """The endorsements of one thing that stand now; ``following`` is the address of the next page."""
    return page(request, "endorsements.html", endorsements=endorsements, subject=subject, following=following)
