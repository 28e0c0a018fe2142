"""What a fetch takes of an answer, and what not: encodings, sizes, times, broken HTTP."""

from __future__ import annotations

import asyncio
import gzip

import pytest

from badgeissuer.net.fetch import Fetched, Fetcher, FetchFailed, FetchRefused
from tests.support.outside import (
    JSON,
    Answer,
    says,
    serving,
)


def head(status: str = "200 OK", **headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode()


async def fetched(answer: Answer, *, timeout: float = 2.0, max_bytes: int = 1_000) -> Fetched:
    """What the demo's exception makes of a server on this machine, over plain http."""
    async with serving(answer) as port:
        base = f"http://localhost:{port}"
        fetcher = Fetcher(timeout=timeout, max_bytes=max_bytes, loopback_base=base)
        return await fetcher.get(f"{base}/document", accept=JSON)


class TestAnswers:
    async def test_a_document(self) -> None:
        answer = await fetched(says(head(Content_Type=JSON, Content_Length="2") + b"{}"))
        assert (answer.status, answer.content_type, answer.body) == (200, JSON, b"{}")

    @pytest.mark.parametrize("status", ["201 Created", "404 Not Found", "410 Gone", "500 Oh", "503 Busy"])
    async def test_other_statuses_are_told(self, status: str) -> None:
        answer = await fetched(says(head(status, Content_Length="4") + b"gone"))
        assert (answer.status, answer.content_type, answer.body) == (int(status[:3]), "", b"gone")

    @pytest.mark.parametrize("status", ["300 X", "301 X", "302 X", "303 X", "304 X", "307 X", "308 X", "399 X"])
    async def test_redirects_are_refused(self, status: str) -> None:
        heard: list[bytes] = []
        with pytest.raises(FetchRefused, match="redirect"):
            await fetched(says(head(status, Location="/document", Content_Length="0"), heard=heard))
        assert len(heard) == 1

    @pytest.mark.parametrize("encoding", ["gzip", "GZIP", "deflate", "br", "zstd", "identity, gzip", "x"])
    async def test_compressed_answers_are_not_taken(self, encoding: str) -> None:
        bomb = gzip.compress(bytes(900_000))
        with pytest.raises(FetchFailed, match="compressed"):
            await fetched(says(head(Content_Encoding=encoding, Content_Length=str(len(bomb))) + bomb))

    @pytest.mark.parametrize("encoding", ["identity", "Identity", ""])
    async def test_unless_that_means_nothing(self, encoding: str) -> None:
        answer = await fetched(says(head(Content_Encoding=encoding, Content_Length="2") + b"{}"))
        assert answer.body == b"{}"

    async def test_just_not_too_large(self) -> None:
        answer = await fetched(says(head(Content_Length="1000") + b"x" * 1000))
        assert len(answer.body) == 1000

    @pytest.mark.parametrize("says_so", [True, False])
    async def test_one_fetch_may_have_a_limit_of_its_own(self, says_so: bool) -> None:
        body = b"x" * 1500
        answer = says((head(Content_Length="1500") if says_so else head()) + body)
        async with serving(answer) as port:
            base = f"http://localhost:{port}"
            fetcher = Fetcher(timeout=2.0, max_bytes=1_000, loopback_base=base)
            assert (await fetcher.get(base, accept=JSON, max_bytes=1_500)).body == body
            for most in (None, 1_499, 1_000):
                with pytest.raises(FetchFailed, match=f"larger than {most or 1_000} bytes"):
                    await fetcher.get(base, accept=JSON, max_bytes=most)

    @pytest.mark.parametrize("length", ["1001", "99999999999999999999999999"])
    async def test_too_large_by_its_own_word(self, length: str) -> None:
        with pytest.raises(FetchFailed, match=r"larger than 1000 bytes|proper HTTP"):
            await fetched(says(head(Content_Length=length)))

    @pytest.mark.parametrize("chunked", [True, False])
    async def test_too_large_without_saying_so(self, chunked: bool) -> None:
        sent = 0

        async def pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal sent
            writer.write(head(Transfer_Encoding="chunked") if chunked else head())
            for _ in range(10_000):
                writer.write(b"3e8\r\n" + b"x" * 1000 + b"\r\n" if chunked else b"x" * 1000)
                await writer.drain()
                sent += 1000

        with pytest.raises(FetchFailed, match="larger than 1000 bytes"):
            await fetched(pour)
        assert sent < 10_000_000

    async def test_a_whole_answer_without_a_length(self) -> None:
        assert (await fetched(says(head() + b"{}"))).body == b"{}"

    @pytest.mark.parametrize(
        "text",
        [
            b"",
            b"SSH-2.0-OpenSSH_9.6\r\n",
            b"HTTP/1.1 abc\r\n\r\n",
            b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
            head(Content_Length="9") + b"short",
            head(Content_Length="-1"),
            head(Content_Length="²"),
            head(Transfer_Encoding="gzip") + b"x",
            head(Transfer_Encoding="chunked") + b"zz\r\n",
            head(X="y" * 200_000),
        ],
    )
    async def test_broken_http(self, text: bytes) -> None:
        with pytest.raises(FetchFailed, match=r"proper HTTP|cannot be reached"):
            await fetched(says(text))

    @pytest.mark.parametrize("first", [b"", head(), head(Content_Length="500")], ids=["nothing", "head", "drip"])
    async def test_slow_answers_end_at_the_time_limit(self, first: bytes) -> None:
        async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(first)
            for _ in range(400):
                if first:
                    writer.write(b"x")
                await writer.drain()
                await asyncio.sleep(0.05)

        started = asyncio.get_running_loop().time()
        with pytest.raises(FetchFailed, match=r"within 0\.3 seconds"):
            await fetched(drip, timeout=0.3)
        assert asyncio.get_running_loop().time() - started < 2

    async def test_endless_interim_answers_end_too(self) -> None:
        async def early(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            while True:
                writer.write(b"HTTP/1.1 103 Early Hints\r\n\r\n")
                await writer.drain()
                await asyncio.sleep(0.001)

        with pytest.raises(FetchFailed):
            await fetched(early, timeout=0.3)

    async def test_a_cancelled_fetch_ends(self) -> None:
        async def never(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await asyncio.sleep(60)

        task = asyncio.ensure_future(fetched(never, timeout=30))
        await asyncio.sleep(0.1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
