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

# Members and items of a document for each statement it may make; an ordinary credential has 1.3. Counted before JSON-LD
# is expanded, which costs more than counting.
VALUES_PER_QUAD: Final = 3

# Work on contexts: one that is met in a place where it was not met before counts 16, one inside of it (of a type or a
# member) 1, which is how their times compare. An ordinary badge takes 80 where all is new, the samples' largest record
# 215; in a process that has seen such documents they take nothing.
# A learner record has one context more for each share.
CONTEXT_STEPS: Final = 640
CONTEXT_STEPS_EACH: Final = 16

# A document of somebody else: badge, endorsement, status list, JWT, DID document. Inline pictures take the bytes.
FOREIGN_BYTES: Final = 256 * KIB
FOREIGN_QUADS: Final = 2_000
FOREIGN_STEPS: Final = 2_000

# A learner record: its own share and one for each member, up to this many bytes.
CLR_BYTES: Final = 16 * MIB
CLR_SHARES: Final = CLR_BYTES // BADGE_BYTES
CLR_MEMBERS: Final = 1_000
# A text longer than FOREIGN_BYTES holds at most one comma or opening bracket for so many bytes; ordinary credentials
# have one for 25 to 60. What costs time and memory to read is not the length but the number of values.
BYTES_PER_VALUE: Final = 16
# However many members a text claims to have, it makes at most BADGE_QUADS and one more statement, or step, for so many
# bytes; the densest honest array (results with a value and nothing else) takes 10, ordinary credentials 30 to 60. So
# nobody buys work with empty members.
BYTES_PER_QUAD: Final = 8

# A picture to bake a credential into, which leaves room for the credential; and one with a learner record in it.
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

# --- JSON texts

# Levels of objects and arrays; the deepest sample of the standards has 10.
JSON_DEPTH: Final = 64
# Characters of a value's JSON pointer. Every fault and every embedded document is named by one, and under a member's
# name of 100 kB, thousands of values have gigabytes of pointers. The longest in the standards' samples has 90.
JSON_POINTER: Final = 1_024
# Digits of an integer: converting takes quadratic time, and no credential has a use for more.
JSON_DIGITS: Final = 400
# Faults that one refusal tells; nobody reads more.
JSON_FAULTS: Final = 20

# --- Pictures, beyond their bytes

# Pixels a side, and bytes of pixels unpacked: 4096 x 4096 of four bytes and their filter bytes.
IMAGE_SIDE: Final = 4096
IMAGE_PIXEL_BYTES: Final = 65 * MIB
# Bytes unpacked from all compressed texts and colour profiles of a PNG, which viewers unpack unasked.
PNG_PACKED_BYTES: Final = 4 * MIB
# Chunks of a PNG: 5 MiB in chunks of 8 KiB, as common encoders write them, are 640.
PNG_CHUNKS: Final = 16_384
# Bytes unpacked at a time, before they are counted and thrown away.
PNG_PIECE_BYTES: Final = 256 * KIB
# Elements, attributes with references, and levels of an SVG. A drawing by hand has hundreds, a traced one thousands.
SVG_ELEMENTS: Final = 30_000
SVG_ATTRIBUTES: Final = 100_000
SVG_DEPTH: Final = 128
# Elements that are drawn, with what "use" and its like repeat.
SVG_DRAWN: Final = 100_000
# Characters of all style sheets, or of one style attribute.
SVG_STYLE: Final = MIB

# --- Status lists

# Bytes of a list unpacked: 33 million entries of one bit; the standard's least is 131,072.
LIST_BYTES: Final = 4 * MIB
# Characters of a list that is packed: even one that does not shrink has a third more as base64.
LIST_CHARACTERS: Final = 2 * LIST_BYTES
# Rows of a 1EdTech revocation list.
LIST_ROWS: Final = 100_000
# An index: far beyond any list, and short enough to be shown.
LIST_INDEX: Final = 10**12

# --- Keys and signatures

# Characters of a JWS header: alg, kid and typ, or a JWK of RSA, take less than 2,000. And its levels.
JWS_HEADER: Final = 8_192
JWS_HEADER_DEPTH: Final = 8
# Keys of a JWKS, and methods or services of a controller document. Each is looked at once.
KEYS: Final = 1_000
# Characters of a did:jwk after its prefix, and the levels of the JWK in it.
DID_JWK: Final = 4_096
DID_JWK_DEPTH: Final = 4
# Characters of base58btc: decoding takes quadratic time, and no key, hash or signature is longer.
BASE58: Final = 512
# Indexes, and so statements, that a selective-disclosure proof may name.
SD_INDEXES: Final = 100_000
