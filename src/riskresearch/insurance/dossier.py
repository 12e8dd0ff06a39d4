"""Stage insurance, whole: from the ledger's tables to exposures, comparison and study of the policies."""

from collections.abc import Mapping
from dataclasses import dataclass

from pandas import DataFrame, Timestamp

from riskresearch.insurance.alternatives import Alternative
from riskresearch.insurance.policy import Policy
from riskresearch.insurance.portfolio import exposure_months, exposures_to_insure
from riskresearch.insurance.settings import InsuranceSettings
from riskresearch.insurance.stage import TABLES, comparison, comparison_tables
from riskresearch.insurance.study import READS as STUDY_READS
from riskresearch.insurance.study import STUDY_TABLES, Study, study_tables
from riskresearch.insurance.tables import EXPOSURE_MONTHS, EXPOSURES

READS = STUDY_READS
INSURANCE_TABLES = (
    EXPOSURES,
    EXPOSURE_MONTHS,
    *(table for table, _ in TABLES),
    *(table for tables, _ in STUDY_TABLES for table in tables),
)


@dataclass(frozen=True)
class Dossier:
    """What the stage works on.

    Parameters
    ----------
    tables : those of `READS`, as known on the day
    policies, alternatives : options to compare with self-insurance
    settings : settings of the stage
    as_of : last day that counts
    currency_code : run currency
    """

    tables: Mapping[str, DataFrame]
    policies: tuple[Policy, ...]
    alternatives: tuple[Alternative, ...]
    settings: InsuranceSettings
    as_of: Timestamp
    currency_code: str


def insurance_dossier(dossier: Dossier) -> dict[str, DataFrame]:
    """Return every table of the stage.

    Options in another currency than the run are left out: their amounts cannot be held against its exposures.

    Parameters
    ----------
    dossier : tables, options, settings, date
    """
    tables, settings = dossier.tables, dossier.settings
    exposures = exposures_to_insure(
        tables,
        as_of=dossier.as_of,
        deliveries_after_days=settings.deliveries_after_days,
        justification=settings.actions.justification,
    )
    months = exposure_months(tables, as_of=dossier.as_of)
    made = comparison(
        exposures,
        [policy for policy in dossier.policies if policy.currency_code == dossier.currency_code],
        settings,
        alternatives=[other for other in dossier.alternatives if other.currency_code == dossier.currency_code],
        months=months,
        currency_code=dossier.currency_code,
    )
    study = Study(made, tables, dossier.as_of)
    return {"exposures": exposures, "exposure_months": months, **comparison_tables(made), **study_tables(study)}
