"""The questionnaire as a company writes it: items, possible answers with their points, weights of 100 % in all."""

from collections.abc import Mapping
from typing import Any, Literal, Self

import numpy as np
from pandas import Series
from pydantic import BaseModel, ConfigDict, Field, model_validator

from riskresearch.base.config import validated
from riskresearch.model.expert.behaviour import FIGURES


class Part(BaseModel):
    """Part of a questionnaire file: frozen, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Answer(Part):
    """One possible answer and its points."""

    points_ratio: float = Field(ge=0, le=1, description="points, 0 worst to 1 best")
    label_en: str = Field(min_length=1, description="answer, English")
    label_fr: str = Field(min_length=1, description="answer, French")
    from_value: float | None = Field(None, description="computed items: figure from which (included) it is the answer")


class Item(Part):
    """One item: its weight and its possible answers."""

    item_code: str = Field(pattern=r"^[a-z][a-z0-9_]*$", description="short code, as in the ledger's answers")
    weight_ratio: float = Field(gt=0, le=1, description="weight; the weights of all items add up to 1")
    label_en: str = Field(min_length=1, description="question, English")
    label_fr: str = Field(min_length=1, description="question, French")
    also: tuple[str, ...] = Field((), description="other codes of the ledger that are read as this item")
    figure_code: Literal["tenure_months", "sales_amount_12m", "sales_rank_ratio", "delay_days"] | None = Field(
        None, description="figure of the ledger that answers the item where no person does"
    )
    answers: tuple[Answer, ...] = Field(min_length=2, description="possible answers")

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        points = [answer.points_ratio for answer in self.answers]
        bounds = [answer.from_value for answer in self.answers]
        if self.figure_code is None and any(bound is not None for bound in bounds):
            raise ValueError(f"{self.item_code}: from_value needs a figure_code; one of {sorted(FIGURES)}")
        if self.figure_code is None:
            return self
        later = [bound for bound in bounds[1:] if bound is not None]
        if bounds[0] is not None or len(later) < len(bounds) - 1 or sorted(set(later)) != later:
            raise ValueError(
                f"{self.item_code}: answers of a computed item are listed by rising from_value, the first without; "
                f"given {bounds}"
            )
        if sorted(points, reverse=FIGURES[self.figure_code] < 0) != points:
            way = "rise" if FIGURES[self.figure_code] > 0 else "fall"
            raise ValueError(
                f"{self.item_code}: points must not {'fall' if way == 'rise' else 'rise'} with "
                f"{self.figure_code}; given {points}"
            )
        return self

    def points(self, figure: Series) -> Series:
        """Return the points of figures of the ledger; missing where the figure is."""
        bounds = [answer.from_value for answer in self.answers[1:]]
        place = np.searchsorted(np.array(bounds, dtype=float), figure.to_numpy(dtype=float), side="right")
        found = np.array([answer.points_ratio for answer in self.answers])[place.clip(max=len(self.answers) - 1)]
        return Series(found, index=figure.index).where(figure.notna())


class Questionnaire(Part):
    """Items, answers and weights of an expert rating; weights add up to 100 %."""

    questionnaire_id: str = Field(pattern=r"^[a-z][a-z0-9_]*$", description="short code")
    source: str = Field(min_length=1, description="who decided on items and weights, and when")
    items: tuple[Item, ...] = Field(min_length=1, description="items")

    @model_validator(mode="after")
    def _is_complete(self) -> Self:
        total = sum(item.weight_ratio for item in self.items)
        if abs(total - 1) > 1e-9:
            raise ValueError(f"weight_ratio of the {len(self.items)} items add up to {total:.4%}, must be 100 %")
        codes = [code for item in self.items for code in (item.item_code, *item.also)]
        doubled = sorted({code for code in codes if codes.count(code) > 1})
        if doubled:
            raise ValueError(f"item codes given more than once (item_code or also): {doubled}")
        return self

    @property
    def weights(self) -> Series:
        """Weight of each item, indexed by item_code."""
        return Series({item.item_code: item.weight_ratio for item in self.items})

    @property
    def read_as(self) -> dict[str, str]:
        """Item that each code of the ledger is read as."""
        return {code: item.item_code for item in self.items for code in (item.item_code, *item.also)}


def questionnaire_from_mapping(content: Mapping[str, Any], *, where: str) -> Questionnaire:
    """Return the questionnaire described by keys and values.

    Parameters
    ----------
    content : content of a questionnaire file
    where : name of the file, used in error messages

    Raises
    ------
    SettingsError
        Names the key that is unknown, missing or out of bounds; weights that do not add up to 100 %.
    """
    return validated(Questionnaire, content, where=where)
