"""What wire models share: their two bases, and the types of fields that many of them have."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Generic, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, StringConstraints, WithJsonSchema

from badgeissuer.rules.parts import HttpsUrl, LongText, Part, ShortText

__all__ = [
    "Count",
    "Did",
    "Email",
    "HttpUrl",
    "LongText",
    "Page",
    "Reference",
    "ShortText",
    "Timestamp",
    "WireIn",
    "WireOut",
]


class WireIn(Part):
    """A body that we read: snake case as documented, camel case accepted, anything else refused by name."""


class WireOut(BaseModel):
    """A body that we write. Times are UTC in whole seconds, with a Z."""

    model_config = ConfigDict(from_attributes=True)


def _instant(value: object) -> datetime:
    if isinstance(value, datetime):
        return value
    if not isinstance(value, str) or not _RFC3339.fullmatch(value):
        raise ValueError(
            "must be a date and time with a zone, as a string like 2026-03-01T09:30:00Z or 2026-03-01T09:30:00+01:00"
        )
    try:
        return datetime.fromisoformat(value.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("is not a date and time that exists") from None


def _shown(value: datetime) -> str:
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


_RFC3339 = re.compile(r"(?:19|20|21)\d\d-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:[Zz]|[+-]\d\d:\d\d)", re.ASCII)

# An instant, in UTC once read. A zone is demanded: without one, the same text means different instants to two readers.
Timestamp = Annotated[
    datetime,
    BeforeValidator(_instant),
    PlainSerializer(_shown, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2026-03-01T09:30:00Z"]}),
]

# A caller's own name for a thing: printable, no spaces at the ends.
Reference = Annotated[
    str, StringConstraints(pattern=r"^[^\s\x00-\x1f\x7f](?:[^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f])?$", max_length=255)
]
HttpUrl = HttpsUrl
Email = Annotated[
    str, StringConstraints(pattern=r"^[^\s@<>\"(),:;\[\]\\]{1,64}@[^\s@<>\"(),:;\[\]\\]{1,255}$", max_length=254)
]
Did = Annotated[str, StringConstraints(pattern=r"^did:[a-z0-9]+:[A-Za-z0-9._:%-]+$", max_length=2_000)]

# What an integer column holds on both databases.
Count = Annotated[int, Field(ge=0, le=2_147_483_647)]

T = TypeVar("T")


class Page(BaseModel, Generic[T]):
    """One page of a list. ``next`` is the address of the next one; it is also in the Link header (RFC 8288)."""

    items: list[T]
    next: str | None = Field(None, description="null on the last page")
