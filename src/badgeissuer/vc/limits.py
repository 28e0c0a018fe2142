"""Every limit on what we read and sign, in one table. All are counted: the machine's speed plays no part.

Issuing is held to the standard sizes (a badge 64 KiB and 2,000 statements; a learner record 16 MiB, and a share of a
badge for each member). Reading allows more bytes, since badges of others carry their pictures inside, but no more work.
"""

from __future__ import annotations

from typing import Final

KIB: Final = 1024
MIB: Final = 1024 * 1024

# A badge or an endorsement that we sign, and what makes one share of a learner record's budget.
BADGE_BYTES: Final = 64 * KIB
BADGE_QUADS: Final = 2_000
# Looks at neighbours in RDFC-1.0's search through blank nodes that look alike; an ordinary credential takes none.
BADGE_STEPS: Final = 2_000

# Members and items of a document for each statement it may make; an ordinary credential has 1.3.
VALUES_PER_QUAD: Final = 3

# A document of somebody else: badge, endorsement, status list, JWT, DID document. Inline pictures take the bytes.
FOREIGN_BYTES: Final = 256 * KIB
FOREIGN_QUADS: Final = 2_000
FOREIGN_STEPS: Final = 2_000

# A learner record: its own share and one for each member, up to this many bytes.
CLR_BYTES: Final = 16 * MIB
CLR_SHARES: Final = CLR_BYTES // BADGE_BYTES
CLR_MEMBERS: Final = 1_000
# A text that long holds at most one comma for so many bytes; ordinary credentials have one for 30 to 60. What costs
# time to read is not the length but the number of values.
BYTES_PER_VALUE: Final = 16

# A picture that a credential was baked into, and one of a learner record.
IMAGE_BYTES: Final = 5 * MIB
CLR_IMAGE_BYTES: Final = 16 * MIB

# Proofs of one document: each costs canonicalisations, and chains are compared pair by pair.
PROOFS: Final = 8
# Endorsements in one document, counted over all levels, and how deep. Each level is read as a document of its own.
ENDORSEMENTS: Final = 20
NESTING: Final = 3
# Status entries of one document: Open Badges allows one, other credentials may have several.
STATUS_ENTRIES: Final = 4
# Documents had from the network for one verification, and one more for each member of a learner record.
FETCHES: Final = 10
# Canonicalisations for one verification, and as many more for each member as a badge with one proof needs.
CANONICALISATIONS: Final = 40
MEMBER_CANONICALISATIONS: Final = 4

# A JSON Schema that a credential names: its bytes, the keywords looked at in one validation, and the faults told.
SCHEMA_BYTES: Final = 128 * KIB
SCHEMA_STEPS: Final = 20_000
SCHEMA_FAULTS: Final = 20
# Schemas of others that one verification looks at.
SCHEMAS: Final = 4
# Resources of which a document gives digests, and that are had to compare them.
RELATED: Final = 4
