"""Measures what issuing costs; see ``__main__``."""
