"""The early guess: where new customers will stand, from their first days; how good it is; who joined last."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.calibration import calibration_curve
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score, confusion_matrix
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from segmentation.cohorts import Joiners, by_customer
from segmentation.problems import LeftOut
from segmentation.words import Sentence, sentence

HORIZONS = (1, 7, 14, 30, 60, 90)  # days of history to compare
RESAMPLES = 1_000  # of the test customers, for an interval
BINS = 8  # of equally many test customers, in which stated chances are compared with what came true
CALIBRATED = 0.05  # mean distance up to which a stated chance can be read as one


@dataclass(frozen=True)
class Study:
    """Guesses from `days` days of history, judged on the test customers."""

    days: int
    truth: np.ndarray  # class, (customers,)
    chance: np.ndarray  # stated for each class, (customers, classes)
    guesses: pd.DataFrame  # class, (customers, kinds of guess)
    resampled: pd.DataFrame  # balanced accuracy, (RESAMPLES, kinds of guess)

    @property
    def accuracy(self) -> pd.Series:
        """Balanced accuracy by kind of guess: the mean share found of each class."""
        return self.guesses.apply(lambda guess: balanced_accuracy_score(self.truth, guess))

    @property
    def gain(self) -> list[float]:
        """95 % interval of what the guess gains over the rule by number of orders, in points."""
        return (100 * (self.resampled["guess"] - self.resampled["rule"])).quantile([0.025, 0.975]).tolist()

    @property
    def worth(self) -> str:
        """The guess against the rule, in words."""
        low, high = self.gain
        return "worth more than" if low > 0 else "worth less than" if high < 0 else "hardly better than"

    @property
    def matrix(self) -> np.ndarray:
        """Test customers by true class (row) and guess (column)."""
        return confusion_matrix(self.truth, self.guesses["guess"], labels=range(self.chance.shape[1]))

    @property
    def calibration(self) -> pd.DataFrame:
        """Mean chance stated for the guess, share that came true, and their distance, in BINS of as many customers."""
        right = self.guesses["guess"] == self.truth
        true, stated = calibration_curve(right, self.chance.max(axis=1), n_bins=BINS, strategy="quantile")
        return pd.DataFrame({"stated": stated, "true": true, "off": np.abs(stated - true)})


@dataclass(frozen=True)
class Early:
    """The early guess, judged."""

    names: list[str]  # of the classes
    months: int  # after which they are reached
    studies: list[Study]  # in order of days
    chosen: Study  # as decided
    first: Study
    last: Study


def fit_guess(history: pd.DataFrame, classes: pd.Series):
    """Multinomial logistic regression on standardised columns; Newton's method, so that machines agree."""
    return make_pipeline(StandardScaler(), LogisticRegression(solver="newton-cholesky", tol=1e-8)).fit(history, classes)


def majority_by(orders: pd.DataFrame, classes: pd.Series, asked: pd.DataFrame, weights=None) -> np.ndarray:
    """The most frequent class by number of orders; weights="balanced" counts classes as if they were equally large."""
    return DecisionTreeClassifier(class_weight=weights, random_state=0).fit(orders, classes).predict(asked)


