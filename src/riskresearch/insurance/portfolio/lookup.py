"""Values of the customer of each row."""

from pandas import DataFrame, Series


def number_of(customer_ids: Series, values: Series) -> Series:
    """Return the number of each row's customer, NaN where it has none; also for no rows at all.

    Examples
    --------
    >>> number_of(Series(["C2", "C9"], dtype="str"), Series([5], index=["C2"])).to_list()
    [5.0, nan]
    """
    return Series(values.astype("float64").reindex(customer_ids).to_numpy(), index=customer_ids.index)


def date_of(customer_ids: Series, values: Series) -> Series:
    """Return the date of each row's customer, empty where it has none; also for no rows at all."""
    return Series(values.astype("datetime64[us]").reindex(customer_ids).to_numpy(), index=customer_ids.index)


def column_of(customer_ids: Series, frame: DataFrame, name: str) -> Series:
    """Return a number of each row's customer from a frame with ``customer_id``, one row per customer."""
    return number_of(customer_ids, frame.set_index("customer_id")[name])
