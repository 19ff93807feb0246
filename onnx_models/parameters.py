"""Every number of the merchant simulator, with where it comes from. Changing one changes the shipped models.

Sources, by short name:
  [jpmc]   JPMorgan Chase Institute, "Cash is King" (2016): the median small business holds 27 cash buffer days;
           retailers 19, restaurants 16.
  [bls]    US Bureau of Labor Statistics, Business Employment Dynamics: about a fifth of new firms close within a
           year, half within five.
  [moment] moments measured on public sales data (README of this folder): weekly log-change sd from .17 (a store
           chain) to .95 (marketplace sellers), refunds near 8 % in online retail, promotions in alternate weeks in a
           drugstore chain.
  [guess]  no source; chosen wide, so that the models do not lean on it.
"""

from __future__ import annotations

import msgspec

VERSION = "2.0"


class Sector(msgspec.Struct, frozen=True):
    """How one kind of shop sells. Pairs are (median, log-sd) or (low, high) as said."""

    weight: float  # share of the merchants
    ticket: tuple[float, float]  # mean ticket in major units, (median, log-sd)
    ticket_cv: float  # spread of one ticket about the mean
    tickets: tuple[float, float]  # tickets on a normal day, (median, log-sd)
    day_noise: tuple[float, float]  # log-sd of a day, (low, high)
    week_noise: tuple[float, float]  # log-sd shared by a week, (low, high)
    weekday: float  # log-sd of the weekday profile
    closed: tuple[float, float, float]  # chance of 0, 1 and 2 weekly closed days
    season: float  # log-amplitude of the yearly wave
    december: tuple[float, float]  # log-lift before Christmas, (low, high)
    promotion: float  # share of shops with promotion weeks
    lift: tuple[float, float]  # log-lift of a promotion week, (low, high)
    drift: float  # sd of the yearly log-growth of one trend
    margin: tuple[float, float]  # gross margin, (low, high)
    refunds: float  # mean share of sales refunded
    buffer: float  # median days of costs held in cash [jpmc]


