"""Who earns much, in a made table like UCI's Adult census: coursekit beside gradient boosting.

The table was decided first: `census` and all that it uses were written from what is published of Adult, two numbers
(WIDTH, MIDDLE) were set so that 24 % are above the line and the true probabilities are right for 87 %, and all of it
was committed before anything was trained on it. It stays as it is, whoever wins.
"""

import argparse
from functools import partial
from time import perf_counter

import numpy as np
import pandas as pd
import torch
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import OneHotEncoder

import coursekit as ck

from .report import machine, spread, table, write
from .targets import AS_WELL

ROWS, TRAINING = 48_842, 32_561  # Adult's own
NUMBERS = ["age", "weight", "education_years", "capital_gain", "capital_loss", "hours"]
AMOUNTS = ["capital_gain", "capital_loss"]
NAMES = ["workclass", "education", "marital", "occupation", "relationship", "race", "sex", "country"]
WIDTH, MIDDLE = 1.089, 2.7164

# How common each is in a hundred; of occupations also what a year of education and being a man add, hours, effect.
EDUCATION = {
    "Preschool": 0.2, "1st-4th": 0.5, "5th-6th": 1.0, "7th-8th": 2.0, "9th": 1.6, "10th": 2.8, "11th": 3.6, "12th": 1.3,
    "HS-grad": 32.3, "Some-college": 22.3, "Assoc-voc": 4.2, "Assoc-acdm": 3.3, "Bachelors": 16.4, "Masters": 5.4,
    "Prof-school": 1.7, "Doctorate": 1.2,
}  # fmt: skip
OCCUPATION = {
    "Prof-specialty": (14.0, 0.45, 0.0, 2, 0.6), "Craft-repair": (4.2, -0.10, 2.0, 1, 0.1),
    "Exec-managerial": (16.0, 0.22, 0.2, 4, 0.85), "Adm-clerical": (28.0, 0.0, -1.4, -2, 0.0),
    "Sales": (18.0, 0.03, 0.0, 1, 0.25), "Other-service": (21.0, -0.15, -0.8, -5, -0.9),
    "Machine-op-inspct": (6.5, -0.22, 0.4, 0, -0.25), "Transport-moving": (1.2, -0.18, 2.2, 4, -0.1),
    "Handlers-cleaners": (2.8, -0.20, 1.2, -2, -0.7), "Farming-fishing": (1.2, -0.20, 1.8, 6, -1.0),
    "Tech-support": (4.5, 0.15, -0.1, 0, 0.5), "Protective-serv": (1.2, 0.05, 1.2, 2, 0.5),
    "Priv-house-serv": (1.0, -0.30, -3.0, -8, -1.8), "Armed-Forces": (0.02, 0.0, 2.0, 0, -0.3),
}  # fmt: skip
WORKCLASS = {  # how common, effect
    "Private": (73.6, 0.0), "Self-emp-not-inc": (8.3, -0.5), "Local-gov": (6.8, -0.1), "State-gov": (4.3, -0.2),
    "Self-emp-inc": (3.7, 0.35), "Federal-gov": (3.1, 0.6), "Without-pay": (0.05, -2.0), "Never-worked": (0.02, -3.0),
}  # fmt: skip
MARITAL = [
    "Married-civ-spouse", "Never-married", "Divorced", "Separated", "Widowed", "Married-spouse-absent",
    "Married-AF-spouse",
]  # fmt: skip
RACE = {
    "White": (85.5, 0.0), "Black": (9.6, -0.25), "Asian": (3.1, 0.1), "Amer-Indian": (1.0, -0.4), "Other": (0.8, -0.3),
}  # fmt: skip
COUNTRIES = ["United-States", *(f"Country-{i:02}" for i in range(1, 41))]
# Amounts that Adult holds, and those of them that go with high incomes there; of gains, all from 7,000 on, too.
GAINS = [
    594, 914, 1055, 1506, 2105, 2174, 2176, 2202, 2407, 2597, 2635, 2829, 2885, 2907, 2964, 3103, 3137, 3325, 3411,
    3464, 3674, 3781, 3908, 4064, 4101, 4386, 4416, 4508, 4650, 4787, 4865, 5013, 5178, 5455, 6418, 6849, 7298, 7688,
    8614, 9386, 9562, 10520, 13550, 14084, 14344, 15024, 20051, 25236, 27828, 99999,
]  # fmt: skip
LOSSES = [
    1408, 1485, 1504, 1564, 1573, 1590, 1602, 1628, 1651, 1669, 1672, 1719, 1721, 1740, 1762, 1848, 1876, 1887, 1902,
    1974, 1977, 1980, 2001, 2002, 2051, 2057, 2179, 2205, 2231, 2258, 2339, 2392, 2415, 2444, 2559, 2824,
]  # fmt: skip
RICH_GAINS, RICH_LOSSES = [3103, 3781, 4386, 4787, 5178, 6418], [1485, 1564, 1848, 1887, 1902, 1977, *LOSSES[-5:]]
FIXED = np.random.default_rng(1996)  # what is the same in all tables
ABROAD = np.append(0, FIXED.normal(0, 0.4, 40))  # effect of a country
SCHOOLS = np.append(0, FIXED.normal(-0.5, 1.5, 40))  # and what it adds to the years of education
OFTEN_GAINED, OFTEN_LOST = FIXED.normal(0, 1, len(GAINS)), FIXED.normal(0, 1, len(LOSSES))


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def draw(dice, *scores):
    """For each row one of the columns, by the softmax of the sum of scores, each (rows, columns) or of such a shape."""
    scores = np.broadcast_arrays(*scores)
    total = np.sum(scores, axis=0)
    return (total + dice.gumbel(size=total.shape)).argmax(1)


