"""The world around the stores: calendar, holidays, weather and searches of eight German states.

Names of states and the dates of public holidays are facts; school holidays are simplified; weather and searches are
drawn at random. Every array has one row for each day of `DATES` and one column for each of `STATES`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

Rng = np.random.Generator
DATES = np.arange("2013-01-01", "2015-09-12", dtype="datetime64[D]")
WEEKS = np.arange("2012-12-02", "2015-09-12", 7, dtype="datetime64[D]")  # Sundays
EASTER = np.array(["2013-03-31", "2014-04-20", "2015-04-05"], "datetime64[D]")
YEARS = DATES.astype("datetime64[Y]")
DAY_OF_YEAR = (DATES - YEARS).astype(int)
WEEKDAY = (DATES.astype(int) + 3) % 7  # 0 is Monday
MONTH = DATES.astype("datetime64[M]").astype(int) % 12 + 1


@dataclass(frozen=True)
class State:
    """A state: its name in the weather table, its customers' kind of season, what its calendar and weather are like."""

    name: str
    season: str
    summer: str  # when the school's six weeks begin, month and day
    holidays: tuple[str, ...] = ()  # besides those of the whole country
    warmth: float = 0.0  # degrees above the country's mean
    wind: float = 1.0


STATES = {
    "BE": State("Berlin", "city", "06-25", (), 0.4, 1.0),
    "BW": State("BadenWuerttemberg", "mountain", "07-30", ("01-06", "corpus", "11-01"), -0.3, 0.8),
    "HB,NI": State("Niedersachsen", "coast", "06-30", (), 0.1, 1.2),
    "HE": State("Hessen", "inland", "07-06", ("corpus",), 0.9, 0.8),
    "HH": State("Hamburg", "city", "06-27", (), 0.0, 1.2),
    "NW": State("NordrheinWestfalen", "inland", "06-29", ("corpus", "11-01"), 0.8, 1.0),
    "SH": State("SchleswigHolstein", "coast", "07-04", (), -0.4, 1.4),
    "SN": State("Sachsen", "mountain", "07-13", ("10-31", "repentance"), -0.5, 0.9),
}
FROM_EASTER = {"good friday": -2, "easter monday": 1, "ascension": 39, "whit monday": 50, "corpus": 60}
EVERYWHERE = ("01-01", "05-01", "10-03", "good friday", "easter monday", "ascension", "whit monday", "12-25", "12-26")
LETTERS = {"good friday": "b", "easter monday": "b", "12-25": "c", "12-26": "c"}
REPENTANCE = np.array(["2013-11-20", "2014-11-19"], "datetime64[D]")
OTHER_NAMES = {"Bayern": "BY", "Brandenburg": "BB", "Bremen": "HB", "MecklenburgVorpommern": "MV"}
OTHER_NAMES |= {"RheinlandPfalz": "RP", "Saarland": "SL", "SachsenAnhalt": "ST", "Thueringen": "TH"}


def on_day(month_and_day: str) -> np.ndarray:
    """That day in each of the three years."""
    return np.array([f"{year}-{month_and_day}" for year in (2013, 2014, 2015)], "datetime64[D]")


def holiday_dates(name: str) -> np.ndarray:
    """The dates of a holiday."""
    if name == "repentance":
        return REPENTANCE
    return EASTER + FROM_EASTER[name] if name in FROM_EASTER else on_day(name)


def state_holidays() -> np.ndarray:
    """Letters (days, states): a public holiday, b Easter, c Christmas, 0 none."""
    letters = np.full((len(DATES), len(STATES)), "0")
    for column, state in enumerate(STATES.values()):
        for name in (*EVERYWHERE, *state.holidays):
            letters[np.isin(DATES, holiday_dates(name)), column] = LETTERS.get(name, "a")
    return letters


