"""Proposed mappings: right for usual exports, honest about doubts, always loadable."""

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pandas import Timestamp

from riskresearch.base.errors import LedgerError, RiskResearchError
from riskresearch.ledger.ledger import Ledger
from riskresearch.ledger.read import propose_mapping, read_ledger
from riskresearch.ledger.reading.delivery import RawFile
from riskresearch.ledger.reading.headings import HEADINGS, find_heading, fold
from riskresearch.ledger.reading.mapping_text import parse_mapping
from riskresearch.ledger.reading.propose import Proposal, propose
from riskresearch.ledger.reading.targets import FLAT, targets

FRENCH_HEADER = (
    "Code client;Raison sociale;N° facture;Date facture;Date d'échéance;Montant TTC;Solde;Devise;Date de règlement;Chef"
)
FRENCH = f"""{FRENCH_HEADER}
00123;Société Générale d'Électricité;F2024-001;05/01/2024;04/02/2024;1 234,56;0,00;EUR;10/02/2024;Zoé
00123;Société Générale d'Électricité;F2024-002;15/01/2024;14/02/2024;2 000,00;2 000,00;EUR;;Zoé
00124;L'Étoile;A2024-001;20/01/2024;20/01/2024;-150,00;-150,00;EUR;;Léo
"""
SAP = """BUKRS\tGJAHR\tBELNR\tKUNNR\tBLART\tBLDAT\tBUDAT\tZFBDT\tZBD1T\tSHKZG\tWRBTR\tWAERS\tAUGDT
1000\t2024\t0090000001\t0000100200\tRV\t15.01.2024\t16.01.2024\t15.01.2024\t30\tS\t1.234,56\tEUR\t20.02.2024
1000\t2023\t0090000001\t0000100201\tRV\t15.01.2023\t16.01.2023\t15.01.2023\t30\tS\t1.234,00\tEUR\t00.00.0000
1000\t2024\t0090000003\t0000100200\tRG\t18.01.2024\t18.01.2024\t18.01.2024\t0\tH\t234,56\tEUR\t20.02.2024
"""
ENGLISH = """Customer,Name 1,Invoice No,Doc. date,Net due date,Amount in doc. curr.,Curr.,Clearing date
C1,Smith & Sons,4711,01/25/2024,02/24/2024,"1,250.00",USD,03/01/2024
C2,Jones,4712,01/26/2024,02/25/2024,75.10,USD,
"""


def proposed(name: str, text: str, encoding: str = "utf-8") -> Proposal:
    return propose([RawFile(name, text.encode(encoding))])


def read_as_proposed(folder: Path, name: str, content: bytes) -> tuple[Proposal, Ledger]:
    """Save the file and its proposal as a person would, and read it."""
    (folder / name).write_bytes(content)
    proposal = propose_mapping(folder / name)
    (folder / "ours.yaml").write_text(proposal.mapping_yaml, encoding="utf-8")
    return proposal, read_ledger(folder / name, mapping=folder / "ours.yaml")


@pytest.mark.parametrize("encoding", ["cp1252", "iso-8859-15", "utf-8", "utf-8-sig", "utf-16"])
def test_a_french_export_is_read_as_proposed(encoding: str, tmp_path: Path):
    proposal, ledger = read_as_proposed(tmp_path, "ventes 2024.csv", FRENCH.encode(encoding))
    assert proposal.placed == {
        "invoice_id": "N° facture", "customer_id": "Code client", "customer_name": "Raison sociale",
        "invoice_date": "Date facture", "due_date": "Date d'échéance", "gross_amount": "Montant TTC",
        "open_amount": "Solde", "payment_date": "Date de règlement", "currency_code": "Devise",
    }  # fmt: skip
    assert (proposal.not_placed, proposal.missing, proposal.doubts) == (("Chef",), (), ())
    assert ledger["invoices"]["gross_minor"].tolist() == [123_456, 200_000]
    assert ledger["credit_notes"]["gross_minor"].tolist() == [15_000]
    assert ledger["payments"]["value_date"].tolist() == [Timestamp("2024-02-10")]
    assert ledger["customers"]["customer_name"].tolist() == ["Société Générale d'Électricité", "L'Étoile"]
    assert ledger["customers"]["customer_id"].tolist() == ["00123", "00124"]


