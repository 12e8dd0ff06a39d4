"""Methods of a credit limit by question; importing the package registers them all.

Of the methods of domain note C1 these are left out, as no table holds their inputs: trade references (limits of other
suppliers), shares of working capital and of the purchases account, payment capacity from cash flow and credit lines.
"""

from riskresearch.limits.methods import capacity, caps, needs, risk
from riskresearch.limits.methods.registry import METHODS, Method

__all__ = ["METHODS", "Method", "capacity", "caps", "needs", "risk"]
