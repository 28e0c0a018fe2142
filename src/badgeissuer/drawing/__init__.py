"""Pictures and papers: default badge art, certificates, social cards. Data in, bytes out; no database, no network."""
