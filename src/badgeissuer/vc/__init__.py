"""Formats: Open Badges 3.0, canonical form, proofs, keys, status lists. Pure and synchronous; no socket, no database."""
