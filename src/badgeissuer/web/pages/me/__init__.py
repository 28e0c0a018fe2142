"""The earner's own pages: sign in by a link in a mail; awards, stacks, records, who may read and who did."""

from __future__ import annotations

from fastapi import APIRouter

from badgeissuer.web.pages.me import awards, claims, letting, records, signing, stacks


def routers() -> list[APIRouter]:
    """All routes below ``/me``."""
    return [each.router for each in (signing, claims, awards, stacks, records, letting)]