# Levels and spreads: [moment] for chain, gift, market and bakery; margins and the rest: [guess].
SECTORS = {
    "chain": Sector(
        weight=0.24,
        ticket=(18, 0.3),
        ticket_cv=0.8,
        tickets=(250, 0.6),
        day_noise=(0.04, 0.14),
        week_noise=(0.0, 0.04),
        weekday=0.15,
        closed=(0.15, 0.8, 0.05),
        season=0.06,
        december=(0.0, 0.35),
        promotion=0.9,
        lift=(0.2, 0.6),
        drift=0.08,
        margin=(0.24, 0.36),
        refunds=0.01,
        buffer=24,
    ),
    "grocery": Sector(
        weight=0.1,
        ticket=(9, 0.4),
        ticket_cv=0.9,
        tickets=(160, 0.8),
        day_noise=(0.06, 0.2),
        week_noise=(0.02, 0.08),
        weekday=0.18,
        closed=(0.6, 0.35, 0.05),
        season=0.06,
        december=(0.0, 0.3),
        promotion=0.4,
        lift=(0.05, 0.25),
        drift=0.15,
        margin=(0.18, 0.3),
        refunds=0.01,
        buffer=20,
    ),
    "bakery": Sector(
        weight=0.1,
        ticket=(6, 0.5),
        ticket_cv=0.7,
        tickets=(60, 0.8),
        day_noise=(0.12, 0.3),
        week_noise=(0.06, 0.18),
        weekday=0.22,
        closed=(0.2, 0.6, 0.2),
        season=0.12,
        december=(-0.1, 0.3),
        promotion=0.1,
        lift=(0.05, 0.2),
        drift=0.25,
        margin=(0.5, 0.65),
        refunds=0.005,
        buffer=16,
    ),
    "restaurant": Sector(
        weight=0.12,
        ticket=(25, 0.5),
        ticket_cv=0.8,
        tickets=(45, 0.7),
        day_noise=(0.15, 0.35),
        week_noise=(0.05, 0.15),
        weekday=0.4,
        closed=(0.3, 0.5, 0.2),
        season=0.15,
        december=(-0.1, 0.35),
        promotion=0.15,
        lift=(0.05, 0.3),
        drift=0.3,
        margin=(0.55, 0.7),
        refunds=0.005,
        buffer=16,
    ),
    "fashion": Sector(
        weight=0.1,
        ticket=(55, 0.6),
        ticket_cv=0.9,
        tickets=(14, 0.9),
        day_noise=(0.2, 0.5),
        week_noise=(0.08, 0.25),
        weekday=0.35,
        closed=(0.3, 0.5, 0.2),
        season=0.25,
        december=(0.1, 0.7),
        promotion=0.4,
        lift=(0.1, 0.6),
        drift=0.35,
        margin=(0.4, 0.6),
        refunds=0.08,
        buffer=20,
    ),
    "hardware": Sector(
        weight=0.08,
        ticket=(40, 0.6),
        ticket_cv=1.4,
        tickets=(20, 0.9),
        day_noise=(0.15, 0.4),
        week_noise=(0.06, 0.18),
        weekday=0.35,
        closed=(0.1, 0.6, 0.3),
        season=0.25,
        december=(-0.2, 0.2),
        promotion=0.2,
        lift=(0.05, 0.3),
        drift=0.25,
        margin=(0.28, 0.45),
        refunds=0.03,
        buffer=25,
    ),
    "gift": Sector(
        weight=0.1,
        ticket=(250, 0.8),
        ticket_cv=1.6,
        tickets=(1.5, 1.4),
        day_noise=(0.3, 0.8),
        week_noise=(0.15, 0.5),
        weekday=0.4,
        closed=(0.1, 0.5, 0.4),
        season=0.35,
        december=(0.2, 0.9),
        promotion=0.1,
        lift=(0.1, 0.4),
        drift=0.4,
        margin=(0.35, 0.55),
        refunds=0.08,
        buffer=28,
    ),
    "market": Sector(
        weight=0.12,
        ticket=(90, 0.8),
        ticket_cv=1.0,
        tickets=(0.5, 1.2),
        day_noise=(0.2, 0.6),
        week_noise=(0.15, 0.5),
        weekday=0.4,
        closed=(0.8, 0.1, 0.1),
        season=0.15,
        december=(-0.1, 0.5),
        promotion=0.2,
        lift=(0.1, 0.6),
        drift=0.8,
        margin=(0.25, 0.45),
        refunds=0.06,
        buffer=19,
    ),
    "seasonal": Sector(
        weight=0.08,
        ticket=(14, 0.5),
        ticket_cv=0.8,
        tickets=(40, 0.9),
        day_noise=(0.2, 0.45),
        week_noise=(0.08, 0.25),
        weekday=0.4,
        closed=(0.5, 0.4, 0.1),
        season=0.8,
        december=(-0.4, 0.2),
        promotion=0.1,
        lift=(0.1, 0.3),
        drift=0.3,
        margin=(0.45, 0.65),
        refunds=0.01,
        buffer=22,
    ),
}
# Never trained on; reported separately.
UNSEEN = {
    "florist": Sector(
        weight=1,
        ticket=(30, 0.5),
        ticket_cv=1.0,
        tickets=(15, 0.8),
        day_noise=(0.25, 0.5),
        week_noise=(0.1, 0.3),
        weekday=0.45,
        closed=(0.3, 0.5, 0.2),
        season=0.35,
        december=(0.0, 0.6),
        promotion=0.2,
        lift=(0.1, 0.5),
        drift=0.3,
        margin=(0.45, 0.6),
        refunds=0.02,
        buffer=18,
    ),
}

DAYS = 1100  # simulated days a merchant
YEARS = (2012, 2026)  # first simulated days fall in these years
STEADY = 0.5  # day-to-day log walk of the level: between STEADY and 1 of WALK x the sector's own day noise [guess]
WALK = 0.02
SWING_PERSISTENCE = 0.985  # half-life of a temporary swing about 46 days [guess]
SWING = (0.08, 0.5)  # a swing's daily innovation, x day noise: (median, log-sd) [guess]
TREND_DAYS = 270  # mean life of one trend [guess]
JUMP_DAYS = 700  # mean days between lasting jumps of the level [guess]
JUMP = 0.35
SHOCK_DAYS = 500  # mean days between shocks that fade with the swing [guess]
SHOCK = (0.2, 0.9)
HOLIDAYS = 9  # public holidays a year on which some shops close
HOLIDAY_CLOSED = 0.55
HOLIDAY_EVE = 0.15
VACATION = 0.3  # share of shops that close once a year
VACATION_DAYS = (5, 22)
REFURBISHMENT = 0.2  # share of shops shut once for works within the simulated time [guess]
REFURBISHED = (7, 80)
PROMOTION_FLIP = (0.0, 0.06)  # chance that the alternation of promotion weeks slips [moment]
PROMOTION_WEEKDAYS = (5, 7)  # a promotion week lasts from Monday so many days, (least, most) [moment]
PROMOTION_ALTERNATES = 0.8  # else each week by chance
YOUNG = 0.35  # share of merchants whose shop opens within the simulated time [bls]
RAMP_DAYS = (20, 150)  # a new shop nears its level with this time constant

