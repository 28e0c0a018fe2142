"""The page of a stack: what it is made of, what completes it, in words, and what that awards."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from badgeissuer.rules.stack_rules import Member, StackDocument
from badgeissuer.rules.terms import VersionState
from badgeissuer.services import browsing
from badgeissuer.services.browsing import Linked, StackShown
from badgeissuer.web.pages.language import Words
from badgeissuer.web.pages.markup import shown, web_address
from badgeissuer.web.pages.rendering import page, words_of
from badgeissuer.web.pages.rule_words import rule_in_words
from badgeissuer.web.pages.structured import data_block
from badgeissuer.work import Work

# Members that a page lists, of the stack and of each one inside it; the JSON lists all.
_MOST = 60
_MOST_INSIDE = 20
# Names beside a member: what comes before it, what counts instead.
_MOST_NAMES = 5


@dataclass(frozen=True, slots=True)
class Listed:
    """A member as the page lists it: where it leads, if anywhere, and what is inside it, where it is a stack."""

    key: str
    title: str
    path: str | None
    elsewhere: str | None
    kind: str
    in_development: bool
    retired: bool
    categories: tuple[str, ...]
    notes: tuple[str, ...]
    alternatives: tuple[Linked, ...]
    inside: tuple[Listed, ...]
    more_inside: int


async def stack_page(request: Request, work: Work, stack_id: UUID) -> Response:
    """The page of the newest version that is or was published. Raises ``NotFound``."""
    found, say = await browsing.stack(work, stack_id=stack_id), words_of(request)
    document, base_url = found.document, work.base_url
    members = [_listed(say, found, document, member, base_url, depth=1) for member in document.members[:_MOST]]
    return page(
        request,
        "stack.html",
        listed=found.version.state is VersionState.PUBLISHED,
        here="catalogue",
        stack=found,
        path=found.url.removeprefix(base_url),
        paths={each.url: each.url.removeprefix(base_url) for each in (*found.known.values(), *found.toward)},
        members=members,
        more=max(0, len(document.members) - _MOST),
        rule=rule_in_words(say, document),
        developing=sum(member.in_development for member in document.members),
        structured=data_block(
            {
                "@type": "EducationalOccupationalCredential",
                "name": document.name,
                "description": document.description,
                "url": found.url,
                "credentialCategory": "Stack of micro-credentials",
                "recognizedBy": {"@type": "Organization", "name": found.issuer.name,
                                 "url": f"{base_url}/issuers/{found.issuer.slug}"},
                "hasPart": [{"@type": "EducationalOccupationalCredential", "name": each.title} for each in members],
            }
        ),
    )  # fmt: skip


def _listed(
    say: Words, found: StackShown, document: StackDocument, member: Member, base_url: str, *, depth: int
) -> Listed:
    address = member.achievement or member.stack or ""
    known = found.known.get(address)
    below = found.nested.get(address) if member.stack and depth < 3 else None
    inside = below.members if below is not None else ()
    return Listed(
        key=member.key,
        title=shown(member.title, 200),
        path=known.url.removeprefix(base_url) if known is not None else None,
        elsewhere=web_address(address) if known is None and not address.startswith(base_url) else None,
        kind="stack" if member.stack else "achievement",
        in_development=member.in_development,
        retired=known is not None and known.retired,
        categories=tuple(shown(name, 80) for name in member.categories),
        notes=tuple(_notes(say, document, member)),
        alternatives=tuple(found.known[url] for url in member.alternatives if url in found.known)[:_MOST_NAMES],
        inside=tuple(
            _listed(say, found, below, each, base_url, depth=depth + 1) for each in inside[:_MOST_INSIDE] if below
        ),
        more_inside=max(0, len(inside) - _MOST_INSIDE),
    )


def _notes(say: Words, document: StackDocument, member: Member) -> list[str]:
    """What has to hold of the member beside that it is earned."""
    notes = []
    if member.requires:
        names = [f"“{shown(document.member(key).title, 120)}”" for key in member.requires[:_MOST_NAMES]]
        more = len(member.requires) - len(names)
        if more:
            names.append(say("stk_names_more", count=more))
        notes.append(say("stk_requires", names=", ".join(names)))
    if member.minimum is not None:
        notes.append(say("stk_minimum", points=f"{member.minimum.at_least:g}"))
    return notes
