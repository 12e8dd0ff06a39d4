"""Chapter: whether the model separates good from bad."""

from riskresearch.report.figures.validation import ranking_curves
from riskresearch.report.page.context import Block, Chapter, figure, missing, note, pair, text
from riskresearch.report.page.validation.judged import Judged
from riskresearch.report.page.validation.measures import measure_block, value_and_interval

FIRST = ("auc", "gini", "accuracy_ratio", "ks", "h_measure", "auc_hanley_mcneil")


def discrimination_chapter(judged: Judged) -> Chapter:
    """Return the chapter: AUC in words, measures with interval and threshold, CAP and ROC beside the simple rule."""
    words = judged.words
    title = words.label("area", "discrimination")
    auc = judged.measure("auc")
    if auc is None:
        return Chapter("discrimination", title, (missing(words.t("validation.nothing")),))
    told = words.t("validation.auc", sample=words.label("sample", judged.sample), value=value_and_interval(auc, words))
    codes = [*FIRST, *(code for code in judged.of_area("discrimination") if code not in FIRST)]
    caption = words.t("validation.measures_of", area=title)
    blocks = [text(told), *measure_block(judged, codes, caption=caption, with_development=True)]
    return Chapter("discrimination", title, (*blocks, *_curves(judged, told), note(words.t("validation.auc_note"))))


def _curves(judged: Judged, told: str) -> list[Block]:
    words, curves = judged.words, judged.context.table("curves")
    if curves is None or judged.model is None:
        return [note(words.t("validation.no_curves"))]
    drawn = {
        code: ranking_curves(curves, words=words, model_code=judged.model, rule_code=judged.rule, curve_code=code)
        for code in ("cap", "roc")
    }
    return [
        pair(
            figure(drawn["cap"], alt=words.t("alt.cap", sentence=told)),
            figure(drawn["roc"], alt=words.t("alt.roc", sentence=told)),
        )
    ]
