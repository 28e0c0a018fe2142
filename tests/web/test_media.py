"""Accept, If-None-Match and If-Match, as headers come in practice."""

from __future__ import annotations

import pytest
from starlette.requests import Request

from badgeissuer.web import media
from badgeissuer.web.problems import NotAcceptable

CHROME = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (None, media.VC),
        ("", media.VC),
        ("*/*", media.VC),
        ("application/*", media.VC),
        ("application/vc", media.VC),
        ("application/ld+json", media.LD_JSON),
        ("application/json", media.JSON),
        ("application/json, text/plain, */*", media.JSON),
        ("application/ld+json, application/json", media.LD_JSON),  # what a wallet sends for a status list
        ("application/json;q=0.5, application/vc;q=0.4", media.JSON),
        ("application/vc;q=0, */*", media.VC_LD_JSON),
        ("application/vc+ld+json", media.VC_LD_JSON),
        ("APPLICATION/JSON", media.JSON),
        (
            'application/ld+json;profile="http://www.w3.org/ns/json-ld#compacted";q=0.9, application/json;q=0.8',
            media.LD_JSON,
        ),
        (CHROME, media.JSON),
        ("text/html", media.JSON),
        ("text/html, application/vc;q=0.1", media.VC),
        ("nonsense, application/json", media.JSON),
    ],
)
def test_accept_for_a_credential(accept: str | None, expected: str) -> None:
    assert media.negotiate(accept, media.CREDENTIAL_TYPES) == expected


FIREFOX = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/png,image/svg+xml,*/*;q=0.8"
EVERY = (*media.CREDENTIAL_TYPES, *media.JWT_OFFERS, media.PNG, media.SVG, media.PDF)


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (None, media.VC),
        ("*/*", media.VC),
        (CHROME, media.JSON),
        (FIREFOX, media.JSON),  # it names images when it asks for a page
        ("text/html, text/plain", media.JSON),
        ("image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8", media.SVG),  # an <img>
        ("image/*", media.PNG),
        ("text/*", "text/plain"),
        ("application/jwt", "application/jwt"),
        ("application/json, text/plain, */*", media.JSON),
        ("application/pdf", media.PDF),
        ("text/html;q=0.5, application/pdf", media.PDF),
    ],
)
def test_accept_for_a_credential_in_every_form(accept: str | None, expected: str) -> None:
    assert media.negotiate(accept, EVERY) == expected


@pytest.mark.parametrize(
    "accept", ["image/png", "application/vc+jwt", "application/json;q=0", "text/*", "nonsense", "*/*;q=0"]
)
def test_what_there_is_not_is_refused_with_what_there_is(accept: str) -> None:
    with pytest.raises(
        NotAcceptable, match=r"application/vc, application/vc\+ld\+json, application/ld\+json, application/json"
    ):
        media.negotiate(accept, media.CREDENTIAL_TYPES)


@pytest.mark.parametrize(
    ("header", "current"),
    [
        (None, False),
        ('"abc"', True),
        ('W/"abc"', True),
        ('"x", "abc"', True),
        ("*", True),
        ('"ab"', False),
        ("abc", False),
        ('"x"', False),
    ],
)
def test_if_none_match(header: str | None, current: bool) -> None:
    headers = [(b"if-none-match", header.encode())] if header is not None else []
    assert media.is_current(Request({"type": "http", "headers": headers}), '"abc"') is current


@pytest.mark.parametrize(
    ("header", "revision"), [(None, None), ("*", None), ('"3"', 3), (' "3" ', 3), ("3", -1), ('W/"3"', -1), ('"x"', -1)]
)
def test_if_match_names_a_revision(header: str | None, revision: int | None) -> None:
    assert media.expected_revision(header) == revision
    assert media.revision_tag(3) == '"3"'
