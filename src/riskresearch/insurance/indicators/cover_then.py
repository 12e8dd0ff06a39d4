"""Cover as it stood on a day in the past: the named limit of that day, else the discretionary one."""

from pandas import DataFrame, Series

from riskresearch.insurance.policy import Policy
from riskresearch.insurance.terms import BuyerLimit

_DAY = "datetime64[us]"


def named_limit_on(customer_ids: Series, days: Series, decisions: DataFrame) -> Series:
    """Return the named limit in force on the day of each row: the latest that had not ended; empty = none named.

    Parameters
    ----------
    customer_ids, days : customer and day of each row
    decisions : see `insurer_decisions`, in its order
    """
    asked = DataFrame({"customer_id": customer_ids.to_numpy(), "day": days.to_numpy()})
    asked = asked.astype({"customer_id": "str", "day": _DAY}).reset_index(names="row")
    granted = decisions[["customer_id", "start_date", "end_date", "granted_amount"]].reset_index(names="order")
    pairs = asked.merge(granted.astype({"customer_id": "str", "start_date": _DAY, "end_date": _DAY}), on="customer_id")
    ended = pairs["end_date"] < pairs["day"]
    live = pairs[(pairs["start_date"] <= pairs["day"]) & ~ended].sort_values(["row", "start_date", "order"])
    found = live.drop_duplicates("row", keep="last").set_index("row")["granted_amount"].reindex(asked["row"])
    return Series(found.to_numpy("float64"), index=customer_ids.index)


def was_covered(
    customer_ids: Series, days: Series, *, policy: Policy, customers: DataFrame, decisions: DataFrame
) -> Series:
    """Tell whether the customer of each row had cover on its day.

    A refusal on the day is no cover, whatever the limit is now; without named limit the discretionary one counts, where
    the file justifies it today.

    Parameters
    ----------
    customer_ids, days : customer and day of each row
    policy : the policy
    customers : ``customer_id is_insurable is_discretionary_justified limit_amount``
    decisions : see `insurer_decisions`
    """
    term = policy.find(BuyerLimit)
    own = customers.set_index("customer_id").reindex(customer_ids)
    if term is None or term.limit_amounts:
        return Series((own["limit_amount"] > 0).to_numpy(), index=customer_ids.index)
    insurable, justified = (
        own[name].astype("boolean").fillna(False).to_numpy(bool)
        for name in ("is_insurable", "is_discretionary_justified")
    )
    named = named_limit_on(customer_ids, days, decisions)
    general = justified & (term.discretionary_limit_amount > 0)
    return named.gt(0).mask(named.isna(), Series(general, index=customer_ids.index)) & insurable
