"""What the badge page shows of a credential, read from its signed text: nothing that does not stand in it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import quote, urlencode, urlsplit

from markupsafe import Markup

from badgeissuer.services import embedding
from badgeissuer.store.art import named
from badgeissuer.vc.model.base import instant
from badgeissuer.vc.multikey import did_web_url
from badgeissuer.web.pages.markup import bytes_of, fitting, markdown, shown, web_address

# A page stays small whatever a credential says; all of it is in the JSON. These are bytes of HTML.
_DESCRIPTION, _CRITERIA = 4_000, 7_000
_SKILLS, _TAGS, _RESULTS, _EVIDENCE = 4_000, 1_000, 3_500, 5_000
_NARRATIVE = 3_000
_TAGS_OF_AN_ITEM = 150
# And these are characters.
_TITLE = 200
_ABOUT = 300


@dataclass(frozen=True, slots=True)
class Skill:
    name: str
    about: str
    url: str | None


@dataclass(frozen=True, slots=True)
class Result:
    name: str
    value: str
    required: str


@dataclass(frozen=True, slots=True)
class Evidence:
    name: str
    genre: str
    about: str
    narrative: Markup
    url: str | None


_Item = TypeVar("_Item", Skill, Result, Evidence)


@dataclass(frozen=True, slots=True)
class Badge:
    """The badge as the page shows it. Links are https, or addresses of our own."""

    url: str
    path: str
    title: str
    # What its picture shows, where it has one of its own.
    caption: str
    issuer: str
    issuer_url: str
    kind: str
    credits: str
    awarded: datetime
    until: datetime | None
    description: str
    criteria: Markup
    criteria_url: str | None
    skills: tuple[Skill, ...]
    tags: tuple[str, ...]
    more_skills: int
    results: tuple[Result, ...]
    more_results: int
    evidence: tuple[Evidence, ...]
    more_evidence: int

    @property
    def linkedin(self) -> str:
        """The link that fills in LinkedIn's form for a certification."""
        return embedding.linkedin(
            url=self.url, title=self.title, issuer=self.issuer, awarded=self.awarded, until=self.until
        )

    @property
    def wallet(self) -> str:
        """The link that opens Learner Credential Wallet."""
        return embedding.wallet(self.url)

    @property
    def oembed(self) -> str:
        """Where editors ask how to show this badge."""
        return embedding.oembed(self.url)

    @property
    def mail(self) -> str:
        """The link that opens a mail with the address."""
        return f"mailto:?{urlencode({'subject': self.title, 'body': self.url}, quote_via=quote)}"

    @property
    def embed(self) -> str:
        """HTML for somebody else's page: a frame with the badge."""
        return embedding.embed(self.url, title=self.title)

    @property
    def schema_org(self) -> Markup:
        """The credential in the words of schema.org, as JSON-LD that cannot end the element which it stands in."""
        issuer = {"@type": "Organization", "name": self.issuer, "url": self.issuer_url}
        document: dict[str, Any] = {
            "@context": "https://schema.org",
            "@type": "EducationalOccupationalCredential",
            "name": self.title,
            "description": shown(self.description, _ABOUT),
            "url": self.url,
            "image": f"{self.url}.card.png",
            "recognizedBy": issuer,
            "dateCreated": self.awarded.date().isoformat(),
        }
        if self.kind:
            document["credentialCategory"] = self.kind
        if self.until is not None:
            document["expires"] = self.until.date().isoformat()
        if self.skills or self.tags:
            document["competencyRequired"] = [*(skill.name for skill in self.skills), *self.tags]
        text = json.dumps(document, ensure_ascii=False)
        for letter in "<>&\u2028\u2029":
            text = text.replace(letter, f"\\u{ord(letter):04x}")
        return Markup(text)  # noqa: S704 - holds no letter that means something in HTML


