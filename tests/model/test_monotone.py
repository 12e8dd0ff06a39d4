"""More arrears never lower a PD: for every registered candidate, on generated and, where present, real panels."""

import typing
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from riskresearch.behaviour.book import observation_dates
from riskresearch.features.families import FEATURES
from riskresearch.features.lookahead import registered
from riskresearch.features.samples import samples
from riskresearch.features.settings import FeatureSettings
from riskresearch.features.snapshots import snapshots
from riskresearch.features.stage import feature_dictionary, panel_columns
from riskresearch.features.streams.ratings import with_rating_scales
from riskresearch.ledger.default import DefaultSettings
from riskresearch.ledger.known import known_tables
from riskresearch.ledger.synthetic import synthetic_ledger
from riskresearch.model.candidates import CANDIDATES
from riskresearch.model.sample import Sample
from riskresearch.pipeline.panel_run.mapping import panel_mapping
from riskresearch.pipeline.panel_run.rows import panel_rows

pytestmark = pytest.mark.xdist_group("monotone")  # ledger, panels and models are made once

CHOSEN = [
    "overdue_ratio", "overdue_30_ratio", "overdue_90_ratio", "overdue_to_sales_months", "overdue_max_days",
    "overdue_mean_days", "overdue_change_3m", "overdue_slope_6m", "overdue_30_months_12m", "days_late_mean_3m",
    "days_late_mean_12m", "days_late_trend_3m", "days_late_spread_12m", "late_ratio_3m", "late_ratio_12m",
    "late_ratio_change_3m", "paid_to_due_ratio_3m", "sales_trend_ratio_3m", "tenure_months", "rating_ratio",
    "net_worth_ratio", "sector_overdue_30_ratio",
]  # fmt: skip
CHOSEN += sorted({name for member in CANDIDATES for name in member.spec.needs} - set(CHOSEN))
ARREARS = [name for name in CHOSEN if name.startswith(("overdue_", "days_late_mean", "late_ratio"))]
WITHOUT_PAYMENTS = {"cold_start"}
AGAINST_THE_PAST = {"overdue_change_3m", "overdue_slope_6m", "late_ratio_change_3m", "days_late_trend_3m"}
"""Features that compare with an earlier month: a debt that is a month older was larger then too."""


@pytest.fixture(scope="module")
def ledger():
    return synthetic_ledger(
        n_customers=90, n_months=30, seed=4, default_rate_ratio=0.15, invoices_per_month=1.5
    )[0]  # fmt: skip


@pytest.fixture(scope="module")
def generated(ledger):
    """Sample of the generated ledger: every row whose outcome is known."""
    as_of = ledger.default_as_of
    tables = known_tables(ledger, DefaultSettings(), as_of=as_of)
    dates = observation_dates(as_of=as_of, first_day=tables["movements"]["known_date"].min())
    columns = {name: made for name, made in panel_columns().items() if name in CHOSEN or name not in FEATURES}
    panel = samples(
        snapshots(with_rating_scales(tables, {}), dates, columns=columns), tables, FeatureSettings(), as_of=as_of
    )
    dictionary = feature_dictionary().set_index("feature_code").loc[CHOSEN].reset_index()
    return sample_of(panel[panel["is_default"].notna()], dictionary)


def with_a_month_more(raw, columns):
    """The file with a month of arrears more in some months; who was not late is a month late."""
    return raw.assign(**{name: raw[name].clip(lower=0) + 1 for name in columns})


@pytest.fixture(scope="module")
def card_file(shared_data):
    """Every sixth client of the credit card file."""
    return pd.read_csv(shared_data / "taiwan_credit_card" / "default_of_credit_card_clients.csv.gz").iloc[::6]


@pytest.fixture(scope="module")
def cards(card_file, tmp_path_factory):
    """Sample of the file by its mapping, and its rows with arrears added in the last month, in three and in all six."""
    mapping, folder = panel_mapping("taiwan_credit_card"), tmp_path_factory.mktemp("cards")

    def made(raw):
        raw.to_csv(folder / "cards.csv", index=False)
        return panel_rows(folder / "cards.csv", mapping)[0]

    late = ["PAY_0", "PAY_2", "PAY_3", "PAY_4", "PAY_5", "PAY_6"]
    plain = made(card_file)
    sample = sample_of(plain.assign(is_default=plain["state"]), mapping.feature_dictionary())
    later = [made(with_a_month_more(card_file, late[:n])) for n in (1, 3, 6)]
    assert all(rows["customer_id"].equals(sample.customers) for rows in later)
    return sample, later


