"""Rows as other software holds them, before they become documents, receipts and allocations.

Each shape belongs to one adapter (`riskresearch.ledger.reading.sap`, ``odoo``, ``einvoice``), which makes
canonical tables of it. A mapping fills a shape like any table: target: column.
"""

from riskresearch.base.schema import Column, Table
from riskresearch.ledger.codes import CURRENCY, CUSTOMER, INVOICE_KINDS

_NET = Column("net_minor", "minor", "amount before tax, document currency", True)
_NUMBER = Column("invoice_number", "text", "number printed on the document", True)
_NAME = Column("customer_name", "text", "name of the customer", True)
_RECORDED = Column("recorded_date", "date", "day of entry; empty = the posting date", True)

SAP_KINDS = ("invoice", "debit_note", "credit_note", "payment", "write_off", "bill", "doubtful", "other")
SAP_ITEM = Table(
    "sap_item",
    "ledger",
    "one row per line of a customer account (FBL5N, BSID and BSAD)",
    ("company_code", "document_number", "fiscal_year", "line_number"),
    (
        Column("company_code", "text", "BUKRS", True),
        Column("document_number", "text", "BELNR"),
        Column("fiscal_year", "text", "GJAHR", True),
        Column("line_number", "text", "BUZEI", True),
        CUSTOMER,
        _NAME,
        Column("item_kind_code", "code", "kind of document (BLART), by values of the mapping", False, SAP_KINDS),
        Column("document_date", "date", "BLDAT, date of issue"),
        Column("posting_date", "date", "BUDAT"),
        Column("value_date", "date", "VALUT, day the money counts; empty = the posting date", True),
        _RECORDED,
        Column("due_date", "date", "net due date, or computed from ZFBDT and ZBD1T, ZBD2T, ZBD3T", True),
        Column("terms_days", "int", "days from the baseline date to the net due date", True),
        CURRENCY,
        Column("gross_minor", "minor", "WRBTR with its sign: positive = debit (SHKZG S)"),
        Column("base_minor", "minor", "DMBTR with its sign, company currency", True),
        Column("discount_minor", "minor", "WSKTO, cash discount taken when the item was cleared", True),
        Column("clearing_number", "text", "AUGBL", True),
        Column("clearing_date", "date", "AUGDT", True),
        Column("reference_number", "text", "REBZG, invoice a credit note or part payment belongs to", True),
        Column("reference_year", "text", "REBZJ", True),
        Column("special_code", "text", "UMSKZ, special general ledger: left aside and counted", True),
        Column("invoice_number", "text", "XBLNR or VBELN, number the customer knows", True),
        Column("contract_type_code", "text", "kind of contract or product line", True),
    ),
)
ODOO_MOVE = Table(
    "odoo_move",
    "ledger",
    "one row per entry (account.move)",
    ("move_id",),
    (
        Column("move_id", "text", "id"),
        Column("invoice_number", "text", "name", True),
        Column("move_kind_code", "code", "move_type and journal type, by values of the mapping", False,
               ("out_invoice", "out_receipt", "out_refund", "entry", "in_invoice", "in_refund", "in_receipt")),
        Column("state_code", "code", "state", False, ("posted", "draft", "cancel")),
        Column("journal_code", "code", "type of the journal", True,
               ("sale", "purchase", "cash", "bank", "credit", "general")),
        Column("invoice_date", "date", "invoice_date", True),
        Column("posting_date", "date", "date"),
        _RECORDED,
        Column("delivery_date", "date", "delivery_date", True),
        _NET,
        Column("reversed_move_id", "text", "reversed_entry_id: the invoice that a refund takes back", True),
    ),
)  # fmt: skip
ODOO_LINE = Table(
    "odoo_line",
    "ledger",
    "one row per line on a receivable account (account.move.line)",
    ("line_id",),
    (
        Column("line_id", "text", "id"),
        Column("move_id", "text", "move_id"),
        CUSTOMER,
        _NAME,
        Column("account_kind_code", "text", "account_type; lines that are not asset_receivable are left aside", True),
        Column("due_date", "date", "date_maturity", True),
        CURRENCY,
        Column("gross_minor", "minor", "amount_currency with its sign: positive = debit"),
        Column("base_minor", "minor", "balance with its sign, company currency", True),
        Column("open_minor", "minor", "amount_residual_currency as of today: compared, never used", True),
    ),
)
ODOO_PARTIAL = Table(
    "odoo_partial",
    "ledger",
    "one row per matching of a debit with a credit line (account.partial.reconcile)",
    ("partial_id",),
    (
        Column("partial_id", "text", "id"),
        Column("debit_line_id", "text", "debit_move_id"),
        Column("credit_line_id", "text", "credit_move_id"),
        Column("debit_minor", "minor", "debit_amount_currency: amount in the currency of the debit line"),
        Column("credit_minor", "minor", "credit_amount_currency; empty = the debit amount", True),
        Column("matched_date", "date", "max_date: later of the dates of both lines"),
        _RECORDED,
    ),
)
EINVOICE_KINDS = (*INVOICE_KINDS, "credit_note", "corrected", "factored")
EINVOICE = Table(
    "einvoice",
    "ledger",
    "one row per electronic invoice (EN 16931)",
    ("invoice_number",),
    (
        Column("invoice_number", "text", "BT-1"),
        Column("invoice_date", "date", "BT-2"),
        Column("document_kind_code", "code", "BT-3, by values of the mapping", False, EINVOICE_KINDS),
        CURRENCY,
        Column("due_date", "date", "BT-9; the first due date where parts are payable", True),
        Column("preceding_number", "text", "BT-25, invoice that is credited or corrected", True),
        CUSTOMER,
        _NAME,
        Column("country_code", "text", "BT-55", True),
        Column("gross_minor", "minor", "BT-112, total with tax"),
        Column("net_minor", "minor", "BT-109, total without tax", True),
        Column("prepaid_minor", "minor", "BT-113, paid before the invoice", True),
        Column("delivery_date", "date", "BT-72", True),
    ),
)
EINVOICE_STATUSES = ("deposited", "rejected", "refused", "paid", "disputed", "dispute_closed", "other")
EINVOICE_EVENT = Table(
    "einvoice_event",
    "ledger",
    "one row per status of the life cycle of an electronic invoice",
    ("invoice_number", "status_code", "event_date", "amount_minor", "event_id"),
    (
        Column("event_id", "text", "number of the message, where the platform gives one", True),
        Column("invoice_number", "text", "BT-1 of the invoice"),
        Column("status_code", "code", "status, by values of the mapping", False, EINVOICE_STATUSES),
        Column("event_date", "date", "day of the status; for encaissee the day of the receipt"),
        _RECORDED,
        Column("amount_minor", "minor", "amount received, with encaissee", True),
        Column("reason_code", "text", "reason of a refusal or dispute", True),
    ),
)
SHAPES = (SAP_ITEM, ODOO_MOVE, ODOO_LINE, ODOO_PARTIAL, EINVOICE, EINVOICE_EVENT)
