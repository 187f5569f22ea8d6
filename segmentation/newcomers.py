"""newcomers"""

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from segmentation.clusters import place
from segmentation.constants import FIT_SAMPLE, RFM, SEGMENTS, K
from segmentation.features import draw
from segmentation.words import count, join, percent, plural

GUESS_DAYS = 30  # what the early guess sees: days since the first order, that day included


GUESS_MONTHS = 6  # the guess is about the segment so many months after the first order


TEST_MONTHS = 12  # the test customers joined in a whole year, so that every season is in it


HORIZONS = (1, 7, 14, 30, 60, 90)  # days of history to compare


WARM_UP_DAYS = 90  # a first order in the log's first days may be an older customer's next one


MIN_JOINERS = 200  # in training and in test; fewer say nothing


MIN_CLASS = 30  # a segment that fewer joiners reach, in training or test, is guessed together with its neighbour


MAX_JOINERS = 20_000  # joiners in a fit or test; more change nothing but the time


EARLY = {  # what the guess sees: columns that are shuffled together when their worth is measured
    "orders": ["Orders"],
    "spend": ["Spend"],
    "first basket": ["First_Basket"],
    "gaps": ["Gap", "Span"],
    "month of joining": ["Month_Sin", "Month_Cos"],
}


def first_orders(orders: pd.DataFrame) -> pd.Series:
    """The day of every customer's first order (refunds are none), by Customer_ID, sorted."""
    return orders[orders["Amount"] >= 0].groupby("Customer_ID")["Order_Date"].min().sort_index()


def joined(firsts: pd.Series, start: pd.Timestamp, end: pd.Timestamp, seed: int) -> pd.Series:
    """First orders from start up to, not including, end; a fixed sample of MAX_JOINERS where there are more."""
    found = firsts[(firsts >= start) & (firsts < end)]
    if len(found) <= MAX_JOINERS:
        return found
    return found.iloc[np.sort(np.random.default_rng(seed).choice(len(found), MAX_JOINERS, replace=False))]


