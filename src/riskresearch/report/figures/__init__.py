"""Pictures of computed tables: one function each, drawn onto an axis, in one style."""

from riskresearch.report.figures.candidates import champion_gains, model_candidates
from riskresearch.report.figures.changes import dso_waterfall, level_chart, moved_customers
from riskresearch.report.figures.concentration import concentration_bars, lorenz_curve
from riskresearch.report.figures.customer import payment_history
from riskresearch.report.figures.drivers import dependence_panels, driver_shares, drivers_bars, family_bars
from riskresearch.report.figures.expert import rating_shares, weight_moves
from riskresearch.report.figures.features import cohort_rates, feature_strength, sample_timeline
from riskresearch.report.figures.flows import transition_matrix, vintage_heatmap
from riskresearch.report.figures.forecast import forecast_errors, receipts_fan, survival_curves
from riskresearch.report.figures.grades import grade_quality_bars, scorecard_dots
from riskresearch.report.figures.insurance import (
    cost_tornado,
    design_frontier,
    premium_lines,
    stress_bars,
    two_rankings,
)
from riskresearch.report.figures.insurance_use import clause_bars, indemnity_bars, uncovered_waterfall
from riskresearch.report.figures.levels import pd_intervals, pd_level_lines, pd_over_months
from riskresearch.report.figures.limit_tests import policy_differences, policy_months, rule_cost_bars
from riskresearch.report.figures.limits import (
    binding_shares,
    limits_by_segment,
    rules_beside_optimum,
    shortfall_frontier,
)
from riskresearch.report.figures.money import cost_of_options, gross_to_retained, loss_quantiles
from riskresearch.report.figures.payment import ageing_bars, delay_ranges, dso_lines
from riskresearch.report.figures.reasons import customer_waterfall
from riskresearch.report.figures.risk import reliability_plot
from riskresearch.report.figures.segments import segment_heatmap, segment_intervals
from riskresearch.report.figures.spread import contribution_swarm, delay_heatmap
from riskresearch.report.figures.stability import migration_matrix, sensitivity_bars, shift_bars
from riskresearch.report.figures.style import FigureView, data_uri, figure_png, show_figure
from riskresearch.report.figures.validation import (
    net_benefit_lines,
    quarter_intervals,
    ranking_curves,
    segment_measures,
)

__all__ = [
    "FigureView",
    "ageing_bars",
    "binding_shares",
    "champion_gains",
    "clause_bars",
    "cohort_rates",
    "concentration_bars",
    "contribution_swarm",
    "cost_of_options",
    "cost_tornado",
    "customer_waterfall",
    "data_uri",
    "delay_heatmap",
    "delay_ranges",
    "dependence_panels",
    "design_frontier",
    "driver_shares",
    "drivers_bars",
    "dso_lines",
    "dso_waterfall",
    "family_bars",
    "feature_strength",
    "figure_png",
    "forecast_errors",
    "grade_quality_bars",
    "gross_to_retained",
    "indemnity_bars",
    "level_chart",
    "limits_by_segment",
    "lorenz_curve",
    "loss_quantiles",
    "migration_matrix",
    "model_candidates",
    "moved_customers",
    "net_benefit_lines",
    "payment_history",
    "pd_intervals",
    "pd_level_lines",
    "pd_over_months",
    "policy_differences",
    "policy_months",
    "premium_lines",
    "quarter_intervals",
    "ranking_curves",
    "rating_shares",
    "receipts_fan",
    "reliability_plot",
    "rule_cost_bars",
    "rules_beside_optimum",
    "sample_timeline",
    "scorecard_dots",
    "segment_heatmap",
    "segment_intervals",
    "segment_measures",
    "sensitivity_bars",
    "shift_bars",
    "shortfall_frontier",
    "show_figure",
    "stress_bars",
    "survival_curves",
    "transition_matrix",
    "two_rankings",
    "uncovered_waterfall",
    "vintage_heatmap",
    "weight_moves",
]
