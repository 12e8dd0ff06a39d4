"""Chapter: what the model is worth to the seller."""

from riskresearch.report.figures.validation import net_benefit_lines
from riskresearch.report.page.context import Block, Chapter, figure, missing, note, pair, text
from riskresearch.report.page.validation.judged import Judged
from riskresearch.report.page.validation.measures import measure_block, shortest

MARGIN = ("gross_margin_ratio", "exposure_turns", "seller_lgd_ratio")


def use_chapter(judged: Judged) -> Chapter:
    """Return the chapter: net benefit and expected maximum profit, with the margin and the loss they rest on."""
    words, curves = judged.words, judged.context.table("curves")
    title = words.label("area", "use")
    codes = judged.of_area("use")
    if not codes:
        return Chapter("use", title, (missing(words.t("validation.nothing")),))
    told = [text(sentence) for sentence in _assumed(judged)]
    blocks = measure_block(judged, codes, caption=words.t("validation.measures_of", area=title), with_development=True)
    if curves is None or judged.model is None:
        return Chapter("use", title, (*told, *blocks, note(words.t("validation.use_note"))))
    drawn = net_benefit_lines(curves, words=words, model_code=judged.model, rule_code=judged.rule)
    beside = Block("group", parts=(*told, note(words.t("validation.use_note"))))
    return Chapter("use", title, (pair(figure(drawn, alt=words.t("alt.benefit")), beside), *blocks))


def _assumed(judged: Judged) -> list[str]:
    """Margin and loss of the seller, as the settings of the run give them."""
    words = judged.words
    margin, turns, loss = (judged.context.facts.setting("validation", name) for name in MARGIN)
    if margin is None or turns is None or loss is None:
        return []
    shown = {"margin": words.ratio(margin), "turns": shortest(turns, words), "loss": words.ratio(loss)}
    return [words.t("validation.margin", **shown)]