def resampled_accuracy(truth: np.ndarray, guesses: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Balanced accuracy of each guess in RESAMPLES resamples of the customers, the same for all guesses.

    Resampling customers is a multinomial draw of the cells of (truth, guess, guess ...).
    """
    cells, sizes = np.unique(np.column_stack([truth, guesses]), axis=0, return_counts=True)
    drawn = np.random.default_rng(seed).multinomial(len(truth), sizes / len(truth), size=RESAMPLES)
    recalls = []
    for name in np.unique(truth):
        own = drawn * (cells[:, 0] == name)
        recalls.append(own @ (cells[:, 1:] == name) / np.maximum(own.sum(axis=1, keepdims=True), 1))
    return pd.DataFrame(np.mean(recalls, axis=0), columns=guesses.columns)


def guess_after(joiners: Joiners, days: int) -> Study:
    """Fit on the training customers' first `days` days, and guess the test customers' classes."""
    train, test = (joiners.table[joiners.table[cohort]] for cohort in ("Train", "Test"))
    history = joiners.history(days, "Train")
    learned, asked = history.loc[train.index], history.loc[test.index]
    chance = fit_guess(learned, train["Class"]).predict_proba(asked)
    shares = train["Class"].value_counts(normalize=True).sort_index().to_numpy()
    guesses = pd.DataFrame(
        {
            "always": shares.argmax(),
            "now": test["Now"].to_numpy(),
            "rule": majority_by(learned[["Orders"]], train["Class"], asked[["Orders"]]),
            "guess": chance.argmax(axis=1),
            "rule alike": majority_by(learned[["Orders"]], train["Class"], asked[["Orders"]], "balanced"),
            "guess alike": (chance / shares).argmax(axis=1),
        }
    )
    truth = test["Class"].to_numpy()
    return Study(days, truth, chance, guesses, resampled_accuracy(truth, guesses, joiners.seed))


def judge(joiners: Joiners) -> Early:
    """The guess after each of HORIZONS, and after the days that were decided on."""
    guess = joiners.guess
    studies = {days: guess_after(joiners, days) for days in sorted({*HORIZONS, guess.days})}
    every = list(studies.values())
    return Early(joiners.names, guess.months, every, studies[guess.days], every[0], every[-1])


def horizons_until(days: int) -> list[int]:
    """The days of history by which somebody new is judged, as far as his days in the shop cover them.

    >>> horizons_until(30)
    [1, 7, 14, 30]
    """
    return [*(horizon for horizon in HORIZONS if horizon < days), days]


def guess_by_horizon(joiners: Joiners, new: pd.DataFrame) -> pd.DataFrame:
    """Guess and probability of customers, by the longest horizon that their Days_Known cover.

    Each horizon has a fit of its own, to all whose outcome is known.
    """
    known, horizons = joiners.table["Known"], horizons_until(joiners.guess.days)
    parts = []
    for longest, some in new.groupby(np.searchsorted(horizons, new["Days_Known"], side="right") - 1):
        history = joiners.history(horizons[longest], "Known")
        fitted = fit_guess(history[known], joiners.table.loc[known, "Class"])
        chance = fitted.predict_proba(history.loc[some.index])
        likeliest = pd.Categorical.from_codes(chance.argmax(axis=1), joiners.names)
        columns = {"Early_Guess": likeliest, "Early_Guess_Probability": chance.max(axis=1).round(3)}
        parts.append(pd.DataFrame(columns, index=some.index))
    return pd.concat(parts).reset_index()


def guess_new(joiners: Joiners, customers: pd.DataFrame) -> pd.DataFrame | LeftOut:
    """Who joined last, with segment and guess: a row each, as in new_customers.csv."""
    new = joiners.table.loc[joiners.table["New"], ["First_Order"]]
    if new.empty:
        return LeftOut(f"nobody's first order lies in the last {joiners.guess.days} days")
    new["Days_Known"] = (joiners.snapshot - new["First_Order"]).dt.days
    new["First_Order"] = new["First_Order"].dt.strftime("%Y-%m-%d")
    new["Orders"] = by_customer(joiners.orders.loc[joiners.orders["Amount"] >= 0, "Day"]).size()
    new["Spend"] = by_customer(joiners.orders["Amount"]).sum().round(2)
    segments = customers[["Customer_ID", "Segment_Name"]].astype(str)
    return new.reset_index().merge(segments, on="Customer_ID").merge(guess_by_horizon(joiners, new), on="Customer_ID")


def tally(new_customers: pd.DataFrame) -> pd.DataFrame:
    """New customers and their median spend, by guess."""
    spend = new_customers.groupby("Early_Guess", observed=True)["Spend"]
    return pd.DataFrame({"New customers": spend.size(), "Median spend": spend.median()})


def score_table(early: Early) -> pd.DataFrame:
    """How often each kind of guess is right, and its balanced accuracy with interval."""
    study = early.chosen
    titles = {
        "always": sentence("Always {largest}", largest=early.names[study.guesses["always"].iloc[0]]),
        "now": sentence("Where the model puts them on day {days}", days=study.days),
        "rule": sentence("By number of orders in {days} days", days=study.days),
        "guess": "The early guess (the likeliest)",
        "rule alike": "By number of orders, segments weighed alike",
        "guess alike": "The early guess, segments weighed alike",
    }
    low, high = study.resampled.quantile([0.025, 0.975]).to_numpy()
    interval = [sentence("{low:%} to {high:%}", low=x, high=y) for x, y in zip(low, high, strict=True)]
    right = study.guesses.eq(study.truth, axis=0).mean()
    scores = {"Right": right, "Balanced accuracy": study.accuracy, "95 % interval": interval}
    return pd.DataFrame(scores).rename(index=titles).rename_axis("Guess")


def found_by_class(early: Early) -> pd.Series:
    """The share that the guess finds of each class."""
    true = early.chosen.matrix.sum(axis=1)
    return pd.Series(np.diag(early.chosen.matrix) / np.maximum(true, 1), early.names)


def finding(early: Early) -> Sentence:
    """Of which class the guess finds least, and of which most."""
    found = found_by_class(early).sort_values(kind="stable")
    worst, best = found.index[[0, -1]]
    template = "{days} days recognise {low:%} of {worst} and {high:%} of {best}"
    return sentence(template, days=early.chosen.days, low=found[worst], worst=worst, high=found[best], best=best)


def on_calibration(early: Early) -> Sentence:
    """How far the stated chances can be believed."""
    calibration = early.chosen.calibration
    off = calibration["off"].mean()
    return sentence(
        "The stated chance of a guess is off by {off:.1f} points on average (expected calibration error); at worst "
        "{worst.stated:%0} were stated and {worst.true:%0} came true. "
        + ("It can be read as it stands." if off <= CALIBRATED else "Read it as a rank, not as a chance."),
        off=100 * off,
        worst=calibration.loc[calibration["off"].idxmax()],
    )


def on_horizons(early: Early) -> Sentence:
    """From which day on the guess is worth more than counting orders."""
    better = [study for study in early.studies if study.gain[0] > 0]
    text = "The early guess does not clearly beat counting orders ({late}): count orders instead."
    if better:
        text = (
            "The early guess beats counting orders from day {soon.days} on, with a balanced accuracy of "
            "{soon.accuracy[guess]:%} there and {late}: cheap offers early, costly ones late."
        )
    late = sentence("{last.accuracy[guess]:%} after {last.days} days", last=early.last)
    return sentence(text, late=late, soon=better[0] if better else None)
