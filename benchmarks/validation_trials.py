"""Tests of order, grades, shares and moves: how often they reject where nothing is wrong, and where something is."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from pandas import DataFrame
from scipy.special import expit, logit

from riskresearch.base.shifts import shift
from riskresearch.validation.characteristics import stability_index
from riskresearch.validation.grade_counts import neighbours
from validation_sizes import LEVELS
from validation_truth import (
    GRADES,
    N_DATES,
    N_POPULATION,
    SETTINGS,
    Bools,
    Drawn,
    Floats,
    Integers,
    Portfolio,
    drawn,
    followed,
    p_value,
)

Draw = Callable[[int, np.random.Generator, bool], float]
D, E = GRADES.index("D"), GRADES.index("E")
NOISE = 1.0
"""Standard deviation of what makes a score miss the log-odds of the true PD."""
FEATURES = tuple(f"feature_{number}" for number in range(10))
NEAR = 0.4
N_GRADES = len(GRADES)


@dataclass(frozen=True)
class Trial:
    """One test in two worlds.

    Parameters
    ----------
    test : member of the battery, or table
    holds : the world in which its hypothesis is true
    fails : the world in which it is not
    draw : p-value of one repetition, from customers, chance and whether the hypothesis fails
    """

    test: str
    holds: str
    fails: str
    draw: Draw


def tried(trial: Trial, n_customers: int, *, n_draws: int, seed: int) -> list[dict[str, object]]:
    """Return the share of the repetitions in which a test rejects, in both worlds.

    Parameters
    ----------
    trial : test and worlds
    n_customers : customers of a sample
    n_draws : repetitions in each world
    seed : of the chance

    Returns
    -------
    list of ``test n_customers is_false level ratio not_computed``.
    """
    lines: list[dict[str, object]] = []
    for is_false in (False, True):
        rng = np.random.default_rng([seed, n_customers, TRIALS.index(trial), is_false])
        p = np.array([trial.draw(n_customers, rng, is_false) for _ in range(n_draws)])
        told = {"test": trial.test, "holds": trial.holds, "n_customers": n_customers, "is_false": is_false}
        shares = ({"level": level, "ratio": float((p < level).mean())} for level in LEVELS)
        lines += [{**told, **share, "not_computed": float(np.isnan(p).mean())} for share in shares]
    return lines


@lru_cache
def demo(n_customers: int) -> Portfolio:
    """Return customers of the demo's mix."""
    return Portfolio.of(n_customers, "demo")


def sampled(n_customers: int, rng: np.random.Generator) -> Portfolio:
    """Return customers drawn from the demo's mix."""
    population, chosen = demo(N_POPULATION), rng.integers(0, N_POPULATION, n_customers)
    return Portfolio(population.pds[chosen], population.place[chosen])


