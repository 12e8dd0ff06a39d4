"""The book of matches: what each item still has open, and money that went back.

A return is a debit against cash. If the customer had that much on account it is a refund and
settles that credit. Otherwise the money was owed: the receipt bounced, and what it had settled is
open again from that day on (negative match), to be settled by what follows.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence

from riskresearch.ledger.fec.kinds import DOCUMENT_KINDS, SETTLEMENT_KINDS
from riskresearch.ledger.fec.roles import plain
from riskresearch.ledger.fec.settle import Item, Match, Share, settle

TRUST_PARTIAL_GROUP = 0.8
TRUST_ACROSS_YEARS = 0.9
TRUST_UNLETTERED = 0.5
MAX_RETURN_DAYS = 180
DEBIT_KINDS = (*DOCUMENT_KINDS, "return")
LOOSE_CREDIT_KINDS = tuple(kind for kind in SETTLEMENT_KINDS if kind != "other")
BOUNCE_WORDS = re.compile(
    r"\bimpaye|\brejet|\bsans provision|\bopposition|\bretour (de )?(cheque|chq|prelevement|prlv|lcr|effet|virement)"
    r"|\bunpaid|\breturned (cheque|payment|debit)|\bbounced"
)


class Book:
    """Items with their open amounts, the matches made and the receipts that came back."""

    def __init__(self, items: Iterable[Item]) -> None:
        self.items = {item.key: item for item in items}
        self.open = {item.key: item.amount_minor for item in self.items.values()}
        self.matches: list[Match] = []
        self.receipt_of_return: dict[int, int] = {}
        self.bounced: set[int] = set()
        self._open_again: dict[int, int] = {}
        self._by_debit: dict[int, list[Match]] = defaultdict(list)
        self._by_credit: dict[int, list[Match]] = defaultdict(list)
        self._receipts: dict[tuple[str, int], list[Item]] = defaultdict(list)
        for item in self.items.values():
            if item.kind_code == "payment":
                self._receipts[item.customer_id, item.amount_minor].append(item)

    def settle_group(self, shares: Sequence[Share], *, across_years: bool = False) -> None:
        """Match the debits and credits of one lettered group (amounts capped by what is open)."""
        present = [Share(s.item, min(s.amount_minor, self.open[s.item.key])) for s in shares]
        debits = [s for s in present if s.amount_minor and s.item.kind_code in DOCUMENT_KINDS]
        returns = [s for s in present if s.amount_minor and s.item.kind_code == "return"]
        credits = [s for s in present if s.amount_minor and s.item.kind_code not in DEBIT_KINDS]
        balance = _total([*debits, *returns]) - _total(credits)
        trust = TRUST_ACROSS_YEARS if across_years else TRUST_PARTIAL_GROUP if balance else 1.0
        if returns:
            self._settle_with_returns(debits, credits, returns, trust)
        else:
            self._record(settle(debits, credits, trust=trust))

    def settle_loose_return(self, item: Item) -> None:
        """Take back what an equal, earlier receipt had settled, for a return that carries no letter."""
        receipt = self._returned_receipt(item)
        if receipt is not None:
            self._take_back(receipt, item)

    def settle_loose_credit(self, credit: Item, debits: Sequence[Item]) -> None:
        """Match an unlettered loss, discount or the like with what the customer then had open."""
        open_debits = [Share(d, self.open[d.key]) for d in debits if d.booked_day <= credit.booked_day]
        shares = [share for share in open_debits if share.amount_minor]
        matches = settle(shares, [Share(credit, self.open[credit.key])], trust=TRUST_UNLETTERED, is_lettered=False)
        self._record(matches)

    def _record(self, matches: Iterable[Match]) -> None:
        for match in matches:
            self.open[match.debit] -= match.amount_minor
            self.open[match.credit] -= match.amount_minor
            self._keep(match._replace(known_day=self._open_again.get(match.debit, 0)))

    def _keep(self, match: Match) -> None:
        self.matches.append(match)
        self._by_debit[match.debit].append(match)
        self._by_credit[match.credit].append(match)

    def _keep_return(self, match: Match, item: Item) -> None:
        """Keep the reverse of a match; what settles the debit from now on counts from then on."""
        day = max(item.booked_day, match.known_day)
        self._keep(match._replace(credit=item.key, amount_minor=-match.amount_minor, known_day=day))
        self._open_again[match.debit] = max(day, self._open_again.get(match.debit, 0))

    def _settle_with_returns(
        self, debits: list[Share], credits: list[Share], returns: list[Share], trust: float
    ) -> None:
        refunds: list[Share] = []
        bounces: list[tuple[Item, Item]] = []
        for share in sorted(returns, key=lambda s: (s.item.booked_day, s.item.key)):
            item, in_group = share.item, _equal_receipt(credits, share)
            if _on_account(debits, credits, refunds, share) >= share.amount_minor:
                refunds.append(share)
            elif in_group is not None:
                credits.remove(in_group)
                bounces.append((in_group.item, item))
            elif (receipt := self._returned_receipt(item)) is not None:
                debits += self._take_back(receipt, item)
            else:
                refunds.append(share)
                self._note_bounce(item, _is_paid_again(credits, share))
        self._settle_refunds(debits, credits, refunds, trust)
        for receipt, item in bounces:
            self._bounce(receipt, item, debits)

    def _settle_refunds(self, debits: list[Share], credits: list[Share], refunds: list[Share], trust: float) -> None:
        refunded = {share.item.key for share in refunds}
        for match in settle([*debits, *refunds], credits, trust=trust):
            if match.debit not in refunded:
                self._record([match])
                continue
            self.open[match.debit] -= match.amount_minor
            self.open[match.credit] -= match.amount_minor
            refund, credit = self.items[match.debit], self.items[match.credit]
            if credit.kind_code == "payment" and credit.amount_minor == refund.amount_minor == match.amount_minor:
                self.receipt_of_return[refund.key] = credit.key
            self._note_bounce(refund, False)

    def _bounce(self, receipt: Item, item: Item, debits: Sequence[Share]) -> None:
        """Show the bounced receipt as having settled its invoices until the day it came back."""
        self.open[receipt.key] = self.open[item.key] = 0
        self.receipt_of_return[item.key] = receipt.key
        self._note_bounce(item, receipt.booked_day < item.booked_day)
        if receipt.booked_day == item.booked_day:
            return
        rooms = [Share(s.item, self._room(s.item, item.booked_day)) for s in debits]
        for match in settle([room for room in rooms if room.amount_minor > 0], [Share(receipt, receipt.amount_minor)]):
            self._keep(match)
            self._keep_return(match, item)

    def _room(self, debit: Item, day: int) -> int:
        settled = sum(m.amount_minor for m in self._by_debit[debit.key] if self.items[m.credit].booked_day < day)
        return debit.amount_minor - settled if debit.booked_day <= day else 0

    def _take_back(self, receipt: Item, item: Item) -> list[Share]:
        """Open again what a receipt had settled; return the debits with the amounts that are open again."""
        self.receipt_of_return[item.key] = receipt.key
        matches = [match for match in self._by_credit[receipt.key] if match.amount_minor > 0]
        self.open[item.key] = 0
        self.open[receipt.key] = 0
        self._note_bounce(item, bool(matches))
        for match in matches:
            self._keep_return(match, item)
            self.open[match.debit] += match.amount_minor
        return [Share(self.items[match.debit], match.amount_minor) for match in matches]

    def _returned_receipt(self, item: Item) -> Item | None:
        """Return the latest receipt of the same amount before a return, the one it names first."""
        used = set(self.receipt_of_return.values())
        near = [
            receipt
            for receipt in self._receipts[item.customer_id, item.amount_minor]
            if 0 <= item.booked_day - receipt.booked_day <= MAX_RETURN_DAYS
            and receipt.key not in used
            and self._is_whole(receipt)
        ]
        named = [receipt for receipt in near if receipt.reference == item.reference]
        return max(named or near, key=lambda receipt: (receipt.booked_day, receipt.key), default=None)

    def _is_whole(self, receipt: Item) -> bool:
        settled = sum(match.amount_minor for match in self._by_credit[receipt.key])
        return settled == receipt.amount_minor or self.open[receipt.key] == receipt.amount_minor

    def _note_bounce(self, item: Item, is_bounce: bool) -> None:
        if is_bounce or BOUNCE_WORDS.search(plain(item.words)):
            self.bounced.add(item.key)


def _equal_receipt(credits: Sequence[Share], returned: Share) -> Share | None:
    equal = [
        share
        for share in credits
        if share.item.kind_code == "payment"
        and share.item.booked_day <= returned.item.booked_day
        and share.amount_minor == share.item.amount_minor == returned.amount_minor
    ]
    named = [share for share in equal if share.item.reference == returned.item.reference]
    return max(named or equal, key=lambda share: (share.item.booked_day, share.item.key), default=None)


def _is_paid_again(credits: Sequence[Share], returned: Share) -> bool:
    return any(
        share.item.kind_code == "payment"
        and share.amount_minor == returned.amount_minor
        and share.item.booked_day >= returned.item.booked_day
        for share in credits
    )


def _on_account(debits: Sequence[Share], credits: Sequence[Share], refunds: Sequence[Share], returned: Share) -> int:
    """Return what the customer had on account in the group when money went back (cents), at least 0.

    An equal receipt of the same day is the payment made again, not money on account.
    """
    day, amount = returned.item.booked_day, returned.amount_minor
    before = [share for share in credits if share.item.booked_day <= day]
    again = [s for s in before if s.item == s.item._replace(kind_code="payment", amount_minor=amount, booked_day=day)]
    owed = _total(share for share in (*debits, *refunds) if share.item.booked_day <= day)
    return max(0, _total(before) - _total(again) - owed)


def _total(shares: Iterable[Share]) -> int:
    return sum(share.amount_minor for share in shares)