def since_joining(orders: pd.DataFrame, firsts: pd.Series) -> pd.DataFrame:
    """The orders of these customers: Who (position in `firsts`), Day (0 = that of the first order), Amount."""
    who = firsts.index.get_indexer(orders["Customer_ID"])
    rows = np.flatnonzero(who >= 0)
    days = orders["Order_Date"].to_numpy()[rows] - firsts.to_numpy()[who[rows]]
    amounts = orders["Amount"].to_numpy(float)[rows]
    table = pd.DataFrame({"Who": who[rows], "Day": days // np.timedelta64(1, "D"), "Amount": amounts})
    return table[table["Day"] >= 0].sort_values(["Who", "Day", "Amount"], kind="stable", ignore_index=True)


def early_history(history: pd.DataFrame, firsts: pd.Series, days: int, typical: float) -> pd.DataFrame:
    """What is known of each customer after `days` days, one row per entry of `firsts`; money in typical baskets.

    Nothing from day `days` on is used (day 0 is that of the first order). Columns: those of EARLY; counts, money
    and days as logarithms of 1 + value; Gap is the mean number of days between orders, `days` with one order.
    """
    seen, n = history[history["Day"] < days], len(firsts)
    bought = seen[seen["Amount"] >= 0]
    start = bought[bought["Day"] == 0]
    orders = np.bincount(bought["Who"], minlength=n)
    span = bought.groupby("Who")["Day"].max().reindex(range(n), fill_value=0).to_numpy(float)
    table = {
        "Orders": orders,
        "Spend": np.maximum(np.bincount(seen["Who"], seen["Amount"], n), 0) / typical,
        "First_Basket": np.bincount(start["Who"], start["Amount"], n) / typical,
        "Gap": np.where(orders > 1, span / np.maximum(orders - 1, 1), days),
        "Span": span,
    }
    angle = 2 * np.pi * firsts.dt.month.to_numpy() / 12
    logs = {name: np.log1p(values) for name, values in table.items()}
    return pd.DataFrame({**logs, "Month_Sin": np.sin(angle), "Month_Cos": np.cos(angle)}, index=firsts.index)


def segment_at(
    history: pd.DataFrame, firsts: pd.Series, when: pd.Series, model: dict, window: int | None
) -> np.ndarray:
    """Cluster of each customer on a day of his own: the frozen model on R, F and M as known before that day."""
    n = len(firsts)
    age = (when - firsts).dt.days.to_numpy()
    start = (when - pd.DateOffset(months=window) - firsts).dt.days.to_numpy() if window else np.zeros(n, int)
    past = history[history["Day"].to_numpy() < age[history["Who"]]]
    inside = past[past["Day"].to_numpy() >= start[past["Who"]]]
    last = past[past["Amount"] >= 0].groupby("Who")["Day"].max().reindex(range(n)).to_numpy()
    orders = np.bincount(inside.loc[inside["Amount"] >= 0, "Who"], minlength=n)
    spend = np.bincount(inside["Who"], inside["Amount"], n).round(2)
    return place(model, pd.DataFrame({"Recency": age - last, "Frequency": orders, "Monetary": spend}))[0]


GUESS_RESAMPLES = 1_000  # resamples of the test customers for an interval


def classes_of(train: np.ndarray, test: np.ndarray, least: int) -> list[list[int]]:
    """Neighbouring clusters put together, from the best down, until each class has `least` customers in both."""
    classes, waiting = [], []
    for cluster in range(K):
        waiting = [*waiting, cluster]
        if min(np.isin(train, waiting).sum(), np.isin(test, waiting).sum()) >= least:
            classes, waiting = [*classes, waiting], []
    return [*classes[:-1], classes[-1] + waiting] if classes else [waiting]


def class_name(clusters: list[int]) -> str:
    """class_name([0, 1]) -> 'High-Value Loyalists or better', class_name([2, 3]) -> 'Promising Regulars or below'"""
    if len(clusters) == 1:
        return SEGMENTS[clusters[0]]
    return f"{SEGMENTS[clusters[-1]]} or better" if clusters[0] == 0 else f"{SEGMENTS[clusters[0]]} or below"


def fit_guess(history: pd.DataFrame, labels: np.ndarray):
    """Multinomial logistic regression on standardised columns; Newton's method, so that machines agree."""
    return make_pipeline(StandardScaler(), LogisticRegression(solver="newton-cholesky", tol=1e-8)).fit(history, labels)


def majority_by(train_key: np.ndarray, labels: np.ndarray, key: np.ndarray, alike: bool = False) -> np.ndarray:
    """The most frequent training label of each key; `alike` counts every class as if it were equally large."""
    table = pd.crosstab(train_key, labels)
    table = table / table.sum() if alike else table
    near = np.abs(table.index.to_numpy()[:, None] - np.asarray(key)).argmin(axis=0)
    return table.columns.to_numpy()[table.to_numpy().argmax(axis=1)][near]


def balanced_accuracy(truth: np.ndarray, guesses: list[np.ndarray], seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Balanced accuracy (mean recall over the classes in `truth`) of each guess, and over GUESS_RESAMPLES resamples.

    Shapes (guesses,) and (GUESS_RESAMPLES, guesses). Resampling customers is a multinomial draw of the cells of
    (truth, guess, guess ...), so all guesses are judged on the same resample.
    """
    cells, sizes = np.unique(np.column_stack([truth, *guesses]), axis=0, return_counts=True)
    drawn = np.random.default_rng(seed).multinomial(len(truth), sizes / len(truth), size=GUESS_RESAMPLES)
    drawn = np.vstack([sizes, drawn])
    recalls = []
    for name in np.unique(truth):
        own = drawn * (cells[:, 0] == name)
        hits = own @ (cells[:, 1:] == name)
        recalls.append(hits / np.maximum(own.sum(axis=1, keepdims=True), 1))
    scores = np.mean(recalls, axis=0)
    return scores[0], scores[1:]


def log_loss_of(fitted, history: pd.DataFrame, truth: np.ndarray) -> float:
    """Mean of minus the logarithm of the chance stated for what came true: 0 would be certain and right."""
    chance = fitted.predict_proba(history)[np.arange(len(truth)), truth]
    return float(-np.log(np.maximum(chance, 1e-12)).mean())


def importance(fitted, history: pd.DataFrame, truth: np.ndarray, seed: int) -> pd.Series:
    """How much the log loss grows, as a share, when columns are shuffled among the test customers (5 shuffles).

    The log loss judges the stated chances; the share found would reward a shuffle that only makes guesses bolder.
    """
    rng, whole, grown = np.random.default_rng(seed), log_loss_of(fitted, history, truth), {}
    for group, columns in EARLY.items():
        losses = []
        for _ in range(5):
            values = history[columns].to_numpy()[rng.permutation(len(history))]
            losses.append(log_loss_of(fitted, history.assign(**dict(zip(columns, values.T, strict=True))), truth))
        grown[group] = np.mean(losses) / whole - 1
    return pd.Series(grown).sort_values(ascending=False, kind="stable")


def calibration(chance: np.ndarray, right: np.ndarray, bins: int = 8) -> pd.DataFrame:
    """Mean stated chance, share that came true and customers, in bins of (nearly) equal size by chance."""
    place_in = np.argsort(np.argsort(chance, kind="stable"), kind="stable") * bins // max(len(chance), 1)
    table = pd.DataFrame({"chance": chance, "right": right}).groupby(place_in)
    return table.mean().assign(size=table.size())


def typical_basket(history: pd.DataFrame) -> float:
    """Median spend on the day of the first order; 1 if that is nothing."""
    start = history[(history["Day"] == 0) & (history["Amount"] >= 0)]
    return float(start.groupby("Who")["Amount"].sum().median()) or 1.0


def cohorts(orders: pd.DataFrame, snapshot: pd.Timestamp, seed: int) -> dict[str, pd.Series]:
    """First orders by Customer_ID: of the training, the test, all whose outcome is known, and the new customers.

    Test: the TEST_MONTHS that ended GUESS_MONTHS before the snapshot. Training: from the end of the warm-up until
    GUESS_MONTHS before the test begins, so that its outcomes were known on the first day of the test.
    """
    firsts, ahead = first_orders(orders), pd.DateOffset(months=GUESS_MONTHS)
    begin, end = orders["Order_Date"].min() + pd.Timedelta(days=WARM_UP_DAYS), snapshot - ahead
    start = snapshot - pd.DateOffset(months=GUESS_MONTHS + TEST_MONTHS)
    return {
        "train": joined(firsts, begin, start - ahead, seed),
        "test": joined(firsts, max(begin, start), end, seed),
        "known": joined(firsts, begin, end, seed),
        "new": firsts[(firsts >= max(begin, snapshot - pd.Timedelta(days=GUESS_DAYS))) & (firsts < snapshot)],
        "left out": firsts[firsts < begin],
    }


def returners(orders: pd.DataFrame, cut: pd.Timestamp, months: int) -> float:
    """Share of seeming joiners who had ordered before `cut`, had the log begun there: how wrong a first order may be.

    Seeming joiners: first order since `cut`, after the warm-up and in the first `months` months.
    """
    firsts = first_orders(orders[orders["Order_Date"] >= cut])
    seeming = firsts[firsts.between(cut + pd.Timedelta(days=WARM_UP_DAYS), cut + pd.DateOffset(months=months))]
    before = orders["Order_Date"].lt(cut) & orders["Amount"].ge(0)
    return float(seeming.index.isin(orders.loc[before, "Customer_ID"].unique()).mean()) if len(seeming) else 0.0


def outcomes(parts: dict, histories: dict, model: dict, window: int | None) -> dict[str, np.ndarray]:
    """Cluster of the customers of each part GUESS_MONTHS after the first order."""
    ahead = pd.DateOffset(months=GUESS_MONTHS)
    return {n: segment_at(histories[n], parts[n], parts[n] + ahead, model, window) for n in histories}


def prepare(orders: pd.DataFrame, snapshot: pd.Timestamp, model: dict, window: int | None, seed: int) -> dict | str:
    """Cohorts, their orders since joining and class labels; or the reason why there is nothing to learn, as text."""
    past = orders[orders["Order_Date"] < snapshot]
    parts = cohorts(past, snapshot, seed)
    sizes = [len(parts[name]) for name in ("train", "test")]
    if min(sizes) < MIN_JOINERS:
        found = f"{plural(sizes[0], 'customer')} to learn from, {count(sizes[1])} to test on"
        return f"the order log shows too few first orders ({found}; expected {MIN_JOINERS} each)"
    histories = {name: since_joining(past, parts[name]) for name in ("train", "test", "known", "new")}
    reached = outcomes(parts, {n: histories[n] for n in ("train", "test", "known")}, model, window)
    classes = classes_of(reached["train"], reached["test"], MIN_CLASS)
    if len(classes) < 2:
        return f"nearly all new customers stand in one segment after {GUESS_MONTHS} months"
    index = np.repeat(range(len(classes)), [len(clusters) for clusters in classes])
    labels = {name: index[clusters] for name, clusters in reached.items()}
    day = parts["test"] + pd.Timedelta(days=GUESS_DAYS)
    now = index[segment_at(histories["test"], parts["test"], day, model, window)]
    found = {"parts": parts, "histories": histories, "reached": reached, "labels": labels, "now": now}
    return found | {"names": [class_name(clusters) for clusters in classes], "past": past}


def study(early: dict, days: int, seed: int) -> dict:
    """Fit on the training customers' first `days` days and guess the test customers' (early: see prepare)."""
    parts, histories, labels = early["parts"], early["histories"], early["labels"]
    typical = typical_basket(histories["train"])
    seen = {n: early_history(histories[n], parts[n], days, typical) for n in ("train", "test")}
    fitted = fit_guess(seen["train"], labels["train"])
    chance = fitted.predict_proba(seen["test"])
    shares = np.bincount(labels["train"]) / len(labels["train"])
    rules = [
        majority_by(seen["train"]["Orders"], labels["train"], seen["test"]["Orders"], alike) for alike in (False, True)
    ]
    guesses = {
        "always": np.full(len(chance), shares.argmax()),
        "now": early["now"],
        "rule": rules[0],
        "guess": chance.argmax(axis=1),
        "rule alike": rules[1],
        "guess alike": (chance / shares).argmax(axis=1),
    }
    scores, draws = balanced_accuracy(labels["test"], list(guesses.values()), seed)
    scores = pd.DataFrame({"score": scores, "low": np.quantile(draws, 0.025, axis=0)}, index=list(guesses))
    scores["high"] = np.quantile(draws, 0.975, axis=0)
    draws = pd.DataFrame(draws, columns=list(guesses))
    found = {"fitted": fitted, "seen": seen["test"], "chance": chance, "guesses": guesses}
    return found | {"scores": scores, "draws": draws}


def circular_accuracy(customers: pd.DataFrame, seed: int) -> float:
    """Share of customers whom a tree gets right when it sees R, F and M and guesses the segment made of them.

    Trained on one half of a fixed sample of at most FIT_SAMPLE customers, tested on the other.
    """
    some = draw(customers, FIT_SAMPLE, seed)
    half = np.random.default_rng(seed).permutation(len(some)) % 2 == 0
    points, labels = some[RFM].to_numpy(float), some["Cluster"].to_numpy()
    tree = DecisionTreeClassifier(min_samples_leaf=5, random_state=seed).fit(points[half], labels[half])
    return float((tree.predict(points[~half]) == labels[~half]).mean())


NEW_COLUMNS = [
    "Customer_ID", "First_Order", "Days_Known", "Orders", "Spend", "Segment_Name", "Early_Guess",
    "Early_Guess_Probability",
]  # fmt: skip


def cohort_text(early: dict, snapshot: pd.Timestamp) -> str:
    """Who taught the guess, who tested it, who was left out and how far a first order may be wrong."""
    parts, past, names = early["parts"], early["past"], early["names"]
    train, test = parts["train"], parts["test"]
    span = [f"{part.min().strftime('%B %Y')} to {part.max().strftime('%B %Y')}" for part in (train, test)]
    months = max(1, round((train.max() - past["Order_Date"].min()).days / 30.4))
    back = returners(past, test.min(), months)
    rare = [f"{SEGMENTS[n]} {count((early['reached']['test'] == n).sum())}" for n in range(K)]
    out = plural(len(parts["left out"]), "customer")
    text = (
        f"Trained on **{count(len(train))}** customers who joined from {span[0]}, tested on **{count(len(test))}** who "
        f"joined from {span[1]}. Left out: {out} first seen in the log's first {WARM_UP_DAYS} days. Even so a young "
        f"log takes old customers for new ones: had it begun on {test.min().date()}, {percent(back)} of those who "
        "would have seemed to join had ordered before. Such customers are in the training, hardly in the test. Test "
        f"customers after {GUESS_MONTHS} months: {join(rare)}."
    )
    merged = [name for name in names if name not in SEGMENTS]
    return text + (f" Segments with fewer than {MIN_CLASS} are guessed together: {join(merged)}." if merged else "")


def guess_titles(names: list[str], labels: np.ndarray) -> dict[str, str]:
    """What the rows of a study's scores are called in the table."""
    return {
        "always": f"Always {names[np.bincount(labels).argmax()]}",
        "now": f"Where the model puts them on day {GUESS_DAYS}",
        "rule": f"By number of orders in {GUESS_DAYS} days",
        "guess": "The early guess (the likeliest)",
        "rule alike": "By number of orders, segments weighed alike",
        "guess alike": "The early guess, segments weighed alike",
    }


def guess_new(early: dict, today: pd.Timestamp) -> pd.DataFrame:
    """The new customers with a guess and its probability, by Customer_ID.

    Each is judged from the longest of HORIZONS that his days in the shop cover, by a fit of that horizon to all
    customers whose outcome is known by now.
    """
    parts, histories, labels, names = (early[name] for name in ("parts", "histories", "labels", "names"))
    new, age = parts["new"], (today - parts["new"]).dt.days
    history, bought = histories["new"], histories["new"].query("Amount >= 0")
    table = pd.DataFrame({"First_Order": new.dt.strftime("%Y-%m-%d"), "Days_Known": age})
    table["Orders"] = np.bincount(bought["Who"], minlength=len(new))
    table["Spend"] = np.bincount(history["Who"], history["Amount"], len(new)).round(2)
    table["Early_Guess"], table["Early_Guess_Probability"] = "", np.nan
    typical, covered = typical_basket(histories["known"]), np.searchsorted(HORIZONS, age, side="right") - 1
    for number in np.unique(covered):
        days, rows = HORIZONS[number], covered == number
        fitted = fit_guess(early_history(histories["known"], parts["known"], days, typical), labels["known"])
        chance = fitted.predict_proba(early_history(history, new, days, typical)[rows])
        table.loc[rows, "Early_Guess"] = np.array(names, dtype=object)[fitted.classes_[chance.argmax(axis=1)]]
        table.loc[rows, "Early_Guess_Probability"] = chance.max(axis=1).round(3)
    return table.sort_index()
