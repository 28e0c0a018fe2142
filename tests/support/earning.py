"""An earner in a browser of their own: opens pages, sends forms, signs in by the mailed link."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2

from tests.support.app import BASE_URL
from tests.support.mailbox import Posted, link_in
from tests.support.pages import BROWSER, Page

EMAIL = "teacher1@schools.example.org"


class Earner:
    """Somebody's browser. ``page`` is the page that is open."""

    def __init__(self, posted: Posted) -> None:
        self.posted = posted
        self.http = posted.browser()
        self.answer: httpx2.Response
        self.page: Page

    async def open(self, path: str, status: int = 200, **headers: str) -> Page:
        """A page, after the redirects that lead to it."""
        return self._seen(await self._follow(await self.http.get(path, headers={**BROWSER, **headers})), status)

    async def send(self, path: str, status: int = 200, token: str | None = None, **fields: Any) -> Page:
        """A form of the open page, with its token; what it led to."""
        answer = await self.post(path, token=token, **fields)
        return self._seen(await self._follow(answer), status)

    async def post(self, path: str, *, token: str | None = None, **fields: Any) -> httpx2.Response:
        """The same, with the answer as it is."""
        given = self.token() if token is None else token
        return await self.http.post(path, data={"form_token": given, **fields}, headers=BROWSER)

    def token(self) -> str:
        """The token of the open page's forms."""
        found = {each["value"] for each in self.page.all("input") if each.get("name") == "form_token"}
        assert len(found) == 1, found
        return found.pop()

    def values(self, name: str) -> list[str]:
        return [each["value"] for each in self.page.all("input") if each.get("name") == name]

    async def sign_in(self, email: str = EMAIL) -> Page:
        """By the link that comes by mail."""
        link = await self.link(email)
        await self.open(link)
        return await self.send("/me/sign-in/link", t=parse_qs(urlsplit(link).query)["t"][0])

    async def link(self, email: str = EMAIL) -> str:
        await self.posted.deliver()
        await self.open("/me")
        await self.send("/me/sign-in", email=email)
        (letter,) = await self.posted.deliver()
        return link_in(letter).removeprefix(BASE_URL)

    async def _follow(self, answer: httpx2.Response) -> httpx2.Response:
        while answer.status_code == 303:
            location = answer.headers["location"]
            assert location.startswith("/me"), location  # never to another host
            answer = await self.http.get(location, headers=BROWSER)
        return answer

    def _seen(self, answer: httpx2.Response, status: int) -> Page:
        assert answer.status_code == status, (answer.status_code, answer.text)
        assert answer.headers["cache-control"] == "no-store"
        self.answer, self.page = answer, Page(answer.text)
        return self.page
