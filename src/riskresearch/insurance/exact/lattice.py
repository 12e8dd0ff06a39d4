"""Amounts on a lattice and sums of independent amounts as products of their Fourier transforms.

An amount between two points of the lattice is split between them so that its mean is kept. The lattice is as long as
the largest sum, so nothing wraps around. A lattice may have two axes, for two amounts of the same claim.
"""

from dataclasses import dataclass
from itertools import product

import numpy as np
import numpy.typing as npt
from scipy.fft import irfftn, next_fast_len, rfftn

from riskresearch.insurance.claims import Array, Integers

Spectra = npt.NDArray[np.complex128]


@dataclass(frozen=True)
class Lattice:
    """Equally spaced amounts from 0, one axis per amount.

    Parameters
    ----------
    steps : distance of the points of each axis
    sizes : number of points of each axis
    """

    steps: tuple[float, ...]
    sizes: tuple[int, ...]

    def axis(self, number: int) -> Array:
        """Amounts of an axis."""
        return np.asarray(np.arange(self.sizes[number]) * self.steps[number], dtype=np.float64)

    def masses(self, values: Array, weights: Array, *, row: Integers, n_rows: int) -> Array:
        """Return the laws of some amounts on the lattice: row x points of every axis.

        Parameters
        ----------
        values : amount x point
        weights : probability of each point within its row
        row : of each point
        """
        scaled = values / np.array(self.steps)[:, None]
        lower = np.floor(scaled + 1e-9).astype(np.int64)
        upper_share = np.clip(scaled - lower, 0.0, 1.0)
        total: Array = np.zeros(n_rows * int(np.prod(self.sizes)))
        for corner in product((0, 1), repeat=len(self.sizes)):
            place, weight = row.copy(), weights
            for axis, is_upper in enumerate(corner):
                place = place * self.sizes[axis] + np.minimum(lower[axis] + is_upper, self.sizes[axis] - 1)
                weight = weight * (upper_share[axis] if is_upper else 1.0 - upper_share[axis])
            total = total + np.bincount(place, weights=weight, minlength=len(total)).astype(np.float64)
        return total.reshape(n_rows, *self.sizes)

    def spectra(self, masses: Array) -> Spectra:
        """Fourier transforms of laws, one row each."""
        axes = tuple(range(1, 1 + len(self.sizes)))
        return np.asarray(rfftn(masses, axes=axes).reshape(len(masses), -1))

    def law(self, spectrum: Spectra) -> Array:
        """Probabilities of a transform."""
        shape = (*self.sizes[:-1], self.sizes[-1] // 2 + 1)
        return np.asarray(irfftn(spectrum.reshape(shape), s=self.sizes))


def lattice_for(largest: Array, *, n_claims: int, n_points: int, step_amount: float | None) -> Lattice:
    """Return the lattice that holds sums of claims.

    Parameters
    ----------
    largest : largest sum, one per axis
    n_claims : number of claims in a sum; each may be moved up by a step
    n_points : points per axis where no step is given
    step_amount : distance of the points; None = as fine as `n_points` allow
    """
    room = n_claims + 2
    if step_amount is None:
        width = np.maximum(largest, 1e-9) / max(n_points - room, n_points // 2)
        steps = tuple(float(w) for w in width)
    else:
        steps = (step_amount,) * len(largest)
    sizes = (
        next_fast_len(int(np.ceil(top / step)) + room, real=True) for top, step in zip(largest, steps, strict=True)
    )
    return Lattice(steps, tuple(sizes))
