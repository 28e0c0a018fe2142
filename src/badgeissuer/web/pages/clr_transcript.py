"""A learner record on paper: every credential in it, with how each stood when the paper was made."""

from __future__ import annotations

import asyncio
import json
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from badgeissuer.drawing.transcripts import Line, Tone, TranscriptFacts, transcript
from badgeissuer.runtime import Runtime
from badgeissuer.services import record_findings, record_reading, record_standing
from badgeissuer.services.record_findings import MIXED, PARTLY, SUPERSEDED, Finding, Findings
from badgeissuer.services.record_reading import MemberRead, RecordRead, in_words
from badgeissuer.services.record_standing import RecordMatter
from badgeissuer.store.access import ANONYMOUS
from badgeissuer.vc.verify import Outcome
from badgeissuer.web import media
from badgeissuer.web.gate import gate_of
from badgeissuer.web.pages.clr import said_of
from badgeissuer.web.pages.clr_reading import relations_of, tallies_of
from badgeissuer.web.pages.language import Words
from badgeissuer.web.pages.markup import shown
from badgeissuer.web.pages.rendering import words_of

# All of a record's members are verified for a paper: seconds, for a thousand. One at a time, beside everything else.
_RUNNING, _WAITING, _SECONDS = 1, 8, 60.0
# What members from elsewhere may take together; and what all may, before the paper is made of some of them.
_PATIENCE = 10.0
_FOR_ALL = 35.0
_SOME = 100
_TITLE, _ISSUER, _ABOUT, _CAUSE = 160, 100, 120, 160
_RELATIONS = 60

_TONES: Mapping[str, Tone] = {
    Outcome.VALID.value: "good",
    Outcome.REVOKED.value: "bad",
    Outcome.INVALID.value: "bad",
    Outcome.SUSPENDED.value: "hold",
    Outcome.EXPIRED.value: "open",
    Outcome.NOT_YET_VALID.value: "next",
    Outcome.NOT_CHECKED.value: "hold",
    SUPERSEDED: "next",
    MIXED: "warn",
    PARTLY: "open",
}


@dataclass(frozen=True, slots=True)
class Transcript:
    """The file. ``accessible``: it keeps to PDF/UA, which it cannot where no font has some letter."""

    content: bytes
    file_name: str
    accessible: bool


async def transcript_answer(
    request: Request, runtime: Runtime, clr_id: UUID, *, address: str | None = None, named: bool = False
) -> Response:
    """The transcript as a download, in the reader's language. Raises ``NotFound``, ``Unavailable``.

    ``address`` is where it says that it can be checked, the record's own where none is given. With ``named`` it names
    the earner: whoever calls answers for that.
    """
    gate = gate_of(request.app, "transcripts", running=_RUNNING, waiting=_WAITING, seconds=_SECONDS)
    async with gate.enter():
        made = await make_transcript(runtime, clr_id=clr_id, say=words_of(request), address=address, named=named)
    headers = {
        "Content-Type": media.PDF,
        "Content-Disposition": f'attachment; filename="{made.file_name}"',
        "Content-Language": words_of(request).tag,
        # What it says of a credential was true when it was made.
        "Cache-Control": "no-store",
        "Vary": "Accept, Accept-Language",
        "X-Robots-Tag": "noindex",
        **media.INERT,
    }
    return Response(made.content, headers=headers)


async def make_transcript(
    runtime: Runtime, *, clr_id: UUID, say: Words, address: str | None = None, named: bool = False
) -> Transcript:
    """The same for whoever has no request. Every member is verified: that takes a while. Raises ``NotFound``."""
    try:
        async with asyncio.timeout(_FOR_ALL):
            record, matter, findings = await _looked(runtime, clr_id, named, most=None)
    except TimeoutError:
        # A paper that says of some that they were not looked at is better than none.
        record, matter, findings = await _looked(runtime, clr_id, named, most=_SOME)
    facts = transcript_facts(record, matter, findings, say, address=address or record.url)
    # Not kept: it holds a name, or is soon out of date.
    accessible = True

    def draw() -> bytes:
        nonlocal accessible
        printed = transcript(facts)
        accessible = printed.accessible
        return printed.content

    content = await runtime.studio.once(draw)
    return Transcript(content, f"{_stem(record)}-{say('clr_transcript_file')}.pdf", accessible)


async def _looked(
    runtime: Runtime, clr_id: UUID, named: bool, *, most: int | None
) -> tuple[RecordRead, RecordMatter, Findings]:
    async with runtime.begin(ANONYMOUS) as work:
        matter = await record_standing.record_matter(work, clr_id=clr_id, named=named)
        document = await asyncio.to_thread(json.loads, matter.record.text)
        record = record_reading.read(document)
        places = range(len(record.members))[:most]
        findings = await record_findings.look(work, matter=matter, document=document, places=places, patience=_PATIENCE)
    return record, matter, findings


