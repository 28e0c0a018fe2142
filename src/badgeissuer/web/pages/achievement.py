"""The page of an achievement: what it takes, how it is judged, what it counts toward, and who stands behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from badgeissuer.rules.terms import VersionState
from badgeissuer.services import browsing
from badgeissuer.web.pages.catalogue import hours_in_words, type_in_words
from badgeissuer.web.pages.language import Words
from badgeissuer.web.pages.markup import bytes_of, shown, web_address
from badgeissuer.web.pages.rendering import page, words_of
from badgeissuer.web.pages.structured import data_block
from badgeissuer.work import Work

T = TypeVar("T")
Json = Mapping[str, Any]

# A page stays below 50 kB whatever was written: so many bytes are shared out, first come, first served.
_ROOM = 33_000
_SKILLS, _RUBRIC, _REQUIREMENTS, _RESOURCES, _COMPONENTS, _TAGS = 6_000, 10_000, 6_000, 4_000, 3_000, 3_000
_LONG = 1_500


@dataclass(frozen=True, slots=True)
class Part:
    """An entry of a list: a name, perhaps with words and a link."""

    name: str
    about: str = ""
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Criterion:
    name: str
    levels: tuple[tuple[str, str, bool], ...]


@dataclass(frozen=True, slots=True)
class Cut:
    """As many entries as there is room for, and how many were left out."""

    items: tuple[Any, ...]
    more: int


@dataclass(slots=True)
class _Room:
    """What is left of a page. Texts count as they are written: escaped, in UTF-8."""

    left: int

    def text(self, value: object, most: int) -> str:
        """The text, cut to what there is room for."""
        text = shown(value, most)
        while (size := bytes_of(text)) > self.left and text:
            text = shown(text, max(1, len(text) * max(0, self.left) // size)) if self.left > 50 else ""
        self.left -= size
        return text

    def entries(self, entries: Iterable[T], size: Callable[[T], int], most: int) -> Cut:
        """As many of them as there is room for, within ``most`` bytes, and the first one however large it is."""
        kept: list[T] = []
        everything: Sequence[T] = list(entries)
        room = min(most, self.left)
        for entry in everything:
            needed = size(entry)
            if kept and needed > room:
                break
            kept.append(entry)
            room -= needed
            self.left -= needed
        return Cut(tuple(kept), len(everything) - len(kept))


async def achievement_page(request: Request, work: Work, achievement_id: UUID, version: int | None) -> Response:
    """The page of that version, the newest where none is named. Raises ``NotFound``."""
    found, say = await browsing.achievement(work, achievement_id=achievement_id, number=version), words_of(request)
    document, parts, base_url = found.version.document, found.version.parts, work.base_url
    criteria = document.get("criteria") or {}
    newest = found.editions[0].number
    published = [edition.number for edition in found.editions if edition.state is VersionState.PUBLISHED]
    skills, room = _skills(document), _Room(_ROOM)
    return page(
        request,
        "achievement.html",
        # Old editions say what others say better; search engines are shown the one that is offered.
        listed=version is None and found.version.state is VersionState.PUBLISHED,
        here="catalogue",
        achievement=found,
        title=shown(document.get("name"), 300),
        path=found.url.removeprefix(base_url),
        art=own_art(document, base_url),
        kind=type_in_words(say, document.get("achievementType")),
        facts=_facts(say, document, parts),
        description=room.text(document.get("description"), 4_000),
        creator=_creator(document),
        criteria=room.text(criteria.get("narrative"), 8_000),
        criteria_url=web_address(criteria.get("id")),
        competency=room.text(parts.get("competency"), 2_000),
        rubric=room.entries(_rubric(document), _size_of_criterion, _RUBRIC),
        requirements=room.entries(_requirements(parts), _size, _REQUIREMENTS),
        skills=room.entries(skills, _size, _SKILLS),
        tags=room.entries(_tags(document), lambda tag: 3 * bytes_of(tag) + 80, _TAGS),
        method=room.text(parts.get("key_method"), 2_000),
        components=room.entries(
            [shown(each, _LONG) for each in parts.get("method_components", ())], bytes_of, _COMPONENTS
        ),
        resources=room.entries(_resources(parts), _size, _RESOURCES),
        judged=say(f"ach_judged_{parts.get('assessment', {}).get('assessors', 'one')}"),
        lasts=_lasts(say, parts),
        newer=(published[0] if published else newest) if version is not None and version != newest else None,
        paths={each.url: each.url.removeprefix(base_url) for each in (*found.toward, found.crowns) if each},
        structured=data_block(
            {
                "@type": "EducationalOccupationalCredential",
                "name": document.get("name"),
                "description": shown(document.get("description"), 500),
                "url": found.url,
                "credentialCategory": document.get("achievementType"),
                "recognizedBy": {
                    "@type": "Organization",
                    "name": found.issuer.name,
                    "url": f"{base_url}/issuers/{found.issuer.slug}",
                },
                "competencyRequired": [shown(skill.name, 120) for skill in skills[:20]],
            }
        ),
    )


def own_art(document: Json, base_url: str) -> tuple[str, str] | None:
    """The path and the words of a picture that is served here; one from elsewhere is not loaded."""
    image = document.get("image")
    address = image.get("id") if isinstance(image, Mapping) else image
    if not isinstance(address, str) or not address.startswith(f"{base_url}/"):
        return None
    return address.removeprefix(base_url), shown(image.get("caption"), 300) if isinstance(image, Mapping) else ""


def _facts(say: Words, document: Json, parts: Json) -> list[tuple[str, str]]:
    credit = document.get("creditsAvailable")
    hours = parts.get("grain_size_hours")
    told = {
        "ach_effort": hours_in_words(say, hours) if hours else "",
        "credits": f"{credit:g}" if isinstance(credit, (int, float)) else "",
        "ach_code": shown(document.get("humanCode"), 80),
        "ach_field": shown(document.get("fieldOfStudy"), 120),
        "ach_special": shown(document.get("specialization"), 120),
    }
    return [(say(name), value) for name, value in told.items() if value]


def _lasts(say: Words, parts: Json) -> str:
    days = parts.get("valid_for_days")
    if not days:
        return say("ach_lasts")
    return say("ach_lasts_years" if days % 365 == 0 and days > 365 else "ach_lasts_days",
               count=days // 365 if days % 365 == 0 and days > 365 else days)  # fmt: skip


def _creator(document: Json) -> str:
    creator = document.get("creator")
    return shown(creator.get("name"), 200) if isinstance(creator, Mapping) else ""


def _skills(document: Json) -> list[Part]:
    found = []
    for each in document.get("alignment", ()):
        told = (each.get("targetFramework"), each.get("targetCode"), each.get("targetDescription"))
        about = " · ".join(part for part in told if isinstance(part, str) and part)
        found.append(Part(shown(each.get("targetName"), 200), shown(about, 300), web_address(each.get("targetUrl"))))
    return found


def _tags(document: Json) -> list[str]:
    return [text for tag in document.get("tag", ()) if (text := shown(tag, 80))]


def _requirements(parts: Json) -> list[Part]:
    return [
        Part(shown(each.get("name"), 300), shown(each.get("description"), _LONG))
        for each in parts.get("requirements", ())
    ]


def _resources(parts: Json) -> list[Part]:
    return [
        Part(shown(each.get("title"), 300), shown(each.get("note"), 500), web_address(each.get("url")))
        for each in parts.get("resources", ())
    ]


def _rubric(document: Json) -> list[Criterion]:
    """Each criterion with its levels from low to high: name, words, and whether it is the one that an award needs."""
    found = []
    for description in document.get("resultDescription", ()):
        levels = [
            (shown(level.get("name"), 120), shown(level.get("description"), 600),
             level.get("id") == description.get("requiredLevel"))
            for level in description.get("rubricCriterionLevel", ())[:12]
        ]  # fmt: skip
        if levels:
            found.append(Criterion(shown(description.get("name"), 300), tuple(levels)))
    return found


def _size(part: Part) -> int:
    return bytes_of(part.name, part.about, part.url or "") + 120


def _size_of_criterion(criterion: Criterion) -> int:
    return (
        bytes_of(criterion.name)
        + 120
        + sum(bytes_of(name) + bytes_of(about) + 80 for name, about, _ in criterion.levels)
    )
