"""Stage monitoring: what changed, and who must be called."""

from collections.abc import Mapping

from pandas import DataFrame, Timestamp

from riskresearch.monitoring.bank import BANK_CONTROLS, bank_controls
from riskresearch.monitoring.contacts import CONTACT_LIST, contact_list
from riskresearch.monitoring.day_numbers import require
from riskresearch.monitoring.dunning import NEXT_ACTIONS, next_actions
from riskresearch.monitoring.instalments import INSTALMENT_PLANS, instalment_plans
from riskresearch.monitoring.scenarios import DUNNING_SCENARIOS, dunning_scenarios
from riskresearch.monitoring.settings import MonitoringSettings

MONITORING_TABLES = (DUNNING_SCENARIOS, NEXT_ACTIONS, CONTACT_LIST, INSTALMENT_PLANS, BANK_CONTROLS)
NEEDED: Mapping[str, tuple[str, ...]] = {
    "open_invoices": ("customer_id", "invoice_id", "item_id", "invoice_date", "due_date", "open_amount", "is_disputed"),
    "scored": ("customer_id", "pd_12m"),
    "limit_segments": ("customer_id", "review_date", "segment_code", "dunning_scenario_code", "is_new"),
    "customer_behaviour": (
        "customer_id",
        "open_amount",
        "past_due_max_days",
        "sales_amount_12m",
        "days_beyond_terms_12m",
    ),
    "reminders": (
        "reminder_id",
        "customer_id",
        "invoice_id",
        "reminder_date",
        "recorded_date",
        "action_code",
        "promise_date",
        "promise_minor",
    ),
    "bank_checks": ("check_id", "customer_id", "check_date", "recorded_date", "is_changed", "is_verified"),
    "payments": ("customer_id", "value_date", "recorded_date", "base_minor", "payer_account_code"),
    "events": ("event_id", "customer_id", "event_code", "event_date", "recorded_date"),
}
"""Tables and columns the stage reads; ``warnings``, ``cover`` and ``dunning_scenarios_before`` are optional."""


def monitor(tables: Mapping[str, DataFrame], settings: MonitoringSettings, *, as_of: Timestamp) -> dict[str, DataFrame]:
    """Return the tables of the monitoring stage.

    Parameters
    ----------
    tables : those of `NEEDED`, and where they exist ``warnings`` (``customer_id severity_code signal_date``),
        ``cover`` (``customer_id policy_id declare_overdue_days``) and ``dunning_scenarios_before``, the table
        `dunning_scenarios` of the run before
    settings : scenarios, plans, bank details
    as_of : last day that counts; `open_invoices` and `customer_behaviour` are as of that day, and
        `limit_segments` has its reviews
    """
    require(tables, NEEDED)
    scenarios = dunning_scenarios(tables, settings, as_of=as_of)
    actions = next_actions(tables, scenarios, settings, as_of=as_of)
    return {
        "dunning_scenarios": scenarios,
        "next_actions": actions,
        "contact_list": contact_list(actions, settings, as_of=as_of),
        "instalment_plans": instalment_plans(tables, actions, settings, as_of=as_of),
        "bank_controls": bank_controls(tables, settings, as_of=as_of),
    }
