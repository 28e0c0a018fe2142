"""The credential classes: what documents look like. ``ob3`` is Open Badges 3.0; ``base`` reads and writes nodes."""
