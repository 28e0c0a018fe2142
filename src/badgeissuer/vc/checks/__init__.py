"""The steps of verification, a file a step. ``vc.verify`` puts them in order; nothing here reads clock or network."""