def test_an_sap_export_joins_ids_computes_due_dates_and_turns_signs(tmp_path: Path):
    proposal, ledger = read_as_proposed(tmp_path, "bsad.txt", SAP.encode())
    invoices = ledger["invoices"].set_index("invoice_id")
    assert invoices["gross_minor"].to_dict() == {"0090000001-2023": 123_400, "0090000001-2024": 123_456}
    assert invoices["due_date"]["0090000001-2024"] == Timestamp("2024-02-14")
    assert invoices["recorded_date"]["0090000001-2024"] == Timestamp("2024-01-16")
    assert ledger["payments"]["amount_minor"].tolist() == [100_000]  # the credit note was cleared with the invoice
    told = "\n".join(proposal.doubts)
    assert "'BELNR' alone is not unique: it is joined with GJAHR" in told
    assert "'AUGDT' is a clearing date" in told
    assert "rows with 'SHKZG' in ['H'] are taken as negative" in told
    assert "column 'BLART' holds RV 2, RG 1" in told
    assert set(proposal.not_placed) == {"BUKRS", "BLART"}


def test_the_last_term_that_is_not_zero_is_proposed(tmp_path: Path):
    more = (
        SAP.replace("ZBD1T", "ZBD1T\tZBD2T\tZBD3T")
        .replace("\t30\tS", "\t30\t60\t0\tS")
        .replace("\t0\tH", "\t0\t0\t0\tH")
    )
    _, ledger = read_as_proposed(tmp_path, "bsad.txt", more.encode())
    assert ledger["invoices"].set_index("invoice_id")["due_date"]["0090000001-2024"] == Timestamp("2024-03-15")


def test_exports_of_odoo_and_platforms_are_recognised_by_their_headings(tmp_path: Path):
    odoo = ("name,partner_id,invoice_partner_display_name,invoice_date,invoice_date_due,amount_total,amount_residual,"
            "currency_id,delivery_date\nINV/1,7,Durand,2024-01-10,2024-02-09,12.00,2.00,EUR,2024-01-09\n")  # fmt: skip
    placed = proposed("account.csv", odoo).placed
    assert (placed["due_date"], placed["delivery_date"]) == ("invoice_date_due", "delivery_date")
    assert (placed["invoice_id"], placed["customer_id"]) == ("name", "partner_id")
    assert (placed["gross_amount"], placed["open_amount"], placed["customer_name"]) == (
        "amount_total", "amount_residual", "invoice_partner_display_name")  # fmt: skip
    platform = (
        "BT-1,BT-2,BT-9,BT-5,BT-47,BT-44,BT-112,BT-109\nF1,2026-09-02,2026-10-02,EUR,732829320,Durand,12.00,10.00\n"
    )
    _, ledger = read_as_proposed(tmp_path, "factures.csv", platform.encode())
    assert ledger["invoices"][["due_date", "gross_minor", "net_minor"]].iloc[0].tolist() == [
        Timestamp("2026-10-02"), 1_200, 1_000]  # fmt: skip


def test_a_file_with_the_columns_of_a_shipped_mapping_is_said_to_be_so(tmp_path: Path):
    header = ("BUKRS,BELNR,GJAHR,BUZEI,KUNNR,BLART,BLDAT,BUDAT,ZFBDT,ZBD1T,SHKZG,WRBTR,WAERS,AUGBL,AUGDT,REBZG\n"
              "1000,1,2024,1,C1,RV,2024-01-10,2024-01-10,2024-01-10,30,S,1.00,EUR,,,\n")  # fmt: skip
    (tmp_path / "export.csv").write_text(header)
    doubts = propose_mapping(tmp_path / "export.csv").doubts
    assert any("columns of the shipped mapping sap, which knows part" in doubt for doubt in doubts)


