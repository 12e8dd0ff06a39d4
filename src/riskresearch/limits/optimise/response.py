"""How sales served grow with the limit: straight, or steeper at first where the limit is rarely used in full."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from riskresearch.base.errors import SettingsError

Array = NDArray[np.float64]
_ROUNDING = 1e-9


@dataclass(frozen=True)
class Response:
    """Share of sales served at a limit, given as a share of need; straight between the points and from (0, 0).

    What a customer would buy beyond its need is never observed: a limit above the need serves no more.

    Parameters
    ----------
    need_ratios : limit over need, rising to 1
    sales_ratios : sales served over sales, rising to 1, each step flatter than the one before

    Examples
    --------
    >>> Response((0.5, 1.0), (0.8, 1.0)).slopes.round(2).tolist()
    [1.6, 0.4]
    """

    need_ratios: tuple[float, ...] = (1.0,)
    sales_ratios: tuple[float, ...] = (1.0,)

    def __post_init__(self) -> None:
        """Refuse what is not a concave line from (0, 0) to (1, 1)."""
        ends = (self.need_ratios[-1:], self.sales_ratios[-1:]) == ((1.0,), (1.0,))
        if not ends or len(self.need_ratios) != len(self.sales_ratios) or not self._is_concave():
            raise SettingsError(
                f"response: {self.need_ratios} and {self.sales_ratios} are not allowed; both must rise to 1, "
                "in as many steps, and the share of sales must rise less from step to step"
            )

    def _is_concave(self) -> bool:
        rising = bool((np.diff(self.need_ratios, prepend=0.0) > 0).all() and (self.slopes >= 0).all())
        return rising and bool((np.diff(self.slopes) <= _ROUNDING).all())

    @property
    def starts(self) -> Array:
        """Start of each step, share of need."""
        return np.concatenate([[0.0], self.need_ratios[:-1]])

    @property
    def slopes(self) -> Array:
        """Share of sales per share of need in each step."""
        return np.diff(self.sales_ratios, prepend=0.0) / np.diff(self.need_ratios, prepend=0.0)


def response_of_exposures(exposure_ratios: ArrayLike, *, n_steps: int = 4) -> Response:
    """Return the response when sales stop whenever the limit is reached.

    Share of sales served at limit L: mean of min(exposure, L) over mean exposure, over the days of a past period. It
    lies above the straight line, the more so the more the exposure moves.

    Parameters
    ----------
    exposure_ratios : exposure of each day, or of each customer and day, over the need; values above 1 count as 1
    n_steps : steps of equal width

    Raises
    ------
    SettingsError
        No exposure is above 0.

    Examples
    --------
    >>> response_of_exposures([0.5, 1.0], n_steps=2).sales_ratios  # 0.5 of 0.75 at half the need, doubled
    (0.6666666666666666, 1.0)
    """
    exposures = np.clip(np.asarray(exposure_ratios, dtype="float64"), 0.0, 1.0)
    if not exposures.sum() > 0:
        raise SettingsError("response: no exposure above 0; give exposures over need of at least one day")
    points = np.arange(1, n_steps + 1) / n_steps
    served = [float(np.minimum(exposures, point).mean() / exposures.mean()) for point in points[:-1]]
    return Response((*points[:-1].tolist(), 1.0), (*served, 1.0))
