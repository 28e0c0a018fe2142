"""docs/conformance.md: every vector and sample of the standards, its verdict and ours, made by a run of the code."""
