"""Open Badges 3.0, CLR 2.0 and the credentials below them: a library of formats that stands alone.

Pure and synchronous. It imports no web framework, database or HTTP client and opens no socket; time, keys, randomness
and whatever lies elsewhere are arguments. ``docs/library.md`` shows it at work, in an example that a test runs.

Issue: ``build`` makes the document from facts, ``lint`` prepares it (every fault at once, or a ``Prepared``), and only
a ``Prepared`` can be signed, by a suite of ``proofs`` or as a token by ``jwt``. ``bake`` puts it into a picture,
``preflight`` says where it will import, ``status`` makes the list by which it is revoked, ``recipient`` hashes an
e-mail address.

Verify: ``verify`` plans (what has to be fetched), then checks what somebody else fetched, at one given time. What it
stands on can be used by itself: ``strictjson``, ``contexts``, ``canon``, ``multikey``, ``jwk``, ``jws``,
``controllers``, ``status_entries``, ``foreign_status``, ``schemas``, and ``envelope`` for any credential.

Errors are those of ``badgeissuer.errors`` and of ``faults``, each with a code; what may be large is bounded by
``limits``, which hold by count and not by time.
"""
