"""Names of columns in exports of accounting and ERP software, French and English, by what they hold.

Names are compared folded: without case, accents, blanks and punctuation. Among several columns of a
file that fit a target, the one listed first wins.
"""

import unicodedata
from collections.abc import Mapping, Sequence

_NAMES = """
invoice_id: invoice_id | Invoice No | Invoice Number | Invoice | Invoice ID | N° facture | Numéro de facture |
    Numéro facture | No facture | Num facture | Facture | Référence facture | Réf. facture | Numéro de pièce |
    N° pièce | N° de pièce | No pièce | Num pièce | Pièce | Document number | Document No | Doc. No | Doc number
    | Document | BELNR | BT-1 | doc_id | Trx Number | TRX_NUMBER | tranid | voucher_no | Numéro document | N° document
    | Référence | PieceRef
customer_id: customer_id | Customer | Customer No | Customer Number | Customer ID | Customer code | Customer
    account | Account number | Client code | Client ID | cust_number | Code client | N° client | Numéro client |
    No client | Num client | Compte client | Compte tiers | Code tiers | N° compte tiers | Tiers | Compte
    auxiliaire | Client | KUNNR | CT_Num | CompAuxNum | partner_id | Party | Debtor | Bill-to customer no |
    Sell-to customer no | BT-47 | BT-46 | SIREN | commercial_partner_id
customer_name: customer_name | invoice_partner_display_name | partner_name | BT-44 |
    Customer name | Name 1 | NAME1 | Name | name_customer | Raison sociale | Nom
    client | Nom du client | Intitulé | Intitulé client | Intitulé tiers | Nom | Désignation client | Libellé
    tiers | CT_Intitule | CompAuxLib | Company name | Debtor name | Dénomination
invoice_date: invoice_date | Invoice date | Date facture | Date de facture | Date de facturation | Date pièce |
    Date de pièce | Date document | Date du document | Doc. date | Document date | Doc date | BLDAT | Issue date
    | Date d'émission | Date émission | BT-2 | trandate | DO_Date | Date de la facture | TRX_DATE | Billing date | Date
recorded_date: recorded_date | Posting date | BUDAT | Date comptable | Date de comptabilisation | Date
    d'écriture | Date écriture | Entry date | CPUDT | GL date | Date de saisie | JM_Date | Pstng date
due_date: due_date | Due date | Net due date | Date d'échéance | Date échéance | Échéance | Date ech | Date
    limite de paiement | DueDate | date_maturity | duedate | due_in_date | FAEDT | EC_Echeance | Maturity date |
    Payment due date | Net due dt | BT-9 | invoice_date_due
terms_days: Terms days | Payment days | Délai de paiement | Délai (jours) | Jours | Terms (days)
gross_amount: gross_amount | Montant TTC | Total TTC | TTC | Invoice amount | Gross amount | Amount incl. tax |
    Amount including tax | Total incl. VAT | Amount in doc. curr. | Amount in document currency | WRBTR |
    Original amount | AMOUNT_DUE_ORIGINAL | Total amount | amount_total | total_open_amount | Montant facture |
    Montant de la facture | BT-112 | amount_currency | Montant devise | Amount | Montant | Débit | Total
net_amount: net_amount | Montant HT | Total HT | HT | Net amount | Amount excl. tax | amount_untaxed | BT-109 | Subtotal
open_amount: open_amount | Solde | Solde dû | Reste dû | Reste à payer | Restant dû | Montant restant dû | Open
    amount | Balance | Balance due | Outstanding | Outstanding amount | Amount due | Remaining amount |
    AMOUNT_DUE_REMAINING | amount_residual_currency | amount_residual | foreignamountunpaid
paid_amount: paid_amount | Montant réglé | Montant payé | Réglé | Règlement | Montant encaissé | Amount paid |
    Paid amount | Amount received | Montant règlement
payment_date: payment_date | Date de règlement | Date règlement | Date paiement | Date de paiement | Date
    d'encaissement | Date encaissement | Payment date | Clearing date | Clearing | Clrng doc. date | AUGDT |
    clear_date | SettledDate | Settled date | Date paid | Paid on | Receipt date | DateRglt | ACTUAL_DATE_CLOSED
    | closedate | Date lettrage | DateLet
payment_method_code: Mode de règlement | Mode règlement | Payment method | ModeRglt | ZLSCH | Mode de paiement
clearing_id: Clearing document | Clrng doc. | AUGBL | Lettrage | Lettre | EcritureLet | Code lettrage
currency_code: currency_code | Currency | Curr. | Devise | Code devise | Monnaie | Document currency | Crcy |
    WAERS | BT-5 | currency_id | invoice_currency | Idevise | INVOICE_CURRENCY_CODE | Currency code
country_code: country_code | BT-55 | Country | Pays | Code pays | LAND1 | Country code
region_code: Region | Région | Département | State | REGIO
sector_code: Secteur | Secteur d'activité | Code NAF | Code APE | NAF | APE | Sector | Industry | SIC | NACE |
    BRSCH
group_id: Groupe | Code groupe | Group | Parent account | Parent | KONZS | Maison mère
related_invoice_id: Facture d'origine | Facture liée | Related invoice | Applies to | Applies-to Doc. No |
    return_against | REBZG | Invoice reference | BT-25 | reversed_entry_id
contract_type_code: Type de contrat | Contract type | Contrat | Famille
delivery_date: delivery_date | Date de livraison | Date livraison | Delivery date | Livraison | WADAT_IST | BT-72
payer_account_code: payer_account_code | Compte payeur | IBAN payeur | Payer account | Payer IBAN
"""
_OTHER_NAMES = """
id_part: BUKRS | Company code | Société | Entity | GJAHR | Fiscal year | Exercice | Year | BUZEI | Line item | Item
sign: SHKZG | Sens | Debit/Credit | D/C | Debit/Credit ind.
credit_mark: H | C | CR | Crédit | Credit | -1 | -
kind: BLART | Document type | Doc. type | Type de pièce | Type pièce | Type de document | Type | Class | Nature |
    Journal | Code journal
baseline: ZFBDT | Baseline date | Baseline payment dte | baseline_create_date | Bline date
baseline_days: ZBD1T | Days 1 | Terms days
later_days: ZBD2T | Days 2
latest_days: ZBD3T | Days net
"""


