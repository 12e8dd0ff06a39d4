"""Replay of a limit policy by the letter: one day after the other, one order after the other, plain lists.

Knows nothing of the package. A ledger is lists of dicts; days are ordinal numbers, amounts whole cents.

invoices  id customer day amount is_order
acts      invoice day amount            (positive = settled, negative = taken back)
limits    customer -> list of (day of review, cents or None for no limit)
stops     customer -> list of (first day, first day after)
defaults  customer -> list of days
"""


def replay(invoices, acts, limits, stops, *, start, end, delay_max_days):
    """Return day sold by invoice (None = lost) and exposure by day and customer, days `start` to `end`."""
    sold = {bill["id"]: bill["day"] for bill in invoices if not bill["is_order"] or bill["day"] <= start}
    orders = [bill for bill in invoices if bill["id"] not in sold]
    customers = sorted({bill["customer"] for bill in invoices})
    blocked, waiting, days = set(), [], range(start, end + 1)

    def fits(bill, day):
        open_now = owed(invoices, acts, sold, bill["customer"], day)
        return open_now + needed(bill, acts) <= limit_of(limits, stops, bill["customer"], day)

    for day in days:
        waiting = [bill for bill in waiting if day - bill["day"] <= delay_max_days]
        for bill in list(waiting):
            if fits(bill, day):
                sold[bill["id"]] = day
                waiting.remove(bill)
        for bill in sorted((one for one in orders if one["day"] == day), key=lambda one: one["id"]):
            if needed(bill, acts) <= 0 or fits(bill, day):
                sold[bill["id"]] = day
                continue
            blocked.add(bill["id"])
            if delay_max_days is not None:
                waiting.append(bill)
    exposures = {(day, who): owed(invoices, acts, sold, who, day) for day in days for who in customers}
    return {bill["id"]: sold.get(bill["id"]) for bill in invoices}, blocked, exposures


def needed(bill, acts):
    """What an order needs room for: its amount less what was paid by its day."""
    return bill["amount"] - sum(
        act["amount"] for act in acts if act["invoice"] == bill["id"] and act["day"] <= bill["day"]
    )


def open_of(bill, acts, sold, day):
    """What is open on an invoice at the end of a day; everything that happened to it happens as much later as it."""
    since = sold.get(bill["id"])
    if since is None or since > day or bill["day"] > day:
        return 0
    wait = since - bill["day"]
    settled = sum(
        act["amount"] for act in acts if act["invoice"] == bill["id"] and max(act["day"], bill["day"]) + wait <= day
    )
    return bill["amount"] - settled


def owed(invoices, acts, sold, customer, day):
    """What a customer owes on a day."""
    return sum(open_of(bill, acts, sold, day) for bill in invoices if bill["customer"] == customer)


def limit_of(limits, stops, customer, day):
    """Limit of the latest review before a day; none before the first; 0 while stopped."""
    reviews = [(since, cents) for since, cents in limits.get(customer, []) if since < day]
    if not reviews:
        return float("inf")
    if any(first <= day < after for first, after in stops.get(customer, [])):
        return 0
    cents = max(reviews, key=lambda review: review[0])[1]
    return float("inf") if cents is None else cents


def default_losses(invoices, acts, sold, defaults, *, start, end):
    """Return the open cents of each customer and default day: invoices sold after its default before."""
    found = {}
    for customer, days in defaults.items():
        for number, day in enumerate(sorted(days)):
            if not start < day <= end:
                continue
            before = sorted(days)[number - 1] if number else -(10**9)
            found[customer, day] = sum(
                max(open_of(bill, acts, sold, day), 0)
                for bill in invoices
                if bill["customer"] == customer
                and sold.get(bill["id"]) is not None
                and before < sold[bill["id"]] <= day
            )
    return found
