"""A simulated policy year as the indicators of terms and cost see it."""

from dataclasses import dataclass
from functools import cached_property

from riskresearch.insurance.claims import Array
from riskresearch.insurance.compare import quote_row
from riskresearch.insurance.indicators.use import PolicyUse
from riskresearch.insurance.indicators.year_amounts import YearAmounts
from riskresearch.insurance.outcome import Option
from riskresearch.insurance.policy import Policy
from riskresearch.insurance.settings import InsuranceSettings


@dataclass(frozen=True)
class PolicyYear:
    """An option on simulated years beside self-insurance on the same years.

    Parameters
    ----------
    option : the policy's result in every simulated year
    without : self-insurance on the same events
    settings : capital charge, confidence, financing rate; ``actions`` holds margins and services avoided
    use : use of the policy on the day; None = no ledger
    amounts : what first loss, maximum and minimum are held against, see `year_amounts`; None = not worked out
    """

    option: Option
    without: Option
    settings: InsuranceSettings
    use: PolicyUse | None = None
    amounts: YearAmounts | None = None

    @property
    def policy(self) -> Policy:
        """The policy of the option."""
        if self.option.policy is None:
            raise ValueError(f"option {self.option.option_id} has no policy; indicators speak of policies")
        return self.option.policy

    @property
    def n_years(self) -> int:
        """Number of simulated years."""
        return len(self.option.gross)

    @cached_property
    def figures(self) -> dict[str, float]:
        """Figures of the option's row of table `quotes`."""
        row = quote_row(self.option, self.without, self.settings)
        return {name: float(value) for name, value in row.items() if isinstance(value, int | float)}

    def mean(self, values: Array) -> float:
        """Mean over the simulated years, each with its probability."""
        return self.option.mean(values)