def column(of, i=None):
    """The values of a dictionary as (1, n): numbers, or the i-th of each."""
    return np.array([[value if i is None else value[i] for value in of.values()]])


def log_odds(people):
    """Of being above the line, by the columns alone: smooth parts, steps, and columns that act together."""
    age, years, gain, loss, hours = (people[name] for name in NUMBERS if name != "weight")
    job, work = people.occupation, people.workclass
    wed = people.marital.isin(["Married-civ-spouse", "Married-AF-spouse"])
    more, busy, peak = years - 10, np.tanh((hours - 40) / 10), 46 + 0.6 * (years - 10)
    odds = 2.2 * wed + 0.30 * more + 0.35 * (years >= 13) + 0.4 * (years >= 15) + 0.10 * more * wed
    odds -= np.where(age < peak, 0.8 * ((age - peak) / 16) ** 2, 0.6 * ((age - peak) / 22) ** 2)
    odds += job.map({name: of[-1] for name, of in OCCUPATION.items()}).fillna(-0.5)
    odds += work.map({name: of[-1] for name, of in WORKCLASS.items()}).fillna(0)
    odds += 0.9 * busy + 0.35 * busy * job.isin(["Prof-specialty", "Exec-managerial", "Sales"])
    odds -= 0.4 * (hours < 35) + 0.8 * (age >= 65) * (hours < 30)
    odds += 0.25 * (people.sex == "Male") + 0.5 * (people.relationship == "Wife")
    odds += people.race.map({name: of[-1] for name, of in RACE.items()})
    odds += people.country.map(dict(zip(COUNTRIES, ABROAD, strict=True))).fillna(0)
    odds += 0.3 * work.isin(["Local-gov", "State-gov", "Federal-gov"]) * (years >= 13)
    odds -= 0.6 * (work == "Self-emp-not-inc") * (job == "Farming-fishing")
    odds += np.where(gain == 0, 0, np.where(gain >= 7000, 5, np.where(gain.isin(RICH_GAINS), 3, -1.2)))
    return odds + np.where(loss == 0, 0, np.where(loss.isin(RICH_LOSSES), 2.2, -0.9))


