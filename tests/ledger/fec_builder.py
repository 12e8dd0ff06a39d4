"""Small FEC files for tests: entries in accounting words, text in every form a FEC can take."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

HEADER = (
    "JournalCode",
    "JournalLib",
    "EcritureNum",
    "EcritureDate",
    "CompteNum",
    "CompteLib",
    "CompAuxNum",
    "CompAuxLib",
    "PieceRef",
    "PieceDate",
    "EcritureLib",
    "Debit",
    "Credit",
    "EcritureLet",
    "DateLet",
    "ValidDate",
    "Montantdevise",
    "Idevise",
)
JOURNALS = {"VE": "Ventes", "BQ": "Banque", "OD": "Opérations diverses", "AN": "À nouveaux", "CA": "Caisse"}


@dataclass(frozen=True)
class Line:
    """One line of an entry; ``cents`` > 0 is a debit."""

    account: str
    cents: int
    customer: str = ""
    letter: str = ""
    name: str = ""


@dataclass
class Fec:
    """A fiscal year that grows entry by entry."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    n_entries: int = 0

    def entry(
        self,
        journal: str,
        day: str,
        lines: Iterable[Line],
        *,
        piece: str = "",
        issued: str = "",
        label: str = "",
        number: str | None = None,
    ) -> "Fec":
        """Add one entry; ``issued`` is PieceDate (default: the accounting date)."""
        self.n_entries += 1
        for line in lines:
            self.rows.append(
                {
                    "JournalCode": journal,
                    "JournalLib": JOURNALS.get(journal, journal),
                    "EcritureNum": str(self.n_entries) if number is None else number,
                    "EcritureDate": day,
                    "CompteNum": line.account,
                    "CompteLib": line.name if not line.customer else "Clients",
                    "CompAuxNum": line.customer,
                    "CompAuxLib": line.name if line.customer else "",
                    "PieceRef": piece,
                    "PieceDate": issued or day,
                    "EcritureLib": label or f"{journal} {piece}",
                    "cents": line.cents,
                    "EcritureLet": line.letter,
                    "DateLet": "",
                    "ValidDate": "",
                    "Montantdevise": "",
                    "Idevise": "",
                }
            )
        return self

    def sale(self, customer: str, piece: str, cents: int, day: str, *, letter: str = "", name: str = "") -> "Fec":
        """Invoice of ``cents`` including 20 % VAT; negative is a credit note."""
        tax = round(cents / 6)
        account = customer if customer.startswith("411") else "411000"
        aux = "" if customer.startswith("411") else customer
        lines = [Line(account, cents, aux, letter, name), Line("707000", tax - cents), Line("445710", -tax)]
        return self.entry("VE", day, lines, piece=piece)

    def receipt(
        self,
        customer: str,
        cents: int,
        day: str,
        *,
        letter: str = "",
        piece: str = "",
        label: str = "",
        bank: str = "512000",
    ) -> "Fec":
        """Money from a customer; negative is money back."""
        account = customer if customer.startswith("411") else "411000"
        aux = "" if customer.startswith("411") else customer
        lines = [Line(bank, cents), Line(account, -cents, aux, letter)]
        return self.entry("BQ", day, lines, piece=piece, label=label)

    def text(self, form: "Form | None" = None) -> str:
        """Return the file's text in the given form."""
        return (form or Form()).text(self.rows)

    def write(
        self, folder: Path, *, closing: str = "20231231", form: "Form | None" = None, siren: str = "123456789"
    ) -> Path:
        """Write the file under its legal name and return its path."""
        path = folder / f"{siren}FEC{closing}.txt"
        path.write_bytes((form or Form()).encode(self.text(form)))
        return path


@dataclass(frozen=True)
class Form:
    """How the text looks: separator, header, dates, amounts, character set."""

    separator: str = "\t"
    header: Sequence[str] = HEADER
    renamed: Mapping[str, str] = field(default_factory=dict)
    extra: Mapping[str, str] = field(default_factory=dict)
    decimal: str = ","
    zero: str = "0,00"
    directions: tuple[str, str] | None = None
    date_format: str = "%Y%m%d"
    padding: str = ""
    quote: str = ""
    end: str = "\n"
    encoding: str = "utf-8"

    def but(self, **changes: Any) -> "Form":
        """Return the form with some traits changed."""
        return replace(self, **changes)

    def names(self) -> list[str]:
        """Return the columns in order."""
        own = list(self.header)
        if self.directions:
            own[own.index("Debit") : own.index("Credit") + 1] = ["Montant", "Sens"]
        return [*own, *self.extra]

    def text(self, rows: Iterable[Mapping[str, Any]]) -> str:
        """Return header and lines."""
        names = self.names()
        lines = [[self.renamed.get(name, name) for name in names]]
        lines += [[str(fields[name]) for name in names] for fields in map(self._fields, rows)]
        dressed = ([f"{self.quote}{self.padding}{value}{self.padding}{self.quote}" for value in line] for line in lines)
        return self.end.join(self.separator.join(line) for line in dressed) + self.end

    def encode(self, text: str) -> bytes:
        """Return the text in the form's character set."""
        return text.encode(self.encoding)

    def _fields(self, row: Mapping[str, Any]) -> dict[str, str]:
        cents = row["cents"]
        fields = {**row, **self.extra}
        for name in ("EcritureDate", "PieceDate"):
            fields[name] = date.fromisoformat(row[name]).strftime(self.date_format) if row[name] else ""
        if self.directions:
            return {**fields, "Montant": self._amount(abs(cents)), "Sens": self.directions[cents < 0]}
        debit, credit = (cents, 0) if cents >= 0 else (0, -cents)
        return {**fields, "Debit": self._amount(debit), "Credit": self._amount(credit)}

    def _amount(self, cents: int) -> str:
        return f"{cents // 100}{self.decimal}{cents % 100:02d}" if cents else self.zero


def books() -> Fec:
    """A short year: two customers, a paid invoice, a credit note, a receipt less discount."""
    fec = Fec().sale("000123", "F1", 1_234_50, "2023-01-10", letter="A", name="Société Générale d'Équipement")
    fec.receipt("000123", 1_234_50, "2023-02-20", letter="A", piece="R1").sale("C2", "F2", 99_99, "2023-03-01")
    fec.sale("C2", "AV1", -10_01, "2023-03-02")
    discounted = [Line("512000", 98_00), Line("665000", 1_99), Line("411000", -99_99, "C2", "B")]
    return fec.entry("BQ", "2023-03-05", discounted, piece="R2", label="escompte 2 %, client fidèle")
