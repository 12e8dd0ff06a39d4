"""What others and the seller's own people say: ratings, annual accounts, questionnaires.

All of it sees health late and with error. Accounts come four to twelve months after closing; many
small firms keep them confidential, and weak firms file late or not at all.
"""

import numpy as np
from numpy.random import Generator
from pandas import DataFrame

from riskresearch.ledger.synthetic.books import Books
from riskresearch.ledger.synthetic.timeline import RUN_IN_MONTHS, Bools, Codes, Floats, Ints, month_end, to_dates

BUREAU_SHARE, AGENCY_SHARE = 0.75, 0.35
BUREAU_LAG_MONTHS, BUREAU_SIGHT = 2, 0.68
BUREAU_CUTS = np.array([-1.8, -1.3, -0.8, -0.4, 0.0, 0.4, 0.8, 1.3, 1.8])
AGENCY_CUTS, AGENCY_CODES = np.array([-2.0, -1.2, -0.5, 0.2, 1.0, 1.8]), ("CCC", "B", "BB", "BBB", "A", "AA", "AAA")
PUBLISHED_SHARE = np.array([0.5, 0.75, 0.95, 1.0])
REVENUE_AMOUNT = np.array([0.7e6, 4.5e6, 30e6, 260e6])
QUESTIONNAIRE_SHARE, QUESTIONNAIRE_MONTHS = 0.6, 18
QUESTIONNAIRE_ITEMS = (
    ("management", 0.06),
    ("market", 0.03),
    ("order_book", 0.05),
    ("transparency", 0.07),
    ("dependency", 0.02),
)


def ratings_table(books: Books, *, risk: Floats, until: Ints, rng: Generator) -> DataFrame:
    """Return canonical table `ratings`: a bureau on grades 1 to 10 (best), an agency on letters.

    Parameters
    ----------
    risk : month x customer, standardised log hazard
    until : by customer, day on which business ended
    """
    size = books.population.size
    bureau = (books.population.kind == 0) & (rng.random(len(size)) < BUREAU_SHARE)
    agency = (size >= 2) & (rng.random(len(size)) < AGENCY_SHARE)
    grades = np.array([str(grade) for grade in range(1, 11)], dtype=object)
    letters = np.array(AGENCY_CODES, dtype=object)
    rows = [
        _ratings("bureau", bureau, grades, BUREAU_CUTS, books, risk, rng),
        _ratings("agency", agency, letters, AGENCY_CUTS, books, risk, rng),
    ]
    customer, day, code, provider = (np.concatenate(values) for values in zip(*rows, strict=True))
    booked = day + rng.integers(0, 6, len(day))
    kept = (booked <= books.calendar.last_day) & (day < until[customer])
    return DataFrame(
        {
            "customer_id": books.customer_ids[customer],
            "provider_code": provider,
            "rating_date": to_dates(day),
            "recorded_date": to_dates(booked),
            "rating_code": code,
        }
    )[kept]


def _ratings(
    provider: str, rated: Bools, codes: Codes, cuts: Floats, books: Books, risk: Floats, rng: Generator
) -> tuple[Ints, Ints, Codes, Codes]:
    """Ratings twice a year, kept when the grade changed or a year has passed."""
    n, calendar = len(rated), books.calendar
    lasting, phase = rng.normal(size=n), rng.integers(0, 12, n)
    first = np.maximum(books.population.start_month, RUN_IN_MONTHS)
    before = np.full(n, -1)
    found = []
    for k in calendar.ledger_months:
        noise = np.sqrt(1 - BUREAU_SIGHT**2) * (0.8 * lasting + 0.6 * rng.normal(size=n))
        grade = np.searchsorted(cuts, -BUREAU_SIGHT * risk[k - BUREAU_LAG_MONTHS] + noise)
        turn = (k + phase) % 12
        chosen = rated & (k >= first) & ((turn == 0) | ((turn == 6) & (grade != before)))
        who = np.flatnonzero(chosen)
        day = np.maximum(calendar.starts[k] + rng.integers(0, 28, n), books.population.start_day)[who]
        found.append((who, day, codes[grade[who]]))
        before = np.where(chosen, grade, before)
    customer, days, code = (np.concatenate(values) for values in zip(*found, strict=True))
    return customer, days, code, np.full(len(customer), provider, dtype=object)