def census(seed):
    """The rows, a DataFrame, and for each the true probability of being above the line; `high` says who is."""
    dice = np.random.default_rng(seed)

    def chance(p):
        return dice.random(ROWS) < p

    age = np.minimum(17 + dice.gamma(2.2, 9.9, ROWS), 90).astype(int)
    man, old = chance(0.67), age[:, None] - 20
    abroad = np.append(np.log(9.0), -np.log(np.arange(1, 41)) - np.log((1 / np.arange(1, 41)).sum()))[None]
    country = draw(dice, np.broadcast_to(abroad, (ROWS, 41)))
    race = draw(dice, np.log(column(RACE, 0)), np.where((country > 0)[:, None], [[-1.5, 0, 2, 0, 1.5]], 0))
    years = np.arange(1, 17)[None]
    tilt = 0.15 * SCHOOLS[country] - 0.004 * np.maximum(age - 50, 0)
    too_young = -1.2 * np.maximum(years - (age[:, None] - 9), 0)
    years = 1 + draw(dice, np.log(column(EDUCATION)), tilt[:, None] * (years - 10), too_young)
    more = (years - 10)[:, None]

    single = np.concatenate([
        1.6 * man[:, None] - 0.6 + 0 * old, 1.9 - 0.125 * old, -1.0 + 0.01 * old - 0.5 * man[:, None], -2.4 + 0 * old,
        -5.5 + 0.08 * old - 0.7 * man[:, None], -3.1 + 0 * old, -6.0 + 0 * old,
    ], 1)  # fmt: skip
    marital = draw(dice, single)
    wed = np.isin(marital, [0, 6])
    before = np.isin(marital, [2, 3, 4])
    alone = np.stack([2 - 0.15 * (age - 18) - 2 * before, 0.6 + 0 * age, 1.0 * before - man, -1.6 + 0 * age], 1)
    home = np.array(["Own-child", "Not-in-family", "Unmarried", "Other-relative"])[draw(dice, alone)]
    home = np.where(wed & ~chance(0.02), np.where(man, "Husband", "Wife"), home)

    job = draw(dice, np.log(column(OCCUPATION, 0)), column(OCCUPATION, 1) * more, column(OCCUPATION, 2) * man[:, None])
    self_made = np.array([[0, 0.025, 0, 0, 0.035, 0, 0, 0]]) * (age[:, None] - 38)
    public = np.array([[0, 0, 0.2, 0.2, 0.1, 0.1, 0, 0]]) * more
    farm = np.array([[0, 2, 0, 0, 1, 0, 0, 0]]) * (job == 9)[:, None]
    work = draw(dice, np.log(column(WORKCLASS, 0)), self_made, public, farm)
    own = np.isin(work, [1, 4])

    usual = 38 + column(OCCUPATION, 3)[0, job] + 5 * own + 4 * man - 10 * (age < 24) - 9 * (age > 62)
    hours = usual + 14 * dice.standard_normal(ROWS)
    hours = np.where(chance(0.6), 5 * np.round(hours / 5), hours)
    hours = np.where(chance(0.45 - 0.2 * own), 40, hours).clip(1, 99).astype(int)

    wealth = 0.18 * (years - 10) + 0.025 * (age - 38) + 0.5 * own + 0.3 * wed
    gains = chance(sigmoid(wealth - 2.75))
    amounts = 0.3 * wealth[:, None] * (np.log(GAINS) - 8.3)[None]
    gain = np.where(gains, np.array(GAINS)[draw(dice, OFTEN_GAINED[None], amounts)], 0)
    loses = chance(sigmoid(0.6 * wealth - 3.05)) & ~gains
    loss = np.where(loses, np.array(LOSSES)[draw(dice, np.broadcast_to(OFTEN_LOST, (ROWS, len(LOSSES))))], 0)
    weight = np.exp(12 + 0.2 * (race == 1) + 0.5 * dice.standard_normal(ROWS)).astype(int)
    unsaid = chance(sigmoid(-3.4 + 1.6 * (age < 23) + 2.2 * (age > 62) + 0.8 * (hours < 30)))
    from_where = chance(0.018)

    def names(of, codes, missing=False):
        return np.where(missing, None, np.array(list(of), object)[codes])

    people = pd.DataFrame({
        "age": age, "weight": weight, "education_years": years, "capital_gain": gain, "capital_loss": loss,
        "hours": hours, "workclass": names(WORKCLASS, work, unsaid), "education": names(EDUCATION, years - 1),
        "marital": names(MARITAL, marital), "occupation": names(OCCUPATION, job, unsaid), "relationship": home,
        "race": names(RACE, race), "sex": np.where(man, "Male", "Female"),
        "country": names(COUNTRIES, country, from_where),
    })  # fmt: skip
    truth = sigmoid(WIDTH * (log_odds(people).to_numpy() - MIDDLE))
    return people.assign(high=chance(truth).astype(int)), truth


