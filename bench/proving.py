"""Issue and verify one credential, against the least that any program must do, and against other programs.

All sign the same documents with the same key, date and options: Ed25519 has one signature for one text, so all must
come to the same, letter for letter, or the bench stops.

The documents are badges of one achievement and one issuer, as a service issues them one after the other: ids, people,
salts, results, dates, places in the status list and the digests of evidence differ. What our canonicaliser remembers of
the two that are the same (``vc/canon/fragments.py``) is measured in, and a row says what a badge costs without that.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from badgeissuer.vc import lint, strictjson
from badgeissuer.vc.build import open_badge_credential
from badgeissuer.vc.canon import canonicalize
from badgeissuer.vc.canon.tables import tables_of
from badgeissuer.vc.contexts import ContextStore
from badgeissuer.vc.multibase import multibase_encode
from badgeissuer.vc.multikey import public_multikey
from badgeissuer.vc.proofs import eddsa_rdfc_2022 as suite
from badgeissuer.vc.proofs import options
from badgeissuer.vc.proofs.data_integrity import hash_data, spliced, unsecured
from bench import peering, work_unit
from bench.rounds import Contender, Tell, medians, own
from bench.rows import Goal, Row, not_measured
from bench.run import Run

_SEED = bytes(range(32))
_SECRET = b"\x80\x26"  # multicodec: an Ed25519 private key
_DOCUMENTS = 400

LIMIT, OURS, WHOLE = "the limit", "ours", "ours, all checks"
FIRST = "ours, of an achievement not met before"
PEERS: dict[str, tuple[str, float]] = {
    "pyld": ("stock PyLD", 20),
    "digitalbazaar": ("@digitalbazaar/vc", 25),
    "openbadgeslib": ("openbadgeslib add_data_integrity_proof", 40),
}
# Items a round, so that a round of each takes some tenths of a second.
_COUNTS = {LIMIT: 4_000, OURS: 600, FIRST: 400, WHOLE: 200, "pyld": 30, "digitalbazaar": 40, "openbadgeslib": 20}


@dataclass(slots=True)
class Signing:
    """One key, and what is signed with it."""

    documents: list[dict[str, Any]]
    contexts: ContextStore = field(default_factory=ContextStore.pinned)
    key: Ed25519PrivateKey = field(default_factory=lambda: Ed25519PrivateKey.from_private_bytes(_SEED))
    created: datetime = work_unit.NOW
    multikey: str = field(init=False)
    method: str = field(init=False)

    def __post_init__(self) -> None:
        self.multikey = public_multikey(self.key.public_key())
        self.method = f"{work_unit.ISSUER}#{self.multikey}"

    def issue(self, document: dict[str, Any]) -> str:
        """Canonicalise, hash, sign, serialise: what the contenders do too, and no more."""
        text = strictjson.dumps(document)
        canonical = canonicalize(document, self.contexts, text=text)
        proof = options.written(
            cryptosuite=suite.CRYPTOSUITE, created=self.created, method=self.method, options=options.Options()
        )
        data = hash_data(suite.config_nquads(proof), canonical.nquads)
        return spliced(text, {**proof, "proofValue": multibase_encode(self.key.sign(data))})

    def issue_first(self, document: dict[str, Any]) -> str:
        """``issue`` where nothing is remembered of the achievement and the issuer: the first badge of each."""
        tables_of(self.contexts).fragments.forget()
        return self.issue(document)

    def issue_checked(self, number: int) -> str:
        """The way of services/minting: build, canonicalise, prepare, sign, check with the published key, serialise."""
        document = open_badge_credential(work_unit.facts(number))
        canonical = canonicalize(document, self.contexts)
        prepared = lint.prepare(document, canonical, now=self.created)
        proof = suite.create_proof(prepared, sign=self.key.sign, verification_method=self.method, created=self.created)
        text = spliced(prepared.text, proof)
        if json.loads(text) != {**document, "proof": [proof]}:
            raise RuntimeError("what was signed is not what was prepared")
        suite.verify(
            proof,
            config_nquads=suite.config_nquads(proof),
            document_nquads=canonical.nquads,
            key=self.key.public_key(),
        )
        return text

    def verify(self, text: bytes) -> None:
        document = strictjson.loads_object(text)
        (proof,) = document["proof"]
        suite.verify(
            proof,
            config_nquads=suite.config_nquads(proof),
            document_nquads=canonicalize(unsecured(document), self.contexts).nquads,
            key=self.key.public_key(),
        )

    def write_work(self, path: Path, signed: list[str]) -> None:
        """For the contenders in their own processes."""
        path.write_text(
            json.dumps(
                {
                    "seed": _SEED.hex(),
                    "method": self.method,
                    "publicKeyMultibase": self.multikey,
                    "secretKeyMultibase": multibase_encode(_SECRET + _SEED),
                    "created": work_unit.CREATED,
                    "contexts": {url: self.contexts.content(url).decode() for url in self.contexts.urls},
                    "documents": [strictjson.dumps(document) for document in self.documents],
                    "signed": signed,
                }
            ),
            encoding="utf-8",
        )


class Disagree(Exception):
    """A contender signs something else: its time is not comparable."""


def rows(run: Run) -> Iterator[Row]:
    """Issue and verify against the limit and all contenders, in one set of rounds."""
    signing = Signing(work_unit.documents(_DOCUMENTS))
    canonical = [canonicalize(document, signing.contexts).nquads for document in signing.documents]
    signed = [signing.issue(document) for document in signing.documents]
    work = run.folder / "work.json"
    signing.write_work(work, signed)
    with ExitStack() as stack:
        there, missing = _peers(run, work, signed, stack)
        yield from _issue(run, signing, canonical, there, missing)
        yield from _verify(run, signing, canonical, signed, there, missing)


def _issue(
    run: Run,
    signing: Signing,
    canonical: list[bytes],
    there: dict[str, peering.Peer],
    missing: dict[str, str],
) -> Iterator[Row]:
    count = len(canonical)

    def limit(number: int) -> object:
        return signing.key.sign(hashlib.sha256(canonical[number % count]).digest())

    contenders = {
        LIMIT: Contender(own(limit), _COUNTS[LIMIT]),
        OURS: Contender(own(lambda number: signing.issue(signing.documents[number % count])), _COUNTS[OURS]),
        FIRST: Contender(own(lambda number: signing.issue_first(signing.documents[number % count])), _COUNTS[FIRST]),
        WHOLE: Contender(own(signing.issue_checked), _COUNTS[WHOLE]),
        **{name: Contender(peer.round, _COUNTS[name]) for name, peer in there.items()},
    }
    us = medians(contenders, tell=_about(run.tell, "issue"), quick=run.quick, rounds=run.rounds)
    least, ours = us[LIMIT], us[OURS]
    yield Row("issue ÷ limit (SHA-256 and one Ed25519 signature)", "µs", least, ours, None, ours / least, Goal("≤", 5))
    for name, (title, bound) in PEERS.items():
        label, goal = f"{title} ÷ issue", Goal("≥", bound)
        if name in there:
            yield Row(label, "µs", least, ours, us[name], us[name] / ours, goal)
        else:
            yield not_measured(label, goal, missing[name])
    yield Row("issue, nothing remembered of its achievement ÷ limit", "µs", least, us[FIRST], None, us[FIRST] / least)
    yield Row("issue with every check and self-verification ÷ limit", "µs", least, us[WHOLE], None, us[WHOLE] / least)


def _verify(
    run: Run,
    signing: Signing,
    canonical: list[bytes],
    signed: list[str],
    there: dict[str, peering.Peer],
    missing: dict[str, str],
) -> Iterator[Row]:
    count = len(canonical)
    texts = [text.encode() for text in signed]
    configs = [options.config_nquads(json.loads(text)["proof"][0]) for text in signed]
    signatures = [
        signing.key.sign(hash_data(config, nquads)) for config, nquads in zip(configs, canonical, strict=True)
    ]
    public = signing.key.public_key()

    def limit(number: int) -> object:
        index = number % count
        document = json.loads(texts[index])
        data = hashlib.sha256(configs[index]).digest() + hashlib.sha256(canonical[index]).digest()
        public.verify(signatures[index], data)
        return document

    contenders = {
        LIMIT: Contender(own(limit), _COUNTS[LIMIT] // 2),
        OURS: Contender(own(lambda number: signing.verify(texts[number % count])), _COUNTS[OURS]),
    }
    if "pyld" in there:
        contenders["pyld"] = Contender(partial(there["pyld"].round, verify=True), _COUNTS["pyld"])
    us = medians(contenders, tell=_about(run.tell, "verify"), quick=run.quick, rounds=run.rounds)
    least, ours = us[LIMIT], us[OURS]
    label = "verify ÷ limit (parse, SHA-256, one Ed25519 check)"
    yield Row(label, "µs", least, ours, None, ours / least, Goal("≤", 2.2))
    goal = Goal("≥", 15)
    if "pyld" in us:
        yield Row("stock PyLD ÷ verify", "µs", least, ours, us["pyld"], us["pyld"] / ours, goal)
    else:
        yield not_measured("stock PyLD ÷ verify", goal, missing["pyld"])


def _peers(run: Run, work: Path, signed: list[str], stack: ExitStack) -> tuple[dict[str, peering.Peer], dict[str, str]]:
    """The contenders that are there, each proved to do the same work; and why the others are not."""
    openers: dict[str, Callable[[], AbstractContextManager[peering.Peer]]] = {
        "pyld": partial(peering.python_peer, "pyld", work, tell=run.tell),
        "digitalbazaar": partial(peering.node_peer, work, tell=run.tell),
        "openbadgeslib": partial(peering.python_peer, "openbadgeslib", work, tell=run.tell),
    }
    there: dict[str, peering.Peer] = {}
    missing: dict[str, str] = {}
    for name, opener in openers.items():
        if not run.peers:
            missing[name] = "asked to do without contenders"
            continue
        try:
            peer = stack.enter_context(opener())
            for number in (0, len(signed) - 1):
                if _proof_value(peer.signed(number)) != _proof_value(signed[number]):
                    raise Disagree(f"{name} does not come to the signature that we make of document {number}")
        except peering.NotThere as reason:
            missing[name] = str(reason)
        else:
            there[name] = peer
    return there, missing


def _proof_value(text: str) -> str:
    proof = json.loads(text)["proof"]
    (only,) = proof if isinstance(proof, list) else [proof]
    return str(only["proofValue"])


def _about(tell: Tell, what: str) -> Tell:
    return lambda line: tell(f"{what}: {line}")
