"""Features of customers whose own acts are altered, each as if the others had done nothing.

All customers are altered at once. A feature of one customer alone is then right as it is. A sum over peers (sector,
country, group, book) is that of the unaltered ledger plus what the customer's own act adds to it: whole cents and
counts, so it equals, bit for bit, the sum in a ledger that is altered for this customer only. Which features these are
is told by what they ask for. What reads none of the altered tables stays as it was.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import narwhals as nw
import numpy as np
import pandas as pd
from pandas import DataFrame, Timestamp

from riskresearch.features.engines import Engine
from riskresearch.features.families import FEATURES
from riskresearch.features.ingest import Acts, Coding, ingest
from riskresearch.features.panel import streams_of
from riskresearch.features.registry import At, Level, PeerLevel
from riskresearch.features.snapshots import panels, registered_sources, snapshots
from riskresearch.features.streams import STREAMS
from riskresearch.ledger.default import DefaultSettings, defaults
from riskresearch.ledger.movements import movements

RECEIPTS = ("payments", "allocations")
MADE = ("movements", "defaults")
OLDEST_DUE = "oldest_due_day"
Tables = Mapping[str, DataFrame]
Columns = dict[str, Callable[[At], nw.Expr]]


@dataclass(frozen=True)
class Changed:
    """What receipts can change: streams and their measures, features of one customer, features with sums over peers.

    ``view`` is what the features with sums over peers ask for.
    """

    streams: frozenset[str]
    measures: frozenset[str]
    own: tuple[str, ...]
    with_peers: tuple[str, ...]
    view: At


def changed_by_receipts() -> Changed:
    """Return what receipts can change, by what streams and features declare."""
    streams = frozenset(member.name for member in STREAMS if {*RECEIPTS, *MADE} & set(member.spec.reads))
    measures = frozenset(measure for name in streams for measure in STREAMS[name].spec.measures)
    own, with_peers, view = [], [], At()
    for member in FEATURES:
        at = At()
        member.function(at)
        if at.peer_levels:
            with_peers.append(member.name)
            member.function(view)
        elif at.needs_oldest_due or any(level.measure in measures for level in at.levels):
            own.append(member.name)
    return Changed(streams, measures, tuple(own), tuple(with_peers), view)


def tables_of(tables: Tables, customer_ids: Iterable[str]) -> dict[str, DataFrame]:
    """Return the tables of some customers, with the invoices of others that their receipts and credit notes settle.

    Parameters
    ----------
    tables : canonical tables
    customer_ids : customers to keep
    """
    ids = list(customer_ids)
    own = {name: rows[rows["customer_id"].isin(ids)] for name, rows in tables.items() if "customer_id" in rows}
    sources = pd.concat([own["payments"]["payment_id"], own["credit_notes"]["credit_note_id"]])
    used, invoices = tables["allocations"], tables["invoices"]
    settled = used.loc[used["source_id"].isin(sources), "invoice_id"]
    kept = invoices[invoices["customer_id"].isin(ids) | invoices["invoice_id"].isin(settled)]
    of_invoices = {
        name: tables[name][tables[name]["invoice_id"].isin(kept["invoice_id"])]
        for name in ("instalments", "allocations", "disputes")
    }
    return {**tables, **own, **of_invoices, "invoices": kept}


def altered_features(
    altered: Mapping[str, Tables],
    rows: DataFrame,
    tables: Tables,
    default: DefaultSettings,
    *,
    as_of: Timestamp,
    engine: Engine,
) -> DataFrame:
    """Return all features on a date of customers with other receipts than they have in the ledger.

    Parameters
    ----------
    altered : by variant, `tables_of` its customers with other payments and allocations; a customer may be in several
    rows : ``customer_id`` and all features on the date in the unaltered ledger
    tables : canonical tables as known on `as_of`, with ``movements defaults``
    default : definition of default
    as_of : last day that counts, and the date
    engine : an open engine

    Returns
    -------
    DataFrame ``customer_id variant_code`` and all features, one row per customer and variant.
    """
    changed, coding = changed_by_receipts(), Coding.of(tables["customers"])
    columns = {name: FEATURES[name].function for name in changed.own} | _own_columns(changed)
    same = ingest(tables, coding=coding, streams=[n for n in streams_of(columns) if n not in changed.streams])
    again = [name for name in streams_of(columns) if name in changed.streams]
    made_anew = [ingest(_made_anew(own, default, as_of), coding=coding, streams=again) for own in altered.values()]
    acts = _stacked(made_anew, same, len(coding.customers))
    (lazy,) = panels(engine, registered_sources(engine, acts), [as_of], columns)
    made = engine.collect(lazy).sort_values("customer_code", ignore_index=True)
    place, code = np.divmod(made["customer_code"].to_numpy(), len(coding.customers))
    made = made.assign(customer_id=coding.customers[code].astype("str"), variant_code=np.array(list(altered))[place])
    before = _before(changed, tables, as_of, engine).set_index("customer_id").reindex(made["customer_id"])
    made = made.merge(_with_peers(changed, made, before.reset_index(drop=True), engine), on="customer_code")
    kept = [name for name in FEATURES.names if name not in made]
    same = rows.set_index("customer_id")[kept].reindex(made["customer_id"]).reset_index(drop=True)
    return pd.concat([made, same], axis=1)[["customer_id", "variant_code", *FEATURES.names]]


def _stacked(variants: Sequence[Acts], same: Acts, n: int) -> Acts:
    """Legs of all variants with those that stay the same; codes of customers are `n` higher from one to the next."""
    parts = []
    for place, acts in enumerate(variants):
        legs = {**same.only(acts.customers["customer_id"]).legs, **acts.legs}
        shifted = {name: _shifted(rows, place * n) for name, rows in legs.items()}
        parts.append(Acts(_shifted(acts.customers, place * n), shifted))
    stacked = {name: pd.concat([part.legs[name] for part in parts], ignore_index=True) for name in parts[0].legs}
    return Acts(pd.concat([part.customers for part in parts], ignore_index=True), stacked)


def _made_anew(tables: Tables, default: DefaultSettings, as_of: Timestamp) -> dict[str, DataFrame]:
    """The tables with the movements and default spells of their customers."""
    moves = movements(tables)
    moves = moves[moves["customer_id"].isin(tables["customers"]["customer_id"])].reset_index(drop=True)
    spells = defaults(moves, tables["disputes"], tables["events"], default, as_of=as_of)
    return {**tables, "movements": moves, "defaults": spells}


def _shifted(rows: DataFrame, shift: int) -> DataFrame:
    return rows.assign(customer_code=rows["customer_code"] + shift)


def _own_columns(changed: Changed) -> Columns:
    """Columns of the altered customers that the features with sums over peers ask for."""
    view = changed.view
    columns: Columns = {name: _attribute(name) for name in view.attributes}
    if view.needs_oldest_due:
        columns[OLDEST_DUE] = At.oldest_due_day
    return columns | {level.column: _level(level) for level in view.levels if level.measure in changed.measures}


def _before(changed: Changed, tables: Tables, as_of: Timestamp, engine: Engine) -> DataFrame:
    """Levels of each customer and of its peers in the unaltered ledger."""
    view = changed.view
    columns = {level.column: _level(level) for level in view.levels}
    columns |= {need.column: _peers(need) for need in view.peer_levels}
    return snapshots(tables, [as_of], columns=columns, engine=engine).astype(dict.fromkeys(columns, "Int64"))


def _with_peers(changed: Changed, made: DataFrame, before: DataFrame, engine: Engine) -> DataFrame:
    """Return ``customer_code`` and the features with sums over peers."""
    view = changed.view
    names = [level.column for level in view.levels]
    now = before[names].assign(**{name: made[name].astype("Int64") for name in names if name in made})
    added = now - before[names]
    peers = {need.column: before[need.column] + added[need.level.column] for need in view.peer_levels}
    others = ["customer_code", "day", *view.attributes, *([OLDEST_DUE] if view.needs_oldest_due else [])]
    frame = pd.concat([made[others], now.assign(**peers)], axis=1)
    columns = [FEATURES[name].function(At()).alias(name) for name in changed.with_peers]
    return engine.collect(engine.frame(frame, "peers").select("customer_code", *columns))


def _attribute(name: str) -> Callable[[At], nw.Expr]:
    return lambda at: at.attribute(name)


def _level(level: Level) -> Callable[[At], nw.Expr]:
    return lambda at: at.level(level.measure, level.ago)


def _peers(need: PeerLevel) -> Callable[[At], nw.Expr]:
    return lambda at: at.peers(need.level.measure, need.by, ago=need.level.ago)
