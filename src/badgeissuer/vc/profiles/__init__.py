"""What each wallet, validator and importer is known to take: one file a target, each fact with its source.

A fact was measured with the published software, read in its source, or stands in the target's own public pages. What
nobody measured or wrote down is a finding of severity ``unknown``, never a pass. docs/preflight.md lists them all.
"""
