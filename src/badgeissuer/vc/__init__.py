"""Formats: Open Badges 3.0, canonical form, proofs, keys, status lists. Pure, synchronous; no socket, no database."""