@pytest.fixture(scope="module")
def credit_cards(cards):
    return cards[0]


def sample_of(rows, dictionary):
    if "months_to_default" not in rows:
        rows = rows.assign(months_to_default=pd.array([pd.NA] * len(rows), dtype="Int64"))
    names = dictionary["feature_code"].tolist()
    return Sample.of(rows.astype(dict.fromkeys(names, "float64")), dictionary)


FITTED: dict[tuple[str, int], typing.Any] = {}


def fitted(name, sample):
    """The candidate with its default settings, fitted once on a sample."""
    member = CANDIDATES[name]
    if missing := set(member.spec.needs) - set(sample.names):
        pytest.skip(f"candidate {name} needs {sorted(missing)}, which this panel does not have")
    key = (name, id(sample))
    if key not in FITTED:
        FITTED[key] = member.function(sample, typing.get_type_hints(member.function)["settings"]())
    return FITTED[key]


def worse(sample, rows, names, rng):
    """Rows with some features moved the way declared as riskier, by up to what the sample holds."""
    moved = rows.copy()
    for name in names:
        direction = int(sample.dictionary.loc[name, "direction_code"])
        size = np.nanquantile(sample.rows[name], 0.99) - np.nanquantile(sample.rows[name], 0.01)
        moved[name] = rows[name] + direction * (size if size > 0 else 1.0) * rng.random(len(rows))
    return moved


def falls(model, rows, moved):
    return int((model.log_odds(moved) < model.log_odds(rows) - 1e-9).sum())


