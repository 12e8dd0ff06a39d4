"""Pictures of computed tables: one function each, drawn onto an axis, in one style."""

from riskresearch.report.figures.money import cost_of_options, gross_to_retained, limits_by_segment, loss_quantiles
from riskresearch.report.figures.payment import ageing_bars, concentration_bars, delay_ranges, dso_lines
from riskresearch.report.figures.risk import customer_waterfall, drivers_bars, model_candidates, reliability_plot
from riskresearch.report.figures.spread import contribution_swarm, delay_heatmap
from riskresearch.report.figures.style import FigureView, data_uri, figure_png, show_figure

__all__ = [
    "FigureView",
    "ageing_bars",
    "concentration_bars",
    "contribution_swarm",
    "cost_of_options",
    "customer_waterfall",
    "data_uri",
    "delay_heatmap",
    "delay_ranges",
    "drivers_bars",
    "dso_lines",
    "figure_png",
    "gross_to_retained",
    "limits_by_segment",
    "loss_quantiles",
    "model_candidates",
    "reliability_plot",
    "show_figure",
]
