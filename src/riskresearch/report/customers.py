"""The index page over the customer files of a run."""

from pandas import DataFrame

from riskresearch.report.cells import grid
from riskresearch.report.render import environment
from riskresearch.report.translator import Translator

COLUMNS = ("customer_id", "grade_code", "segment_code", "overdue_amount", "past_due_max_days", "open_amount")


def customer_index(customers: DataFrame, *, words: Translator, is_synthetic: bool) -> str:
    """Return the page that lists customers with a link to the page of each.

    Parameters
    ----------
    customers : ``customer_id grade_code segment_code overdue_amount past_due_max_days open_amount page_name``, in the
        order they are listed
    words : language and currency
    is_synthetic : say that the data are generated
    """
    content = grid(customers, words, columns=COLUMNS)
    lines = list(zip(customers["page_name"], content.rows, strict=True))
    sides = ["right" if number else "left" for number in content.is_number]
    template = environment().get_template("customers.html.j2")
    return template.render(words=words, headers=content.headers, lines=lines, sides=sides, is_synthetic=is_synthetic)
