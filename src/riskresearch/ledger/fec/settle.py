"""Which credit settles which debit inside one group: by reference, by amount, then first in, first out."""

import re
from collections import defaultdict, deque
from collections.abc import Iterable, Sequence
from typing import NamedTuple

CONFIDENCE_OF_MATCHING = {"lettrage": 1.0, "reference": 0.95, "amount": 0.9, "fifo": 0.7}
WORD = re.compile(r"\w+")
HAS_DIGIT = re.compile(r"\d")


class Item(NamedTuple):
    """A debit or credit that can be matched.

    ``issue_day`` orders first in, first out; ``booked_day`` is the accounting date (both days
    since 1970); ``reference`` is the PieceRef, ``words`` the text searched for references.
    """

    key: int
    customer_id: str
    kind_code: str
    amount_minor: int
    issue_day: int
    booked_day: int
    reference: str
    words: str


class Share(NamedTuple):
    """An item and how much of it takes part in a group."""

    item: Item
    amount_minor: int


class Match(NamedTuple):
    """Part of a credit that settles part of a debit (keys of items); negative where taken back.

    ``known_day`` is a day before which it cannot count (0 = none): that on which the debit was
    open again.
    """

    debit: int
    credit: int
    amount_minor: int
    matching_code: str
    confidence_ratio: float
    known_day: int = 0


def settle(
    debits: Sequence[Share], credits: Sequence[Share], *, trust: float = 1.0, is_lettered: bool = True
) -> list[Match]:
    """Return which credit settles which debit of one group.

    First credits whose PieceRef or text names the debit's reference, then credits equal to what a
    debit has left, then the oldest debit with the oldest credit. Where the group leaves no choice
    (one debit that takes all credits, or one credit that pays all debits) the letter itself says it.

    Parameters
    ----------
    debits, credits : items of one customer with the amounts that take part
    trust : factor on the confidence (1 for a group that nets to zero)
    is_lettered : False for a group that the books do not letter together

    Examples
    --------
    >>> item = lambda key, amount, day, ref: Share(Item(key, "C1", "", amount, day, day, ref, ref), amount)
    >>> [match[:4] for match in settle([item(1, 100, 0, "F1"), item(2, 50, 1, "F2")], [item(3, 120, 9, "F2")])]
    [(2, 3, 50, 'reference'), (1, 3, 70, 'fifo')]
    """
    debits = sorted(debits, key=lambda share: (share.item.issue_day, share.item.key))
    credits = sorted(credits, key=lambda share: (share.item.booked_day, share.item.key))
    table = _Table(debits, credits, trust)
    if is_lettered and _has_no_choice(debits, credits):
        table.match_in_order(debits, credits, "lettrage")
    else:
        table.match_references(debits, credits)
        table.match_amounts(debits, credits)
        table.match_in_order(debits, credits, "fifo")
    return table.matches


def named_references(words: str) -> set[str]:
    """Return the parts of a text that can be a document's reference.

    Examples
    --------
    >>> sorted(named_references("VIR FA-12 et 180342&180343"))
    ['12', '180342', '180342&180343', '180343', 'et', 'fa', 'fa-12', 'vir']
    """
    text = words.casefold()
    return {token.strip(".,;:()") for token in text.split()} | set(WORD.findall(text))


def is_reference(reference: str) -> bool:
    """Return True for a PieceRef that can identify a document: two characters or more, one of them a digit."""
    return len(reference) > 1 and HAS_DIGIT.search(reference) is not None


def _has_no_choice(debits: Sequence[Share], credits: Sequence[Share]) -> bool:
    owed, paid = _total(debits), _total(credits)
    return (len(debits) == 1 and paid <= owed) or (len(credits) == 1 and owed <= paid)


def _total(shares: Iterable[Share]) -> int:
    return sum(share.amount_minor for share in shares)


class _Table:
    """Amounts left while one group is matched."""

    def __init__(self, debits: Sequence[Share], credits: Sequence[Share], trust: float) -> None:
        self.left = {share.item.key: share.amount_minor for share in (*debits, *credits)}
        self.matches: list[Match] = []
        self.trust = trust

    def take(self, debit: Share, credit: Share, matching_code: str) -> None:
        amount = min(self.left[debit.item.key], self.left[credit.item.key])
        if amount <= 0:
            return
        self.left[debit.item.key] -= amount
        self.left[credit.item.key] -= amount
        confidence = CONFIDENCE_OF_MATCHING[matching_code] * self.trust
        self.matches.append(Match(debit.item.key, credit.item.key, amount, matching_code, confidence))

    def match_references(self, debits: Sequence[Share], credits: Sequence[Share]) -> None:
        named = defaultdict(list)
        for debit in debits:
            if is_reference(debit.item.reference):
                named[debit.item.reference.casefold()].append(debit)
        for credit in credits if named else ():
            for reference in sorted(named_references(credit.item.words) & named.keys()):
                self.match_in_order(named[reference], [credit], "reference")

    def match_amounts(self, debits: Sequence[Share], credits: Sequence[Share]) -> None:
        waiting: dict[int, deque[Share]] = defaultdict(deque)
        for debit in debits:
            waiting[self.left[debit.item.key]].append(debit)
        for credit in credits:
            amount = self.left[credit.item.key]
            if amount and waiting[amount]:
                self.take(waiting[amount].popleft(), credit, "amount")

    def match_in_order(self, debits: Sequence[Share], credits: Sequence[Share], matching_code: str) -> None:
        queue = deque(debit for debit in debits if self.left[debit.item.key])
        for credit in credits:
            while queue and self.left[credit.item.key]:
                self.take(queue[0], credit, matching_code)
                if not self.left[queue[0].item.key]:
                    queue.popleft()
