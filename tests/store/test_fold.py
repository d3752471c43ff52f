"""Whatever the order, the batches and the repetitions, the facts are the same, and the oracle's."""

from itertools import pairwise
from random import Random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.store.relations import agree, copies, everything, filled
from tests.traffic import Act, Made, apply, made, often, traffic


def split(records: list[Made], cuts: list[int]) -> list[list[Made]]:
    edges = [0, *sorted({cut % (len(records) + 1) for cut in cuts}), len(records)]
    return [records[start:end] for start, end in pairwise(edges) if start < end]


_cuts = st.lists(st.integers(0, 20), max_size=4)


@often(15)
def test_order_batches_and_redelivery_change_nothing(examples: int) -> None:
    @settings(max_examples=examples, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(traffic(), st.randoms(use_true_random=False), _cuts)
    def check(acts: list[Act], dice: Random, cuts: list[int]) -> None:
        records = made(acts)
        at_once = filled(records)
        shuffled = list(records)
        dice.shuffle(shuffled)
        batches = split(shuffled, cuts)
        in_parts = filled(*batches)
        agree(in_parts, records)
        assert everything(in_parts) == everything(at_once)
        assert copies(in_parts) == copies(at_once)
        before = everything(in_parts)
        apply(in_parts, records, *reversed(batches))
        assert everything(in_parts) == before
        at_once.close()
        in_parts.close()

    check()
