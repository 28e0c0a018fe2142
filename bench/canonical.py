"""Learner records of many members, a poisoned document, and the bytes of ten thousand documents against stock PyLD."""

from __future__ import annotations

import gc
import hashlib
import itertools
import json
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

from badgeissuer.errors import BadgeissuerError
from badgeissuer.vc import lint, strictjson
from badgeissuer.vc.build import ClrFacts, clr_credential
from badgeissuer.vc.canon import Budget, canonicalize
from badgeissuer.vc.canon.canonical import BADGE_BUDGET
from badgeissuer.vc.contexts import ContextStore
from badgeissuer.vc.faults import BudgetExceeded
from badgeissuer.vc.proofs.data_integrity import hash_data
from badgeissuer.vc.recipient import hashed_identity
from badgeissuer.vc.status import status_entry
from bench import peering, work_unit
from bench.corpus import credentials
from bench.proving import Signing
from bench.rounds import Contender, median, medians
from bench.rows import Goal, Row, not_measured
from bench.run import Run

_CLR, _POISON, _SAME = Goal("≤", 14), Goal("<", 100, "ms"), Goal("=", 0)
_DOCUMENTS = 10_000
_AT_ONCE = 50
_PROCESSES = 2


def rows(run: Run) -> Iterator[Row]:
    yield record(run)
    yield poison(run)
    yield differences(run)


def record(run: Run) -> Row:
    """Canonicalise, hash, sign and serialise a record of signed badges: ten times the members, how much longer?"""
    few, many = (2, 20) if run.quick else (100, 1_000)
    signing = Signing([])
    members = [json.loads(signing.issue(work_unit.document(number))) for number in range(many)]
    documents = {count: _record(members[:count]) for count in (few, many)}

    def once(count: int) -> float:
        document = documents[count]
        gc.collect()
        started = time.process_time()
        canonical = canonicalize(document, signing.contexts, budget=lint.clr_budget(document))
        signing.key.sign(hash_data(b"", canonical.nquads))
        strictjson.dumps(document)
        return time.process_time() - started

    contenders = {
        str(few): Contender(lambda _first, count: sum(once(few) for _ in range(count)), 5),
        str(many): Contender(lambda _first, count: sum(once(many) for _ in range(count)), 1),
    }
    ms = {
        count: us / 1_000
        for count, us in medians(contenders, rounds=run.rounds, tell=lambda line: run.tell(f"record: {line}")).items()
    }
    name = f"record: time of {many:,} members ÷ that of {few:,}"
    goal = None if run.quick else _CLR
    return Row(name, "ms", None, ms[str(many)], ms[str(few)], ms[str(many)] / ms[str(few)], goal)


def poison(run: Run) -> Row:
    """Eight alignments that look alike in each of two results: 8! ways to name them, twice."""
    document = work_unit.document(0)
    result = {"type": ["Result"], "alignment": [{"type": ["Alignment"]} for _ in range(8)]}
    document["credentialSubject"]["result"] = [result, json.loads(json.dumps(result))]
    contexts = ContextStore.pinned()
    taken = []
    for turn in range(run.rounds + 1):
        started = time.perf_counter()
        try:
            canonicalize(document, contexts)
        except BudgetExceeded:
            pass
        else:
            raise RuntimeError("a poisoned document was canonicalised: it must be refused")
        if turn:
            taken.append((time.perf_counter() - started) * 1_000)
    found = median(taken)
    size = len(strictjson.dumps(document)) / 1_000
    return Row(f"poison of {size:.1f} kB is refused in", "ms", None, found, None, found, _POISON)


def differences(run: Run) -> Row:
    """Documents whose canonical form is not that of stock PyLD, byte for byte."""
    count = run.few(_DOCUMENTS, 40)
    name = f"differing bytes on {count:,} generated documents"
    if not run.peers:
        return not_measured(name, _SAME, "asked to do without contenders")
    signing = Signing([])
    work = run.folder / "contexts.json"
    signing.write_work(work, [])
    compared = differing = 0
    with ExitStack() as stack:
        try:
            peers = [stack.enter_context(peering.python_peer("pyld", work, tell=run.tell)) for _ in range(_PROCESSES)]
        except peering.NotThere as reason:
            return not_measured(name, _SAME, str(reason))
        pool = stack.enter_context(ThreadPoolExecutor(_PROCESSES))
        accepted = _accepted(count, signing.contexts)
        while batch := list(itertools.islice(accepted, _AT_ONCE * _PROCESSES)):
            parts = [batch[start::_PROCESSES] for start in range(_PROCESSES)]
            told = pool.map(lambda peer, part: peer.digests([text for text, _ in part]), peers, parts)
            for part, digests in zip(parts, told, strict=True):
                differing += sum(ours != theirs for (_, ours), theirs in zip(part, digests, strict=True))
            compared += len(batch)
            run.tell(f"compared with PyLD: {compared:,} of {count:,}")
    if compared < count:
        raise RuntimeError(f"only {compared:,} of {count:,} documents were accepted")
    return Row(name, "", None, float(differing), None, float(differing), _SAME)


def _accepted(count: int, contexts: ContextStore) -> Iterator[tuple[str, str]]:
    """So many documents that are not refused, as texts, with the SHA-256 of our canonical form."""
    ample = Budget(max_bytes=2**24, max_quads=10**6, max_steps=BADGE_BUDGET.max_steps, bytes_per_quad=0)
    found = 0
    for document in credentials.documents(seed=5, count=count * 2):
        try:
            canonical = canonicalize(document, contexts, budget=ample)
        except BadgeissuerError:
            continue
        if canonical.dropped or canonical.relative:
            continue
        yield strictjson.dumps(document), hashlib.sha256(canonical.nquads).hexdigest()
        found += 1
        if found == count:
            return


def _record(members: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return clr_credential(
        ClrFacts(
            credential_id=f"{work_unit.BASE}/clrs/00000000-0000-4000-8000-000000000001",
            issuer=work_unit.profile(),
            name="Learner record",
            subject_id="urn:uuid:00000000-0000-4000-8000-000000000002",
            identities=(hashed_identity("educator@school.example", salt=f"{1:032x}"),),
            members=tuple(members),
            valid_from=work_unit.NOW,
            valid_until=None,
            status=status_entry(list_url=f"{work_unit.BASE}/status/1", index=1, purpose="revocation"),
        )
    )