def test_an_english_export_is_read_as_proposed(tmp_path: Path):
    proposal, ledger = read_as_proposed(tmp_path, "items.csv", ENGLISH.encode())
    assert ledger["invoices"]["gross_minor"].tolist() == [125_000, 7_510]
    assert ledger["invoices"]["due_date"].tolist() == [Timestamp("2024-02-24"), Timestamp("2024-02-25")]
    assert ledger["payments"]["value_date"].tolist() == [Timestamp("2024-03-01")]
    assert proposal.doubts == ("'Clearing date' is a clearing date: it may lie after the day the money came in",)


@pytest.mark.parametrize(
    ("text", "doubt"),
    [
        (FRENCH.replace("15/01", "05/01").replace("20/01", "02/01").replace("14/02", "04/02"),
         "no date tells day from month in DD/MM/YYYY; day first is assumed"),
        (FRENCH.replace("05/01/2024", "2024-01-05").replace("14/02/2024", "31/02/2024"),
         "1 of 7 dates cannot be read in any known format (31/02/2024)"),
        (FRENCH.replace("2 000,00;2 000,00", "2,000.00;2 000,00"), "1 of 6 amounts cannot be read with decimal ','"),
        (FRENCH.replace("Montant TTC", "Montant HT"), "no amount including tax: 'Montant HT' (net_amount) is taken"),
        (FRENCH.replace("Devise", "Agence"), "no currency column: EUR is assumed"),
        (FRENCH.replace("Date facture", "Semaine"), "no invoice date: 30 days before the due date is assumed"),
        (FRENCH.replace("Date d'échéance", "Semaine"), "no due date: terms will be assumed"),
        (FRENCH.replace("Date de règlement", "Semaine"), "no payment date: what is settled cannot be dated"),
        (FRENCH.replace("Date de règlement", "Semaine").replace("Solde", "Poids"), "every invoice counts as open"),
        (FRENCH.replace("F2024-002", "F2024-001"), "is not unique (1 repeats"),
        (FRENCH.replace("Date facture", "Agence").replace("Chef", "Date facture"),
         "column 'Date facture' is named like invoice_date but most of its cells are not dates"),
        (FRENCH.replace("Montant TTC", "Montant TTC en euros"), "'Montant TTC en euros' is only thought to be gross"),
    ],
)  # fmt: skip
def test_what_speaks_against_a_proposal_is_said(text: str, doubt: str):
    proposal = proposed("ventes.csv", text)
    assert any(doubt in told for told in proposal.doubts), proposal.doubts
    assert f"# doubt: {next(told for told in proposal.doubts if doubt in told)}" in proposal.mapping_yaml


def test_what_is_missing_is_named_and_stands_out_in_the_mapping():
    proposal = proposed("x.csv", "Zone;Montant TTC\nA;1,00\n")
    assert proposal.missing == ("invoice_id", "customer_id", "invoice_date")
    assert "invoice_id: FILL IN" in proposal.mapping_yaml
    assert proposal.not_placed == ("Zone",)


def test_a_list_of_customers_and_yearly_files_are_read_together(tmp_path: Path):
    head, *rows = FRENCH.splitlines()
    (tmp_path / "ventes_a.csv").write_text("\n".join([head, *rows[:2]]), encoding="utf-8")
    (tmp_path / "ventes_b.csv").write_text("\n".join([head, rows[2]]), encoding="utf-8")
    clients = "Code client;Raison sociale;Pays;Code NAF\n00123;SGE;FR;3511Z\n00124;Étoile;BE;4711F\n"
    (tmp_path / "clients.txt").write_text(clients, encoding="utf-8")
    proposal = propose_mapping(tmp_path)
    mapping = tmp_path.parent / "ours.yaml"
    mapping.write_text(proposal.mapping_yaml, encoding="utf-8")
    ledger = read_ledger(tmp_path, mapping=mapping)
    assert (len(ledger["invoices"]), len(ledger["credit_notes"])) == (2, 1)
    assert ledger["customers"]["customer_name"].tolist() == ["SGE", "Étoile"]
    assert ledger["customers"]["sector_code"].tolist() == ["3511Z", "4711F"]