def _listed(text: str) -> Mapping[str, tuple[str, ...]]:
    pairs = (entry.split(": ", 1) for entry in text.replace("\n    ", " ").strip().splitlines())
    return {target: tuple(name.strip() for name in names.split("|")) for target, names in pairs}


HEADINGS: Mapping[str, tuple[str, ...]] = _listed(_NAMES)
_OTHERS: Mapping[str, tuple[str, ...]] = _listed(_OTHER_NAMES)
ID_PARTS, SIGN_COLUMNS, KIND_COLUMNS = _OTHERS["id_part"], _OTHERS["sign"], _OTHERS["kind"]
CREDIT_MARKS, BASELINE_DATES, BASELINE_DAYS = _OTHERS["credit_mark"], _OTHERS["baseline"], _OTHERS["baseline_days"]
LATER_DAYS = (_OTHERS["latest_days"], _OTHERS["later_days"])


def fold(name: str) -> str:
    """Return a heading as letters and digits only: no case, accents, blanks, punctuation.

    Examples
    --------
    >>> fold("Date d'échéance"), fold("N° Facture"), fold("Amount in doc. curr.")
    ('datedecheance', 'nfacture', 'amountindoccurr')
    """
    spread = unicodedata.normalize("NFKD", name.replace("°", "").replace("º", "")).casefold()
    return "".join(mark for mark in spread if mark.isalnum())


def find_heading(header: Sequence[str], names: Sequence[str]) -> str | None:
    """Return the column of a header that carries one of the names; the earliest name wins."""
    folded = {fold(column): column for column in reversed(header) if column}
    return next((folded[fold(name)] for name in names if fold(name) in folded), None)