def school_holidays() -> np.ndarray:
    """0 or 1 (days, states): Easter, six weeks in summer, two in autumn, two about Christmas."""
    free = np.zeros((len(DATES), len(STATES)), int)
    for column, state in enumerate(STATES.values()):
        summer = on_day(state.summer)
        periods = [(EASTER - 6, 12), (summer, 42), (summer + 91, 12), (on_day("12-22"), 14), (on_day("01-01"), 5)]
        for starts, length in periods:
            for start in starts:
                free[(start <= DATES) & (start + length > DATES), column] = 1
    return free


def drift(rng: Rng, rows: int, columns: int, memory: float) -> np.ndarray:
    """Noise that remembers: variance 1, from one row to the next the share `memory` stays."""
    values = rng.standard_normal((rows, columns))
    for row in range(1, rows):
        values[row] = memory * values[row - 1] + (1 - memory**2) ** 0.5 * values[row]
    return values


def _shared(rng: Rng, rows: int, memory: float, share: float) -> np.ndarray:
    """`drift` for each state, of whose variance a share is common to all."""
    whole, own = drift(rng, rows, 1, memory), drift(rng, rows, len(STATES), memory)
    return share**0.5 * whole + (1 - share) ** 0.5 * own


def weather(rng: Rng) -> dict[str, np.ndarray]:
    """The weather table's columns, each (days, states); NaN or an empty text where the table is empty."""
    shape = (len(DATES), len(STATES))
    year = np.cos(2 * np.pi * (DAY_OF_YEAR - 20) / 365.25)[:, None]
    warmth = np.array([s.warmth for s in STATES.values()]) + 9.7 - 9.3 * year
    grey = 0.25 * year + _shared(rng, len(DATES), 0.6, 0.75)
    mean = warmth + 3.4 * _shared(rng, len(DATES), 0.82, 0.85) - 1.2 * grey * (year < 0.3)
    swing = (4.6 - 1.5 * grey - 1.2 * year + rng.normal(0, 0.8, shape)).clip(1.2)
    rain = np.where(grey > 0.15, 2.4 * (grey - 0.15).clip(0) * rng.exponential(1.6, shape), 0.0)
    rain = np.where(rain < 0.25, 0.0, np.round(rain / 0.254) * 0.254)
    damp = (77 + 7 * grey + 6 * year + rng.normal(0, 3, shape)).clip(35, 97)
    storm = np.exp(0.35 * _shared(rng, len(DATES), 0.5, 0.7) + 0.1 * grey + 0.1 * year)
    gale = (storm * np.array([s.wind for s in STATES.values()])).clip(max=2.7)
    gust = np.where(gale > 1.5, np.round(45 * gale), np.nan)
    cloud = np.round(4.7 + 2.3 * grey + rng.normal(0, 0.6, shape)).clip(0, 8) + 0.0
    highest, lowest = np.round(mean + swing) + 0.0, np.round(mean - swing) + 0.0  # no -0
    return {
        "Max_TemperatureC": highest,
        "Mean_TemperatureC": np.round(mean) + 0.0,
        "Min_TemperatureC": lowest,
        "Max_Humidity": np.round((damp + 14).clip(0, 100)),
        "Mean_Humidity": np.round(damp),
        "Min_Humidity": np.round(damp - 6 - 3 * swing).clip(12),
        "Max_Wind_SpeedKm_h": np.round(22 * gale),
        "Mean_Wind_SpeedKm_h": np.round(12 * gale),
        "Max_Gust_SpeedKm_h": gust,
        "Precipitationmm": rain,
        "CloudCover": np.where(rng.random(shape) < 0.08, np.nan, cloud),
        "Events": _events(rng, rain, mean, highest, damp),
        "WindDirDegrees": np.round((235 + 70 * _shared(rng, len(DATES), 0.4, 0.7)) % 360),
    }


