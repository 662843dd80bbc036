"""Simulate the `stores` sample: daily sales of 60 drugstores, in the seven tables of the Rossmann set, and the truth.

The logarithm of a day's sales is a sum of known effects (`Effects`, and the tables below it) and of noise. The world
around the stores (holidays, weather, searches) is in stores_world.py.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from . import stores_world as world
from .stores_world import DATES, STATES, Rng

TARGET = Path(__file__).parents[1] / "stores"
SEED, STORES = 1115, 60
LAST_TRAIN = np.datetime64("2015-07-31")
REBUILT = ("2014-07-01", "2014-12-31")  # nine stores have no rows in this half year
INTERVALS = ("Jan,Apr,Jul,Oct", "Feb,May,Aug,Nov", "Mar,Jun,Sept,Dec")


@dataclass(frozen=True)
class Effects:
    """What acts on the logarithm of sales: 0.10 is about ten percent."""

    trend: float = 0.05  # a year
    promo: float = 0.36  # on the first day of a promotion
    promo_decay: float = 0.80  # from one of its days to the next; also of what is missing after it
    after_promo: float = -0.09  # the first day after a promotion
    promo2: float = 0.10  # the first day of a month of Promo2
    promo2_days: float = 12  # it decays by e in so many days
    before_holiday: tuple[float, ...] = (0.26, 0.11, 0.05)  # 1, 2, 3 days before
    after_holiday: tuple[float, ...] = (0.14, 0.05)  # 1, 2 days after
    open_holiday: float = 0.30  # where a store is open on one
    demand: float = 0.05  # for a standard deviation of the demand that searches show
    competitor: float = -0.30  # on the day a competitor opens next door
    competitor_metres: float = 4000  # farther off it counts less, by e in so many metres
    competitor_stays: float = 0.35  # the share that never recovers; the rest does, by e in competitor_days
    competitor_days: float = 240
    level_noise: float = 0.030  # noise of each store that lasts: 97 percent of it stays to the next day
    day_noise: float = 0.058  # noise of each day


EFFECTS = Effects()
WEEKDAYS = {  # store type: Monday to Sunday
    "a": (0.12, 0.00, -0.04, -0.02, 0.08, -0.12, 0.00),
    "b": (-0.14, -0.16, -0.15, -0.12, 0.02, 0.26, 0.34),
    "c": (0.02, -0.08, -0.10, -0.06, 0.10, 0.36, 0.00),
    "d": (0.08, 0.12, 0.12, 0.10, -0.02, -0.42, 0.00),
}
DECEMBER = {"a": 0.34, "b": 0.12, "c": 0.50, "d": 0.26}  # on the 23rd
SCHOOL = {"a": 0.02, "b": 0.07, "c": 0.04, "d": -0.09}  # while schools are closed
SEASONS = {  # kind of state: bumps as (day of the year, width in days, height)
    "coast": ((205, 34, 0.42), (130, 20, 0.10)),
    "city": ((205, 30, -0.20), (265, 25, 0.08)),
    "mountain": ((38, 24, 0.26), (225, 22, 0.12)),
    "inland": ((110, 30, 0.09), (290, 30, -0.08)),
}
SEASON_STRENGTH = {"BE": 1.1, "BW": 1.2, "HB,NI": 0.8, "HE": 1.1, "HH": 0.9, "NW": 0.9, "SH": 1.2, "SN": 0.8}
PROMO_BY_ASSORTMENT = {"a": 1.15, "b": 0.6, "c": 0.9}
HEAT = {"a": -0.004, "b": 0.028, "c": 0.014}  # assortment: for each degree above 24
RAIN = {"a": -0.035, "b": 0.0, "c": -0.015}  # assortment: times the logarithm of 1 + millimetres
LIKES = {"weekday": 0.15, "season": 0.22, "promo": 0.30, "weather": 0.30}  # how much stores differ in each effect


@dataclass(frozen=True)
class Stores:
    """The stores' properties, an array of each; `likes` of their customers are in no table: models must find them."""

    state: np.ndarray
    kind: np.ndarray  # StoreType
    assortment: np.ndarray
    level: np.ndarray  # logarithm of sales on an average day
    likes: dict[str, np.ndarray]  # how strongly weekday, season, promo, weather act here, about 1
    distance: np.ndarray  # of the competitor, metres
    opened: np.ndarray  # the competitor, a month
    promo2: np.ndarray  # since which date, NaT without
    interval: np.ndarray  # 0, 1, 2


