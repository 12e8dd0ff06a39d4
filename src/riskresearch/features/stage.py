"""Stage features: the customer × date panel with features, outcome and sample."""

from collections.abc import Callable, Mapping

import narwhals as nw
from pandas import DataFrame, Timestamp

from riskresearch.behaviour.book import observation_dates
from riskresearch.features.engines import open_engine
from riskresearch.features.families import FEATURES
from riskresearch.features.lookahead import checked_again, spread
from riskresearch.features.lookahead import registered as registered_features
from riskresearch.features.panel import look_back
from riskresearch.features.profile import feature_profile
from riskresearch.features.registry import At
from riskresearch.features.samples import default_cohorts, sample_counts, samples
from riskresearch.features.settings import FeatureSettings
from riskresearch.features.snapshots import registered, snapshots
from riskresearch.features.streams.ratings import with_rating_scales
from riskresearch.features.tables import SNAPSHOTS
from riskresearch.features.what_if import what_if_snapshots
from riskresearch.ledger.default import DefaultSettings
from riskresearch.ledger.tables import LEDGER_TABLES

READS = (*(table.name for table in LEDGER_TABLES), "movements", "defaults")
"""Tables that the stage reads: the whole ledger, for the look-ahead check cuts it again."""


def feature_panel(
    tables: Mapping[str, DataFrame],
    settings: FeatureSettings,
    *,
    as_of: Timestamp,
    default: DefaultSettings | None = None,
    rating_scales: Mapping[str, tuple[str, ...]] | None = None,
) -> dict[str, DataFrame]:
    """Return the tables of the stage, see `riskresearch.features.tables`.

    Parameters
    ----------
    tables : see `READS`; as known on `as_of`
    settings : horizon, burn-in, split, embargo, engine, dates of the look-ahead check
    as_of : last day that counts; the customers of that date are the ones to score
    default : definition of default, for the look-ahead check and the altered ledgers
    rating_scales : grades of each rating provider, best first
    """
    first_day = tables["movements"]["known_date"].min()
    dates, scales = observation_dates(as_of=as_of, first_day=first_day), rating_scales or {}
    rules = default or DefaultSettings()
    with open_engine(settings.engine, memory_limit_mb=settings.memory_limit_mb) as engine:
        panel = snapshots(with_rating_scales(tables, scales), dates, columns=panel_columns(), engine=engine)
        checked = spread(dates[settings.burn_in_months : -1], settings.look_ahead_dates)
        made = registered_features(rating_scales=scales, engine=engine)
        clean = checked_again(panel, made, tables, rules, dates=checked)
        found = feature_tables(panel, tables, settings, as_of=as_of)
        paid = what_if_snapshots(found["snapshots"], tables, rules, as_of=as_of, engine=engine)
    return found | {"look_ahead": clean, "what_if_snapshots": paid}


def feature_tables(
    panel: DataFrame, tables: Mapping[str, DataFrame], settings: FeatureSettings, *, as_of: Timestamp
) -> dict[str, DataFrame]:
    """Return the tables of the stage from a panel that is there already, for instance from a store.

    Parameters
    ----------
    panel : ``customer_id observation_date`` and `panel_columns`
    tables : ``movements defaults``, as known on `as_of`
    settings : horizon, burn-in, split, embargo
    as_of : last day that counts
    """
    rows = samples(panel, tables, settings, as_of=as_of)
    return {
        "snapshots": rows[SNAPSHOTS.names],
        "feature_dictionary": feature_dictionary(),
        "sample_counts": sample_counts(rows),
        "default_cohorts": default_cohorts(panel, tables),
        "feature_profile": feature_profile(rows),
    }


def panel_columns() -> dict[str, Callable[[At], nw.Expr]]:
    """Return the columns of the panel: all registered features, and what tells who is active.

    ``open_minor`` is the open amount and ``sale_12m_minor`` the sales of 12 months, minor units of the run currency.
    """
    activity: dict[str, Callable[[At], nw.Expr]] = {
        "open_minor": lambda at: at.level("open_minor"),
        "sale_12m_minor": lambda at: at.flow("sale_minor", 12),
    }
    return registered() | activity


def feature_dictionary() -> DataFrame:
    """Return one row per registered feature: family, unit, months it looks back, direction, labels."""
    rows = [
        {
            "feature_code": m.name,
            "family_code": m.spec.family,
            "unit_code": m.spec.unit,
            "window_months": look_back({m.name: m.function}),
            "direction_code": m.spec.direction,
            "label_en": m.spec.label_en,
            "label_fr": m.spec.label_fr,
            "decimals": m.spec.decimals,
            "missing": m.spec.missing,
        }
        for m in FEATURES
    ]
    return DataFrame(rows)
