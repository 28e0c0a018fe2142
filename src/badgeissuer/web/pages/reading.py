"""What the badge page shows of a credential, read from its signed text: nothing that does not stand in it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from markupsafe import Markup

from badgeissuer.services import embedding
from badgeissuer.vc.model.base import instant
from badgeissuer.vc.multikey import did_web_url
from badgeissuer.web.pages.markup import shown, web_address

# A page stays small whatever a credential says; all of it is in the JSON.
_MOST = 30
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
    narrative: str
    url: str | None


@dataclass(frozen=True, slots=True)
class Badge:
    """The badge as the page shows it. Links are https, or addresses of our own."""

    url: str
    path: str
    title: str
    issuer: str
    issuer_url: str
    kind: str
    credits: str
    awarded: datetime
    until: datetime | None
    description: str
    criteria: str
    criteria_url: str | None
    skills: tuple[Skill, ...]
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
            "description": self.description,
            "url": self.url,
            "image": f"{self.url}.card.png",
            "recognizedBy": issuer,
            "dateCreated": self.awarded.date().isoformat(),
        }
        if self.kind:
            document["credentialCategory"] = self.kind
        if self.until is not None:
            document["expires"] = self.until.date().isoformat()
        if self.skills:
            document["competencyRequired"] = [skill.name for skill in self.skills]
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
    skills += [Skill(shown(tag), "", None) for tag in achievement.get("tag", ()) if shown(tag)]
    results, evidence = list(_results(subject)), [_evidence(each) for each in document.get("evidence", ())]
    earned = subject.get("creditsEarned", achievement.get("creditsAvailable"))
    return Badge(
        url=document["id"],
        path=document["id"].removeprefix(base_url),
        title=shown(achievement["name"]),
        issuer=shown(issuer.get("name")) or issuer["id"],
        issuer_url=web_address(issuer.get("url")) or _profile(issuer["id"], base_url),
        kind=_in_words(achievement.get("achievementType")),
        credits="" if earned is None else f"{earned:g}",
        awarded=instant(document.get("awardedDate") or document["validFrom"]),
        until=None if until is None else instant(until),
        description=shown(achievement.get("description"), 4_000),
        criteria=criteria.get("narrative") or "",
        criteria_url=web_address(criteria.get("id")),
        skills=tuple(skills[:_MOST]),
        more_skills=max(0, len(skills) - _MOST),
        results=tuple(results[:_MOST]),
        more_results=max(0, len(results) - _MOST),
        evidence=tuple(_cut(evidence)),
        more_evidence=max(0, len(evidence) - len(_cut(evidence))),
    )


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
        about=shown(item.get("description"), 1_000),
        narrative=shown(item.get("narrative"), 4_000),
        url=web_address(item.get("id")),
    )


def _cut(evidence: list[Evidence]) -> list[Evidence]:
    """As many as a page of 50 kB has room for, at least one."""
    room, kept = 12_000, list[Evidence]()
    for item in evidence[:_MOST]:
        room -= len(item.narrative) + len(item.about) + 200
        if kept and room < 0:
            break
        kept.append(item)
    return kept


def _in_words(kind: object) -> str:
    """``MicroCredential`` as ``Micro credential``."""
    text = shown(kind).removeprefix("ext:")
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text).capitalize() if text else ""