def transcript_facts(
    record: RecordRead, matter: RecordMatter, findings: Findings, say: Words, *, address: str
) -> TranscriptFacts:
    """What the paper says, in one language."""
    whole, now = findings.whole, matter.now.astimezone(UTC)
    state = whole.state
    looked = say(
        "clr_transcript_looked", date=say.day(now), time=f"{now:%H:%M}", looked=whole.looked, total=whole.total
    )
    notes = [looked, say("clr_transcript_counts", counts=", ".join(_counts(findings, matter, say)))]
    if matter.newer is not None:
        notes.append(say("clr_newer"))
    relations, more = relations_of(record, _RELATIONS)
    return TranscriptFacts(
        title=shown(record.title, _TITLE),
        holder=shown(matter.earner, _TITLE) or say("clr_holder"),
        issuer=shown(record.issuer, _TITLE),
        issuer_id=record.issuer_id,
        language=say.tag,
        facts=list(_facts(record, say)),
        verdict=say(f"clr_is_{state}"),
        said=said_of(say, record, whole),
        tone=_TONES[state],
        notes=notes,
        lines=[
            _line(member, findings.members[member.place], member.place not in matter.standings, now, say)
            for member in record.members
        ],
        relations=[
            *(" ".join(_relation(each.kind, each.names, each.more, each.target, say)) for each in relations),
            *([say("clr_transcript_relations", count=more)] if more else ()),
        ],
        url=address,
        words={
            "kind": say("clr_transcript"),
            "holder_of": say("clr_about"),
            "list": say("clr_list"),
            "together": say("clr_together"),
            **{
                name: say.messages[f"clr_transcript_{name}"]
                for name in ("number", "credential", "issuer", "awarded", "until", "state", "check", "code", "page")
            },
            "lacking": say("clr_transcript_lacking"),
        },
    )


def _facts(record: RecordRead, say: Words) -> Iterator[tuple[str, str]]:
    yield say("clr_transcript_signed"), shown(record.issuer, _TITLE)
    if record.begins is not None:
        yield say("clr_made"), say.day(record.begins)
    if record.until is not None:
        yield say("valid_until"), say.day(record.until)
    partial = {None: "clr_unsaid", True: "clr_partial", False: "clr_whole"}[record.partial]
    yield say("clr_extent"), say(partial)


def _counts(findings: Findings, matter: RecordMatter, say: Words) -> Iterator[str]:
    """How many of each, those in force first."""
    for state, count in tallies_of(findings):
        yield f"{say(state)}: {count}"
    if findings.whole.not_here:
        yield f"{say('clr_not_here')}: {findings.whole.not_here}"
    foreign = len(findings.members) - len(matter.standings)
    if foreign:
        yield say("clr_transcript_foreign", count=foreign)


def _line(member: MemberRead, finding: Finding, elsewhere: bool, now: datetime, say: Words) -> Line:
    about = [say("clr_endorsement") if member.endorses else shown(in_words(member.kind), _ABOUT)]
    if elsewhere:
        about.append(say("clr_elsewhere"))
    # An end that has passed is told even where another reason goes before it.
    if member.until is not None and member.until <= now:
        about.append(say("clr_ended", date=say.day(member.until)))
    told = finding.state in (Outcome.INVALID, Outcome.NOT_CHECKED)
    return Line(
        number=str(member.place + 1),
        title=shown(member.title, _TITLE) or say("clr_untitled"),
        about=" · ".join(part for part in about if part),
        issuer=shown(member.issuer, _ISSUER),
        awarded=_day(member.begins),
        until=_day(member.until) or say("clr_transcript_no_end"),
        state=say(finding.state),
        tone=_TONES[finding.state],
        cause=(shown(finding.cause, _CAUSE) or say("clr_late")) if told else "",
    )


def _relation(kind: str, names: tuple[str, ...], more: int, target: str, say: Words) -> Iterator[str]:
    yield ", ".join(names) + (f" {say('clr_names_more', count=more)}" if more else "")
    yield f"– {say(f'clr_rel_{kind}' if say.has(f'clr_rel_{kind}') else 'clr_rel_isRelatedTo')} –"
    yield target


def _day(moment: datetime | None) -> str:
    """As figures: short, and the same to every reader."""
    return f"{moment.astimezone(UTC):%Y-%m-%d}" if moment is not None else ""


def _stem(record: RecordRead) -> str:
    """Plain letters of the record's name, and the first of its id."""
    name = unicodedata.normalize("NFKD", record.title).encode("ascii", "ignore").decode().lower()
    plain = re.sub(r"[^a-z0-9]+", "-", name).strip("-")[:60].strip("-")
    return f"{plain or 'clr'}-{record.url.rpartition('/')[2][:8]}"
