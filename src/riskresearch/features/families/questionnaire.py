"""Answers about the customer, from 0 (worst) to 1 (best)."""

import narwhals as nw

from riskresearch.features.registry import FEATURES, At, Feature, months, ratio


@FEATURES.register(
    Feature(
        family="questionnaire",
        unit="ratio",
        direction=-1,
        label_en="mean answer of the questionnaire, 0 worst to 1 best",
        label_fr="réponse moyenne au questionnaire, de 0 (pire) à 1 (meilleure)",
        missing="never answered",
        decimals=2,
    )
)
def questionnaire_ratio(at: At) -> nw.Expr:
    """Mean of the latest answers to each item, from 0 (worst) to 1 (best)."""
    return _mean_answer(at)


@FEATURES.register(
    Feature(
        family="questionnaire",
        unit="ratio",
        direction=-1,
        label_en="change of the mean answer over 12 months",
        label_fr="évolution de la réponse moyenne sur 12 mois",
        missing="no answer on the date or 12 months before",
        decimals=2,
    )
)
def questionnaire_change_ratio_12m(at: At) -> nw.Expr:
    """Mean of the latest answers minus that of 12 months before."""
    return _mean_answer(at) - _mean_answer(at, ago=12)


@FEATURES.register(
    Feature(
        family="questionnaire",
        unit="months",
        direction=0,
        label_en="months since the latest answer",
        label_fr="mois depuis la dernière réponse",
        missing="never answered",
        decimals=0,
    )
)
def questionnaire_age_months(at: At) -> nw.Expr:
    """Months since the latest answer."""
    return months(at.day - at.last("last_answer_day"))


def _mean_answer(at: At, ago: int = 0) -> nw.Expr:
    """Mean of the latest answers on the date `ago` months before T; null before the first answer."""
    return ratio(at.level("answers_micro", ago), at.level("n_answers", ago)) / 1e6