def financials_table(books: Books, *, risk: Floats, until: Ints, rng: Generator) -> DataFrame:
    """Return canonical table `financials`, run currency, as published by the last day."""
    p, calendar = books.population, books.calendar
    published = (p.kind == 0) & (rng.random(p.n_customers) < PUBLISHED_SHARE[p.size])
    closing_month = np.where(rng.random(p.n_customers) < 0.85, 12, 6)
    revenue = REVENUE_AMOUNT[p.size] * np.exp(rng.normal(0, 0.7, p.n_customers))
    lasting = rng.normal(size=(2, p.n_customers))
    months = calendar.starts[:-1].astype("datetime64[D]").astype("datetime64[M]")
    frames = []
    for year in np.unique(months.astype("datetime64[Y]").astype(np.int64)) + 1970:
        first = np.array(f"{year}-01", "datetime64[M]") + (closing_month - 1)
        closing = month_end(first.astype("datetime64[D]").astype(np.int64))
        month = np.clip(calendar.month_of(closing), 0, calendar.n_months - 1)
        mean_risk = _year_mean(risk, month)
        revenue = revenue * np.exp(0.02 - 0.03 * mean_risk + 0.06 * rng.normal(size=p.n_customers))
        lag = 120 + rng.gamma(2.0, 30.0 * np.exp(0.25 * np.clip(mean_risk, -2, 2))).astype(np.int64)
        withheld = (mean_risk > 1.3) & (rng.random(p.n_customers) < 0.4)
        kept = published & ~withheld & (closing + lag <= calendar.last_day) & (closing + lag < until)
        kept &= closing >= calendar.starts[0]
        frames.append(_accounts(revenue, mean_risk, lasting, rng).assign(closing=closing, known=closing + lag)[kept])
    return _financials(frames, books)


def _year_mean(risk: Floats, month: Ints) -> Floats:
    """Mean risk over the twelve months up to each customer's closing."""
    columns = np.arange(risk.shape[1])
    return np.mean([risk[np.maximum(month - back, 0), columns] for back in range(12)], axis=0)


def _accounts(revenue: Floats, risk: Floats, lasting: Floats, rng: Generator) -> DataFrame:
    """Accounts of one year: margin, tangible net worth and debt follow risk with lasting differences."""
    noise = rng.normal(size=(3, len(revenue)))
    income = 0.032 - 0.022 * risk + 0.030 * noise[0]
    worth = 0.24 - 0.07 * risk + 0.12 * lasting[0] + 0.02 * noise[1]
    debt = np.maximum(0.20 + 0.05 * risk + 0.10 * lasting[1] + 0.02 * noise[2], 0.0)
    cents = revenue[:, None] * np.column_stack([np.ones_like(risk), worth, debt, income]) / 1_000
    names = ["revenue_minor", "net_worth_minor", "debt_minor", "net_income_minor"]
    return DataFrame(np.round(cents).astype(np.int64) * 100_000, columns=names)


def _financials(frames: list[DataFrame], books: Books) -> DataFrame:
    rows = DataFrame({name: np.concatenate([frame[name] for frame in frames]) for name in frames[0]})
    customer = np.concatenate([frame.index.to_numpy() for frame in frames])
    amounts = rows.drop(columns=["closing", "known"])
    return amounts.assign(
        customer_id=books.customer_ids[customer],
        period_end_date=to_dates(rows["closing"].to_numpy()),
        published_date=to_dates(rows["known"].to_numpy()),
    )


def questionnaires_table(books: Books, *, risk: Floats, until: Ints, rng: Generator) -> DataFrame:
    """Return canonical table `questionnaires`: answers of the sales force, at the start and every 18 months."""
    p, calendar = books.population, books.calendar
    asked = (p.kind == 0) & (rng.random(p.n_customers) < QUESTIONNAIRE_SHARE)
    first = np.maximum(p.start_month, RUN_IN_MONTHS)
    lasting = rng.normal(size=(len(QUESTIONNAIRE_ITEMS), p.n_customers))
    month, who = np.nonzero(asked & (np.arange(calendar.n_months)[:, None] >= first))
    due = (month - first[who]) % QUESTIONNAIRE_MONTHS == 0
    month, who = month[due], who[due]
    day = np.maximum(calendar.starts[month] + rng.integers(0, 28, len(month)), p.start_day[who])
    kept = (day < until[who]) & (day <= calendar.last_day)
    month, who, day = month[kept], who[kept], day[kept]
    item = np.tile(np.arange(len(QUESTIONNAIRE_ITEMS)), len(who))
    month, who, day = (np.repeat(values, len(QUESTIONNAIRE_ITEMS)) for values in (month, who, day))
    weight = np.array([weight for _, weight in QUESTIONNAIRE_ITEMS])[item]
    answer = 0.55 - weight * risk[month, who] + 0.12 * lasting[item, who] + 0.10 * rng.normal(size=len(who))
    return DataFrame(
        {
            "customer_id": books.customer_ids[who],
            "answered_date": to_dates(day),
            "item_code": np.array([code for code, _ in QUESTIONNAIRE_ITEMS], dtype=object)[item],
            "answer_ratio": np.round(np.clip(answer, 0, 1), 1),
        }
    )
