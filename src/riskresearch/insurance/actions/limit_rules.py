"""Rules on limits: what the insurer grants, what it leaves out, what nobody uses, what it cuts."""

import numpy as np
from pandas import DataFrame, Series, Timestamp

from riskresearch.insurance.actions.registry import Rule, rule
from riskresearch.insurance.actions.situation import Gain, Reading, Situation, above
from riskresearch.insurance.indicators import Value
from riskresearch.insurance.indicators.registry import quotient
from riskresearch.insurance.portfolio.lookup import column_of
from riskresearch.insurance.requests import wanted_limits
from riskresearch.insurance.terms import BuyerLimit


def _gain_of_grants(situation: Situation) -> Gain:
    """Limits of sound sectors as they were requested."""
    sound = situation.exposures["customer_id"].isin(_sound(situation)["customer_id"])
    asked, granted = situation.exposures["requested_limit_amount"], situation.exposures["buyer_limit_amount"]
    return situation.gain_with_limits(asked.where(sound & (asked > granted)))


@rule(
    Rule(
        "refile_with_accounts",
        "ratio",
        "acceptance_target_ratio",
        "File requests of sound sectors again with accounts; ask for top-up or excess-of-loss quotes",
        "Redéposer les demandes des secteurs sains avec les comptes ; faire chiffrer un complément ou un XoL",
        _gain_of_grants,
    )
)
def low_acceptance(situation: Situation) -> Reading:
    """Granted / requested of the limits in force, in sectors whose mean PD is low, is below the target."""
    asked = _sound(situation)
    granted = asked[["granted_amount", "requested_amount"]].min(axis=1).sum()
    value = quotient(granted, asked["requested_amount"].sum(), n_items=len(asked))
    is_enough = len(asked) >= situation.rules.minimum_requests
    return Reading(
        value.value, is_enough and value.value < situation.rules.acceptance_target_ratio, value.reason, value.n_items
    )


def _gain_of_raises(situation: Situation) -> Gain:
    """Every limit above zero raised to the largest exposure of the year."""
    step = situation.year.settings.actions.request_step_amount
    wanted = wanted_limits(situation.events, situation.exposures, situation.policy, step_amount=step)
    named = situation.exposures["buyer_limit_amount"]
    return situation.gain_with_limits(wanted.where(named.gt(0) & (wanted > named)))


@rule(
    Rule(
        "raise_limits",
        "ratio",
        "main_cause_ratio",
        "Ask for higher limits, largest mean indemnity won first (see the request list)",
        "Demander des hausses de limites, par indemnité moyenne gagnée décroissante (voir la liste)",
        _gain_of_raises,
    )
)
def uncovered_over_limit(situation: Situation) -> Reading:
    """What is over the limits is the main part of what is owed and not covered."""
    return above(_cause_share(situation, "over_limit"), situation.rules.main_cause_ratio)


def _gain_of_deposits(situation: Situation) -> Gain:
    """Refused customers pay a deposit: their losses fall by that share, with and without policy alike."""
    codes = situation.year.option.covers.set_index("customer_id")
    refused = codes["cover_code"].eq("refused")
    saved = situation.rules.deposit_ratio * float(codes.loc[refused, "expected_retained_amount"].sum())
    return Gain(saved, code="counted")


@rule(
    Rule(
        "ask_deposit_or_guarantee",
        "ratio",
        "main_cause_ratio",
        "Refused customers: shorter terms, deposit or guarantee, or accept them within a segment limit",
        "Clients refusés : raccourcir les délais, acompte ou garantie, ou les accepter dans une enveloppe",
        _gain_of_deposits,
    )
)
def uncovered_refused(situation: Situation) -> Reading:
    """What the insurer refused is the main part of what is owed and not covered."""
    return above(_cause_share(situation, "refused"), situation.rules.main_cause_ratio)


def _gain_of_cleaning(situation: Situation) -> Gain:
    """Fees of the dormant limits with their tax."""
    fees = situation.used("dormant_fees_amount").value
    return Gain(fees * (1 + situation.year.option.cost.tax_ratio), code="counted")


@rule(
    Rule(
        "clean_dormant_limits",
        "ratio",
        "dormant_fees_ratio",
        "Give back limits nobody uses, every quarter",
        "Résilier les limites sans encours, chaque trimestre",
        _gain_of_cleaning,
    )
)
def dormant_fees(situation: Situation) -> Reading:
    """Fees of dormant limits weigh on the premium."""
    fees, premium = situation.used("dormant_fees_amount"), situation.year.option.cost.premium_amount
    if fees.reason:
        return Reading(fees.value, False, fees.reason)
    return above(quotient(fees.value, premium, n_items=fees.n_items), situation.rules.dormant_fees_ratio)


def _gain_of_discretion(situation: Situation) -> Gain:
    """A higher discretionary limit at the premium of today."""
    own = situation.policy.buyer_limit
    amount = own.discretionary_limit_amount * situation.rules.discretionary_factor
    return situation.gain_with_term(own.model_copy(update={"discretionary_limit_amount": amount}))


