"""Simulated defaults of policy years: exact, by work that grows with the defaults and not with the customers."""

from riskresearch.insurance.simulation.simulate import simulate, simulate_blocks

__all__ = ["simulate", "simulate_blocks"]