def with_amounts(people):
    """The amounts once more, as categories: they are a few dozen, and each means something of its own."""
    return people.assign(**{f"{name}_as_category": people[name] for name in AMOUNTS})


def columns(people):
    """The names of categories, and of numbers."""
    return [*NAMES, *(name for name in people if name.endswith("_as_category"))], NUMBERS


def prepared(train, valid):
    """Codes and numbers, arrays, of both; as the network has them."""
    prep = ck.TablePrep(*columns(train)).fit(train)
    return [[part.numpy() for part in prep.transform(rows)] for rows in (train, valid)]


def majority(train, valid, seed):
    return np.full(len(valid), train.high.mode()[0])


def logistic(train, valid, seed):
    (codes, numbers), (codes_held, numbers_held) = prepared(train, valid)
    encoder = OneHotEncoder(handle_unknown="ignore", sparse_output=False).fit(codes)
    model = LogisticRegression(max_iter=1000)
    model.fit(np.concatenate([encoder.transform(codes), numbers], 1), train.high)
    return model.predict(np.concatenate([encoder.transform(codes_held), numbers_held], 1))


def boosting(train, valid, seed, **settings):
    rows = [np.concatenate(parts, 1) for parts in prepared(train, valid)]
    few = list(range(len(columns(train)[0])))
    model = HistGradientBoostingClassifier(categorical_features=few, random_state=seed, **settings)
    return model.fit(rows[0], train.high).predict(rows[1])


def coursekit(train, valid, seed):
    torch.manual_seed(seed)
    names, numbers = columns(train)
    data = ck.TableLoaders(
        train, valid, categorical=names, continuous=numbers, target="high", classes=True, batch_size=128
    )
    learn = ck.tabular_learner(data, optimizer_fn=partial(torch.optim.AdamW, weight_decay=0.1), progress=False)
    learn.fit_one_cycle(4, 3e-3)
    return learn.raw_outputs(valid).argmax(1).numpy()


STOPPED = {"max_iter": 1000, "learning_rate": 0.05, "early_stopping": True, "n_iter_no_change": 20, "max_depth": 3}
MODELS = {
    "logistic regression": logistic,
    "boosting, scikit-learn's defaults": boosting,
    "boosting, depth 3, early stopping": partial(boosting, **STOPPED),
    "coursekit, entity embeddings": coursekit,
}
CONTESTANTS = {
    "the majority": (majority, False),
    **{f"{name}{words}": (model, bool(words)) for words in ("", AS_WELL) for name, model in MODELS.items()},
}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    seeds = parser.parse_args().seeds
    right = {name: [] for name in [*CONTESTANTS, "the true probabilities"]}
    times = {name: [] for name in CONTESTANTS}
    for seed in range(seeds):
        people, truth = census(seed)
        answers = people.high.to_numpy()[TRAINING:]
        for name, (predict, wider) in CONTESTANTS.items():
            rows = with_amounts(people) if wider else people
            start = perf_counter()
            found = predict(rows[:TRAINING], rows[TRAINING:], seed)
            times[name].append(perf_counter() - start)
            right[name].append((found == answers).mean())
        right["the true probabilities"].append(((truth[TRAINING:] >= 0.5) == answers).mean())
    best = max((name for name in right if name.startswith("boosting")), key=lambda name: np.mean(right[name]))
    rows = []
    for i, (name, found) in enumerate(right.items(), 1):
        ratios = [own / other for own, other in zip(found, right[best], strict=True)]
        seconds = spread(times[name], "{:.1f}") if name in times else ""
        mean = f"{np.mean(found):.4f}"
        rows.append([f"{i}. {name}", mean, spread(found, "{:.4f}"), spread(ratios, "{:.4f}"), seconds])
    told = f"{TRAINING:,} made rows to train on, {ROWS - TRAINING:,} held out, {seeds} tables."
    heads = ["", "mean right", "right", "times the best boosting's", "seconds"]
    write("census", f"{machine()}. {told}\n\n{table(heads, rows)}")


if __name__ == "__main__":
    main()