def badge(document: Mapping[str, Any], *, base_url: str) -> Badge:
    """The page's facts of one of our own credentials."""
    subject, issuer = document["credentialSubject"], document["issuer"]
    achievement, until = subject["achievement"], document.get("validUntil")
    criteria = achievement.get("criteria") or {}
    skills = [
        Skill(shown(each.get("targetName")), _about(each), web_address(each.get("targetUrl")))
        for each in achievement.get("alignment", ())
    ]
    tags = [shown(tag, _TITLE) for tag in achievement.get("tag", ()) if shown(tag)]
    results, evidence = _results(subject), [_evidence(each) for each in document.get("evidence", ())]
    some_skills, some_results = _fitting(skills, _SKILLS), _fitting(results, _RESULTS)
    some_tags = _first(tags, _TAGS)
    some_evidence = _fitting(evidence, _EVIDENCE)
    earned = subject.get("creditsEarned", achievement.get("creditsAvailable"))
    return Badge(
        url=document["id"],
        path=document["id"].removeprefix(base_url),
        caption=_caption(achievement.get("image"), base_url),
        title=shown(achievement["name"], _TITLE),
        issuer=shown(issuer.get("name"), _TITLE) or issuer["id"],
        issuer_url=web_address(issuer.get("url")) or _profile(issuer["id"], base_url),
        kind=_in_words(achievement.get("achievementType")),
        credits="" if earned is None else f"{earned:g}",
        awarded=instant(document.get("awardedDate") or document["validFrom"]),
        until=None if until is None else instant(until),
        description=fitting(achievement.get("description"), _DESCRIPTION),
        criteria=markdown(criteria.get("narrative"), _CRITERIA),
        criteria_url=web_address(criteria.get("id")),
        skills=some_skills,
        tags=some_tags,
        more_skills=len(skills) - len(some_skills) + len(tags) - len(some_tags),
        results=some_results,
        more_results=len(results) - len(some_results),
        evidence=some_evidence,
        more_evidence=len(evidence) - len(some_evidence),
    )


def _caption(image: object, base_url: str) -> str:
    """Only of a picture that is drawn here: words of one that is elsewhere would tell of another."""
    if not isinstance(image, Mapping) or named(image, base_url=base_url) is None:
        return ""
    return shown(image.get("caption"), _ABOUT)


def _profile(did: str, base_url: str) -> str:
    """The public address of an issuer of ours, by its DID."""
    parts = urlsplit(base_url)
    path = urlsplit(did_web_url(did, loopback_http=True)).path.removesuffix("/did.json")
    return f"{parts.scheme}://{parts.netloc}{path}"


def _about(alignment: Mapping[str, Any]) -> str:
    told = (alignment.get("targetFramework"), alignment.get("targetCode"), alignment.get("targetDescription"))
    return shown(" · ".join(part for part in told if isinstance(part, str) and part), _ABOUT)


def _results(subject: Mapping[str, Any]) -> list[Result]:
    """Each result by its description's name; levels by their names, never by their ids."""
    described = {each.get("id"): each for each in subject["achievement"].get("resultDescription", ())}
    found = []
    for result in subject.get("result", ()):
        about = described.get(result.get("resultDescription"), {})
        levels = {level.get("id"): level.get("name") for level in about.get("rubricCriterionLevel", ())}
        value = levels.get(result.get("achievedLevel")) or result.get("value") or _in_words(result.get("status"))
        required = levels.get(about.get("requiredLevel")) or about.get("requiredValue")
        if value:
            found.append(Result(shown(about.get("name")), shown(str(value)), shown(required)))
    return found


def _evidence(item: Mapping[str, Any]) -> Evidence:
    return Evidence(
        name=shown(item.get("name")),
        genre=shown(item.get("genre")),
        about=fitting(item.get("description"), _NARRATIVE),
        narrative=markdown(item.get("narrative"), _NARRATIVE),
        url=web_address(item.get("id")),
    )


def _fitting(items: Sequence[_Item], room: int) -> tuple[_Item, ...]:
    """As many of them, from the first, as that many bytes of HTML have room for."""
    kept: list[_Item] = []
    for item in items:
        texts = (getattr(item, each.name) for each in fields(item))
        room -= _TAGS_OF_AN_ITEM + bytes_of(*(text for text in texts if isinstance(text, str)))
        if room < 0:
            break
        kept.append(item)
    return tuple(kept)


def _first(texts: Sequence[str], room: int) -> tuple[str, ...]:
    """As many of them, from the first, as that many bytes of HTML have room for."""
    kept: list[str] = []
    for text in texts:
        room -= len("<li></li>") + bytes_of(text)
        if room < 0:
            break
        kept.append(text)
    return tuple(kept)


def _in_words(kind: object) -> str:
    """``MicroCredential`` as ``Micro credential``."""
    text = shown(kind).removeprefix("ext:")
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text).capitalize() if text else ""
