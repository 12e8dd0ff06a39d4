"""Chapter: limits as one portfolio, beside simple rules at the same expected shortfall."""

from collections.abc import Iterator

from pandas import DataFrame, Series

from riskresearch.report.figures.limits import rules_beside_optimum, shortfall_frontier
from riskresearch.report.page.context import Block, Chapter, Context, figure, missing, note, pair, text
from riskresearch.report.page.limits.parts import coded, counted, label_of, listing, money, share, signed
from riskresearch.report.totals import nearest_budgets, optimum_by_binding
from riskresearch.report.translator import Translator

OPTIMUM = "optimum"
ALL = "all"
MEMBER_FAMILIES = {"sector": "segment", "country": "segment"}
CENT = 0.005
SMALL_RATIO = 0.001
"""A rule that is behind by less than this share of the optimum's net value is as good."""
MEMBERS_SHOWN = 3


def optimum_chapter(context: Context) -> Chapter:
    """Return the chapter: the optimum and its rivals, budgets with their prices, conflicts, and the frontier."""
    words, comparison = context.words, context.table("optimiser_comparison")
    title = words.t("limits.optimum")
    if comparison is None:
        return Chapter("optimum", title, (missing(words.t("limits.no_optimum")),))
    blocks: list[Block] = [text(words.t("limits.optimum_intro")), *conflicts(context), *_told(context, comparison)]
    blocks += [*_pictures(context, comparison), _rules(comparison, words), *budgets(context), *_binding(context)]
    return Chapter("optimum", title, (*blocks, note(words.t("limits.optimum_note"))))


def conflicts(context: Context) -> Iterator[Block]:
    """Yield the budgets that cannot be met, each in words."""
    words, rows = context.words, context.table("optimiser_conflicts")
    if rows is None:
        return
    yield Block("items", words.t("limits.conflicts"), tuple(_conflict(row, words) for _, row in rows.iterrows()))


def _conflict(row: Series, words: Translator) -> str:
    """Why a budget cannot be met, how much it lacks, and whether the steps alone are the reason."""
    amounts = {name: words.compact(row[f"{name}_amount"]) for name in ("allowed", "least", "excess")}
    told = words.n("limits.conflict", int(row["n_held"]), budget=budget_name(row, words), **amounts)
    if row["floor_least_amount"] > row["allowed_amount"]:
        return told
    return words.t("limits.semicolon").join([told, words.t("limits.conflict_steps")])


def budget_name(row: Series, words: Translator) -> str:
    """Return the name of a budget, with the group, sector or country it holds for."""
    told = label_of(words, "budget_code", row["budget_code"])
    if row["member"] == ALL:
        return told
    family = MEMBER_FAMILIES.get(str(row["budget_code"]))
    member = str(row["member"]) if family is None else words.label(family, row["member"])
    return words.t("limits.budget_of", budget=told, member=member)


def _told(context: Context, comparison: DataFrame) -> Iterator[Block]:
    """Which simple rule comes nearest, and by how much; nothing to gain is said."""
    words = context.words
    rules = comparison[~comparison["rule_code"].isin([OPTIMUM, "optimum_shortfall"])]
    own = comparison[comparison["rule_code"] == OPTIMUM]
    if rules.empty or own.empty:
        return
    best = rules.sort_values(["gap_amount", "rule_code"]).iloc[0]
    if comparison["gap_amount"].abs().max() < CENT and not _is_bound(context):
        yield text(words.t("limits.all_equal", value=words.compact(own["net_value_amount"].iloc[0])))
        return
    shown = {
        "value": words.compact(own["net_value_amount"].iloc[0]),
        "shortfall": words.compact(own["shortfall_amount"].iloc[0]),
        "rule": words.label("simple_rule", best["rule_code"]),
        "gap": words.compact(abs(best["gap_amount"])),
    }
    if abs(best["gap_amount"]) < SMALL_RATIO * abs(own["net_value_amount"].iloc[0]):
        yield text(words.t("limits.rule_as_good", **shown))
        return
    yield text(words.t("limits.best_rule" if best["gap_amount"] > 0 else "limits.best_rule_ahead", **shown))


def _is_bound(context: Context) -> bool:
    """Tell whether a budget binds or cannot be met."""
    rows = context.table("optimiser_budgets")
    return context.table("optimiser_conflicts") is not None or (rows is not None and bool(rows["is_binding"].any()))


def _pictures(context: Context, comparison: DataFrame) -> Iterator[Block]:
    words, frontier = context.words, context.table("optimiser_frontier")
    drawn = figure(rules_beside_optimum(comparison, words=words), alt=words.t("alt.rules"))
    if frontier is None:
        yield drawn
        return
    yield pair(drawn, figure(shortfall_frontier(frontier, words=words), alt=words.t("alt.frontier")))


def _rules(comparison: DataFrame, words: Translator) -> Block:
    rows = comparison.sort_values(["net_value_amount", "rule_code"], ascending=[False, True])
    names = ("margin_amount", "expected_loss_amount", "cost_amount", "net_value_amount")
    columns = [
        coded(words, "rule_code", family="simple_rule"),
        counted(words, "n_customers"),
        money(words, "limit_amount", name="limits.all_limits"),
        *(money(words, name) for name in names),
        (words.t("column.gap_amount"), lambda row: words.compact(row["gap_amount"]), True),
        money(words, "shortfall_amount"),
        (words.t("limits.budgets_exceeded"), lambda row: words.count(row["n_budgets_exceeded"]), True),
    ]
    return listing(rows, columns, words=words, caption=words.t("limits.rules_table"))


def budgets(context: Context) -> Iterator[Block]:
    """Yield the budgets that bind with what one more unit is worth, and the use of those of the whole book."""
    words, rows = context.words, context.table("optimiser_budgets")
    if rows is None:
        return
    binding = rows[rows["is_binding"].astype(bool)].sort_values(["price", "budget_code"], ascending=[False, True])
    if binding.empty:
        yield text(words.t("limits.no_budget_binds"))
    else:
        told = tuple(_price(row, words) for _, row in binding.iterrows())
        yield Block("items", words.t("limits.budgets_bind"), told)
    shown = nearest_budgets(rows, n_members=MEMBERS_SHOWN)
    columns = [
        (words.t("column.budget_code"), lambda row: budget_name(row, words), False),
        money(words, "allowed_amount"),
        money(words, "used_amount", name="limits.used"),
        share(words, "used_ratio", name="limits.used_share"),
        (words.t("column.price"), lambda row: words.number(row["price"], 2), True),
    ]
    yield listing(shown, columns, words=words, caption=words.t("limits.budgets_table"))


def _price(row: Series, words: Translator) -> str:
    """What one more unit of a budget is worth, in words."""
    shown = {"budget": budget_name(row, words), "currency": words.currency_code}
    return words.t("limits.price", price=words.number(row["price"], 2), **shown)


def _binding(context: Context) -> Iterator[Block]:
    """What keeps the best limits where they are."""
    words, rows = context.words, context.table("optimised_limits")
    if rows is None:
        return
    columns = [
        (words.t("limits.kept_by"), lambda row: words.label("optimum_binding", row["binding_code"]), False),
        counted(words, "n_customers"),
        money(words, "current_limit_amount"),
        money(words, "optimised_amount"),
        (words.t("limits.change"), lambda row: signed(words, row["change_amount"]), True),
    ]
    yield listing(optimum_by_binding(rows), columns, words=words, caption=words.t("limits.optimum_binding"))