def table(mapping: dict, keys: Iterable) -> np.ndarray:
    """What a mapping says of each key."""
    return np.array([mapping[str(key)] for key in keys])


def draw_stores(rng: Rng) -> Stores:
    """Sixty stores: every state has at least six, every type at least eight."""
    state = np.array([*STATES] * 6 + ["NW"] * 5 + ["HE"] * 2 + ["BW"] * 2 + ["SN", "HB,NI", "BE"])
    kind = np.array(["a"] * 26 + ["b"] * 8 + ["c"] * 11 + ["d"] * 15)
    kind, state = rng.permutation(kind), rng.permutation(state)
    assortment = np.where(kind == "b", "b", np.where(rng.random(STORES) < 0.45, "c", "a"))
    months = np.datetime64("2013-03") + rng.integers(0, 27, STORES)
    long_ago = np.datetime64("2001-01") + rng.integers(0, 140, STORES)
    opened = np.where(rng.random(STORES) < 0.4, months, long_ago)
    opened[rng.permutation(STORES)[:17]] = np.datetime64("NaT")
    distance = np.round(np.exp(rng.normal(7.6, 1.1, STORES)).clip(40, 30_000), -1)
    distance[rng.choice(np.flatnonzero(np.isnat(opened)))] = np.nan
    since = np.datetime64("2010-01-04") + 7 * rng.integers(0, 240, STORES)  # Mondays
    since[rng.permutation(STORES)[:30]] = np.datetime64("NaT")
    likes = {name: np.exp(rng.normal(0, spread, STORES)).clip(0.4, 2.2) for name, spread in LIKES.items()}
    level = rng.normal(8.65, 0.30, STORES) + 0.4 * (kind == "b") + 0.1 * (assortment == "c")
    return Stores(state, kind, assortment, level, likes, distance, opened, since, rng.integers(0, 3, STORES))


def promotions(rng: Rng) -> np.ndarray:
    """Days (days,) of the chain's promotions: Monday to Friday, in most second weeks, sometimes in two running."""
    weeks = (np.arange(len(DATES)) + 1) // 7  # the first day is a Tuesday
    on = np.arange(weeks.max() + 1) % 2 == 0
    on ^= rng.random(len(on)) < 0.12
    return on[weeks] & (world.WEEKDAY < 5)


def open_days(rng: Rng, stores: Stores, holidays: np.ndarray) -> np.ndarray:
    """True (days, stores) where open: type b on Sundays too, half of it on holidays; some stores close for weeks."""
    always = stores.kind == "b"
    on_holidays = always & (np.cumsum(always) % 2 == 1)
    is_open = (world.WEEKDAY[:, None] < 6) | always
    is_open &= (holidays == "0") | on_holidays
    for store in rng.choice(STORES, 6, replace=False):
        start = rng.integers(60, 840)
        is_open[start : start + rng.integers(9, 25), store] = False
    return is_open


def season(stores: Stores) -> np.ndarray:
    """The state's season, as strong as the store's customers follow it, and Christmas (days, stores)."""
    bumps = np.zeros((len(DATES), STORES))
    kinds = np.array([STATES[str(s)].season for s in stores.state])
    for kind, parts in SEASONS.items():
        shape = sum(h * np.exp(-0.5 * ((world.DAY_OF_YEAR - day) / width) ** 2) for day, width, h in parts)
        bumps[:, kinds == kind] = shape[:, None]
    bumps *= table(SEASON_STRENGTH, stores.state) * stores.likes["season"]
    until = 356 - world.DAY_OF_YEAR[:, None]  # days to the 23rd of December
    christmas = np.where(until >= 0, np.exp(-until / 11.0), -0.25)
    return bumps + table(DECEMBER, stores.kind) * christmas


