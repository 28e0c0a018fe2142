"""Images that carry a credential (OB 3.0 §5.3, "baking"): PNG and SVG. ``badgeissuer.vc.bake`` is the way in."""
