"""The stacks that the earner is on the way to: what is done, what is missing, what would complete each."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from badgeissuer.services import advancing
from badgeissuer.web.pages.me.door import MeDep, MeRoute, MeWorkDep, own_page

router = APIRouter(route_class=MeRoute, include_in_schema=False)


@router.get("/me/stacks")
async def stacks(request: Request, me: MeDep, work: MeWorkDep) -> Response:
    found = await advancing.stacks_of(work, earner_id=me.earner_id)
    return own_page(request, "me_stacks.html", stacks=found, most=advancing.MOST_STACKS)