@pytest.mark.parametrize("panel", ["generated", "credit_cards"])
@pytest.mark.parametrize("name", CANDIDATES.names)
def test_a_riskier_feature_never_lowers_a_pd(name, panel, request):
    sample = request.getfixturevalue(panel)
    model, rng = fitted(name, sample), np.random.default_rng(7)
    rows = sample.rows.iloc[:: max(1, len(sample.rows) // 800)]
    declared = [f for f in sample.names if sample.dictionary.loc[f, "direction_code"] != 0]
    assert {f: n for f in declared if (n := falls(model, rows, worse(sample, rows, [f], rng)))} == {}
    together = [rng.choice(declared, size=len(declared) // 2, replace=False) for _ in range(5)]
    assert [falls(model, rows, worse(sample, rows, names, rng)) for names in together] == [0] * 5
    read = list(CANDIDATES[name].spec.needs) or declared
    rows = rows[rows[read].notna().all(axis=1)]
    is_told_apart = np.ptp(model.log_odds(rows)) > 0
    assert is_told_apart == (model.log_odds(worse(sample, rows, declared, rng)) > model.log_odds(rows) + 1e-6).any()


@pytest.mark.parametrize("name", CANDIDATES.names)
def test_a_month_more_in_arrears_never_lowers_the_pd_of_a_card_holder(name, cards):
    sample, later = cards
    model = fitted(name, sample)
    assert [falls(model, sample.rows, rows) for rows in later] == [0, 0, 0]
    is_moved = model.log_odds(later[0]) > model.log_odds(sample.rows) + 1e-6
    assert is_moved.mean() > 0.5 or name in WITHOUT_PAYMENTS


@pytest.fixture(scope="module")
def contrary(generated):
    """The generated sample with outcomes turned round: customers with nothing overdue default most."""
    chance = np.where(generated.rows["overdue_max_days"] == 0, 0.4, 0.05)
    hit = np.random.default_rng(3).random(len(generated.rows)) < chance
    rows = generated.rows.assign(is_default=hit, months_to_default=pd.array([pd.NA] * len(hit), dtype="Int64"))
    return Sample(rows, generated.dictionary)


@pytest.mark.parametrize("panel", ["generated", "contrary"])
@pytest.mark.parametrize("name", CANDIDATES.names)
def test_falling_overdue_for_the_first_time_never_lowers_a_pd(name, panel, request):
    """Nothing overdue is the safest state, not an unknown one, whatever the sample seems to say."""
    sample = request.getfixturevalue(panel)
    model = fitted(name, sample)
    rows = sample.rows[(sample.rows["overdue_ratio"] == 0) & sample.rows["overdue_max_days"].eq(0)]
    assert len(rows) > 100
    for days in (1.0, 20.0, 75.0):
        late = rows.assign(overdue_ratio=0.4, overdue_to_sales_months=rows["overdue_to_sales_months"] + 0.4)
        late = late.assign(overdue_max_days=days, overdue_mean_days=days)
        assert falls(model, rows, late) == 0


@pytest.fixture(scope="module")
def month_older(ledger):
    """Features of the last date, before and after every open invoice is made 31 days older, and the customers."""
    as_of = ledger.default_as_of
    tables = known_tables(ledger, DefaultSettings(), as_of=as_of)
    moves = tables["movements"]
    is_open = moves.groupby("invoice_id")["base_minor"].transform("sum") > 0
    invoices, month = ledger["invoices"], pd.Timedelta(days=31)
    which = invoices["invoice_id"].isin(moves.loc[is_open, "invoice_id"])
    days = {name: invoices[name].mask(which, invoices[name] - month) for name in ("invoice_date", "due_date")}
    parts = ledger["instalments"]
    due = parts["due_date"].mask(parts["invoice_id"].isin(invoices.loc[which, "invoice_id"]), parts["due_date"] - month)
    older = replace(
        ledger, tables=ledger.tables | {"invoices": invoices.assign(**days), "instalments": parts.assign(due_date=due)}
    )
    make = registered(CHOSEN)
    frames = [
        make(known_tables(one, DefaultSettings(), as_of=as_of), [as_of]).set_index("customer_id")
        for one in (ledger, older)
    ]
    return [frame[CHOSEN].astype(float) for frame in frames]


def test_an_older_debt_moves_arrears_the_declared_way(month_older):
    before, after = month_older
    directions = {member.name: member.spec.direction for member in FEATURES}
    against = {
        name: int(((after[name] - before[name]) * directions[name] < -1e-9).sum())
        for name in ARREARS
        if name not in AGAINST_THE_PAST
    }
    assert {name for name, n in against.items() if n} <= {"overdue_mean_days"}  # a fresh item joins an old one
    assert (after["overdue_ratio"] > before["overdue_ratio"]).sum() > 10
    assert (after["overdue_max_days"] - before["overdue_max_days"]).between(0, 31).sum() == before[
        "overdue_max_days"
    ].count()


@pytest.mark.parametrize("name", CANDIDATES.names)
def test_open_invoices_a_month_older_never_lower_a_pd(name, generated, month_older):
    """All else equal: what compares with an earlier month, and what the older item makes unknown, stay as they were."""
    before, after = month_older
    held = after.assign(**{feature: before[feature] for feature in AGAINST_THE_PAST})
    held = held.where(~(after.isna() & before.notna()), before)
    held["overdue_mean_days"] = held["overdue_mean_days"].where(
        ~(held["overdue_mean_days"] < before["overdue_mean_days"]), before["overdue_mean_days"]
    )
    model = fitted(name, generated)
    assert falls(model, before, held) == 0


@given(
    raw=st.lists(st.floats(-12, 12), min_size=2, max_size=8, unique=True),
    slope=st.floats(0.05, 3),
    level=st.floats(-4, 4),
)
@hypothesis_settings(max_examples=50, deadline=None)
def test_calibration_level_and_grades_keep_the_order(raw, slope, level):
    from riskresearch.model.calibration.choice import Calibration
    from riskresearch.model.calibration.level import Levels
    from riskresearch.model.grades import GradeSettings, grade_scale, graded

    settings = GradeSettings()
    order = np.sort(raw)
    pds = Levels(shift=level, margin_shift=0.3, factor=-1.0, correlation_ratio=0.12).pds(
        Calibration(slope, -0.5, "platt").log_odds(order)
    )
    assert (pds.diff().iloc[1:] >= 0).all(axis=None)
    scale = grade_scale(
        settings.grade_bounds, reliable_up_to=settings.reliable_up_to, to_watch_up_to=settings.to_watch_up_to
    )
    places = graded(pds["pd_12m"], scale)["grade_code"].map(list(scale["grade_code"]).index)
    assert places.is_monotonic_increasing