def _events(rng: Rng, rain: np.ndarray, mean: np.ndarray, highest: np.ndarray, damp: np.ndarray) -> np.ndarray:
    """What fell and flashed, as `Rain-Thunderstorm`; empty on fair days."""
    events = {
        "Fog": (damp > 84) & (rng.random(rain.shape) < 0.4),
        "Rain": (rain > 0) & (mean > 1),
        "Snow": (rain > 0) & (mean < 3),
        "Thunderstorm": (rain > 0) & (highest > 23) & (rng.random(rain.shape) < 0.5),
    }
    text = np.full(rain.shape, "", dtype="<U40")
    for name, happened in events.items():
        joined = np.char.add(np.where(text == "", text, np.char.add(text, "-")), name)
        text = np.where(happened, joined, text)
    return text


def demand(rng: Rng) -> np.ndarray:
    """How much each state wants to buy, beyond season and calendar: mean 0, variance 1, (weeks, states)."""
    return _shared(rng, len(WEEKS), 0.85, 0.5)


def searches(rng: Rng, wanted: np.ndarray) -> dict[str, np.ndarray]:
    """Search interest, 0 to 100 by week, by the table's name of the region: it shows the demand, blurred."""
    december = np.exp(-(((WEEKS - on_day("12-14")[:, None]).astype(int) / 12.0) ** 2)).sum(0)[:, None]
    level = 58 + 11 * wanted + 14 * december
    level = np.column_stack([level.mean(1), level]) + rng.normal(0, 3, (len(WEEKS), 1 + len(STATES)))
    regions = ["Rossmann_DE", *(f"Rossmann_DE_{code.split(',')[-1]}" for code in STATES)]
    return dict(zip(regions, np.round(level).clip(0, 100).astype(int).T, strict=True))


def by_week(values: np.ndarray) -> np.ndarray:
    """(weeks, ...) to (days, ...)."""
    return values[((DATES - WEEKS[0]).astype(int)) // 7]


def distance_to(happened: np.ndarray, direction: int) -> np.ndarray:
    """Days since (direction 1) or until (-1) it last or next happened, 99 without one; (days, columns)."""
    seen = happened[::direction]
    rows = np.arange(len(seen))[:, None]
    latest = np.maximum.accumulate(np.where(seen, rows, -99), 0)
    return (rows - latest).clip(0, 99)[::direction]


def write(path: Path, header: str, rows: Iterable[Iterable]) -> None:
    """Write a table; values with a comma get quotes, NaN and None become empty."""

    def cell(value: object) -> str:
        if value is None or value != value:  # NaN and NaT differ from themselves
            return ""
        return f'"{value}"' if "," in str(value) else str(value)

    lines = [header, *(",".join(map(cell, row)) for row in rows)]
    path.write_bytes(("\n".join(lines) + "\n").encode())


def write_around(target: Path, around: dict[str, np.ndarray], searched: dict[str, np.ndarray]) -> None:
    """weather.csv, googletrend.csv and state_names.csv, the first two a block of rows for each state."""
    columns = {name: values for name, values in around.items() if name not in ("holidays", "school", "demand")}
    exact = {"Precipitationmm": "{:.2f}", "CloudCover": "{:.1f}", "Max_Gust_SpeedKm_h": "{:.1f}", "Events": "{}"}
    texts = {
        name: [[None if v != v else exact.get(name, "{:.0f}").format(v) for v in column] for column in values.T]
        for name, values in columns.items()
    }
    rows = [
        (state.name, date, *(texts[name][column][day] for name in columns))
        for column, state in enumerate(STATES.values())
        for day, date in enumerate(DATES)
    ]
    write(target / "weather.csv", ",".join(["file", "Date", *columns]), rows)
    weeks = [f"{week} - {week + 6}" for week in WEEKS]
    rows = [
        (region, week, value) for region, values in searched.items() for week, value in zip(weeks, values, strict=True)
    ]
    write(target / "googletrend.csv", "file,week,trend", rows)
    names = {state.name: code for code, state in STATES.items()} | OTHER_NAMES
    write(target / "state_names.csv", "StateName,State", sorted(names.items()))
