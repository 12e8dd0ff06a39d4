"""Use of a limit: what a customer owes or will owe, what securities and the insurer cover of it, what room is left."""

from pandas import DataFrame, Series, Timestamp

from riskresearch.base.schema import Column, Table, check
from riskresearch.limits.guarantees import guarantees_in_force, recognised
from riskresearch.limits.policy.policy import CreditPolicy

_PARTS = (
    Column("open_amount", "float", "open items, run currency"),
    Column("unbilled_amount", "float", "delivered and not yet invoiced, run currency"),
    Column("ordered_amount", "float", "confirmed orders not yet delivered, run currency"),
    Column("unapplied_amount", "float", "receipts and credits not matched, run currency"),
    Column(
        "used_amount",
        "float",
        "open + unbilled + confirmed orders where the policy counts them − unapplied, not below 0",
    ),
    Column("guarantee_amount", "float", "securities in force at their recognised share, insured limit left out"),
    Column("secured_amount", "float", "part of the used amount that securities cover"),
    Column("unsecured_amount", "float", "used − secured"),
    Column(
        "insured_amount", "float", "part of the unsecured amount within the insurer's limit, before its insured share"
    ),
    Column("uninsured_amount", "float", "unsecured − insured"),
)
LIMIT_EXPOSURES = Table(
    "limit_exposures",
    "limits",
    "one row per customer; parts of its exposure today, secured + insured + uninsured = used",
    ("customer_id",),
    (
        Column("customer_id", "text", "customer account"),
        *_PARTS,
        Column("n_guarantees", "int", "securities in force, whatever is recognised of them"),
        Column("guarantee_codes", "text", "their kinds, joined by +", True),
        Column("documentary_credit_amount", "float", "part of guarantee_amount that documentary credits give"),
    ),
)


def exposure(rows: DataFrame, policy: CreditPolicy) -> DataFrame:
    """Return the use of a limit and its cover, row by row.

    Use is open items plus deliveries not invoiced plus confirmed orders (where the policy counts them) less cash and
    credits not matched; securities at their recognised share cover it first, then the insurer's limit.

    Parameters
    ----------
    rows : columns ``open_amount unbilled_amount ordered_amount unapplied_amount guarantee_amount
        insurer_limit_amount`` of table `limit_inputs`; an empty insurer's limit covers nothing
    policy : credit policy

    Returns
    -------
    DataFrame with the index of `rows`, the amount columns of table `limit_exposures`, run currency.

    Notes
    -----
    Exposure for the use of limits as in domain note C1: open + unbilled + orders (option) − unapplied cash, less
    guarantees and documentary credit.

    Examples
    --------
    An exposure of 50,000 of which a documentary credit covers 30,000 and the insurer 15,000:

    >>> from riskresearch.limits.policy.policy import CreditPolicy
    >>> policy = CreditPolicy.model_construct(count_orders=True)
    >>> rows = DataFrame({"open_amount": [42000.0], "unbilled_amount": [3000.0], "ordered_amount": [6000.0],
    ...     "unapplied_amount": [1000.0], "guarantee_amount": [30000.0], "insurer_limit_amount": [15000.0]})
    >>> parts = exposure(rows, policy)
    >>> parts[["used_amount", "secured_amount", "insured_amount", "uninsured_amount"]].to_numpy().tolist()
    [[50000.0, 30000.0, 15000.0, 5000.0]]
    """
    counted = rows["ordered_amount"] if policy.count_orders else 0.0
    used = (rows["open_amount"] + rows["unbilled_amount"] + counted - rows["unapplied_amount"]).clip(lower=0)
    secured = rows["guarantee_amount"].clip(upper=used)
    insured = rows["insurer_limit_amount"].fillna(0.0).clip(lower=0.0, upper=used - secured)
    found = {
        **{name: rows[name] for name in ("open_amount", "unbilled_amount", "ordered_amount", "unapplied_amount")},
        "used_amount": used,
        "guarantee_amount": rows["guarantee_amount"],
        "secured_amount": secured,
        "unsecured_amount": used - secured,
        "insured_amount": insured,
        "uninsured_amount": used - secured - insured,
    }
    return DataFrame(found, index=rows.index)


def free_amount(limit_amount: Series, exposed: DataFrame) -> Series:
    """Return the room left: limit + securities − use; below 0 where the limit is passed.

    A limit bounds what no security covers. What a documentary credit covers uses none of it, and a credit not
    used yet leaves its amount to be delivered under it, even where the limit is 0.

    Parameters
    ----------
    limit_amount : limit in force, run currency; empty stays empty
    exposed : as `exposure` returns it, same index
    """
    return limit_amount + exposed["guarantee_amount"] - exposed["used_amount"]


def limit_exposures(inputs: DataFrame, guarantees: DataFrame, policy: CreditPolicy, *, as_of: Timestamp) -> DataFrame:
    """Return table `limit_exposures`: what each customer's limit is used by today.

    Parameters
    ----------
    inputs : table `limit_inputs`
    guarantees : canonical table
    policy : credit policy
    as_of : day of the run, one of the days of review
    """
    today = inputs[inputs["review_date"] == as_of].set_index("customer_id")
    live = recognised(guarantees_in_force(guarantees, days=[as_of]), policy)
    by_customer = live.groupby("customer_id")
    credit = live[live["guarantee_code"] == "documentary_credit"].groupby("customer_id")["recognised_amount"].sum()
    rows = exposure(today, policy).assign(
        n_guarantees=by_customer.size().reindex(today.index, fill_value=0),
        guarantee_codes=by_customer["guarantee_code"]
        .agg(lambda codes: "+".join(sorted(set(codes))))
        .reindex(today.index),
        documentary_credit_amount=credit.reindex(today.index, fill_value=0.0),
    )
    return check(rows.reset_index(), LIMIT_EXPOSURES)
