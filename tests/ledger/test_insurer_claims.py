"""Claims on the credit insurer: read, judged, known step by step."""

from pathlib import Path

import pytest
from pandas import DataFrame, Timestamp
from pandas.testing import assert_frame_equal
from small_ledger import small_ledger, tables_of

from riskresearch.base.errors import LedgerError
from riskresearch.ledger.ledger import Ledger
from riskresearch.ledger.read import read_ledger

INVOICES = "invoice_id,customer_id,invoice_date,currency_code,gross_amount,due_date\nF1,A,2024-01-10,EUR,100.00,\n"
COLUMNS = (
    "claim_id,customer_id,policy_id,declared_date,recorded_date,due_date,filed_date,claimed_amount,loss_date,event_code,"
    "decided_date,rejection_code,paid_amount,paid_date,recovered_amount,insurer_recovered_amount,recovered_date"
)
PAID = "S1,A,p,2024-03-01,,2024-02-10,2024-03-05,100.00,2024-04-01,insolvency,2024-05-01,,"
PAID += "90.00,2024-05-09,20.00,18.00,2024-07-01\n"
PENDING = "S2,B,,2024-03-02,2024-03-06,,,50.50,,,,,,,,,\n"
REFUSED = "S3,C,,2024-03-03,,,2024-03-04,70.00,,,2024-04-02,late_file,0.00,,,,\n"


def delivered(folder: Path, rows: str = PAID + PENDING + REFUSED) -> Ledger:
    """Read a canonical folder of one invoice with claims."""
    (folder / "invoices.csv").write_text(INVOICES, encoding="utf-8")
    (folder / "insurer_claims.csv").write_text(f"{COLUMNS}\n{rows}", encoding="utf-8")
    return read_ledger(folder)


def test_claims_are_read_exactly_and_counted(tmp_path: Path) -> None:
    ledger = delivered(tmp_path)
    claims = ledger["insurer_claims"].set_index("claim_id")
    assert claims["claimed_minor"].tolist() == [10_000, 5_050, 7_000]
    assert claims.loc["S1", ["paid_minor", "recovered_minor", "insurer_recovered_minor"]].tolist() == [
        9_000,
        2_000,
        1_800,
    ]
    assert claims["recorded_date"].dt.day.tolist() == [1, 6, 3]
    assert claims["rejection_code"].isna().tolist() == [True, True, False]
    assert set(ledger["customers"]["customer_id"]) == {"A", "B", "C"}
    checks = ledger.accounts["reconciliation"].set_index("check_code")
    assert checks.loc["insurer_claims.rows", "difference_minor"] == 0


def row(**changed: str) -> str:
    """Return the paid claim with some cells changed."""
    cells = dict(zip(COLUMNS.split(","), PAID.strip().split(","), strict=True)) | changed
    return ",".join(cells.values()) + "\n"


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"claimed_amount": "0.00"}, r"insurer_claims.claimed_amount: 1 of .* have an amount that cannot be; orders"),
        ({"claimed_amount": ""}, r"insurer_claims.claimed_amount: 1 of 1 rows \(line 2\) are empty"),
        ({"paid_amount": "100.01"}, r"insurer_claims.paid_amount: 1 of .* lie between zero and the amount claimed"),
        ({"paid_amount": "-1.00"}, r"insurer_claims.paid_amount: 1 of .* an amount that cannot be"),
        ({"recovered_amount": "100.01"}, r"insurer_claims.recovered_amount: 1 of .* an amount that cannot be"),
        ({"insurer_recovered_amount": "20.01"}, r"insurer_claims.insurer_recovered_amount: 1 of .* that cannot be"),
        ({"recovered_amount": "", "recovered_date": ""}, r"insurer_recovered_amount: 1 of .* that cannot be"),
        ({"paid_date": ""}, r"insurer_claims.paid_date: 1 of .* tell a step of a claim without its day"),
        ({"recovered_date": ""}, r"insurer_claims.recovered_date: 1 of .* without its day"),
        ({"loss_date": ""}, r"insurer_claims.loss_date: 1 of .* without its day; a cause needs loss_date"),
        ({"decided_date": "", "rejection_code": "disputed"}, r"insurer_claims.decided_date: 1 of .* without its day"),
        ({"paid_amount": ""}, r"insurer_claims.paid_amount: 1 of .* the day of an indemnity or recovery without"),
        ({"recovered_amount": "0.00", "insurer_recovered_amount": ""}, r"recovered_amount: 1 of .* without its amount"),
        ({"filed_date": "2024-02-29"}, r"insurer_claims.filed_date: 1 of .* end before they begin"),
        ({"paid_date": "2024-02-29"}, r"insurer_claims.paid_date: 1 of .* end before they begin"),
        ({"event_code": "default"}, r"insurer_claims.event_code: 1 of 1 rows \(line 2 'default'\) are not known codes"),
        ({"rejection_code": "mood"}, r"insurer_claims.rejection_code: 1 of .* \(line 2 'mood'\) are not known codes"),
        ({"declared_date": ""}, r"insurer_claims.declared_date.*: 1 of 1 rows \(line 2\) are empty"),
    ],
)  # fmt: skip
def test_claims_that_cannot_be_are_refused(changed: dict[str, str], says: str, tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match=says):
        delivered(tmp_path, row(**changed))


