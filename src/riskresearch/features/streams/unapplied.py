"""Money on account: receipts and credit notes that are not matched to an invoice yet."""

import numpy as np
from pandas import DataFrame, Series

from riskresearch.features.streams.registry import STREAMS, Stream, Tables, day_number
from riskresearch.features.streams.steps import changes, first_of_group, running, stacked
from riskresearch.ledger.balances import unapplied_stream


@STREAMS.register(Stream(reads=("payments", "credit_notes", "allocations", "invoices"), sums=("unapplied_minor",)))
def unapplied(tables: Tables) -> DataFrame:
    """Receipts and credit notes not matched to an invoice, minor units of the run currency; on account is positive.

    The rest of each receipt or credit note belongs to whoever paid or was credited. It is what came less what is
    matched, brought to run currency at the receipt's own rate, and never below 0: a returned payment takes back
    the rest of the receipt it returns, and as long as its invoice is still shown as paid there is nothing on
    account. What comes and is matched on one day leaves no leg. The level of any day equals
    `riskresearch.ledger.balances.unapplied_minor`.
    """
    rests = unapplied_stream(tables)
    order = np.argsort(rests.code, kind="stable")
    source = rests.code[order]
    is_first = first_of_group(source)
    balance = running(rests.minor["document_minor"][order], is_first)
    rate = rests.keys["rate_ratio"].fillna(1.0).to_numpy("float64")[source]
    acts = DataFrame(
        {
            "customer_id": rests.keys["customer_id"].to_numpy()[source],
            "source": source,
            "day": day_number(Series(rests.known[order])),
            "level": np.rint(balance * rate).clip(min=0).astype("int64"),
        }
    )
    nights = acts[~acts.duplicated(["source", "day"], keep="last")]
    legs = nights.assign(
        unapplied_minor=changes(nights["level"].to_numpy(), first_of_group(nights["source"].to_numpy()))
    )
    return stacked([legs[legs["unapplied_minor"] != 0]], sums=("unapplied_minor",))
