"""What is usual in a shop's line of business, by the beginning of its MCC (ISO 18245).

The numbers are those that the models were trained with (`onnx_models/parameters.py`, STOCK_COVER): orders of magnitude
of the inventory turnover of US retail trades, not a statistic of anybody's shops. A test holds the two together.
"""

from __future__ import annotations

USUAL_STOCK_DAYS: dict[str, int] = {
    "52": 75,  # building material, hardware, garden
    "53": 45,  # department and general stores
    "54": 18,  # groceries, butchers, dairies
    "5451": 6,
    "5462": 6,  # bakeries
    "5541": 18,  # filling stations with a shop
    "56": 80,  # clothes and shoes
    "57": 75,  # furniture, appliances
    "58": 8,  # restaurants, caterers, bars
    "5912": 45,  # drugstores
    "5921": 45,  # bottle shops
    "5942": 70,  # books
    "5943": 70,  # stationery
    "5945": 70,  # toys and games
    "5947": 70,  # gifts and souvenirs
    "5992": 7,  # florists
    "596": 50,  # mail order and marketplace sellers
}
"""Days of sales that the goods in stock last for. The longest beginning that fits counts; others are not known."""


def usual_stock_days(mcc: str | None) -> int | None:
    """The usual cover of a line of business, in days; None = not known."""
    starts = (mcc[:length] for length in range(len(mcc), 1, -1)) if mcc else iter(())
    return next((USUAL_STOCK_DAYS[start] for start in starts if start in USUAL_STOCK_DAYS), None)
