"""What the page says of the default model: which one, against which rule, on what level, and why none."""

import pandas as pd
from pandas import DataFrame, Series

from riskresearch.report.figures.expert import rating_shares
from riskresearch.report.figures.levels import pd_level_lines
from riskresearch.report.page.context import Block, Context, figure, note, pair, text

DECIMALS = 3
SOURCES = ("behaviour", "accounts", "external", "questionnaire", "prior")


def model_sentence(context: Context) -> str:
    """Return which model gives the PDs and why."""
    words, chosen = context.words, context.chosen_model()
    if chosen is None:
        return ""
    shown = {"n": words.count(chosen["n_defaulters"]), "n_test": words.count(chosen["n_test_defaulters"])}
    if chosen["model_code"] == "expert":
        return _expert_sentence(context, shown)
    if chosen["is_rule"]:
        return words.t("finding.model_rule", rule=_rule(context), auc=words.number(chosen["auc"], DECIMALS), **shown)
    certain = pd.notna(chosen["auc_gain_low"]) and chosen["auc_gain_low"] > 0
    return words.t(
        "finding.model_better" if certain else "finding.model_unsure",
        model=words.label("model", chosen["model_code"]),
        rule=_rule(context),
        auc=words.number(chosen["auc"], DECIMALS),
        rule_auc=words.number(chosen["auc"] - chosen["auc_gain"], DECIMALS),
        low=words.number(chosen["auc_gain_low"], DECIMALS),
        high=words.number(chosen["auc_gain_high"], DECIMALS),
        **shown,
    )


def _rule(context: Context) -> str:
    """The simple rule in words: the past late rate is known by what it says."""
    choice, words = context.table("model_choice"), context.words
    codes = [] if choice is None else list(choice.loc[choice["is_rule"].fillna(False), "model_code"])
    code = codes[0] if codes else "late_rate"
    return words.t("finding.rule_late_rate") if code == "late_rate" else f"“{words.label('model', code)}”"


def _expert_sentence(context: Context, shown: dict[str, str]) -> str:
    """No model: too few defaulters in development or in the test, and what was used instead."""
    choice = context.table("model_choice")
    reasons = set() if choice is None else set(choice["reason_code"])
    if not reasons & {"too_few_defaulters", "too_few_test_defaulters"}:
        return context.words.t("finding.expert_chance", **shown)
    in_test = "too_few_test_defaulters" in reasons
    least = context.facts.setting("model", "min_test_defaulters" if in_test else "min_defaulters")
    message_id = "finding.expert_test" if in_test else "finding.expert_development"
    sentence = context.words.t(message_id, **shown)
    return sentence if least is None else f"{sentence} {context.words.t('finding.expert_least', n=least)}"


def challenger_sentence(context: Context) -> str:
    """Return how the best challenger stands against the champion in use; nothing where no champion is."""
    words, chosen, choice = context.words, context.chosen_model(), context.table("model_choice")
    if chosen is None or choice is None or chosen["role_code"] != "champion":
        return ""
    rivals = choice[(choice["role_code"] == "challenger") & choice["auc"].notna()]
    if rivals.empty:
        return ""
    best = rivals.sort_values(["auc", "model_code"], ascending=[False, True]).iloc[0]
    return words.t(
        _challenge(best),
        model=words.label("model", best["model_code"]),
        auc=words.number(best["auc"], DECIMALS),
        low=words.signed(-best["champion_gain_high"], DECIMALS),
        high=words.signed(-best["champion_gain_low"], DECIMALS),
    )


def _challenge(best: Series) -> str:
    """Message on the best challenger: surely better, surely worse, or neither."""
    if best["champion_gain_high"] < 0:
        return "chapter.challenger_better"
    return "chapter.challenger_worse" if best["champion_gain_low"] > 0 else "chapter.challenger_not_certain"


