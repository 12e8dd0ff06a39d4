"""On whom the expected loss rests."""

from collections.abc import Mapping, Sequence

from pandas import DataFrame

from riskresearch.base.concentration import UNKNOWN, concentrations
from riskresearch.base.schema import Column, Table

BASES = ("expected_loss", "loss_given_default")
AXES = {"group": "group_id", "sector": "sector_code", "country": "country_code"}

LOSS_CONCENTRATION = Table(
    "loss_concentration",
    "limits",
    "one row per base, axis and measure",
    ("base_code", "axis_code", "measure_code"),
    (
        Column("base_code", "code", "expected loss of 12 months, or loss if the customer defaults today", False, BASES),
        Column("axis_code", "code", "members", False, ("customer", *AXES)),
        Column("measure_code", "text", "top_X_ratio, hhi_ratio, n_effective, gini_ratio"),
        Column("value", "float", "value"),
        Column("n_members", "int", "members with a positive amount"),
        Column("total_amount", "float", "their amount, run currency"),
        Column("largest_amount", "float", "amount of the largest member, run currency"),
    ),
)


def loss_concentration(tables: Mapping[str, DataFrame], *, top: Sequence[int]) -> DataFrame:
    """Return table `loss_concentration`: how far the losses to expect rest on few members.

    The expected loss of a customer is open amount × PD × LGD, with PD 1 in default; the loss given default is
    open amount × LGD. Companies related to the seller do not count.

    Parameters
    ----------
    tables : ``scored customer_behaviour customers``
    top : numbers X of the largest members whose joint share is shown
    """
    known = tables["customers"]
    related = known.loc[known["customer_type_code"] == "related", "customer_id"]
    scored = tables["scored"].set_index("customer_id")
    scored = scored[~scored.index.isin(related)]
    exposure = tables["customer_behaviour"].set_index("customer_id")["open_amount"].reindex(scored.index).fillna(0.0)
    given = exposure * scored["lgd_ratio"]
    bases = {"expected_loss": given * scored["pd_12m"], "loss_given_default": given}
    customers = known.set_index("customer_id").reindex(scored.index)
    own = scored.index.to_series()
    axes = {"customer": own, "group": customers["group_id"].fillna(own)}
    axes |= {axis: customers[AXES[axis]].fillna(UNKNOWN) for axis in ("sector", "country")}
    found = concentrations(bases, axes, top=top)
    largest = {
        (base, axis): float(amounts.groupby(members).sum().max()) if len(amounts) else 0.0
        for base, amounts in bases.items()
        for axis, members in axes.items()
    }
    keys = zip(found["base_code"], found["axis_code"], strict=True)
    return found.assign(largest_amount=[largest[key] for key in keys])[LOSS_CONCENTRATION.names]
