"""Quantities of CPU and memory, as far as they are compared: `100m`, `2`, `192Mi`."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated

from pydantic import Field

PATTERN = r"^[0-9]+(\.[0-9]+)?(m|k|Ki|M|Mi|G|Gi|T|Ti)?$"
Quantity = Annotated[str, Field(min_length=1, max_length=20, pattern=PATTERN)]

_UNITS = {
    "": Decimal(1),
    "m": Decimal("0.001"),
    **{unit: Decimal(1000) ** power for power, unit in enumerate(("k", "M", "G", "T"), 1)},
    **{unit: Decimal(1024) ** power for power, unit in enumerate(("Ki", "Mi", "Gi", "Ti"), 1)},
}


def amount(quantity: str) -> Decimal:
    """In cores or bytes. Raises ValueError."""
    if re.fullmatch(PATTERN, quantity) is None:
        raise ValueError(f"{quantity!r} is not a quantity such as 100m, 2 or 192Mi")
    number = quantity.rstrip("mkKMGTi")
    return Decimal(number) * _UNITS[quantity[len(number) :]]