def test_a_date_of_loss_before_the_declaration_is_usual(tmp_path: Path) -> None:
    kept = delivered(tmp_path, row(loss_date="2024-01-31", rejection_code="disputed"))["insurer_claims"]
    assert kept["loss_date"].tolist() == [Timestamp("2024-01-31")]
    assert (kept["paid_minor"] > 0).tolist() == [True]


def test_few_wrong_claims_are_set_aside_with_their_amount(tmp_path: Path) -> None:
    good = "".join(row(claim_id=f"G{n}") for n in range(300))
    ledger = delivered(tmp_path, good + row(claim_id="X", paid_date="") + row(claim_id="Y", paid_amount="999.00"))
    aside = ledger.accounts["set_aside"].set_index("reason_code")
    assert aside["n_rows"].to_dict() == {"claim_date_missing": 1, "claim_amount_beyond": 1}
    assert aside["base_minor"].tolist() == [10_000, 10_000]
    assert len(ledger["insurer_claims"]) == 300


def test_the_same_claim_twice_with_different_content_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match=r"insurer_claims.claim_id: 1 ids \(S1\) stand on 2 rows that differ"):
        delivered(tmp_path, PAID + row(policy_id="q"))


def test_amounts_of_claims_are_never_taken_for_another_currency(tmp_path: Path) -> None:
    (tmp_path / "ledger.yaml").write_text("mapping: canonical\ncurrency_code: EUR\n", encoding="utf-8")
    (tmp_path / "fx_rates.csv").write_text("currency_code,rate_date,rate_ratio\nUSD,2024-01-01,0.9\n", encoding="utf-8")
    delivered(tmp_path)
    with pytest.raises(LedgerError, match="insurer_claims"):
        read_ledger(tmp_path, currency_code="USD")


def test_their_absence_is_a_gap_only_where_an_insurer_has_decided(tmp_path: Path) -> None:
    def told(name: str, **files: str) -> set[str]:
        folder = tmp_path / name
        folder.mkdir()
        for file, text in ({"invoices": INVOICES} | files).items():
            (folder / f"{file}.csv").write_text(text, encoding="utf-8")
        return {code for code in read_ledger(folder).accounts["gaps"]["gap_code"] if "claims" in code}

    limits = "limit_id,customer_id,limit_kind_code,start_date,base_amount\nL1,A,{},2024-01-01,100.00\n"
    assert told("own", limits=limits.format("internal")) == set()
    assert told("insured", limits=limits.format("insurer")) == {"no_insurer_claims"}
    assert told("claimed", limits=limits.format("insurer"), insurer_claims=f"{COLUMNS}\n{PAID}") == set()


def test_the_day_a_limit_was_asked_for_is_read_and_never_lies_after_the_answer(tmp_path: Path) -> None:
    (tmp_path / "invoices.csv").write_text(INVOICES, encoding="utf-8")
    head = "limit_id,customer_id,limit_kind_code,start_date,recorded_date,base_amount,requested_date\n"
    rows = "L1,A,insurer,2024-01-05,2024-01-08,100.00,2024-01-08\nL2,A,insurer,2024-02-05,,50.00,\n"
    (tmp_path / "limits.csv").write_text(head + rows, encoding="utf-8")
    asked = read_ledger(tmp_path)["limits"]["requested_date"]
    assert asked.isna().tolist() == [False, True]
    (tmp_path / "limits.csv").write_text(head + rows.replace("-08\n", "-09\n"), encoding="utf-8")
    with pytest.raises(LedgerError, match=r"limits.requested_date: 1 of 2 rows \(line 2\) were answered before they"):
        read_ledger(tmp_path)


