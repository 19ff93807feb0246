"""What models look at, in words a shop understands: how each feature weighs and how it changed, in both languages."""

from __future__ import annotations

from typing import NamedTuple


class Wording(NamedTuple):
    """One feature of a PD model: a name that fits after "not known:", and what it says when it raises the risk.

    `worse` and `better` compare with the time of the last offer. Each is (English, Chinese).
    """

    name: tuple[str, str]
    high: tuple[str, str]
    worse: tuple[str, str]
    better: tuple[str, str]


RISK: dict[str, Wording] = {
    "revenue_cv_26w": Wording(
        ("how steady weekly sales are", "每周销售额是否稳定"),
        ("Weekly sales swing widely", "每周销售额波动大"),
        ("Weekly sales swing more than before", "每周销售额的波动比以前大"),
        ("Weekly sales are steadier than before", "每周销售额比以前稳定"),
    ),
    "active_day_share_90": Wording(
        ("on how many days the shop trades", "营业天数"),
        ("The shop trades on few days", "有销售的天数偏少"),
        ("The shop traded on fewer days", "有销售的天数减少"),
        ("The shop traded on more days", "有销售的天数增加"),
    ),
    "rev30_to_rev90": Wording(
        ("how the last month's sales compare with the quarter's", "最近一个月与最近三个月的销售对比"),
        ("Sales of the last month are low for the quarter", "最近一个月的销售额低于三个月的平均水平"),
        ("Sales of the last month weakened against the quarter", "最近一个月的销售额与三个月平均相比走弱"),
        ("Sales of the last month strengthened against the quarter", "最近一个月的销售额与三个月平均相比走强"),
    ),
    "rev90_to_prior90": Wording(
        ("how the last quarter's sales compare with the one before", "最近三个月与前三个月的销售对比"),
        ("Sales of the last quarter are below those of the one before", "最近三个月的销售额低于前三个月"),
        ("Sales weakened from quarter to quarter", "三个月销售额环比走弱"),
        ("Sales strengthened from quarter to quarter", "三个月销售额环比走强"),
    ),
    "worst_week_share_84": Wording(
        ("how weak the weakest week is", "最差一周的销售情况"),
        ("The weakest of the last twelve weeks was very weak", "最近十二周里最差的一周销售很低"),
        ("The weakest of the last twelve weeks is weaker than before", "最近十二周里最差的一周比以前更低"),
        ("The weakest of the last twelve weeks is less weak than before", "最近十二周里最差的一周比以前好"),
    ),
    "longest_gap_180": Wording(
        ("the longest time without sales", "连续没有销售的最长时间"),
        ("There was a long time without sales", "曾有较长时间没有销售"),
        ("The longest time without sales became longer", "连续没有销售的最长时间变长"),
        ("The longest time without sales became shorter", "连续没有销售的最长时间变短"),
    ),
    "top_day_share_90": Wording(
        ("how much of the sales falls on one day", "单日销售所占比例"),
        ("Much of the quarter's sales fell on a single day", "三个月销售额中单日所占比例偏高"),
        ("More of the quarter's sales falls on a single day", "三个月销售额中单日所占比例上升"),
        ("Less of the quarter's sales falls on a single day", "三个月销售额中单日所占比例下降"),
    ),
    "refund_rate_90": Wording(
        ("how much of the sales is refunded", "退款比例"),
        ("Much of what is sold is refunded", "退款占销售额的比例偏高"),
        ("More of what is sold is refunded than before", "退款占销售额的比例上升"),
        ("Less of what is sold is refunded than before", "退款占销售额的比例下降"),
    ),
    "refund_rate_trend": Wording(
        ("how refunds develop", "退款的变化"),
        ("Refunds have been rising lately", "近期退款增多"),
        ("Refunds rise faster than before", "退款增长比以前快"),
        ("Refunds rise less than before, or fall", "退款增长放缓或减少"),
    ),
    "fall_from_peak_180": Wording(
        ("how far sales are from their best", "销售与最好时期的差距"),
        ("Sales are far below the best weeks of the half-year", "销售额远低于半年内最好的时期"),
        ("Sales fell further below the best weeks of the half-year", "销售额与半年内最好时期的差距扩大"),
        ("Sales came closer to the best weeks of the half-year", "销售额与半年内最好时期的差距缩小"),
    ),
    "year_growth": Wording(
        ("how sales compare with a year ago", "与一年前的销售对比"),
        ("Sales are below those of a year ago", "销售额低于一年前"),
        ("Sales weakened against a year ago", "销售额与一年前相比走弱"),
        ("Sales strengthened against a year ago", "销售额与一年前相比走强"),
    ),
    "tickets_per_day_90": Wording(
        ("how many sales there are a day", "每天的成交笔数"),
        ("There are few sales a day", "每天的成交笔数偏少"),
        ("There are fewer sales a day than before", "每天的成交笔数减少"),
        ("There are more sales a day than before", "每天的成交笔数增加"),
    ),
    "history_days": Wording(
        ("for how long the shop has been known", "已知的经营时间"),
        ("The shop has not been known for long", "已知的经营时间不长"),
        ("Less of the shop's past is known than before", "已知的经营时间变短"),
        ("The shop has been known for longer", "已知的经营时间变长"),
    ),
    "supplier_paid_ratio_90": Wording(
        ("what is paid to suppliers", "付给供应商的款项"),
        ("More is paid to suppliers than the shop sells for", "付给供应商的款项高于销售额"),
        ("More of what is sold goes to suppliers than before", "付给供应商的款项占销售额的比例上升"),
        ("Less of what is sold goes to suppliers than before", "付给供应商的款项占销售额的比例下降"),
    ),
    "supplier_overdue_days": Wording(
        ("whether suppliers' bills are past due", "供应商账款是否逾期"),
        ("Suppliers' bills are past due", "供应商账款逾期"),
        ("Suppliers' bills are longer past due", "供应商账款逾期时间变长"),
        ("Suppliers' bills are less long past due", "供应商账款逾期时间变短"),
    ),
    "tax_arrears_days": Wording(
        ("whether tax is past due", "税款是否拖欠"),
        ("Tax is past due", "有税款拖欠"),
        ("Tax is longer past due", "税款拖欠时间变长"),
        ("Tax is less long past due", "税款拖欠时间变短"),
    ),
    "late_utility_count_180": Wording(
        ("whether utility bills are paid in time", "水电费是否按时缴纳"),
        ("Utility bills were paid late", "水电费有延迟缴纳"),
        ("More utility bills were paid late", "水电费延迟缴纳的次数增加"),
        ("Fewer utility bills were paid late", "水电费延迟缴纳的次数减少"),
    ),
    "fixed_cost_ratio_90": Wording(
        ("what rent, wages and the like cost", "房租、工资等固定支出"),
        ("Rent, wages and the like are high for the sales", "房租、工资等固定支出占销售额的比例偏高"),
        ("Rent, wages and the like rose against sales", "房租、工资等固定支出占销售额的比例上升"),
        ("Rent, wages and the like fell against sales", "房租、工资等固定支出占销售额的比例下降"),
    ),
    "net_flow_margin_90": Wording(
        ("what is left of sales after all costs", "销售额扣除全部支出后的结余"),
        ("Little is left of sales after all costs", "销售额扣除全部支出后结余偏少"),
        ("Less is left of sales after all costs than before", "销售额扣除全部支出后的结余减少"),
        ("More is left of sales after all costs than before", "销售额扣除全部支出后的结余增加"),
    ),
    "cash_cover_min_180": Wording(
        ("for how long the cash would last", "现金可以支撑多久"),
        ("At its lowest, the cash would last for few days", "现金最少时只够支撑很少几天"),
        ("At its lowest, the cash would last for fewer days than before", "现金最少时能支撑的天数减少"),
        ("At its lowest, the cash would last for more days than before", "现金最少时能支撑的天数增加"),
    ),
    "low_cash_share_180": Wording(
        ("how often cash is low", "现金偏少的天数"),
        ("Cash is low on many days", "现金偏少的天数较多"),
        ("Cash is low on more days than before", "现金偏少的天数增加"),
        ("Cash is low on fewer days than before", "现金偏少的天数减少"),
    ),
    "flow_drawdown_180": Wording(
        ("how far more went out than came in", "支出超过收入的程度"),
        ("For a time far more went out than came in", "有一段时间支出远超收入"),
        ("More went out over what came in than before", "支出超过收入的程度加大"),
        ("Less went out over what came in than before", "支出超过收入的程度减小"),
    ),
    "stock_cover_off": Wording(
        ("for how long the stock lasts", "库存可以卖多久"),
        ("The stock lasts far longer or shorter than is usual", "库存可售天数明显偏离同行"),
        ("For how long the stock lasts moved away from what is usual", "库存可售天数更加偏离同行"),
        ("For how long the stock lasts came closer to what is usual", "库存可售天数更接近同行"),
    ),
    "instalment_ratio": Wording(
        ("what other loans cost a month", "其他贷款的每月还款"),
        ("Instalments on other loans are high for the sales", "其他贷款的还款占销售额的比例偏高"),
        ("Instalments on other loans rose against sales", "其他贷款的还款占销售额的比例上升"),
        ("Instalments on other loans fell against sales", "其他贷款的还款占销售额的比例下降"),
    ),
    "missed_before": Wording(
        ("whether instalments were missed before", "以前是否有未还的款项"),
        ("Instalments were missed before", "以前有未按期还款的记录"),
        ("More instalments were missed than before", "未按期还款的次数增加"),
        ("Fewer instalments were missed than before", "未按期还款的次数减少"),
    ),
    "exposure_ratio": Wording(
        ("how large the loan is for the sales", "借款与销售额的对比"),
        ("The loan would be large for the sales", "借款相对销售额偏大"),
        ("The loan became larger for the sales", "借款相对销售额变大"),
        ("The loan became smaller for the sales", "借款相对销售额变小"),
    ),
}
"""Every feature of `features.PD_FEATURES`."""

ODD: dict[str, tuple[str, str]] = {
    "ticket_shift": ("The size of single sales changed all at once", "单笔金额突然变化"),
    "day_spike": ("A single day sold far more than usual", "某一天的销售额远高于平常"),
    "level_shift": ("Sales rose all at once", "销售额突然上升"),
    "round_share_shift": ("There are many more round amounts than before", "整数金额比以前多很多"),
    "closed_day_share": ("There are sales on days when the shop is usually shut", "平常休息的日子出现销售"),
    "sales_to_purchases": ("Sales grew, but purchases did not", "销售额增长而进货没有增长"),
    "sales_to_tax": ("Sales grew, but what was declared for tax did not", "销售额增长而申报的纳税销售额没有增长"),
    "sales_to_utility": ("Sales grew, but what power and water cost did not", "销售额增长而水电费没有增长"),
}
"""Every feature of `anomalies.ANOMALY_FEATURES`, where it looks unusual."""
