"""Signs with a Python contender, in an environment without this project: ``signing.py pyld|openbadgeslib FILE``.

Each line on stdin is a task, and each on stdout its answer: ``{"first", "count"}`` signs so many and answers the CPU
seconds, ``{"show"}`` answers the text of one. ``verify`` in a task has stored texts verified instead; ``digests`` has
texts canonicalised, and answers the SHA-256 of each.
"""

from __future__ import annotations

import hashlib
import json
import sys
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

Json = dict[str, Any]
Do = Callable[[Json], str]
_ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


def main(contender: str, path: str) -> None:
    with open(path, encoding="utf-8") as file:
        work = json.load(file)
    key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(work["seed"]))
    sign, verify, digest = {"pyld": _pyld, "openbadgeslib": _openbadgeslib}[contender](work, key)
    documents = work["documents"]
    _say({"ready": True})
    for line in sys.stdin:
        task = json.loads(line)
        if "show" in task:
            _say({"signed": sign(json.loads(documents[task["show"] % len(documents)]))})
            continue
        if "digests" in task:
            _say({"digests": [digest(json.loads(text)).hex() for text in task["digests"]]})
            continue
        numbers = range(task["first"], task["first"] + task["count"])
        if task.get("verify"):  # reading the text is a part of verifying it
            signed = work["signed"]
            started = time.process_time()
            for number in numbers:
                verify(json.loads(signed[number % len(signed)]))
        else:
            given = [json.loads(documents[number % len(documents)]) for number in numbers]
            started = time.process_time()
            for document in given:
                sign(document)
        _say({"seconds": time.process_time() - started})


def _pyld(work: Json, key: Ed25519PrivateKey) -> tuple[Do, Callable[[Json], object], Callable[[Json], bytes]]:
    """As vc-di-eddsa §3.2 says, with stock PyLD: the document and the proof's options are normalised."""
    from pyld import jsonld

    contexts = {url: json.loads(text) for url, text in work["contexts"].items()}
    public = key.public_key()

    def load(url: str, _options: Json) -> Json:
        return {"contentType": "application/ld+json", "contextUrl": None, "documentUrl": url, "document": contexts[url]}

    options = {"algorithm": "URDNA2015", "format": "application/n-quads", "documentLoader": load}

    def hashed(document: Json) -> bytes:
        return hashlib.sha256(jsonld.normalize(document, options).encode()).digest()

    def sign(document: Json) -> str:
        config = {
            "type": "DataIntegrityProof",
            "cryptosuite": "eddsa-rdfc-2022",
            "created": work["created"],
            "verificationMethod": work["method"],
            "proofPurpose": "assertionMethod",
        }
        both = hashed({"@context": document["@context"], **config}) + hashed(document)
        proof = {**config, "proofValue": _multibase(key.sign(both))}
        return json.dumps({**document, "proof": [proof]}, ensure_ascii=False, separators=(",", ":"))

    def verify(document: Json) -> None:
        (proof,) = document.pop("proof")
        value = proof.pop("proofValue")
        both = hashed({"@context": document["@context"], **proof}) + hashed(document)
        public.verify(_unbased(value), both)

    return sign, verify, hashed


def _openbadgeslib(work: Json, key: Ed25519PrivateKey) -> tuple[Do, Callable[[Json], object], Callable[[Json], bytes]]:
    from openbadgeslib.ob3.ldp import add_data_integrity_proof

    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    created = datetime.fromisoformat(work["created"].replace("Z", "+00:00"))

    def sign(document: Json) -> str:
        signed = add_data_integrity_proof(document, pem, work["method"], created=created)
        return json.dumps(signed, ensure_ascii=False, separators=(",", ":"))

    def verify(document: Json) -> None:
        raise NotImplementedError

    def digest(document: Json) -> bytes:
        raise NotImplementedError

    return sign, verify, digest


def _multibase(value: bytes) -> str:
    number, text = int.from_bytes(value), ""
    while number:
        number, rest = divmod(number, 58)
        text = _ALPHABET[rest] + text
    return "z" + "1" * (len(value) - len(value.lstrip(b"\0"))) + text


def _unbased(text: str) -> bytes:
    number = 0
    for character in text[1:]:
        number = number * 58 + _ALPHABET.index(character)
    return number.to_bytes(64)


def _say(answer: Json) -> None:
    print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
