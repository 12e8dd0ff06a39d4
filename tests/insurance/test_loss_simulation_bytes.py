"""The same events, byte by byte: any order of rows, any blocks, any processes, compiled or not."""

import numpy as np
import pytest
from insurance.simulated_books import MODELS, assert_same, settings_of

from riskresearch.insurance.simulation import simulate, simulate_blocks
from riskresearch.insurance.simulation.counters import keys, uniform, words, year_keys
from riskresearch.insurance.simulation.factors import stratified
from riskresearch.insurance.simulation.hazards import CAP, HIGHEST, LOWEST, cell, link, link_table
from riskresearch.insurance.simulation.simulate import COMPILED_FROM

EVERYTHING = {
    "dependence": {"contagion_ratio": 0.3, "lgd_correlation_ratio": 0.2, "pd_uncertainty": 0.1},
    "political_probabilities": {"DE": 0.02},
    "cuts": {"probability_ratio": 0.5},
    "factor_shift": -0.5,
}


@pytest.fixture(scope="session")
def wide(make_exposures):
    """120 customers with PDs from next to nothing to next to one, in sectors, countries and groups."""
    rng = np.random.default_rng(4)
    return make_exposures(
        120,
        pd_12m=np.concatenate([[0.0, 1.0, 1.0, 1e-300, 1 - 1e-12], np.geomspace(1e-6, 0.99, 115)]),
        exposure_amount=rng.lognormal(9, 1, 120),
        lgd_ratio=np.where(rng.random(120) < 0.3, np.nan, rng.random(120)),
        buyer_limit_amount=np.where(rng.random(120) < 0.5, 9_000.0, np.nan),
        sector_code=[f"S{k % 5}" for k in range(120)],
        country_code=[("FR", "DE")[k % 2] for k in range(120)],
        group_id=[f"G{k % 50}" for k in range(120)],
    )


@pytest.mark.parametrize("others", [{}, EVERYTHING], ids=["plain", "everything"])
@pytest.mark.parametrize("model", MODELS)
def test_compiled_loops_and_plain_numpy_give_the_same_events(wide, model, others):
    settings = settings_of(model, **others)
    compiled, plain = (simulate_blocks(wide, settings, blocks=[0, 3], is_compiled=way) for way in (True, False))
    assert_same(compiled, plain)
    assert_same(plain, simulate_blocks(wide, settings, blocks=[0, 3]))
    assert len(compiled.customer) > 20_000
    if others:
        assert np.array_equal(compiled.weights, plain.weights)


def test_same_seed_same_events_whatever_the_order_of_the_rows(wide):
    settings = settings_of("sector_factors", **EVERYTHING)
    first, again = simulate(wide, settings), simulate(wide.sample(frac=1, random_state=3), settings)
    assert_same(first, again)
    other = simulate(wide, settings_of("sector_factors", seed=2, **EVERYTHING))
    assert not np.array_equal(first.customer[:2_000], other.customer[:2_000])


def test_blocks_drawn_apart_are_the_events_of_the_whole(wide):
    settings = settings_of("student_t", **EVERYTHING)
    whole = simulate(wide, settings)
    parts = [simulate_blocks(wide, settings, blocks=blocks) for blocks in ([3], [0, 1], [2])]
    in_order = [parts[1], parts[2], parts[0]]
    for name in ("customer", "day_ratio", "lgd_ratio", "event", "after_cut_ratio", "n_per_year"):
        assert np.array_equal(getattr(whole, name), np.concatenate([getattr(part, name) for part in in_order])), name
    longer = simulate(wide, settings_of("student_t", n_years=5_000, **EVERYTHING))
    assert np.array_equal(longer.lgd_ratio[: len(whole.customer)], whole.lgd_ratio)


@pytest.mark.parametrize(("n_processes", "n_customers"), [(2, 120), (4, 120), (2, 3_000)])
def test_any_number_of_processes_gives_the_same_bytes(wide, make_exposures, n_processes, n_customers):
    """Two small books drawn by plain NumPy, and one large enough for compiled loops."""
    is_small = n_customers == 120
    exposures, others = (wide, EVERYTHING) if is_small else (make_exposures(3_000, pd_12m=0.1), {"factor_shift": -1.0})
    alone = simulate(exposures, settings_of("sector_factors", **others))
    shared = simulate(exposures, settings_of("sector_factors", n_processes=n_processes, **others))
    assert_same(alone, shared)
    assert np.array_equal(alone.weights, shared.weights)
    assert (len(alone.customer) < COMPILED_FROM) == is_small


def test_a_default_keeps_its_day_and_loss_when_a_setting_changes(wide):
    first, second = (simulate(wide, settings_of(model)) for model in ("one_factor", "gamma"))
    pairs = [events.year * 120 + events.customer for events in (first, second)]
    _, mine, theirs = np.intersect1d(*pairs, return_indices=True)
    assert len(mine) > 20_000
    for name in ("day_ratio", "lgd_ratio", "event"):
        assert np.array_equal(getattr(first, name)[mine], getattr(second, name)[theirs]), name


def test_room_grows_where_a_block_has_more_defaults_than_foreseen(make_exposures):
    exposures = make_exposures(300, pd_12m=0.05)
    settings = settings_of("gamma_own", dependence={"gamma_variance": 10.0}, n_years=20_000)
    blocks = simulate(exposures, settings).n_per_year.reshape(-1, 1_000).sum(axis=1)
    fullest = int(blocks.argmax())
    assert blocks[fullest] > 1.1 * 15_000 + 2 * 300
    compiled, plain = (simulate_blocks(exposures, settings, blocks=[fullest], is_compiled=way) for way in (True, False))
    assert_same(compiled, plain)


def test_words_are_those_of_splitmix64():
    """First numbers of SplitMix64 from 1234567, as published with its reference code."""
    expected = [6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431]
    assert words(np.array([1234567], dtype=np.uint64), np.arange(4)).tolist() == expected


def test_streams_and_years_have_numbers_of_their_own():
    key = keys(year_keys(np.arange(50), seed=7)[:, None], np.arange(4))
    numbers = uniform(key[:, :, None], np.arange(500))
    assert len(np.unique(numbers)) == numbers.size
    assert ((numbers > 0) & (numbers < 1)).all()
    assert abs(numbers.mean() - 0.5) <= 4 * np.sqrt(1 / 12 / numbers.size)
    apart = np.corrcoef(numbers.reshape(200, 500))
    assert np.abs(apart[np.triu_indices(200, 1)]).max() <= 5.5 / np.sqrt(500)


def test_factor_has_one_year_per_quantile_step():
    from scipy.special import ndtr

    factor = stratified(np.random.default_rng(1).random(1_000))
    assert (np.floor(ndtr(factor) * 1_000).astype(int) == np.arange(1_000)).all()


@pytest.mark.parametrize("variance", [0.0, 0.8, 10.0])
def test_the_table_brackets_the_hazard(variance):
    hazard = link_table(variance)
    x = np.random.default_rng(3).uniform(LOWEST - 2, HIGHEST + 2, 20_000)
    k, exact = cell(x, link=hazard), link(x, variance=variance)
    assert (hazard.table[k] <= exact).all()
    assert (np.minimum(exact, CAP) <= np.minimum(hazard.table[k + 1], CAP)).all()
    assert (np.diff(hazard.table) > 0).all()
