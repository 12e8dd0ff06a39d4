"""What the credit insurer decides about a customer: part of the family of ratings."""

import narwhals as nw

from riskresearch.features.registry import FEATURES, At, Feature, ratio


@FEATURES.register(
    Feature(
        family="ratings",
        unit="ratio",
        direction=1,
        label_en="use of the insurer's limit",
        label_fr="utilisation de la garantie de l'assureur",
        missing="no insurer limit above 0 in force",
        decimals=2,
    )
)
def insurer_limit_use_ratio(at: At) -> nw.Expr:
    """Open amount divided by the insurer's limit in force."""
    return ratio(at.level("open_minor"), at.level("insurer_limit_minor"))


@FEATURES.register(
    Feature(
        family="ratings",
        unit="ratio",
        direction=-1,
        label_en="insurer's limit against the limit asked for",
        label_fr="garantie accordée par l'assureur rapportée à la demande",
        missing="no insurer decision in force with an amount asked for",
        decimals=2,
    )
)
def insurer_granted_ratio(at: At) -> nw.Expr:
    """Insurer's limit in force divided by the limit asked for in that decision; 0 = refused."""
    return ratio(at.level("insurer_limit_minor"), at.level("insurer_asked_minor"))


@FEATURES.register(
    Feature(
        family="ratings",
        unit="count",
        direction=1,
        label_en="insurer's cuts and refusals of 12 months",
        label_fr="réductions et refus de l'assureur sur 12 mois",
        missing="no insurer decision ever",
        decimals=0,
    )
)
def n_insurer_cuts_12m(at: At) -> nw.Expr:
    """Insurer decisions of 12 months that lowered the limit, refused it, or ended without a successor."""
    cuts = at.flow("n_insurer_cuts", 12).cast(nw.Float64)
    return nw.when(at.level("n_insurer_decisions") > 0).then(cuts)
