"""Matching by letter: which lines the books letter together, year after year.

A letter is only unique within a customer, a receivable account (411, 413, 416) and a fiscal year.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from pandas import DataFrame, Series, Timedelta, Timestamp

from riskresearch.ledger.fec.book import DEBIT_KINDS, LOOSE_CREDIT_KINDS, Book
from riskresearch.ledger.fec.kinds import DOCUMENT_KINDS
from riskresearch.ledger.fec.settle import Item, Share, is_reference

NO_GROUP = -1
GROUP_KEY = ["year_no", "role_code", "customer_id", "letter"]


def add_groups(receivables: DataFrame) -> DataFrame:
    """Return the lines with ``letter_no`` (one per letter) and ``group_no`` (letters settled together).

    −1 for lines without letter. A transfer (bill accepted, customer become doubtful, own items
    offset) is lettered once on each side; the letters of both sides are one group, so the payment
    of the bill meets the invoice.
    """
    is_lettered = receivables["letter"].ne("")
    letter = receivables.groupby(GROUP_KEY, sort=False).ngroup().where(is_lettered, NO_GROUP)
    transfers = receivables[receivables["kind_code"].eq("transfer") & is_lettered]
    sides = letter[transfers.index].groupby([transfers["entry_id"], transfers["customer_id"]])
    root: dict[int, int] = {}
    for _, numbers in sides:
        roots = sorted({_root(root, number) for number in numbers})
        root.update(dict.fromkeys(roots[1:], roots[0]))
    joined = {number: _root(root, number) for number in root}
    return receivables.assign(letter_no=letter, group_no=letter.replace(joined))


def match_items(items: DataFrame, *, carried: DataFrame) -> Book:
    """Return the book of matches of all items.

    Year by year the letters of the year are settled; a carried opening line brings in the
    documents it stands for. Groups with money that went back come after the others. Then come
    letters that only net to zero over several years, returns without letter, and losses,
    discounts, bills and the like without letter (against what the customer then had open).
    Receipts and credit notes without letter stay on account, invoices without letter stay open.

    Parameters
    ----------
    items : one row per part of a receivable line, unique index, columns of `parts` and of the line
    carried : opening lines set aside because the previous year is delivered, with ``group_no``
    """
    book = Book(_book_items(items))
    for year in sorted({*items["year_no"], *carried["year_no"]}):
        groups = _groups(book, items.loc[items["year_no"] == year, "group_no"])
        opening = carried[carried["year_no"].eq(year)]
        for group, shares in _carried_shares(book, items[items["year_no"] < year], opening):
            groups[group] += shares
        for shares in sorted(groups.values(), key=_returns_last):
            book.settle_group(shares)
    for shares in _groups_over_years(book, items):
        book.settle_group(shares, across_years=True)
    _settle_loose(book, items)
    return book


def _root(root: Mapping[int, int], number: int) -> int:
    while number in root:
        number = root[number]
    return number


def _book_items(items: DataFrame) -> Iterable[Item]:
    days = [((items[name] - Timestamp(0)) // Timedelta(days=1)).tolist() for name in ("issue_date", "entry_date")]
    words = (items["piece_ref"] + " " + items["label"]).tolist()
    columns = [items.index.tolist(), *(items[name].tolist() for name in ("customer_id", "kind_code", "amount_minor"))]
    return map(Item._make, zip(*columns, *days, items["piece_ref"].tolist(), words, strict=True))


def _groups(book: Book, group_no: Series) -> dict[int, list[Share]]:
    groups: dict[int, list[Share]] = defaultdict(list)
    in_group = group_no[group_no != NO_GROUP]
    for key, group in zip(in_group.index.tolist(), in_group.tolist(), strict=True):
        groups[group].append(Share(book.items[key], book.items[key].amount_minor))
    return groups


def _returns_last(shares: Sequence[Share]) -> int:
    return min((s.item.booked_day for s in shares if s.item.kind_code == "return"), default=np.iinfo(int).min)


def _carried_shares(book: Book, known: DataFrame, opening: DataFrame) -> Iterable[tuple[int, list[Share]]]:
    """Return, for each lettered opening line, the open items of earlier years it stands for.

    The items with its PieceRef; else items of just its amount; else the customer's oldest open
    items that no other opening line names.
    """
    waiting = _open_by_customer(book, known, set(opening["customer_id"]))
    named = opening.groupby("customer_id")["piece_ref"].agg(set).to_dict()
    used: dict[int, int] = defaultdict(int)
    lettered = opening[opening["group_no"] != NO_GROUP]
    columns = (lettered[name].tolist() for name in ("group_no", "customer_id", "piece_ref", "net_minor"))
    for group, customer, reference, net in zip(*columns, strict=True):
        left, shares = abs(net), []
        ours = [item for item in waiting[customer] if (item.kind_code in DEBIT_KINDS) == (net > 0)]
        for item in _candidates(book, ours, reference, left, named[customer]):
            amount = min(left, book.open[item.key] - used[item.key])
            if amount > 0:
                shares.append(Share(item, amount))
                used[item.key] += amount
                left -= amount
        yield group, shares


def _candidates(book: Book, items: Sequence[Item], reference: str, amount: int, named: set[str]) -> list[Item]:
    own = [item for item in items if is_reference(reference) and item.reference == reference]
    free = [item for item in items if not is_reference(item.reference) or item.reference not in named]
    return sorted(own or free, key=lambda item: (book.open[item.key] != amount, item.issue_day, item.key))


def _open_by_customer(book: Book, items: DataFrame, customers: set[str]) -> dict[str, list[Item]]:
    waiting: dict[str, list[Item]] = defaultdict(list)
    for key in items.index[items["customer_id"].isin(customers)]:
        if book.open[key]:
            waiting[book.items[key].customer_id].append(book.items[key])
    return waiting


def _groups_over_years(book: Book, items: DataFrame) -> Iterable[list[Share]]:
    """Return letters of several years whose open amounts cancel over the years."""
    signed = items.index.map(book.open).to_numpy() * np.where(items["is_debit"], 1, -1)
    left = items.assign(signed=signed)[(signed != 0) & items["letter"].ne("").to_numpy()]
    key = left.groupby(GROUP_KEY[1:], sort=False)
    cancels = key["signed"].transform("sum").eq(0) & key["year_no"].transform("nunique").gt(1)
    for _, group in left[cancels].groupby(GROUP_KEY[1:], sort=False):
        yield [Share(book.items[n], book.open[n]) for n in group.index]


def _settle_loose(book: Book, items: DataFrame) -> None:
    kind, day = items["kind_code"], items["entry_date"]
    for key in day[kind.eq("return") & items["group_no"].eq(NO_GROUP)].sort_values(kind="stable").index:
        if book.open[key]:
            book.settle_loose_return(book.items[key])
    loose = [key for key in day[kind.isin(LOOSE_CREDIT_KINDS)].sort_values(kind="stable").index if book.open[key]]
    customers = {book.items[key].customer_id for key in loose}
    debits = _open_by_customer(book, items[kind.isin(DOCUMENT_KINDS)], customers)
    for key in loose:
        book.settle_loose_credit(book.items[key], debits[book.items[key].customer_id])
