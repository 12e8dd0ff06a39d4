"""Features of a panel that know too much: what tells defaults apart alone was most likely known only after them.

A rating D given because of the default, a status "in litigation", a date of closure: nothing in the file says when such
a column was filled in. No feature known before is that good, so the panel is refused unless the mapping vouches for it.
"""

import numpy as np
from numpy.typing import NDArray
from pandas import DataFrame, Series

from riskresearch.base.errors import LedgerError
from riskresearch.base.resampling import auc
from riskresearch.pipeline.panel_run.mapping import PanelMapping

HIGHEST_AUC = 0.99
SMALLEST_GROUP = 5


def refuse_telling(panel: DataFrame, mapping: PanelMapping) -> None:
    """Refuse features that alone tell the defaults apart, other than those the mapping vouches for.

    A feature tells too much where its area under the ROC curve is 0.99 or more (or 0.01 or less), or where its highest
    values, its lowest, or its missing ones are held by defaults only: by five and by half of all defaults at least.

    Parameters
    ----------
    panel : rows with ``is_default``, empty while not known, and one column per feature
    mapping : features, and under ``known_before`` those that are vouched for

    Raises
    ------
    LedgerError
        Names the features and what to do.
    """
    known = panel[panel["is_default"].notna()]
    hit = known["is_default"].to_numpy(bool)
    if hit.sum() < SMALLEST_GROUP or hit.all():
        return
    names = [feature.feature for feature in mapping.features if feature.feature not in mapping.known_before]
    wrong = [told for name in names if (told := _told(known[name], hit))]
    if wrong:
        raise LedgerError(
            f"panel: {len(wrong)} features tell the defaults apart alone ({'; '.join(wrong[:3])}): most likely they "
            "were known only after the default; leave their columns out, or say under known_before in the mapping why "
            "they were known before"
        )


def _told(values: Series, hit: NDArray[np.bool_]) -> str:
    """What a feature tells, in words; empty where it tells no more than a feature can."""
    has_value = values.notna().to_numpy()
    alone = auc(values[has_value], hit[has_value]) if hit[has_value].sum() >= SMALLEST_GROUP else np.nan
    if alone >= HIGHEST_AUC or alone <= 1 - HIGHEST_AUC:
        return f"{values.name}: AUC {alone:.3f}"
    groups = Series(hit).groupby(values.to_numpy()).agg(["size", "all"]).sort_index()
    least = max(SMALLEST_GROUP, hit.sum() / 2)
    ends = {"highest": _pure(groups.iloc[::-1]), "lowest": _pure(groups)}
    ends["missing"] = int((~has_value).sum()) if hit[~has_value].all() else 0
    end, n = max(ends.items(), key=lambda item: item[1])
    return f"{values.name}: its {end} values are {n} of {hit.sum()} defaults and nobody else" if n >= least else ""


def _pure(groups: DataFrame) -> int:
    """Rows of the first values, as far as all that hold them are in default."""
    return int(groups["size"].where(groups["all"].cumprod().astype(bool), 0).sum())
