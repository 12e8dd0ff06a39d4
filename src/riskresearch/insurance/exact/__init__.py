"""Laws of a year's losses of a small book without chance: what the simulation is held against.

Nothing here is shared with `riskresearch.insurance.simulation`: the models are written a second time, from their
definitions, so that an error in one of the two shows.
"""

from riskresearch.insurance.exact.law import Law
from riskresearch.insurance.exact.laws import ExactLaws, exact_laws

__all__ = ["ExactLaws", "Law", "exact_laws"]
