"""Group: how the other companies of the customer's group fare."""

import narwhals as nw

from riskresearch.features.registry import FEATURES, At, Feature, ratio


@FEATURES.register(
    Feature(
        family="group",
        unit="ratio",
        direction=1,
        label_en="share of the group's other open amount over 30 days late",
        label_fr="part échue depuis plus de 30 jours de l'encours du reste du groupe",
        missing="no group, or nothing open with its other companies",
        decimals=2,
    )
)
def group_overdue_30_ratio(at: At) -> nw.Expr:
    """Share of the open amount of the other companies of the group that is more than 30 days past due."""
    overdue = at.peers("overdue_30_minor", "group") - at.level("overdue_30_minor")
    return ratio(overdue, at.peers("open_minor", "group") - at.level("open_minor"))


@FEATURES.register(
    Feature(
        family="group",
        unit="count",
        direction=1,
        label_en="defaults in the rest of the group over 12 months",
        label_fr="défauts dans le reste du groupe sur 12 mois",
        missing="no group",
        decimals=0,
    )
)
def group_default_spells_12m(at: At) -> nw.Expr:
    """Default spells begun in 12 months at other companies of the group."""
    spells = at.peers("n_default_spells", "group", 12) - at.flow("n_default_spells", 12)
    return spells.cast(nw.Float64)
