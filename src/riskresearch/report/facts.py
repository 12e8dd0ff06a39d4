"""What a page says about its run besides the tables."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pandas import Timestamp

from riskresearch.base.errors import ParameterError


@dataclass(frozen=True)
class PageFacts:
    """Facts of a run that a page shows.

    Parameters
    ----------
    run_name : name of the run
    as_of : last day that counts
    currency_code : currency of all amounts (ISO 4217)
    source_name, mapping_name : delivered file or folder, and the mapping that read it
    is_synthetic : the ledger was generated; the page says so in large letters
    seller_name : company whose customers are studied, where it may be named
    notebooks : title and relative link of each executed notebook
    settings : resolved settings of the run, by stage; thresholds named in sentences come from here
    judged_model, rule_model : model of a delivered file of scores that the validation page judges, and the simple rule
        of the file that it must beat; None in a run, whose tables tell
    """

    run_name: str
    as_of: Timestamp
    currency_code: str
    source_name: str
    mapping_name: str
    is_synthetic: bool
    seller_name: str | None = None
    notebooks: tuple[tuple[str, str], ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    judged_model: str | None = None
    rule_model: str | None = None

    def __post_init__(self) -> None:
        """Refuse links that lead out of the report's folder."""
        outside = [link for _, link in self.notebooks if ":" in link or link.startswith(("/", "\\"))]
        if outside:
            raise ParameterError(f"notebook link {outside[0]!r}: links of a page are relative to its folder")

    def setting(self, stage: str, name: str) -> Any:
        """Return a setting of the run; None where the run does not tell."""
        return dict(self.settings.get(stage, {})).get(name)
