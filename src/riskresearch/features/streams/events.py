"""Stream of legal events and of what came in on amounts written off."""

from pandas import DataFrame

from riskresearch.features.streams.registry import STREAMS, Stream, Tables, day_number
from riskresearch.features.streams.steps import stacked
from riskresearch.ledger.movements import known_date

LEGAL_EVENTS = ("legal_notice", "litigation", "moratorium", "insolvency", "insurer_claim")
_SUMS = ("n_legal_events", "recovered_minor")


@STREAMS.register(Stream(reads=("events",), sums=_SUMS))
def events(tables: Tables) -> DataFrame:
    """Legal events (see `LEGAL_EVENTS`) and amounts recovered after a write-off, on the day they became known."""
    rows = tables["events"].assign(day=day_number(known_date(tables["events"], "event_date")))
    legal = rows.loc[rows["event_code"].isin(LEGAL_EVENTS), ["customer_id", "day"]].assign(n_legal_events=1)
    back = rows[(rows["event_code"] == "recovery") & rows["base_minor"].notna()]
    back = back[["customer_id", "day"]].assign(recovered_minor=back["base_minor"].astype("int64"))
    return stacked([legal, back], sums=_SUMS)