def against_initial(n_initial: int) -> Draw:
    """AUC of the grades against development; fails: a third of the customers hold the PD of another one."""

    def draw(n: int, rng: np.random.Generator, is_false: bool) -> float:
        first, now = demo(n * n_initial), demo(n)
        true, mixed = now.pds.copy(), rng.permutation(n)[: n // 3]
        if is_false:
            true[mixed] = true[rng.permutation(mixed)]
        initial = first.evidence(drawn(first.pds, rng))
        return p_value("auc_against_initial", now.evidence(drawn(true, rng), initial))

    return draw


def noisy(pds: Floats, rng: np.random.Generator, *, noise: float = NOISE) -> Floats:
    """PDs that miss the true log-odds by chance."""
    return np.asarray(expit(logit(pds) + noise * rng.standard_normal(len(pds))))


def gain_one_date(n: int, rng: np.random.Generator, is_false: bool) -> float:
    """DeLong's test; two scores that miss the truth alike; fails: the model does not miss it."""
    one = demo(n)
    scores = {"pd_12m": one.pds if is_false else noisy(one.pds, rng), "rival_pd": noisy(one.pds, rng)}
    rows = one.rows.assign(is_default=drawn(one.pds, rng), **scores)
    return p_value("auc_gain_delong_p", Drawn(rows, SETTINGS, rng))


def gain_twelve_dates(n: int, rng: np.random.Generator, is_false: bool) -> float:
    """Obuchowski's test; the same on twelve dates, a score misses a customer alike on all of them."""
    one = demo(n)
    customer, month, hit = followed(one.pds, rng)
    model, rival = one.pds if is_false else noisy(one.pds, rng), noisy(one.pds, rng)
    rows = one.frame(customer, month).assign(is_default=hit, pd_12m=model[customer], rival_pd=rival[customer])
    return p_value("auc_gain_over_rule_p", Drawn(rows, SETTINGS, rng))


def grades_differ(n: int, rng: np.random.Generator, is_false: bool) -> float:
    """Grades D and E default alike; fails: every grade defaults as its PDs say."""
    one, middle = demo(n), np.isin(demo(n).place, (D, E))
    true = one.pds if is_false else np.where(middle, one.pds[middle].mean(), one.pds)
    return float(pairs(one, drawn(true, rng))["p_fisher"].fillna(1.0).max())


def grades_in_order(n: int, rng: np.random.Generator, is_false: bool) -> float:
    """All grades default alike; fails: D defaults as E should, E as D should."""
    one = demo(n)
    exchanged = one.pds * np.select([one.place == D, one.place == E], [2.0, 0.5], 1.0)
    true = exchanged if is_false else np.full(n, one.pds.mean())
    return float(pairs(one, drawn(true, rng))["p_inverse_adjusted"].min())


def pairs(one: Portfolio, outcome: Bools) -> DataFrame:
    """Return the tests of neighbouring grades, from counts: the same as the members give, without their grouping."""
    n = one.by_grade()
    held = n > 0
    counts = {"n_rows": n[held].astype(np.int64), "n_defaults": one.by_grade(outcome)[held].astype(np.int64)}
    return neighbours(DataFrame({"grade_code": np.array(GRADES)[held], **counts}))


def shares_one_date(n: int, rng: np.random.Generator, is_false: bool) -> float:
    """Grades of both samples have the same law; fails: one customer in ten is one grade worse now."""
    first, now = sampled(n, rng), sampled(n, rng)
    worse = (rng.random(n) < 0.1) & is_false
    return _of_psi(first.place, np.minimum(now.place + worse, N_GRADES - 1), n=n)


def shares_twelve_dates(n: int, rng: np.random.Generator, is_false: bool) -> float:
    """The same on twelve dates; in each month two customers in five stand one grade off their own."""
    first, now = sampled(n, rng), sampled(n, rng)
    worse = (rng.random(n) < 0.1) & is_false
    return _of_psi(_moving(first.place, rng), _moving(now.place + worse, rng), n=n)


def _of_psi(before: Integers, now: Integers, *, n: int) -> float:
    """P-value behind the verdict of the stability index: rows counted by grade, customers in the critical value."""
    counts = (np.bincount(place, minlength=N_GRADES) for place in (before, now))
    found = shift(*counts, n_before=n, n_now=n)
    return float("nan") if found is None else found.p_value


def concentrated(n: int, rng: np.random.Generator, is_false: bool) -> float:
    """Grades of both samples have the same law; fails: one customer in two is in grade E whatever its PD."""
    first, now = sampled(n, rng), sampled(n, rng)
    moved = np.where((rng.random(n) < 0.5) & is_false, E, now.place)
    first_rows, rows = (_graded(place) for place in (first.place, moved))
    return p_value("concentration_number", replace(rows, initial=first_rows))


def _moving(place: Integers, rng: np.random.Generator) -> Integers:
    """Grades on twelve dates, date by date."""
    steps = rng.choice([-1, 0, 1], size=(N_DATES, len(place)), p=[0.2, 0.6, 0.2])
    return np.clip(place + steps, 0, N_GRADES - 1).ravel()


def _graded(place: Integers) -> Drawn:
    rows = DataFrame({"customer_id": np.arange(len(place)), "grade_code": np.array(GRADES)[place]})
    return Drawn(rows, SETTINGS, np.random.default_rng(0), GRADES)


def moving_matrix(*, alike: bool) -> Draw:
    """Moves to far grades are rarer, or as frequent as near ones; fails: two grades off is more frequent than one."""

    def draw(n: int, rng: np.random.Generator, is_false: bool) -> float:
        start = demo(n).place
        steps = np.abs(np.arange(N_GRADES) - np.arange(N_GRADES)[:, None])
        weight = (1.0 if alike else NEAR) ** steps
        if is_false:
            weight[steps == 2] = 2 * weight[steps == 1][0]
        law = np.cumsum(weight / weight.sum(axis=1, keepdims=True), axis=1)
        end = np.minimum((rng.random(n)[:, None] > law[start]).sum(axis=1), N_GRADES - 1)
        names = np.array(GRADES)
        moves = DataFrame({"grade_from": names[start], "grade_to": names[end]})
        return p_value("matrix_stability", Drawn(demo(n).rows, SETTINGS, rng, GRADES, moves=moves))

    return draw


def ten_features(n: int, rng: np.random.Generator, is_false: bool) -> float:
    """Ten features that have not moved, smallest adjusted p; fails: one has moved by a fifth of its deviation."""
    first, now = rng.standard_normal((2, n, len(FEATURES)))
    now[:, 0] += 0.2 * is_false
    rows = DataFrame(np.vstack([first, now]), columns=list(FEATURES)).assign(
        customer_id=np.tile(np.arange(n), 2), sample_code=np.repeat(["development", "out_of_time"], n)
    )
    found = stability_index(rows, FEATURES, SETTINGS)
    return float(found.loc[found["comparison_code"] == "out_of_time", "p_adjusted"].min())


ALIKE = "order as good as at first"
MIXED = "a third of the customers hold another one's PD"
SAME_SHARES, WORSE = "same law of the grades", "one customer in ten is one grade worse"
TWICE_AS_FAR = "two grades off twice as frequent as one"
TRIALS = (
    Trial("auc_against_initial", f"{ALIKE}, development as large", MIXED, against_initial(1)),
    Trial("auc_against_initial", f"{ALIKE}, development ten times as large", MIXED, against_initial(10)),
    Trial("auc_gain_delong_p", "model and rule miss the truth alike", "only the rule misses it", gain_one_date),
    Trial("auc_gain_over_rule_p", "the same, twelve dates", "the same", gain_twelve_dates),
    Trial("grade_heterogeneity", "D and E default alike", "every grade defaults as its PDs say", grades_differ),
    Trial("grade_inversion", "all grades default alike", "D and E exchanged", grades_in_order),
    Trial("psi", f"{SAME_SHARES}, one date", WORSE, shares_one_date),
    Trial("psi", f"{SAME_SHARES}, twelve dates", WORSE, shares_twelve_dates),
    Trial("concentration_number", SAME_SHARES, "one customer in two put into grade E", concentrated),
    Trial(
        "matrix_stability",
        "a move one grade farther is 0.4 times as frequent",
        TWICE_AS_FAR,
        moving_matrix(alike=False),
    ),
    Trial("matrix_stability", "all moves equally frequent", TWICE_AS_FAR, moving_matrix(alike=True)),
    Trial("stability_index", "ten features that have not moved", "one moved by 0.2 deviations", ten_features),
)
