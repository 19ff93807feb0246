"""Reason codes: why a limit is what it is, in words a shop understands, in English and Chinese."""

from __future__ import annotations

from functools import cache

import msgspec

from gateway.domain.feature_texts import ODD, RISK

TEXTS = {
    "sales_rose": ("Sales of the last 30 days rose", "最近 30 天的销售额上升"),
    "sales_fell": ("Sales of the last 30 days fell", "最近 30 天的销售额下降"),
    "base_binds": ("The limit is a share of the last 30 days' net sales", "额度按最近 30 天净销售额的一定比例计算"),
    "affordability_binds": (
        "A cautious forecast of sales can repay this much in time",
        "按谨慎的销售预测，这个数额可以按期还清",
    ),
    "programme_cap_binds": ("The bank's programme has this ceiling", "银行产品的上限"),
    "headroom_binds": ("Bank or partner have little room left", "银行产品或合作平台剩余额度不多"),
    "grade_lowered": ("The risk grade went down", "风险等级下降"),
    "grade_raised": ("The risk grade went up", "风险等级上升"),
    "grade_below_best": ("The risk grade is below the best one", "风险等级不是最高一级"),
    "grade_bounded": (
        "The programme's best grade for such data, or for a short history, is a lower one",
        "按数据来源或经营时间，银行产品给出的最高等级较低",
    ),
    "forecast_fell": ("What a cautious forecast of sales can repay fell", "按谨慎的销售预测，可以还清的数额下降"),
    "forecast_rose": ("What a cautious forecast of sales can repay rose", "按谨慎的销售预测，可以还清的数额上升"),
    "forecast_below_base": (
        "A cautious forecast of sales repays less than the share of recent sales",
        "按谨慎的销售预测，可以还清的数额低于近期销售额的相应比例",
    ),
    "dial_lowered": ("A safeguard for such shops was tightened", "对这类商户的风险控制收紧"),
    "dial_raised": ("A safeguard for such shops was eased", "对这类商户的风险控制放宽"),
    "dial_below_full": (
        "The programme lends such shops a smaller share: line of business, short history or a safeguard",
        "因行业、经营时间较短或风险控制，银行产品给出的比例较低",
    ),
    "caps_fell": ("What the bank can lend to one shop, or in all, fell", "银行产品的上限或剩余额度下降"),
    "caps_rose": ("What the bank can lend to one shop, or in all, rose", "银行产品的上限或剩余额度上升"),
    "trust_fell": ("Sales data from this source count for less than before", "这一来源的销售数据可信度降低"),
    "trust_rose": ("Sales data from this source count for more than before", "这一来源的销售数据可信度提高"),
    "season_fell": ("The coming weeks sold less a year ago, for the time of year", "按去年同期，接下来几周是淡季"),
    "season_rose": ("The coming weeks sold more a year ago, for the time of year", "按去年同期，接下来几周是旺季"),
    "lender_changed": ("Another lender's offer is the best one now", "目前另一家银行的方案更优"),
    "policy_changed": ("The bank's programme changed", "银行产品的规则有变化"),
    "thin_history": ("Too few days of trading are known yet", "已知的营业天数还太少"),
    "no_closed_day": ("No business day with sales has been closed yet", "还没有结过一个有销售的营业日"),
    "consent_withdrawn": ("Permission to use the sales data was taken back", "使用销售数据的授权已收回"),
    "data_stale": ("Sales data stopped arriving", "销售数据中断"),
    "risk_too_high": ("The estimated risk is above what the bank accepts", "预计风险高于银行可以接受的水平"),
    "no_sales": ("There are no net sales in the last 30 days", "最近 30 天没有净销售额"),
    "merchant_not_verified": ("The shop is not verified", "商户未通过核实"),
    "below_minimum": ("The amount would be below the least the bank lends", "可借数额低于银行的最低放款额"),
    "currency_not_served": ("The bank does not lend in this currency", "银行不提供该币种的贷款"),
    "bank_stopped": ("The bank takes no new loans for the moment", "银行暂停发放新贷款"),
    "company_too_young": ("The company was registered too recently", "企业成立时间太短"),
    "country_excluded": ("The bank's programme does not lend in this country", "银行产品不在该国家或地区放款"),
    "sector_excluded": ("The bank's programme does not lend to this line of business", "银行产品不面向该行业放款"),
    "company_blocked": ("The bank does not lend to this company", "银行不向该企业放款"),
    "arrears": ("A repayment is overdue", "有还款逾期"),
    "data_implausible": (
        "The sales data contradict themselves and a person must check them",
        "销售数据自相矛盾，需要人工核查",
    ),
    "anomaly_suspected": ("The sales data look unusual and a person must check them", "销售数据异常，需要人工核查"),
}
"""Code → (English, Chinese). Codes are stable; texts may be polished."""

TEXTS |= ODD | {
    code: texts
    for feature, words in RISK.items()
    for code, texts in {
        feature: words.high,
        f"{feature}_worse": words.worse,
        f"{feature}_better": words.better,
        f"{feature}_unknown": (f"Not known: {words.name[0]}", f"尚不清楚{words.name[1]}"),
    }.items()
}


class Text(msgspec.Struct, frozen=True, gc=False):
    """The same sentence in both languages."""

    en: str
    zh: str


class Reason(msgspec.Struct, frozen=True, gc=False):
    """One reason; `amount` is its part of the change or the term's own value, in minor units; `feature` its source.

    The last reason of an offer is the term that holds the limit where it is, with that term's value; those before it
    are parts of a change, or of what keeps a first offer from the best there is. A stop's first reason is the stop.
    """

    code: str
    text: Text
    amount: int | None = None
    feature: str | None = None


def make(code: str, amount: int | None = None, feature: str | None = None) -> Reason:
    """A reason from the catalogue."""
    return Reason(code, _texts()[code], amount, feature)


@cache
def _texts() -> dict[str, Text]:
    return {code: Text(*words) for code, words in TEXTS.items()}
