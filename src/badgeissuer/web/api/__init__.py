"""The JSON routes, one noun a file."""

from __future__ import annotations

from importlib import import_module

from fastapi import APIRouter

# In the order of the documentation.
_FILES = (
    "issuers",
    "keys",
    "achievements",
    "art",
    "stacks",
    "stack_progress",
    "endorsements",
    "received_endorsements",
    "clrs",
    "clr_shares",
    "admitted_badges",
    "jobs",
    "decisions",
    "awards",
    "award_states",
    "award_stream",
    "award_exports",
    "verify",
    "preflight",
    "credentials",
    "clr_documents",
    "embedding",
    "public",
    "catalogue",
    "public_endorsements",
    "health",
)


def routers() -> list[APIRouter]:
    """Every route of the service. A route of one file never hides one of another: their paths differ."""
    return [import_module(f"{__name__}.{name}").router for name in _FILES]
