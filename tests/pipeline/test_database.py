"""A run read from a database: the record keeps no secret, notebooks open it without the database."""

import pytest
from small_ledger import small_ledger
from sqlalchemy import create_engine

from riskresearch.base.errors import RunError
from riskresearch.ledger.tables import LEDGER_TABLES
from riskresearch.pipeline.plan import ingest, make_plan, read_plan

ROWS = [
    {
        "id": f"I{n}",
        "date": f"2024-0{n}-05",
        "due": f"2024-0{n + 1}-05",
        "amount": 100.5,
        "paid": [[f"2024-0{n + 1}-09", 100.5]],
    }
    for n in range(1, 7)
]


@pytest.fixture
def database(tmp_path):
    ledger = small_ledger(ROWS)
    path = tmp_path / "books.db"
    engine = create_engine(f"sqlite:///{path}")
    for table in LEDGER_TABLES:
        frame = ledger[table.name]
        money = [c.name for c in table.columns if c.kind == "minor"]
        named = {
            name: name.removesuffix("_minor") + "_amount" if name != "amount_minor" else "amount" for name in money
        }
        units = frame.assign(**{name: frame[name].astype("float64") / 100 for name in money}).rename(columns=named)
        days = {c.name: units[c.name].dt.strftime("%Y-%m-%d") for c in table.columns if c.kind == "date"}
        if len(frame):
            units.assign(**days).to_sql(table.name, engine, index=False)
    engine.dispose()
    return path


def _plan(tmp_path, database, **settings):
    folder = tmp_path / "data" / "runs" / "sql"
    address = f"sqlite:///{database}"
    return make_plan(folder, ledger=address, mapping="canonical", config=None, as_of="2024-08-31", overrides=settings)


def test_a_run_from_a_database_is_opened_again_without_it(tmp_path, database):
    plan = _plan(tmp_path, database)
    ingest(plan)
    record = plan.folder.record()
    assert plan.folder.read("invoices")["base_minor"].tolist() == [10050] * 6
    database.unlink()
    ingest(read_plan(plan.folder))
    assert plan.folder.record() == record


def test_changed_settings_ask_for_the_database_again(tmp_path, database):
    plan = _plan(tmp_path, database)
    ingest(plan)
    kept = read_plan(plan.folder)
    changed = kept.settings.model_copy(
        update={"default": kept.settings.default.model_copy(update={"past_due_days": 60})}
    )
    with pytest.raises(RunError, match="read it again"):
        ingest(type(kept)(kept.folder, kept.ledger, kept.mapping, changed, kept.as_of, kept.is_kept))
