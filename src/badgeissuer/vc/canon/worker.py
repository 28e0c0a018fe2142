"""``python -m badgeissuer.vc.canon.worker``: one document after another, in a process that can be killed.

A document is canonicalised, or held against a JSON Schema of somebody else.

A thread cannot be stopped; a process can. It has its own memory limit, opens no socket, and gets neither settings nor
secrets: only contexts and documents on standard input.
"""

from __future__ import annotations

import contextlib
import json
import signal
import sys
from collections.abc import Mapping
from typing import Any, BinaryIO

from badgeissuer.errors import BadgeissuerError
from badgeissuer.vc.canon import frames, oracle
from badgeissuer.vc.canon.canonical import WARM_UP, Budget, Canonical, canonicalize
from badgeissuer.vc.contexts import ContextStore, Edition
from badgeissuer.vc.faults import BudgetExceeded


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Answer frames until the input ends. An error that is not ours ends the worker: the sandbox starts another."""
    greeting = _read(requests)
    if greeting is None:
        return
    limit_memory(greeting["memory_mib"])
    contexts = _store(greeting["contexts"], Edition(greeting["edition"]))
    _warm_up(contexts)
    _write(answers, b"{}")
    while (task := _read(requests)) is not None:
        try:
            answer = _answer(task, contexts)
        except BadgeissuerError as error:
            answer = frames.refusal(error)
        except MemoryError:
            answer = frames.refusal(BudgetExceeded("the document takes too much memory"))
        _write(answers, answer)


def _store(given: Mapping[str, str] | None, edition: Edition) -> ContextStore:
    if given is None:
        return ContextStore.pinned()
    return ContextStore.of({url: text.encode() for url, text in given.items()}, edition=edition)


def _answer(task: Mapping[str, Any], contexts: ContextStore) -> bytes:
    if "schema" in task:
        return _held_against_schema(task)
    if "pyld" in task:
        return frames.said(oracle.pyld_nquads(task["pyld"], contexts))
    return frames.result(_canonical(task, contexts))


def _canonical(task: Mapping[str, Any], contexts: ContextStore) -> Canonical:
    edition = Edition(task["edition"])
    # The other edition is read when it is first asked for. A store of somebody's own has one only; the form names it.
    if edition is not contexts.edition and contexts is ContextStore.pinned():
        contexts = ContextStore.of_edition(edition)
    return canonicalize(task["document"], contexts, budget=Budget(**task["budget"]), algorithm=task["algorithm"])


def _held_against_schema(task: Mapping[str, Any]) -> bytes:
    from badgeissuer.vc import schemas  # half a second, and most workers never need it

    return frames.found(schemas.validate(task["schema"], task["document"]))


def _warm_up(contexts: ContextStore) -> None:
    with contextlib.suppress(BadgeissuerError):  # a store for tests may lack these contexts
        canonicalize(WARM_UP, contexts)


def limit_memory(mib: int) -> None:
    """Cap the address space, where the system can: beyond it an allocation fails and the document is refused."""
    import resource  # not on every system

    size = mib * 1024 * 1024
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (size, size))


def refuse_network(event: str, _arguments: tuple[Any, ...]) -> None:
    """Audit hook: a context that is not pinned must never turn into a fetch, whatever a library would like to do."""
    if event in ("socket.connect", "socket.getaddrinfo", "socket.sendto"):
        raise RuntimeError("a canonicalisation worker has no network")


def _read(requests: BinaryIO) -> dict[str, Any] | None:
    head = requests.read(4)
    if len(head) < 4:
        return None
    task: dict[str, Any] = json.loads(requests.read(int.from_bytes(head)))
    return task


def _write(answers: BinaryIO, body: bytes) -> None:
    answers.write(frames.frame(body))
    answers.flush()


def main() -> None:  # pragma: no cover - runs in the worker process only
    # Ctrl-C reaches the whole group; the service closes its workers itself.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.addaudithook(refuse_network)
    with contextlib.suppress(BrokenPipeError):
        serve(sys.stdin.buffer, sys.stdout.buffer)


if __name__ == "__main__":  # pragma: no cover
    main()
