"""What the battery measures: definition, source, range and the company's own thresholds of every measure."""

from typing import Any

import numpy as np
from pandas import DataFrame

from riskresearch.base.registry import Member
from riskresearch.validation.registry import BATTERY, Measure


def measure_dictionary(settings: Any) -> DataFrame:
    """Return table `measure_dictionary`, one row per measure.

    Parameters
    ----------
    settings : thresholds
    """
    return DataFrame([_row(member, settings) for member in BATTERY])


def _row(member: Member[Measure], settings: Any) -> dict[str, object]:
    spec = member.spec
    green, amber = (getattr(settings, name) for name in spec.thresholds) if spec.thresholds else (np.nan, np.nan)
    return {
        "measure_code": member.name,
        "area_code": spec.area,
        "label_en": spec.label_en,
        "label_fr": spec.label_fr,
        "definition": member.definition,
        "source": spec.source,
        "direction_code": spec.direction,
        "value_least": spec.low if np.isfinite(spec.low) else np.nan,
        "value_most": spec.high if np.isfinite(spec.high) else np.nan,
        "rows_code": spec.rows,
        "threshold_green": green,
        "threshold_amber": amber,
    }