@rule(
    Rule(
        "ask_higher_discretionary_limit",
        "ratio",
        "low_discretionary_loss_ratio",
        "Ask for a higher discretionary limit and fewer limit fees",
        "Demander une limite discrétionnaire plus haute et moins de frais de limites",
        _gain_of_discretion,
    )
)
def low_discretionary_losses(situation: Situation) -> Reading:
    """Claims under the discretionary limit are low against its turnover."""
    own = situation.policy.find(BuyerLimit)
    if own is None or own.discretionary_limit_amount == 0.0:
        return Reading(float("nan"), False, "policy_lacks_term")
    value = situation.used("discretionary_claims_rate_ratio")
    is_met = value.value < situation.rules.low_discretionary_loss_ratio
    return Reading(value.value, is_met, value.reason, value.n_items)


@rule(
    Rule(
        "tighten_files",
        "ratio",
        "high_discretionary_loss_ratio",
        "Tighten the files of customers without named limit",
        "Resserrer les dossiers des clients non dénommés",
    )
)
def high_discretionary_losses(situation: Situation) -> Reading:
    """Claims under the discretionary limit are high against its turnover."""
    return above(situation.used("discretionary_claims_rate_ratio"), situation.rules.high_discretionary_loss_ratio)


@rule(
    Rule(
        "feed_cuts_to_model",
        "ratio",
        "cut_share_ratio",
        "Feed the insurer's cuts to the default model: they come before our own PD rises",
        "Intégrer les réductions de limites au modèle de défaut : elles précèdent la hausse de notre PD",
    )
)
def cuts_lead_our_pd(situation: Situation) -> Reading:
    """Most cuts after which our PD rose came before any rise of it."""
    rises = cut_rises(situation)
    moved = rises[rises["has_risen_after"] | rises["has_risen_before"]]
    return _cut_reading(situation, (moved["has_risen_after"] & ~moved["has_risen_before"]).sum(), len(moved))


def _gain_of_restoring(situation: Situation) -> Gain:
    """Limits whose cut our own PD does not support, back to what they were."""
    rises = cut_rises(situation)
    calm = rises[~rises["has_risen_after"] & ~rises["has_risen_before"]].drop_duplicates("customer_id")
    before = column_of(situation.exposures["customer_id"], calm, "previous_amount")
    return situation.gain_with_limits(before.where(before > situation.exposures["buyer_limit_amount"]))


@rule(
    Rule(
        "challenge_cuts",
        "ratio",
        "cut_share_ratio",
        "Challenge the insurer on cuts our own PD does not support",
        "Contester les réductions que notre PD ne justifie pas",
        _gain_of_restoring,
    )
)
def cuts_without_our_pd(situation: Situation) -> Reading:
    """Most cuts of the window came without any rise of our own PD before or after."""
    rises = cut_rises(situation)
    return _cut_reading(situation, (~rises["has_risen_after"] & ~rises["has_risen_before"]).sum(), len(rises))


def cut_rises(situation: Situation) -> DataFrame:
    """Return the cuts of the window with whether our own PD rose in the year before the cut, and since.

    A rise is by the factor ``pd_rise_ratio``: from a year before to the cut, and from the cut to today. Cuts of
    customers without PD on the three dates are left out.
    """
    cuts = situation.use.decisions
    cuts = cuts.loc[cuts["cut_amount"] > 0, ["customer_id", "start_date", "previous_amount"]]
    history = situation.rating_history
    if history is None or cuts.empty:
        return cuts.iloc[:0].assign(has_risen_before=False, has_risen_after=False)
    earlier = _pd_on(history, cuts, cuts["start_date"] - np.timedelta64(365, "D"))
    then, now = _pd_on(history, cuts, cuts["start_date"]), _pd_on(history, cuts, situation.use.as_of)
    factor = situation.rules.pd_rise_ratio
    found = cuts.assign(has_risen_before=then >= factor * earlier, has_risen_after=now >= factor * then)
    return found[earlier.notna() & then.notna() & now.notna()]


def _pd_on(history: DataFrame, cuts: DataFrame, day: Series | Timestamp) -> Series:
    """Own PD of the customer of each cut on the latest date up to a day; NaN where none is known."""
    asked = cuts[["customer_id"]].assign(day=day).astype({"day": "datetime64[us]"})
    pairs = asked.reset_index(names="row").merge(history, on="customer_id")
    pairs = pairs[pairs["observation_date"] <= pairs["day"]].sort_values("observation_date", kind="stable")
    last = pairs.drop_duplicates("row", keep="last").set_index("row")["pd_12m"]
    return last.reindex(cuts.index).astype("float64")


def _cut_reading(situation: Situation, n_hits: int, n: int) -> Reading:
    value = quotient(float(n_hits), n, n_items=n)
    is_enough = n >= situation.rules.minimum_cuts
    return Reading(value.value, is_enough and value.value > situation.rules.cut_share_ratio, value.reason, n)


def _cause_share(situation: Situation, cause: str) -> Value:
    causes = situation.use.causes
    return quotient(float(causes[cause].sum()), float(causes.to_numpy().sum()), n_items=int(causes[cause].gt(0).sum()))


def _sound(situation: Situation) -> DataFrame:
    """Requests in force of customers in sectors whose mean PD, weighted by exposure, is low for the book."""
    book = situation.exposures
    bar = situation.rules.low_pd_factor * (book["pd_12m"] * book["exposure_amount"]).sum()
    weight = book["exposure_amount"].groupby(book["sector_code"]).sum()
    risk = (book["pd_12m"] * book["exposure_amount"]).groupby(book["sector_code"]).sum()
    mean = (risk / weight)[weight > 0]
    asked = situation.use.in_force
    asked = asked[asked["requested_amount"] > 0]
    return asked[asked["sector_code"].isin(mean[mean * weight.sum() <= bar].index)]
