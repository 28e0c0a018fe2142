"""The cryptosuite ecdsa-sd-2023: the holder shows parts of a credential (vc-di-ecdsa §3.4 to §3.6).

The issuer signs the mandatory statements together and every other statement by itself (the base proof, for the holder
only); the holder picks parts by JSON pointers (``derive``); a verifier checks what is shown. Blank nodes get names from
an HMAC, so that their order tells nothing about what is not shown. Own code from the standard's algorithms.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from badgeissuer.errors import Fault
from badgeissuer.vc.canon import FOREIGN_BUDGET, Budget
from badgeissuer.vc.canon.nquads import line, parse, relabel
from badgeissuer.vc.canon.rdfc import canonize
from badgeissuer.vc.contexts import ContextStore
from badgeissuer.vc.faults import KeyInvalid, ProofInvalid
from badgeissuer.vc.lint import Prepared
from badgeissuer.vc.multikey import (
    PublicKey,
    base58btc_decode,
    base58btc_encode,
    parse_multikey,
    public_multikey,
)
from badgeissuer.vc.proofs.chains import signed_document
from badgeissuer.vc.proofs.cryptosuite import Form, Inputs, usable_curve
from badgeissuer.vc.proofs.data_integrity import PROOF_TYPE, invalid, proof_config, proofs_of, unsecured
from badgeissuer.vc.proofs.options import Options, config_nquads, written
from badgeissuer.vc.proofs.sd_grouping import Grouping
from badgeissuer.vc.proofs.sd_selection import select
from badgeissuer.vc.proofs.sd_values import BaseValue, DerivedValue, is_base
from badgeissuer.vc.proofs.signatures import Curve, check
from badgeissuer.vc.strictjson import strings

NAME = "ecdsa-sd-2023"

# @digitalbazaar/di-sd-primitives replaces this anywhere in a statement, in literals too (measured with 3.x).
_LIKE_A_BLANK_NODE = re.compile(r"_:(?:\S|\Z)")

# What every badge must show to be one, where it is there (OB §AchievementCredential; VCDM §4; 1EdTech certification).
REQUIRED: tuple[str, ...] = (
    "/issuer",
    "/validFrom",
    "/validUntil",
    "/credentialStatus",
    "/credentialSchema",
    "/credentialSubject/achievement/name",
    "/credentialSubject/achievement/description",
    "/credentialSubject/achievement/criteria",
)


def mandatory_pointers(document: Mapping[str, Any]) -> tuple[str, ...]:
    """Those of ``REQUIRED`` that the document has, and of an endorsement all that it says: never left out."""

    def is_there(pointer: str) -> bool:
        value: Any = document
        for step in pointer.split("/")[1:]:
            if not isinstance(value, Mapping) or step not in value:
                return False
            value = value[step]
        return True

    endorses = "EndorsementCredential" in document.get("type", ())
    wanted = (*REQUIRED, "/credentialSubject") if endorses else REQUIRED
    return tuple(pointer for pointer in wanted if is_there(pointer))


@dataclass(frozen=True, slots=True)
class SelectiveDisclosure:
    """The suite. ``verify`` has the form of all suites; it takes derived proofs only."""

    name: str = NAME
    form: Form = Form.RDFC

    def inputs(self, document: Mapping[str, Any], proof: Mapping[str, Any]) -> Inputs:
        """What is canonicalised to verify: the shown document and the proof's options (§3.6.7). As the rdfc suites."""
        return Inputs(signed_document(document, proof), proof_config(document, proof))

    def create(
        self,
        prepared: Prepared,
        *,
        sign: Callable[[bytes], bytes],
        verification_method: str,
        created: datetime,
        pointers: Sequence[str],
        hmac_key: bytes,
        statement_key: ec.EllipticCurvePrivateKey,
        contexts: ContextStore,
        options: Options | None = None,
        budget: Budget = FOREIGN_BUDGET,
    ) -> dict[str, Any]:
        """The prepared document with a base proof (§3.6.1 to §3.6.5). For the holder only: never publish it.

        ``pointers`` name what can never be left out. ``hmac_key`` (32 bytes) and ``statement_key`` (P-256) are fresh
        random secrets for this one credential; the first goes to the holder, the second must be forgotten. ``sign``
        gives ECDSA with P-256 as r‖s. Raises ``ProofInvalid``, also for texts that other implementations take for
        blank nodes (``_:`` before a character): they could neither derive nor verify.
        """
        if not isinstance(prepared, Prepared):
            raise TypeError("only a Prepared can be signed")
        if len(hmac_key) != 32 or statement_key.curve.name != "secp256r1":
            raise invalid("the secrets must be 32 bytes and a P-256 key")
        options = options or Options()
        if options.previous:
            raise invalid("a base proof is not part of a chain", "/previousProof")
        document = prepared.document
        _refuse_what_others_rename(document)
        proof = written(cryptosuite=self.name, created=created, method=verification_method, options=options)
        grouping = Grouping.of(document, hmac_key, contexts, budget)
        if grouping.canonical != prepared.canonical.nquads:
            raise invalid("the contexts are not those that the document was prepared with")
        value = _base_value(grouping, config_nquads(proof), pointers, sign, hmac_key, statement_key)
        return {**document, "proof": [{**proof, "proofValue": value.encode()}]}

    def derive(
        self,
        document: Mapping[str, Any],
        pointers: Iterable[str],
        *,
        contexts: ContextStore,
        budget: Budget = FOREIGN_BUDGET,
    ) -> dict[str, Any]:
        """What the holder shows: the mandatory parts and those that the pointers name, with a derived proof (§3.6.6).

        The pointers are into the document as it is. Raises ``ProofInvalid`` where there is not exactly one base proof,
        or a pointer leads nowhere or to a part of a list.
        """
        given = proofs_of(document)
        found = [proof for proof in given if isinstance(proof, Mapping) and is_base(proof.get("proofValue"))]
        if len(found) != 1:
            raise invalid("there must be one base proof to derive from")
        (proof,) = found
        value = BaseValue.decode(proof["proofValue"])
        grouping = Grouping.of(unsecured(document), value.hmac_key, contexts, budget)
        mandatory = grouping.indexes_of(value.mandatory_pointers)
        signed = [index for index in range(len(grouping.rows)) if index not in mandatory]
        if len(signed) != len(value.signatures):
            raise invalid("the base proof is of another document: it has another number of statements")
        combined = [*value.mandatory_pointers, *pointers]
        if not combined:
            raise invalid("there is nothing to show: neither mandatory parts nor any that were picked")
        selection = select(grouping.document, combined)
        quads = grouping.statement.of(selection)
        shown = grouping.indexes(quads)
        derived = DerivedValue(
            value.base_signature,
            value.public_key,
            tuple(signature for index, signature in zip(signed, value.signatures, strict=True) if index in shown),
            {
                canonical: grouping.labels[given_label]
                for given_label, canonical in canonize(quads, max_steps=budget.max_steps).labels.items()
            },
            tuple(place for place, index in enumerate(sorted(shown)) if index in mandatory),
        )
        new = {**proof, "proofValue": derived.encode()}
        return {**selection.document, "proof": [new] if isinstance(document["proof"], list) else new}

    def verify(self, proof: Mapping[str, Any], *, document: bytes, config: bytes, key: PublicKey) -> None:
        """Return where the derived proof holds over both ``inputs`` under the issuer's key (§3.6.7).

        ``document`` and ``config`` are canonical N-Quads. Raises ``ProofInvalid`` otherwise: for a base proof, where a
        statement is not signed, or one is signed that is not there.
        """
        if proof.get("type") != PROOF_TYPE or proof.get("cryptosuite") != self.name:
            raise invalid(f"the proof is not a {PROOF_TYPE} of suite {self.name}")
        usable_curve(self.name, key, (Curve.P256,))
        if is_base(proof.get("proofValue")):
            raise invalid("this is a base proof, for the holder only: derive one to show from it", "/proofValue")
        value = DerivedValue.decode(proof.get("proofValue"))
        labels = dict(value.labels)
        try:
            rows = sorted(line(relabel(quad, labels)) for quad in parse(document.decode()))
        except KeyError:
            raise invalid("the proof does not name all parts of the document", "/proofValue") from None
        indexes = set(value.mandatory_indexes)
        mandatory = [row for index, row in enumerate(rows) if index in indexes]
        others = [row for index, row in enumerate(rows) if index not in indexes]
        if len(mandatory) != len(indexes) or len(others) != len(value.signatures):
            raise invalid("the proof is over another number of statements than the document makes", "/proofValue")
        check(key, value.base_signature, _base_data(config, value.public_key, mandatory))
        try:
            statement_key = parse_multikey("z" + base58btc_encode(value.public_key))
        except KeyInvalid:
            raise invalid("the proof's own key is not a point on its curve", "/proofValue") from None
        for row, signature in zip(others, value.signatures, strict=True):
            check(statement_key, signature, row.encode())