def promotion(stores: Stores, promo: np.ndarray) -> np.ndarray:
    """The rise on promotion days, weaker from day to day, and the want after (days, stores)."""
    run = np.zeros(len(DATES), int)
    for day in range(1, len(DATES)):  # how many days of this week's promotion, or since it, have passed
        run[day] = run[day - 1] + 1 if promo[day] == promo[day - 1] else 0
    first = np.where(promo, EFFECTS.promo, EFFECTS.after_promo * (np.cumsum(promo) > 0))
    strength = table(PROMO_BY_ASSORTMENT, stores.assortment) * stores.likes["promo"]
    return (first * EFFECTS.promo_decay**run)[:, None] * strength


def holiday(holidays: np.ndarray, kind: np.ndarray) -> np.ndarray:
    """More is bought before and after closed days; some stores are open on them (days, stores)."""
    happened = holidays != "0"
    total = EFFECTS.open_holiday * happened
    for direction, heights in ((-1, EFFECTS.before_holiday), (1, EFFECTS.after_holiday)):
        distance = world.distance_to(happened, direction)
        total = total + sum(height * (distance == days + 1) for days, height in enumerate(heights))
    return np.where(kind == "b", 0.5, 1.0) * total


def competition(stores: Stores) -> np.ndarray:
    """A step down when a competitor opens, most of which comes back (days, stores)."""
    days = (DATES[:, None] - stores.opened.astype("datetime64[D]")).astype(float)
    days[:, np.isnat(stores.opened)] = -1
    step = EFFECTS.competitor * np.exp(-np.nan_to_num(stores.distance) / EFFECTS.competitor_metres)
    left = EFFECTS.competitor_stays + (1 - EFFECTS.competitor_stays) * np.exp(-days.clip(0) / EFFECTS.competitor_days)
    return np.where(days >= 0, step * left, 0.0)


def second_promotion(stores: Stores) -> np.ndarray:
    """Promo2: in the months of a store's interval, strongest on the first (days, stores)."""
    months = (world.MONTH[:, None] - 1) % 3 == stores.interval
    day = (DATES - DATES.astype("datetime64[M]")).astype(int)[:, None]
    taken = np.where(np.isnat(stores.promo2), False, DATES[:, None] >= stores.promo2)
    return np.where(months & taken, EFFECTS.promo2 * np.exp(-day / EFFECTS.promo2_days), 0.0)


def expected(stores: Stores, columns: np.ndarray, promo: np.ndarray, around: dict[str, np.ndarray]) -> np.ndarray:
    """The logarithm of sales (days, stores) but for noise; `columns` are the stores' states in `around`."""
    weekday = table(WEEKDAYS, stores.kind)[:, world.WEEKDAY].T * stores.likes["weekday"]
    heat = (around["Max_TemperatureC"][:, columns] - 24).clip(0) * table(HEAT, stores.assortment)
    rain = np.log1p(around["Precipitationmm"][:, columns]) * table(RAIN, stores.assortment)
    return (
        stores.level
        + EFFECTS.trend * np.arange(len(DATES))[:, None] / 365.25
        + weekday
        + season(stores)
        + promotion(stores, promo)
        + holiday(around["holidays"][:, columns], stores.kind)
        + table(SCHOOL, stores.kind) * around["school"][:, columns]
        + stores.likes["weather"] * (heat + rain)
        + competition(stores)
        + second_promotion(stores)
        + EFFECTS.demand * world.by_week(around["demand"])[:, columns]
    )


