"""The claim form: what a broker writes down of a claim, and what of it each clause leaves eligible."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
from pandas import DataFrame, Series

from riskresearch.base.errors import TableError, first_keys
from riskresearch.base.schema import Column, Table, check
from riskresearch.insurance.claims import Array, Claims, Integers
from riskresearch.insurance.events import EVENT_CODES
from riskresearch.insurance.exposures import cover
from riskresearch.insurance.policy import Policy
from riskresearch.insurance.terms import DISPUTED, OUTSIDE_YEAR, CreditPeriod, Declaration, StopShipment

CLAIM_FORM = Table(
    "claim_form",
    "insurance",
    "one row per claim; amounts including VAT, policy currency",
    ("claim_id",),
    (
        Column("claim_id", "text", "number of the claim"),
        Column("customer_id", "text", "customer account"),
        Column("debt_amount", "float", "owed at the date of loss, before any recovery"),
        Column("disputed_amount", "float", "part of the debt the customer disputes; empty = none", True),
        Column("vat_ratio", "float", "VAT per unit of the amount without VAT; empty = none", True),
        Column("named_limit_amount", "float", "limit in force; 0 = refused, empty = none named", True),
        Column("limit_before_cut_amount", "float", "limit until the insurer cut it; empty = no cut", True),
        Column("delivered_after_cut_amount", "float", "part of the debt delivered after the cut; empty = none", True),
        Column("is_insurable", "bool", "empty = yes", True),
        Column("is_discretionary_justified", "bool", "empty = yes", True),
        Column("country_code", "text", "ISO 3166 country; empty = unknown", True),
        Column("event_code", "code", "what happened; empty = insolvency", True, EVENT_CODES),
        Column("agreed_days", "float", "agreed terms, days; empty = not checked", True),
        Column("delivery_date", "date", "first delivery of the debt; empty = within the insurance year", True),
        Column("last_delivery_date", "date", "last delivery, even between the two; empty = one delivery", True),
        Column("due_date", "date", "oldest due date of the debt", True),
        Column("first_unpaid_due_date", "date", "oldest due date unpaid; empty = due_date", True),
        Column("declared_date", "date", "declared overdue to the insurer; empty = not checked", True),
        Column("claim_file_date", "date", "claim file sent to the insurer; empty = not checked", True),
        Column("loss_date", "date", "date of loss; empty = within the insurance year, after those dated", True),
        Column("recovered_before_amount", "float", "received before the date of loss; empty = none", True),
        Column("recovered_after_amount", "float", "received after the indemnity; empty = none", True),
        Column("collection_cost_amount", "float", "cost of what was received after; empty = none", True),
    ),
)
_AMOUNTS = tuple(column.name for column in CLAIM_FORM.columns if column.name.endswith("_amount"))
_LIMITS = ("named_limit_amount", "limit_before_cut_amount")
_ROUNDING = 1e-9


def check_claim_form(frame: DataFrame) -> DataFrame:
    """Return the claims with every column of the form, in the order of the rows.

    Parameters
    ----------
    frame : table `claim_form`; columns that are all empty may be left out, ``claim_id`` then numbers the rows

    Raises
    ------
    TableError
        A column is unknown or missing, an amount negative, a part larger than the debt, or dates are out of order.
    """
    numbered = frame.reset_index(drop=True)
    if "claim_id" not in numbered:
        numbered = numbered.assign(claim_id=[str(number) for number in range(1, len(numbered) + 1)])
    checked = check(numbered, CLAIM_FORM).set_index("claim_id").loc[numbered["claim_id"].astype("str")].reset_index()
    empty = {name: 0.0 for name in (*_AMOUNTS, "vat_ratio") if name not in _LIMITS}
    filled = checked.fillna({**empty, "is_insurable": True, "is_discretionary_justified": True})
    numbers = filled[[*_AMOUNTS, "vat_ratio"]]
    wrong = numbers.lt(0).any(axis=1) | np.isinf(numbers).any(axis=1) | filled["vat_ratio"].gt(1)
    _refuse(filled, wrong, "hold a negative or infinite amount, or a vat_ratio outside 0-1")
    debt = filled["debt_amount"] + _ROUNDING
    _refuse(filled, filled["disputed_amount"] > debt, "dispute more than the debt")
    _refuse(filled, filled["delivered_after_cut_amount"] > debt, "deliver more after the cut than the debt")
    recovered = filled["recovered_before_amount"] + filled["recovered_after_amount"]
    _refuse(filled, recovered > debt, "recover more than the debt")
    _refuse(filled, filled["last_delivery_date"] < filled["delivery_date"], "end deliveries before they begin")
    _refuse(filled, filled["loss_date"] < filled["delivery_date"], "lose the debt before it was delivered")
    return filled


def form_claims(form: DataFrame, *, policy: Policy, n_per_year: Integers) -> tuple[Claims, Series]:
    """Return the claims as a policy sees them, and the cover code of each.

    Parameters
    ----------
    form : checked claims with ``is_in_year``, insurance year after insurance year in the order of the dates
    policy : policy or quote
    n_per_year : number of claims of each insurance year
    """
    as_customers = _as_customers(form)
    before_cut = cover(as_customers, policy=policy)
    now = cover(as_customers.assign(buyer_limit_amount=form["named_limit_amount"]), policy=policy)
    is_cut = form["limit_before_cut_amount"].notna().to_numpy()
    limit = now["limit_amount"].to_numpy()
    codes = tuple(sorted(form["country_code"].dropna().unique()))
    claims = Claims(
        debt=_column(form, "debt_amount"),
        n_per_year=n_per_year,
        limit=limit,
        insured_ratio=before_cut["insured_ratio"].to_numpy(),
        vat_ratio=_column(form, "vat_ratio"),
        recovered_before=_column(form, "recovered_before_amount"),
        recovered_after=_column(form, "recovered_after_amount"),
        collection_cost=_column(form, "collection_cost_amount"),
        delivered_after_cut=np.where(is_cut, _column(form, "delivered_after_cut_amount"), 0.0),
        limit_before_cut=np.where(is_cut, before_cut["limit_amount"].to_numpy(), limit),
        country=form["country_code"].map({code: n for n, code in enumerate(codes)}).fillna(-1).to_numpy(dtype=np.int64),
        country_codes=codes,
        ineligible=ineligible_parts(form, policy=policy),
    )
    return claims, before_cut["cover_code"]


def ineligible_parts(form: DataFrame, *, policy: Policy) -> Mapping[str, Array]:
    """Return the part of each debt that each clause takes out of cover (VAT included), before they are set off.

    Parameters
    ----------
    form : checked claims with ``is_in_year``
    policy : policy or quote
    """
    debt = _column(form, "debt_amount")
    parts = {OUTSIDE_YEAR: np.where(form["is_in_year"], 0.0, debt), DISPUTED: _column(form, "disputed_amount")}
    period, stop, deadlines = policy.find(CreditPeriod), policy.find(StopShipment), policy.find(Declaration)
    if period is not None:
        parts[period.reason] = np.where(period.is_beyond(_column(form, "agreed_days")), debt, 0.0)
    if stop is not None:
        parts[stop.reason] = debt * _after_stop(form, extension_days=stop.extension_days)
    if deadlines is not None:
        late = deadlines.is_late(
            declared_after_days=_days(form["declared_date"] - form["due_date"]),
            claimed_after_days=_days(form["claim_file_date"] - form["due_date"]),
        )
        parts[deadlines.reason] = np.where(late, debt, 0.0)
    return parts


def _as_customers(form: DataFrame) -> DataFrame:
    """The claims as exposures under the limits before a cut; their terms are checked claim by claim."""
    return DataFrame(
        {
            "customer_id": form["customer_id"],
            "exposure_amount": form["debt_amount"],
            "buyer_limit_amount": form["limit_before_cut_amount"].fillna(form["named_limit_amount"]),
            "is_insurable": form["is_insurable"],
            "is_discretionary_justified": form["is_discretionary_justified"],
            "country_code": form["country_code"],
            "terms_days": np.nan,
            "vat_ratio": form["vat_ratio"],
        }
    )


def _after_stop(form: DataFrame, *, extension_days: int) -> Array:
    """Share of the delivery days that lie after the oldest unpaid due date + extension; 0 where a date is missing."""
    last = form["last_delivery_date"].fillna(form["delivery_date"])
    unpaid = form["first_unpaid_due_date"].fillna(form["due_date"])
    n_days = _days(last - form["delivery_date"]) + 1.0
    n_late = np.clip(_days(last - unpaid) - extension_days, 0.0, n_days)
    return np.nan_to_num(n_late / n_days)


def _days(lapse: Series) -> npt.NDArray[np.float64]:
    return lapse.dt.days.to_numpy(dtype="float64")


def _column(form: DataFrame, name: str) -> Array:
    return form[name].to_numpy(dtype="float64")


def _refuse(form: DataFrame, wrong: Series, fault: str) -> None:
    if wrong.any():
        raise TableError(
            f"claim_form: {int(wrong.sum())} rows ({first_keys(form.loc[wrong, 'claim_id'])}) {fault}; "
            f"amounts are of the debt, including VAT, >= 0, dates in their order; correct the claim"
        )
