"""Which key signs when: rotations, emergencies, and time alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from badgeissuer.errors import Unavailable
from badgeissuer.rules.keys import KeyFacts, settled, signing_key
from badgeissuer.rules.terms import KeyAlgorithm, KeyState

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
ED25519, P256 = KeyAlgorithm
NEXT, ACTIVE, RETIRED, COMPROMISED = KeyState


def key(
    n: int,
    state: KeyState = ACTIVE,
    *,
    activates: datetime = NOW - 10 * MINUTE,
    algorithm: KeyAlgorithm = ED25519,
    did: str = "did:web:a.example",
    retired_at: datetime | None = None,
    compromised_at: datetime | None = None,
) -> KeyFacts:
    return KeyFacts(UUID(int=n), did, algorithm, f"file:{n}.pem", f"z{n}", state, activates, retired_at, compromised_at)


class TestSigningKey:
    def test_a_next_key_waits_for_its_hour(self) -> None:
        old, new = key(1), key(2, NEXT, activates=NOW + MINUTE)
        assert signing_key([old, new], ED25519, now=NOW) is old
        assert signing_key([old, new], ED25519, now=NOW + MINUTE) is new

    def test_each_algorithm_has_its_own(self) -> None:
        ed, ec = key(1), key(2, algorithm=P256)
        assert signing_key([ed, ec], P256, now=NOW) is ec

    @pytest.mark.parametrize(
        "unfit",
        [
            key(9, RETIRED),
            key(9, COMPROMISED),
            key(9, activates=NOW + MINUTE),
            key(9, retired_at=NOW),
            key(9, compromised_at=NOW + MINUTE),
            key(9, algorithm=P256),
        ],
    )
    def test_unfit_keys_do_not_sign(self, unfit: KeyFacts) -> None:
        fit = key(1, activates=NOW - 99 * MINUTE)
        assert signing_key([unfit, fit], ED25519, now=NOW) is fit
        with pytest.raises(Unavailable):
            signing_key([unfit], ED25519, now=NOW)

    def test_a_retirement_to_come_does_not_count_yet(self) -> None:
        assert signing_key([key(1, retired_at=NOW + MINUTE)], ED25519, now=NOW) == key(1, retired_at=NOW + MINUTE)


class TestSettled:
    def test_a_rotation_comes_into_force(self) -> None:
        keys = [key(1), key(2, NEXT, activates=NOW), key(3, algorithm=P256), key(4, NEXT, activates=NOW + MINUTE)]
        assert settled(keys, NOW) == [(UUID(int=1), RETIRED), (UUID(int=2), ACTIVE)]

    def test_a_next_key_that_was_overtaken_retires(self) -> None:
        keys = [key(1, NEXT, activates=NOW - 2 * MINUTE), key(2, NEXT, activates=NOW - MINUTE)]
        assert settled(keys, NOW) == [(UUID(int=1), RETIRED), (UUID(int=2), ACTIVE)]

    def test_issuers_do_not_mix(self) -> None:
        assert settled([key(1), key(2, did="did:web:b.example", activates=NOW - MINUTE)], NOW) == []

    def test_ended_keys_stay_as_they_are(self) -> None:
        assert settled([key(1, RETIRED), key(2, COMPROMISED), key(3, retired_at=NOW)], NOW) == []


ages = st.integers(-3, 3).map(lambda n: NOW + n * MINUTE)
lives = st.builds(
    key,
    st.just(0),
    st.sampled_from(KeyState),
    activates=ages,
    algorithm=st.sampled_from(KeyAlgorithm),
    did=st.sampled_from(["did:web:a.example", "did:web:b.example"]),
    retired_at=st.none() | ages,
    compromised_at=st.none() | ages,
)
families = st.lists(lives, max_size=5).map(lambda keys: [replace(each, id=UUID(int=n)) for n, each in enumerate(keys)])


@given(families)
def test_settling_is_stable_and_changes_no_signer(keys: list[KeyFacts]) -> None:
    changes = dict(settled(keys, NOW))
    after = [replace(each, state=changes.get(each.id, each.state)) for each in keys]
    assert settled(after, NOW) == []
    for did in ("did:web:a.example", "did:web:b.example"):
        for algorithm in KeyAlgorithm:
            before = [each for each in keys if each.did == did]
            try:
                signer = signing_key(before, algorithm, now=NOW)
            except Unavailable:
                continue
            then = signing_key([each for each in after if each.did == did], algorithm, now=NOW)
            assert (then.id, then.state) == (signer.id, ACTIVE)


@given(families.filter(lambda keys: len(keys) < 5))
def test_the_order_of_rows_never_matters(keys: list[KeyFacts]) -> None:
    expected = set(settled(keys, NOW))
    assert all(set(settled(order, NOW)) == expected for order in permutations(keys))
