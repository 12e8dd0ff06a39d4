"""Requests to the broker: limits to ask for or to give back, declarations due, downgrades to report."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

import pandas as pd
from pandas import DataFrame, Series

from riskresearch.report.cells import header, kind_of, texts_of
from riskresearch.report.export import csv_bytes, workbook_bytes
from riskresearch.report.figures.money import option_names
from riskresearch.report.translator import Translator

KEYS = ("option_id", "option_name", "request_code", "request_number", "customer_id", "customer_name", "currency_code")
PARTS: Mapping[str, tuple[str, ...]] = {
    "limits": (
        *("limit_amount", "wanted_limit_amount", "change_amount", "exposure_amount", "pd_12m"),
        *("extra_indemnity_amount", "extra_indemnity_amount_se", "total_extra_indemnity_amount", "extra_fees_amount"),
    ),
    "releases": (
        *("limit_amount", "wanted_limit_amount", "change_amount", "granted_date", "last_move_date"),
        "yearly_fee_amount",
    ),
    "declarations": (
        *("invoice_id", "item_id", "due_date", "declare_by_date", "claim_by_date", "declaration_status_code"),
        *("claim_status_code", "open_amount", "insured_amount", "lapse_risk_amount"),
    ),
    "downgrades": (
        *("cover_code", "limit_amount", "provider_code", "rating_date", "rating_before", "rating_code"),
        "n_notches",
    ),
}
"""What each part of the list tells besides who and what; the names of the sheets of the workbook."""
COLUMNS = (*KEYS, *dict.fromkeys(name for names in PARTS.values() for name in names))
"""Columns of ``insurance_requests.csv``, in order; their names are kept from version to version."""
REQUESTS = {
    "limits": ("raise", "name", "file_again"),
    "releases": ("release",),
    "declarations": ("declare", "file_claim"),
    "downgrades": ("notify",),
}
OWN_HEADINGS = {"limit_amount": "insurance_sheet.in_force", "insured_amount": "insurance_sheet.insured"}
OPEN = ("due", "missed")
POLICIES = ("whole_turnover", "named_buyers", "excess_of_loss")
COVERED = ("named", "discretionary")
CENTS = Decimal("0.01")


@dataclass(frozen=True)
class RequestFacts:
    """What a list of requests says about itself.

    Parameters
    ----------
    currency_code : currency of every amount
    as_of : day the requests rest on
    is_synthetic : the ledger was generated
    """

    currency_code: str
    as_of: pd.Timestamp
    is_synthetic: bool


def insurance_requests(
    tables: Mapping[str, DataFrame], *, facts: RequestFacts, words: Translator, names: Series | None = None
) -> DataFrame:
    """Return everything to ask or to tell the insurer, one row per policy, request and customer or item.

    Limits to ask for come with the mean indemnity they win and their fees, dormant limits with the fee they cost;
    overdue items with a declaration or claim file that is due or late with their deadlines; downgrades by others of
    customers the policy covers. Order: policy, part, then the most valuable or the most urgent first.

    Parameters
    ----------
    tables : `quotes`, `covers`, `limit_requests`, `dormant_limits`, `declaration_calendar`, `downgrades`
    facts : currency, day
    words : language of the names of the options
    names : name of each customer, by customer_id; None = not known here
    """
    quotes = tables["quotes"]
    titles = dict(zip(quotes["option_id"], option_names(quotes, words), strict=True))
    parts = [
        _asked(tables["limit_requests"]),
        _released(tables["dormant_limits"]),
        _declared(tables["declaration_calendar"]),
        _notified(tables["downgrades"], tables["covers"], quotes),
    ]
    filled = [part.assign(part=place) for place, part in enumerate(parts) if len(part)]
    made = pd.concat(filled, ignore_index=True) if filled else DataFrame(columns=["option_id", "customer_id", "part"])
    made = made.sort_values(["option_id", "part"], kind="stable", ignore_index=True)
    known = Series(dtype=str) if names is None else names
    amounts = [name for name in made if "_amount" in name]
    made[amounts] = made[amounts].astype(float).round(2)
    return made.assign(
        option_name=made["option_id"].map(titles).fillna(made["option_id"]),
        customer_name=made["customer_id"].map(known),
        currency_code=facts.currency_code,
    ).reindex(columns=list(COLUMNS))


def requests_csv(sheet: DataFrame, *, show_names: bool = False) -> bytes:
    """Return ``insurance_requests.csv``: stable names, codes as they are, cents, no text acts as a formula.

    Parameters
    ----------
    sheet : frame of `insurance_requests`
    show_names : show names of customers, hidden otherwise
    """
    amounts = {name: _cents(sheet[name]) for name in sheet if "_amount" in name}
    whole = {name: sheet[name].astype("Int64") for name in ("request_number", "n_notches")}
    return csv_bytes(sheet.assign(**amounts, **whole), show_names=show_names)


def requests_workbook(sheet: DataFrame, *, facts: RequestFacts, words: Translator, show_names: bool = False) -> bytes:
    """Return ``insurance_requests.xlsx``: one sheet per part of the list, in words, and what they rest on.

    Parameters
    ----------
    sheet : frame of `insurance_requests`
    facts : currency, day
    words : language of headings and codes
    show_names : show names of customers, hidden otherwise
    """
    parts = {
        name: sheet.loc[sheet["request_code"].isin(codes), [*KEYS, *PARTS[name]]] for name, codes in REQUESTS.items()
    }
    titles = {
        "limits": words.t("insurance_sheet.limits"),
        "releases": words.t("insurance_sheet.releases"),
        "declarations": words.t("insurance_sheet.declarations"),
        "downgrades": words.t("insurance_sheet.downgrades"),
    }
    frames = {titles[name]: _in_words(part, words) for name, part in parts.items()}
    frames[words.t("insurance_sheet.about")] = _about(sheet, facts, words)
    headings = {name: header(name, words, part) for part in parts.values() for name in part}
    headings |= {name: f"{words.t(told)} ({facts.currency_code})" for name, told in OWN_HEADINGS.items()}
    headings |= {"fact": words.t("insurance_sheet.fact"), "said": words.t("insurance_sheet.said")}
    return workbook_bytes(frames, headings=headings, show_names=show_names)


def _asked(requests: DataFrame) -> DataFrame:
    rows = requests.sort_values(["option_id", "request_number"], ignore_index=True)
    return rows.assign(change_amount=rows["wanted_limit_amount"] - rows["limit_amount"])


def _released(dormant: DataFrame) -> DataFrame:
    rows = dormant.assign(request_code="release", wanted_limit_amount=0.0, change_amount=-dormant["limit_amount"])
    order = ["option_id", "yearly_fee_amount", "limit_amount", "customer_id"]
    return _numbered(rows.sort_values(order, ascending=[True, False, False, True], ignore_index=True))


def _declared(calendar: DataFrame) -> DataFrame:
    """Items of customers with cover whose declaration or claim file is due or late, the earliest deadline first."""
    rows = calendar.rename(columns={"policy_id": "option_id"})
    declare = rows[rows["declaration_status_code"].isin(OPEN)]
    file = rows[rows["claim_status_code"].isin(OPEN) & ~rows["declaration_status_code"].isin(OPEN)]
    declare = declare.assign(request_code="declare", deadline=declare["declare_by_date"])
    file = file.assign(request_code="file_claim", deadline=file["claim_by_date"])
    both = pd.concat([part for part in (declare, file) if len(part)] or [declare], ignore_index=True)
    ordered = both.sort_values(["option_id", "deadline", "customer_id", "item_id"], ignore_index=True)
    return _numbered(ordered.drop(columns="deadline"))


def _notified(downgrades: DataFrame, covers: DataFrame, quotes: DataFrame) -> DataFrame:
    """Downgrades the insurer is to hear of, of customers a policy covers, the latest first."""
    told = downgrades[downgrades["action_code"] == "inform_insurer"].drop(columns="action_code")
    policies = quotes.loc[quotes["option_kind_code"].isin(POLICIES), "option_id"]
    is_covered = covers["option_id"].isin(policies) & covers["cover_code"].isin(COVERED)
    covered = covers.loc[is_covered, ["option_id", "customer_id", "cover_code", "limit_amount"]]
    rows = told.merge(covered, on="customer_id").assign(request_code="notify")
    order = ["option_id", "rating_date", "customer_id", "provider_code"]
    return _numbered(rows.sort_values(order, ascending=[True, False, True, True], ignore_index=True))


def _numbered(rows: DataFrame) -> DataFrame:
    return rows.assign(request_number=rows.groupby("option_id").cumcount() + 1)


def _cents(amounts: Series) -> Series:
    """Amounts with two decimals, as text would have them; empty where there is none."""
    exact = [None if pd.isna(value) else Decimal(repr(float(value))).quantize(CENTS) for value in amounts]
    return Series(exact, index=amounts.index, dtype=object)


def _in_words(frame: DataFrame, words: Translator) -> DataFrame:
    """Codes in words, everything else as it is; what is empty stays empty."""
    coded = [name for name in frame if name != "currency_code" and kind_of(frame, name) == "code"]
    told = {name: Series(texts_of(frame, name, words), index=frame.index).where(frame[name].notna()) for name in coded}
    return frame.assign(**told)


def _about(sheet: DataFrame, facts: RequestFacts, words: Translator) -> DataFrame:
    lines = [
        (words.t("sheet.as_of"), words.date(facts.as_of)),
        (words.t("sheet.currency"), facts.currency_code),
        (words.t("insurance_sheet.policies"), words.listed(sorted(sheet["option_name"].unique()))),
        (words.t("insurance_sheet.order"), words.t("insurance_sheet.order_detail")),
        (words.t("insurance_sheet.basis"), words.t("insurance_sheet.basis_detail")),
        (words.t("insurance_sheet.late"), words.t("insurance_sheet.late_detail")),
    ]
    if facts.is_synthetic:
        lines.append((words.t("page.synthetic"), words.t("page.synthetic_detail")))
    return DataFrame(lines, columns=["fact", "said"])