ECDSA_SD_2023 = SelectiveDisclosure()


def _refuse_what_others_rename(document: Mapping[str, Any]) -> None:
    pointers = [pointer for text, pointer in strings(document) if _LIKE_A_BLANK_NODE.search(text)]
    if pointers:
        detail = "contains _: before a character, which other implementations of ecdsa-sd-2023 rename and so break"
        raise ProofInvalid(
            f"{pointers[0]} {detail}", faults=[Fault(pointer, detail, ProofInvalid.code) for pointer in pointers]
        )


def _base_value(
    grouping: Grouping,
    config: bytes,
    pointers: Sequence[str],
    sign: Callable[[bytes], bytes],
    hmac_key: bytes,
    statement_key: ec.EllipticCurvePrivateKey,
) -> BaseValue:
    """§3.6.3 and §3.6.5: the mandatory statements hashed together, each other one signed by itself."""
    mandatory = grouping.indexes_of(pointers)
    public = base58btc_decode(public_multikey(statement_key.public_key())[1:])
    shown = [row for index, row in enumerate(grouping.rows) if index in mandatory]
    base_signature = sign(_base_data(config, public, shown))
    if len(base_signature) != 64:
        raise invalid("the signer gave no P-256 signature")
    others = (row for index, row in enumerate(grouping.rows) if index not in mandatory)
    signatures = tuple(_signed(statement_key, row) for row in others)
    return BaseValue(base_signature, public, hmac_key, signatures, tuple(pointers))


def _base_data(config: bytes, public_key: bytes, mandatory: Iterable[str]) -> bytes:
    """§3.5.1, serializeSignData."""
    return hashlib.sha256(config).digest() + public_key + hashlib.sha256("".join(mandatory).encode()).digest()


def _signed(key: ec.EllipticCurvePrivateKey, row: str) -> bytes:
    """The signature of one statement; the nonce is RFC 6979's, so that the same secrets give the same proof."""
    r, s = decode_dss_signature(key.sign(row.encode(), ec.ECDSA(hashes.SHA256(), deterministic_signing=True)))
    return r.to_bytes(32) + s.to_bytes(32)
