"""Simulated credit losses of policy years."""

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from pandas import DataFrame

from riskresearch.base.errors import SettingsError
from riskresearch.insurance.events import Events
from riskresearch.insurance.settings import BLOCK_YEARS, InsuranceSettings
from riskresearch.insurance.simulation.blocks import Block, Drawer, Room
from riskresearch.insurance.simulation.book import Book, make_book
from riskresearch.insurance.simulation.store import gathered

MAXIMUM_EVENTS = 50_000_000
COMPILED_FROM = 1_000_000
"""Number of defaults from which compiling, some seconds in each process, pays."""


def simulate(
    exposures: DataFrame, settings: InsuranceSettings, *, months: DataFrame | None = None, policy_start_month: int = 1
) -> Events:
    """Simulate the defaults of ``settings.n_years`` policy years.

    Defaults are drawn exactly, each year by itself, at a cost that grows with their number and not with that of the
    customers (`riskresearch.insurance.simulation.kernels`); their dependence is described in
    `riskresearch.insurance.simulation.factors`. A default comes on a day uniform in the year; loses exposure x LGD, LGD
    beta with the customer's mean; is an insolvency or a protracted default; and finds its named limit cut before with
    ``cuts.probability_ratio``. What belongs to a default depends on the seed, the year and the customer alone: two
    simulations that differ in one setting share it.

    Parameters
    ----------
    exposures : table `exposures`; the order of its rows has no effect
    settings : settings of the stage
    months : table `exposure_months`; customers that it lacks owe the same all year; None = everybody
    policy_start_month : calendar month in which the policy year begins, 1-12

    Returns
    -------
    the same events, byte by byte, whatever ``settings.n_processes``; more years keep the events of the first ones

    Raises
    ------
    SettingsError
        More defaults are expected than fit in memory.
    TableError
        A customer of `months` lacks some of the months.
    """
    book = make_book(exposures, settings, months=months, policy_start_month=policy_start_month)
    check_size(book, settings)
    blocks = range(settings.n_years // BLOCK_YEARS)
    return gathered(book, drawn(make_drawer(book, settings, n_blocks=len(blocks)), blocks), n_blocks=len(blocks))


def simulate_blocks(
    exposures: DataFrame,
    settings: InsuranceSettings,
    *,
    blocks: Iterable[int],
    months: DataFrame | None = None,
    policy_start_month: int = 1,
    is_compiled: bool | None = None,
) -> Events:
    """Simulate some blocks of years; the events of a block do not depend on which others are drawn.

    Years are numbered within the blocks given, in their order. Compiled loops and plain NumPy draw the same events;
    `is_compiled` None = compiled where it pays. See `simulate`.
    """
    book = make_book(exposures, settings, months=months, policy_start_month=policy_start_month)
    chosen = list(blocks)
    drawer = (
        make_drawer(book, settings, n_blocks=len(chosen))
        if is_compiled is None
        else Drawer(book, settings, is_compiled)
    )
    return gathered(book, drawn(drawer, chosen), n_blocks=len(chosen))


def check_size(book: Book, settings: InsuranceSettings) -> None:
    """Refuse a simulation with more defaults than fit in memory."""
    struck = sum(ratio * (book.country == code).sum() for code, ratio in settings.political_probabilities.items())
    expected = settings.n_years * (float(book.p_default.sum()) + float(struck))
    if expected > MAXIMUM_EVENTS:
        raise SettingsError(
            f"insurance.n_years: {settings.n_years} years would give about {expected:.0f} defaults; choose n_years so "
            f"that there are at most {MAXIMUM_EVENTS}"
        )


def make_drawer(book: Book, settings: InsuranceSettings, *, n_blocks: int) -> Drawer:
    """Return what draws so many blocks the fastest way."""
    expected = n_blocks * BLOCK_YEARS * float(book.p_default.sum())
    return Drawer(book, settings, is_compiled=expected >= COMPILED_FROM)


def drawn(drawer: Drawer, blocks: Sequence[int]) -> Iterator[Block]:
    """Draw blocks, in their order, in as many processes as the settings say; each holds until the next is drawn."""
    n_processes = min(drawer.settings.n_processes, len(blocks))
    if n_processes <= 1:
        room = Room()
        yield from (drawer.block(number, room) for number in blocks)
        return
    with ProcessPoolExecutor(n_processes, mp_context=get_context("spawn")) as pool:
        yield from pool.map(drawer.block, blocks, chunksize=-(-len(blocks) // (4 * n_processes)))
