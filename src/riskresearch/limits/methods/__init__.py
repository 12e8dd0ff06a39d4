"""Methods of a credit limit by question; importing the package registers them all."""

from riskresearch.limits.methods import capacity, caps, needs, risk
from riskresearch.limits.methods.registry import METHODS, Method

__all__ = ["METHODS", "Method", "capacity", "caps", "needs", "risk"]
