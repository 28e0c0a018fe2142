"""Embedded proofs (VC Data Integrity 1.0), a file a cryptosuite; ``data_integrity`` holds what the suites share."""
