"""Scores of any model read from a file: what is recognised, what is refused, and that nothing is lost."""

import pandas as pd
import pytest

from riskresearch.base.errors import LedgerError, ParameterError
from riskresearch.model.settings import ModelSettings
from riskresearch.pipeline.delivered_scores import grade_order, read_scores
from riskresearch.pipeline.validate import parse_headings

SETTINGS = ModelSettings()
FRENCH = """Code client;Date d'observation;PD;Défaut;Encours;Secteur
C1;31/12/2023;2,5 %;non;1 200,50;bois
C2;31/12/2023;12 %;oui;;bois
C1;31/12/2024;3 %;;900;bois
C3;31/12/2024;0,4 %;;100;acier
C2;30/11/2024;9 %;;100;bois
"""
PLAIN = """customer_id,observation_date,pd_12m,is_default
a,2023-12-31,0.1,1
b,2023-12-31,0.02,0
"""


def _read(tmp_path, text, columns=None, encoding="utf-8"):
    file = tmp_path / "scores.csv"
    file.write_bytes(text.encode(encoding))
    return read_scores(file, columns or {}, SETTINGS)


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "utf-8-sig"])
def test_a_french_file_is_read(tmp_path, encoding):
    found = _read(tmp_path, FRENCH, encoding=encoding)
    assert len(found) == 5
    rows = found.set_index(["customer_id", "observation_date"])
    first = rows.loc[("C1", pd.Timestamp("2023-12-31"))]
    assert first["pd_12m"] == pytest.approx(0.025)
    assert first["exposure_amount"] == 1200.5
    assert not first["is_default"]
    assert rows["sample_code"].tolist() == ["out_of_time", "scoring", "out_of_time", "immature", "scoring"]
    assert rows["sector"].tolist() == ["bois", "bois", "bois", "bois", "acier"]
    assert rows["grade_code"].notna().all()


def test_stated_headings_win(tmp_path):
    text = PLAIN.replace("pd_12m", "Ausfall").replace("is_default", "PD")
    with pytest.raises(LedgerError, match="no column holds is_default"):
        _read(tmp_path, text)
    found = _read(tmp_path, text, parse_headings(["pd_12m=Ausfall", "is_default = PD"]))
    assert found["pd_12m"].tolist() == [0.1, 0.02]


def test_samples_in_words_are_understood(tmp_path):
    text = "customer,date,PD,default,sample\na,2022-12-31,0.1,1,Train\na,2023-12-31,0.1,0,OOT\nb,2023-12-31,0.1,,OOT\n"
    assert _read(tmp_path, text)["sample_code"].tolist() == ["development", "out_of_time", "scoring"]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (("0.1", "10"), r"pd_12m: 1 rows \(a\): no PD between 0 and 1"),
        (("0.1", ""), r"pd_12m: 1 rows \(a\): no PD"),
        (("0.1", "-0.1"), "no PD between"),
        (("0.1", "nan"), "no PD between"),
        (("2023-12-31,0.1", "soon,0.1"), r"observation_date: 1 rows \(a\)"),
        ((",1\n", ",maybe\n"), r"is_default: 1 rows \(a\): no outcome"),
        (("b,", "a,"), "two rows on one date"),
        (("a,", ","), "the customer is empty"),
        (("pd_12m", "note"), r"no column holds pd_12m; the file has .*--column pd_12m=HEADING"),
        (("a,2023-12-31,0.1,1\nb,2023-12-31,0.02,0\n", ""), "a header and no row"),
    ],
)
def test_what_cannot_be_read_is_refused_with_place_and_remedy(tmp_path, changed, message):
    with pytest.raises(LedgerError, match=message):
        _read(tmp_path, PLAIN.replace(*changed))


def test_unknown_targets_and_absent_headings_are_refused(tmp_path):
    with pytest.raises(LedgerError, match="known are"):
        _read(tmp_path, PLAIN, {"score": "pd_12m"})
    with pytest.raises(LedgerError, match="no column is headed"):
        _read(tmp_path, PLAIN, {"pd_12m": "P"})
    with pytest.raises(LedgerError, match="no such file"):
        read_scores(tmp_path / "none.csv", {}, SETTINGS)
    with pytest.raises(ParameterError, match="equals sign"):
        parse_headings(["pd_12m"])


def test_delivered_grades_are_kept_and_ordered_by_their_mean_pd(tmp_path):
    text = PLAIN.replace("is_default", "is_default,Grade").replace(",1\n", ",1,good\n").replace(",0\n", ",0,better\n")
    found = _read(tmp_path, text)
    assert grade_order(found) == ("better", "good")


@pytest.mark.parametrize("amount", ['"1,000"', "1.000"])
def test_exposures_that_can_be_read_in_two_ways_are_refused(tmp_path, amount):
    text = PLAIN.replace("is_default", "is_default,exposure").replace(",1\n", f",1,{amount}\n").replace(",0\n", ",0,\n")
    with pytest.raises(LedgerError, match="thousands or decimals"):
        _read(tmp_path, text)


def test_a_row_of_today_needs_no_sample(tmp_path):
    text = "customer,date,PD,default,sample\na,2022-12-31,0.1,1,train\nb,2023-12-31,0.1,,\n"
    assert _read(tmp_path, text)["sample_code"].tolist() == ["development", "scoring"]
    with pytest.raises(LedgerError, match="write development, out_of_time or scoring"):
        _read(tmp_path, text.replace("1,train", "1,"))