def test_headers_cannot_break_out_of_the_comment_or_the_yaml():
    proposal = proposed("x.csv", '"Montant\n TTC: {a: 1} #";"N° facture"\n"1,00";F1\n')
    assert all(line.startswith(("#", "mapping", "title", "currency", "sources", "-", " ")) for line in
               proposal.mapping_yaml.splitlines())  # fmt: skip
    assert (
        parse_mapping(proposal.mapping_yaml, name="x").sources[0].specs["gross_amount"].column
        == "Montant TTC: {a: 1} #"
    )


def test_a_file_that_is_no_table_cannot_be_proposed_for(tmp_path: Path):
    (tmp_path / "a.csv").write_bytes(b"%PDF-1.7")
    with pytest.raises(LedgerError, match="is a PDF"):
        propose_mapping(tmp_path / "a.csv")


def test_every_known_heading_belongs_to_one_target_and_every_target_exists():
    owners = Counter(heading for names in HEADINGS.values() for heading in {fold(name) for name in names})
    assert [heading for heading, n_targets in owners.items() if n_targets > 1] == []
    assert set(HEADINGS) <= set(targets(FLAT.name))
    assert "" not in owners


def test_headings_match_without_case_accents_and_marks():
    header = ["Réf.", "NUMERO DE FACTURE", "date d’échéance"]
    assert find_heading(header, HEADINGS["invoice_id"]) == "NUMERO DE FACTURE"
    assert find_heading(header, HEADINGS["due_date"]) == "date d’échéance"
    assert find_heading(header, HEADINGS["currency_code"]) is None


CELLS = st.sampled_from(
    ["", "1", "12,50", "1.234,56", "05/01/2024", "2024-01-31", "EUR", "C1", "=1+1", "x y", "00000000"]
)
NAMES = st.sampled_from(
    [name for names in HEADINGS.values() for name in names[:6]] + ["Zone", "?", "a: b", "SHKZG", "BLART"]
)


@settings(max_examples=20, deadline=None, derandomize=True)
@given(st.lists(NAMES, min_size=1, max_size=8, unique=True), st.data())
def test_a_proposal_is_always_a_mapping_that_loads(header: list[str], data: st.DataObject):
    rows = data.draw(st.lists(st.lists(CELLS, min_size=len(header), max_size=len(header)), max_size=4))
    text = "\n".join(";".join(cells) for cells in [header, *rows])
    proposal = proposed("x.csv", text)
    source = parse_mapping(proposal.mapping_yaml, name="x.yaml").sources[0]
    placed = {target: spec.column for target, spec in source.specs.items() if spec.column and target in proposal.placed}
    assert placed.items() <= proposal.placed.items()
    assert set(proposal.not_placed) & set(proposal.placed.values()) == set()


@settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cuts=st.lists(st.tuples(st.integers(0, 400), st.binary(max_size=6)), min_size=1, max_size=4))
def test_damage_anywhere_ends_in_a_ledger_or_one_message(cuts: list[tuple[int, bytes]], tmp_path: Path):
    content = FRENCH.encode("cp1252")
    for place, put in cuts:
        content = content[:place] + put + content[place + len(put) + 1 :]
    mapping = proposed("ventes.csv", FRENCH, "cp1252").mapping_yaml
    (tmp_path / "ours.yaml").write_text(mapping, encoding="utf-8")
    (tmp_path / "ventes.csv").write_bytes(content)
    try:
        ledger = read_ledger(tmp_path / "ventes.csv", mapping=tmp_path / "ours.yaml")
    except RiskResearchError:
        return
    assert (ledger.accounts["reconciliation"]["difference_minor"].dropna() == 0).all()
