"""Competing ends by their plain definition, in exact fractions, age by age: the oracle of the curves."""

from collections.abc import Sequence
from fractions import Fraction


def plain_curves(
    exits: Sequence[int],
    ends: Sequence[int],
    entries: Sequence[int],
    weights: Sequence[int],
    *,
    n_ends: int,
    ages: Sequence[int],
) -> list[list[Fraction]]:
    """Return, for each age, the share still open and the share ended in each way."""
    still, ended = Fraction(1), [Fraction(0)] * n_ends
    found, age = [], min(exits)
    for wanted in ages:
        while age <= wanted:
            rows = [i for i in range(len(exits)) if entries[i] < age <= exits[i]]
            at_risk = sum(weights[i] for i in rows)
            before = still
            for way in range(n_ends):
                ending = sum(weights[i] for i in rows if exits[i] == age and ends[i] == way)
                if ending:
                    ended[way] += before * Fraction(ending, at_risk)
                    still -= before * Fraction(ending, at_risk)
            age += 1
        found.append([still, *ended])
    return found
