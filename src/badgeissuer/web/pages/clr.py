"""The page of a learner record (CLR): what is in it, and how it and each credential in it stand now."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from functools import partial
from urllib.parse import urlencode
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from badgeissuer.runtime import Runtime
from badgeissuer.services import record_findings, record_reading, record_standing
from badgeissuer.services.record_findings import Whole
from badgeissuer.services.record_reading import RecordRead
from badgeissuer.store.access import ANONYMOUS
from badgeissuer.vc.verify import Outcome, Verdict
from badgeissuer.web.api.public import public_id
from badgeissuer.web.gate import Gate, gate_of
from badgeissuer.web.pages import clr_reading
from badgeissuer.web.pages.clr_reading import View
from badgeissuer.web.pages.language import ENGLISH, Words
from badgeissuer.web.pages.markup import shown, web_address
from badgeissuer.web.pages.rendering import in_words, page, words_of

# Each page is verified anew, and the first look at a record of a thousand takes seconds.
_RUNNING = 2
_WAITING = 32
_SECONDS = 20.0
# A record of so many members is looked at as a whole, whichever of them are shown; of a larger one, those that are.
_AT_ONCE = 60
# What members from elsewhere may take together; the page comes without a verdict on those that took longer.
PATIENCE = 6.0


@dataclass(frozen=True, slots=True)
class Place:
    """Where a record is shown: at which path, its files below which one, and whether the earner is named there."""

    path: str
    files: str
    shared: bool = False
    named: bool = False


async def clr_page(request: Request, runtime: Runtime, name: str) -> Response:
    """The page of the record with that id, or a page that says what is wrong."""
    place = Place(f"/clrs/{name}", f"/clrs/{name}")
    return await in_words(request, lambda: record_page(request, runtime, public_id(name), place))


def record_gate(request: Request) -> Gate:
    """What looks at records and their members for a person goes through here."""
    return gate_of(request.app, "record pages", running=_RUNNING, waiting=_WAITING, seconds=_SECONDS)


async def record_page(request: Request, runtime: Runtime, clr_id: UUID, place: Place) -> Response:
    """The page at another address too. Raises ``NotFound``, ``Unavailable``."""
    async with record_gate(request).enter(), runtime.begin(ANONYMOUS) as work:
        matter = await record_standing.record_matter(work, clr_id=clr_id, named=place.named)
        document = await asyncio.to_thread(json.loads, matter.record.text)
        record = record_reading.read(document)
        view = clr_reading.view_of(request.query_params.get("view"))
        sheet = clr_reading.sheet_of(record, view, request.query_params.get("page"))
        small = len(record.members) <= _AT_ONCE
        places = range(len(record.members)) if small else sheet.places
        findings = await record_findings.look(work, matter=matter, document=document, places=places, patience=PATIENCE)
    base_url, say = runtime.settings.base_url, words_of(request)
    whole = findings.whole
    relations, more_relations = clr_reading.relations_of(record)
    checks = findings.report.checks[:-1]  # what is inside has verdicts of its own
    return page(
        request,
        "clr.html",
        record=record,
        issuer_url=web_address(record.issuer_url),
        earner=matter.earner,
        place=place,
        state=whole.state,
        whole=whole,
        said=said_of(say, record, whole),
        newer=matter.newer.removeprefix(base_url) if matter.newer else None,
        checks=checks,
        ok=sum(check.verdict is Verdict.OK for check in checks),
        sheet=sheet,
        views=[(each, _address(place, each, 1)) for each in View],
        at=partial(_address, place, view),
        groups=list(clr_reading.groups_of(sheet, findings, matter.standings, base_url)),
        tallies=clr_reading.tallies_of(findings),
        not_here=whole.not_here,
        foreign=whole.total - len(matter.standings),
        paper=f"?lang={say.tag}" if say.tag != ENGLISH.tag else "",
        troubles=clr_reading.elsewhere_bad(record, findings, sheet),
        relations=relations,
        more_relations=more_relations,
        now=matter.now,
    )


def said_of(say: Words, record: RecordRead, whole: Whole) -> str:
    """How all of it stands, in a sentence."""
    name = f"clr_{whole.state}_says"
    if whole.total == 1 and say.has(f"{name}_one"):
        name += "_one"
    elif whole.bad == 1 and say.has(f"{name}_few"):
        name += "_few"
    end = record.begins if whole.state == Outcome.NOT_YET_VALID.value else record.until
    return say(
        name,
        issuer=shown(record.issuer),
        total=whole.total,
        bad=whole.bad,
        good=whole.good,
        looked=whole.looked,
        date=say.day(end) if end is not None else "",
    )


def _address(place: Place, view: View, number: int) -> str:
    query = {"view": view.value} if view is not View.TIME else {}
    if number > 1:
        query["page"] = str(number)
    return f"{place.path}?{urlencode(query)}" if query else place.path