OURS = """
mapping: ours
currency_code: EUR
sources:
  - name: factures
    file: factures.csv
    rows: flat
    format: &cells {separator: ";", decimal: ",", dates: [JJ/MM/AAAA]}
    columns: {invoice_id: no, customer_id: client, invoice_date: date, gross_amount: ttc}
  - name: sinistres
    file: sinistres.csv
    rows: insurer_claims
    format: *cells
    columns:
      claim_id: dossier
      customer_id: client
      declared_date: declare
      claimed_amount: creance
      decided_date: reponse
      rejection_code: {column: motif, values: {forclusion: late_declaration}}
"""


def test_claims_come_beside_a_flat_list_under_names_of_ones_own(tmp_path: Path) -> None:
    (tmp_path / "ours.yaml").write_text(OURS, encoding="utf-8")
    (tmp_path / "factures.csv").write_text("no;client;date;ttc\nF1;A;10/01/2024;100,00\n", encoding="utf-8")
    rows = "dossier;client;declare;creance;reponse;motif\n1;A;02/03/2024;80,00;09/04/2024;forclusion\n"
    (tmp_path / "sinistres.csv").write_text(rows, encoding="utf-8")
    claims = read_ledger(tmp_path, mapping=tmp_path / "ours.yaml")["insurer_claims"]
    assert claims[["claimed_minor", "rejection_code"]].to_numpy().tolist() == [[8_000, "late_declaration"]]
    assert claims["paid_minor"].isna().all()


CLAIM = {
    "id": "S1", "declared": "2024-03-01", "recorded": "2024-03-03", "due": "2024-02-10", "filed": "2024-03-10",
    "claimed": 100, "lost": "2024-02-20", "event": "insolvency", "decided": "2024-04-01", "rejection": "disputed",
    "paid": 60, "paid_on": "2024-05-01", "recovered": 10, "insurer_recovered": 6, "recovered_on": "2024-06-01",
}  # fmt: skip
LATER = ["filed_date", "loss_date", "event_code", "decided_date", "rejection_code", "paid_minor", "paid_date",
         "recovered_minor", "insurer_recovered_minor", "recovered_date"]  # fmt: skip


@pytest.mark.parametrize(
    ("as_of", "known"),
    [("2024-03-02", None), ("2024-03-03", 0), ("2024-03-09", 0), ("2024-03-10", 1), ("2024-03-31", 1),
     ("2024-04-01", 5), ("2024-04-30", 5), ("2024-05-01", 7), ("2024-05-31", 7), ("2024-06-01", 10)],
)  # fmt: skip
def test_each_step_is_known_from_its_own_day_on(as_of: str, known: int | None) -> None:
    claims = tables_of(small_ledger([], insurer_claims=[CLAIM]), as_of)["insurer_claims"]
    if known is None:
        assert claims.empty
        return
    assert claims["claimed_minor"].tolist() == [10_000]
    assert claims[LATER].notna().to_numpy().sum() == known


def test_a_cause_without_decision_is_known_from_the_date_of_loss_on() -> None:
    claim = {"declared": "2024-03-01", "claimed": 100, "lost": "2024-08-01", "event": "protracted_default"}
    ledger = small_ledger([], insurer_claims=[claim])
    seen = [
        tables_of(ledger, day)["insurer_claims"]["event_code"].notna().tolist() for day in ("2024-07-31", "2024-08-01")
    ]
    assert seen == [[False], [True]]


def test_claims_touch_no_other_table_of_a_day() -> None:
    ledger = small_ledger([{"id": "I1", "date": "2024-01-01", "amount": 10}])
    having = small_ledger([{"id": "I1", "date": "2024-01-01", "amount": 10}], insurer_claims=[CLAIM])
    before, after = tables_of(ledger, "2024-12-31"), tables_of(having, "2024-12-31")
    for name in before.keys() - {"insurer_claims"}:
        assert isinstance(before[name], DataFrame)
        assert_frame_equal(before[name], after[name])