def level_blocks(context: Context) -> list[Block]:
    """Return on which level the PDs stand, in words and a picture; nothing where no model gives them."""
    words, levels, cohorts = context.words, context.table("pd_levels"), context.table("default_cohorts")
    if levels is None or cohorts is None:
        return []
    value = levels.set_index("level_code")["value"]
    if pd.isna(value.get("mean_pd")):
        return []
    told = _level_sentences(context, levels)
    drawn = figure(pd_level_lines(cohorts, levels, words=words), alt=words.t("alt.pd_levels", sentence=" ".join(told)))
    return [pair(drawn, Block("group", parts=tuple(text(sentence) for sentence in told)))]


def _level_sentences(context: Context, levels: DataFrame) -> list[str]:
    words, rows = context.words, levels.set_index("level_code")
    value = rows["value"]
    shown = {name: words.probability(value.get(name)) for name in value.index}
    n = int(rows["n_years"].get("long_run", 0))
    reason = rows["reason_code"].get("level_shift")
    moved = words.n("chapter.level_moved", n, **shown)
    sentences = (
        [moved] if pd.isna(reason) else [words.t("chapter.level_kept", reason=words.label("reason", reason), **shown)]
    )
    if pd.notna(value.get("latest_year")) and pd.notna(value.get("mean_pd_point_in_time")):
        sentences.append(words.t("chapter.level_latest", **shown))
    if pd.notna(value.get("mean_pd_with_margin")):
        sentences.append(words.t("chapter.level_margin", **shown))
    return sentences


def expert_blocks(context: Context) -> list[Block]:
    """Return what the expert rating rests on, where it gives the PDs of the run."""
    words, chosen, ratings = context.words, context.chosen_model(), context.table("expert_ratings")
    if chosen is None or chosen["model_code"] != "expert" or ratings is None:
        return []
    ratings = ratings[ratings["customer_status_code"] != "inactive"]
    shares = [
        f"{words.label('rating_weight', name)} {words.ratio(ratings[f'{name}_share_ratio'].mean(), 0)}"
        for name in SOURCES
    ]
    sentence = words.t("chapter.expert_rests", shares=words.listed(shares))
    prior = context.facts.setting("model", "prior_default_ratio")
    parts = [text(sentence), *([text(words.t("chapter.expert_prior", prior=words.ratio(prior)))] if prior else [])]
    parts += _own_rate(context)
    return [
        pair(
            figure(rating_shares(ratings, words=words), alt=words.t("alt.rating_shares", sentence=sentence)),
            Block("group", parts=(*parts, *_gate(ratings, context))),
        )
    ]


def _own_rate(context: Context) -> list[Block]:
    """The ledger's own default rate, which the prior of the expert rating does not look at."""
    levels = context.table("pd_levels")
    rows = DataFrame() if levels is None else levels.set_index("level_code")
    if "long_run" not in rows.index or pd.isna(rows.loc["long_run", "value"]):
        return []
    n, rate = int(rows.loc["long_run", "n_years"]), context.words.probability(rows.loc["long_run", "value"])
    return [text(context.words.n("chapter.expert_own_rate", n, rate=rate))]


def _gate(ratings: DataFrame, context: Context) -> list[Block]:
    """How many customers pass the checks before a rating, how many fail."""
    counts = ratings["gate_code"].value_counts()
    shown = {code: context.words.count(counts.get(code, 0)) for code in ("pass", "fail", "unknown")}
    return [
        note(
            context.words.t("chapter.expert_gate", passed=shown["pass"], failed=shown["fail"], unknown=shown["unknown"])
        )
    ]


def prospects_block(context: Context) -> list[Block]:
    """Return how many prospects are scored and how; nothing where there is none."""
    words, scored = context.words, context.table("scored")
    if scored is None:
        return []
    rows = scored[scored["customer_status_code"] == "prospect"]
    if rows.empty:
        return []
    source = words.label("model", rows["pd_source_code"].iloc[0])
    return [text(words.n("chapter.prospects", len(rows), model=source, pd=words.probability(rows["pd_12m"].mean())))]
