"""badgeissuer: an issuing authority for educator micro-credentials (Open Badges 3.0, CLR 2.0)."""

__version__ = "0.1.0"
