"""Reason codes: why a limit is what it is, in words a shop understands, in English and Chinese."""

from __future__ import annotations

import msgspec

TEXTS = {
    "sales_rose": ("Sales of the last 30 days rose", "最近 30 天的销售额上升"),
    "sales_fell": ("Sales of the last 30 days fell", "最近 30 天的销售额下降"),
    "base_binds": ("The limit is a share of the last 30 days' net sales", "额度按最近 30 天净销售额的一定比例计算"),
    "affordability_binds": (
        "A cautious forecast of sales can repay this much in time",
        "按谨慎的销售预测，这个数额可以按期还清",
    ),
    "programme_cap_binds": ("The bank's programme has this ceiling", "银行产品的上限"),
    "headroom_binds": ("The bank's programme has little room left", "银行产品剩余额度不多"),
    "grade_lowered": ("The risk grade went down", "风险等级下降"),
    "grade_raised": ("The risk grade went up", "风险等级上升"),
    "thin_history": ("Too few days of trading are known yet", "已知的营业天数还太少"),
    "no_closed_day": ("No business day with sales has been closed yet", "还没有结过一个有销售的营业日"),
    "consent_withdrawn": ("Permission to use the sales data was taken back", "使用销售数据的授权已收回"),
    "data_stale": ("Sales data stopped arriving", "销售数据中断"),
    "risk_too_high": ("The estimated risk is above what the bank accepts", "预计风险高于银行可以接受的水平"),
    "no_sales": ("There are no net sales in the last 30 days", "最近 30 天没有净销售额"),
    "merchant_not_verified": ("The shop is not verified", "商户未通过核实"),
    "below_minimum": ("The amount would be below the least the bank lends", "可借数额低于银行的最低放款额"),
    "feature": ("How the shop trades", "店铺的经营情况"),
}
"""Code → (English, Chinese). Codes are stable; texts may be polished."""


class Text(msgspec.Struct, frozen=True):
    """The same sentence in both languages."""

    en: str
    zh: str


class Reason(msgspec.Struct, frozen=True):
    """One reason; `amount` is its part of the change or the term's own value, in minor units; `feature` its source."""

    code: str
    text: Text
    amount: int | None = None
    feature: str | None = None


def make(code: str, amount: int | None = None, feature: str | None = None) -> Reason:
    """A reason from the catalogue."""
    return Reason(code, Text(*TEXTS[code]), amount, feature)