def write_stores(target: Path, stores: Stores) -> None:
    """store.csv, store_states.csv and state_names.csv."""
    rows = []
    for i in range(STORES):
        opened, since = stores.opened[i], stores.promo2[i]
        month, year = (None, None) if np.isnat(opened) else (opened.item().month, opened.item().year)
        joined = (0, None, None, None)
        if not np.isnat(since):
            week = since.item().isocalendar()
            joined = (1, week.week, week.year, INTERVALS[stores.interval[i]])
        distance = None if np.isnan(stores.distance[i]) else int(stores.distance[i])
        rows.append((i + 1, stores.kind[i], stores.assortment[i], distance, month, year, *joined))
    since = "CompetitionOpenSinceMonth,CompetitionOpenSinceYear,Promo2,Promo2SinceWeek,Promo2SinceYear,PromoInterval"
    world.write(target / "store.csv", f"Store,StoreType,Assortment,CompetitionDistance,{since}", rows)
    world.write(target / "store_states.csv", "Store,State", enumerate(stores.state, 1))


def till(rng: Rng, logarithm: np.ndarray, is_open: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Sales and customers (days, stores): 0 where closed, and where a till failed."""
    lasting = EFFECTS.level_noise * world.drift(rng, *logarithm.shape, 0.97)
    sales = np.exp(logarithm + lasting + EFFECTS.day_noise * rng.standard_normal(logarithm.shape))
    basket = np.exp(rng.normal(2.2, 0.12, STORES) + rng.normal(0, 0.05, logarithm.shape))
    sales = np.where(is_open, np.round(sales), 0).astype(int)
    for day, store in zip(rng.integers(50, 800, 5), rng.integers(0, STORES, 5), strict=True):
        sales[day, store] = 0
    return sales, np.round(sales / basket).astype(int)


def write_days(target: Path, rng: Rng, columns: dict[str, np.ndarray]) -> None:
    """train.csv and test.csv, the newest day first, and truth.csv, the sales of test; of each column (days, stores)."""
    kept = np.ones((len(DATES), STORES), bool)
    first, last = (np.datetime64(date) for date in REBUILT)
    kept[np.ix_((first <= DATES) & (last >= DATES), rng.choice(STORES, 9, replace=False))] = False
    unknown = rng.integers(STORES)  # eleven times it is not known whether this store will be open
    rows: dict[bool, list] = {True: [], False: []}
    truth = []
    for day in range(len(DATES) - 1, -1, -1):
        date, weekday, train = DATES[day], world.WEEKDAY[day] + 1, DATES[day] <= LAST_TRAIN
        for store in np.flatnonzero(kept[day]):
            sales, customers, is_open, *rest = (values[day, store] for values in columns.values())
            if train:
                rows[True].append((store + 1, weekday, date, sales, customers, int(is_open), *rest))
            else:
                doubt = store == unknown and weekday < 7 and len(DATES) - day <= 13
                opened = None if doubt else int(is_open)
                rows[False].append((len(rows[False]) + 1, store + 1, weekday, date, opened, *rest))
                truth.append((len(rows[False]), sales))
    end = "Open,Promo,StateHoliday,SchoolHoliday"
    world.write(target / "train.csv", f"Store,DayOfWeek,Date,Sales,Customers,{end}", rows[True])
    world.write(target / "test.csv", f"Id,Store,DayOfWeek,Date,{end}", rows[False])
    world.write(target / "truth.csv", "Id,Sales", truth)


def main(target: Path = TARGET) -> None:
    """Draw the world, the stores and their sales; write the seven tables and the truth into `target`."""
    rng = np.random.default_rng(SEED)
    around = world.weather(rng)
    around |= {"holidays": world.state_holidays(), "school": world.school_holidays(), "demand": world.demand(rng)}
    searched = world.searches(rng, around["demand"])
    stores, promo = draw_stores(rng), promotions(rng)
    columns = np.array([[*STATES].index(str(state)) for state in stores.state])
    holidays = around["holidays"][:, columns]
    is_open = open_days(rng, stores, holidays)
    sales, customers = till(rng, expected(stores, columns, promo, around), is_open)
    promos = np.repeat(promo[:, None].astype(int), STORES, 1)
    days = {"Sales": sales, "Customers": customers, "Open": is_open, "Promo": promos}
    days |= {"StateHoliday": holidays, "SchoolHoliday": around["school"][:, columns]}
    target.mkdir(parents=True, exist_ok=True)
    write_stores(target, stores)
    world.write_around(target, around, searched)
    write_days(target, rng, days)


if __name__ == "__main__":
    main()
