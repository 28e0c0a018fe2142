"""The pages for people: HTML that the server writes, that needs no script and loads nothing from elsewhere."""