# The cash process.
NET_MARGIN = (0.072, 0.04)  # mean and sd of what is left after fixed costs in normal times [guess]
BUFFER_LOG_SD = 1.0  # spread of the cash buffer about the sector's median [jpmc]
COST_DAYS = (200, 500)  # fixed costs follow sales with this lag [guess]
DRAW_RATE = (0.002, 0.04)  # a day's owner draw, of the cash above what the owner thinks enough [guess]
ENOUGH = (0.6, 1.6)  # that, in the shop's own usual buffers
CREDIT_DAYS = (3, 45)  # days of costs that suppliers and an overdraft let the shop put off [guess]
PATIENCE_DAYS = (25, 150)  # days below that before the shop gives up
QUIT_YEARLY = 0.02  # owners who stop for reasons of their own (age, illness)
YOUNG_QUIT_YEARLY = 0.06  # more in a shop's first year [bls]
COST_SHOCK_DAYS = 1200  # a bill out of the blue: mean days between
COST_SHOCK = (3, 45)  # its size in days of sales

RESCUE = 0.3  # chance that an owner at the end of patience puts own money in and goes on [guess]
RESCUED = (5, 30)  # so many days of sales
DEBT = 0.4  # share of shops with loans of others [guess; the Federal Reserve's Small Business Credit Survey finds more]
BURDEN = (0.005, 0.3)  # their instalments, as a share of the shop's normal sales; small ones are commoner
BURDEN_PLANNED = 0.8  # how much of it prices and costs already allow for [guess]

# What others saw of it: bank, suppliers, tax office, utility, stock count. All wide [guess] unless said.
TERMS = (0, 45)  # days a supplier gives; [jpmc] has the median shop pay within a month
BATCH = (1, 15)  # days between a shop's payment runs
PAYDAY = 30  # rent and wages are paid once in so many days
QUARTER = 91  # taxes once in so many
TAX = (0.01, 0.08)  # of sales
UTILITY = (0.02, 0.1)  # of fixed costs
RESERVE = (-8.0, 5.0)  # days of sales below which a shop starts to put bills off; below 0: an overdraft
HABIT = 0.25  # share of shops that put bills off out of habit, at any balance
HABIT_DAYS = (1, 12)
CARELESS = 0.03  # a utility bill paid late for no reason
SWEEP = (8, 90)  # days of sales above which the owner keeps money in another account
SEEN = (0.1, 1.0)  # share of a positive balance that lies in the account we see
PAYOUTS = 0.25  # share of shops whose sales reach us as payouts every 7, 14 or 30 days
STOCK_COVER = {
    "chain": 45, "grocery": 18, "bakery": 6, "restaurant": 8, "fashion": 80, "hardware": 75, "gift": 70, "market": 50,
    "seasonal": 35, "florist": 7,
}  # usual days of stock by sector: inventory turnover of US retail trades, orders of magnitude [guess]  # fmt: skip
STOCK_SPREAD = 0.35  # log-sd of one shop's cover about its sector's
STOCK_MEMORY = 120  # days after which orders have followed sales: a fall leaves too much on the shelves
CONSENTS = {"sales": 0.35, "flows": 0.2, "balances": 0.2, "all": 0.25}  # who lets us see what
INSTALMENT_SEEN = 0.6

# Held-out scenarios: what happens to sales from a random day within SCENARIO_FROM on.
SCENARIO_FROM = (450, 800)
DECLINE = 0.9  # log-fall a year
SHOCK_FACTOR = (0.25, 0.6)
SHOCK_LASTS = (40, 150)
INFLATION = (1.4, 3.0)  # invented sales: till says so many times what was sold

# The loan: product terms.
LOAN_RATIO = (0.0, 0.8)  # amount over the last 30 days' net sales
LOAN_COST = 0.08
WITHHOLD = 0.15
LOAN_DAYS = 270  # final due date
MINIMUM = 0.5  # paid so far must reach this part of the straight line to the final due date
STOCK_USE = (0.6, 1.05)  # what restocking saves of later purchases, per unit spent [guess]
STOCK_DAYS = 75
OUTCOME_DAYS = 365
PAST_DUE_DAYS = 90

# Lies the anomaly model is tried on: how many times the truth [guess].
TICKET_LIE = (1.8, 4.0)  # ticket size
ROUND_LIE = (0.4, 0.9)  # share of the other tickets that become round
SPIKE_LIE = (4.0, 10.0)  # a day, in usual trading days
