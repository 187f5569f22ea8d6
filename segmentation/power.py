"""Two arms compared: effect sizes, customers needed, power, the smallest lift found, and the weeks that takes."""

from dataclasses import dataclass

import numpy as np
from scipy import stats
from statsmodels.stats.power import NormalIndPower, normal_sample_size_one_tail
from statsmodels.stats.proportion import proportion_effectsize


@dataclass(frozen=True)
class Comparison:
    """Two arms compared, two-sided, on a share (Cohen's arcsine scale, 1988) or, with sd, on mean spend.

    Numbers, or arrays with one entry per comparison. A lift in spend is a factor on everybody's: it widens the spread.
    """

    base: float  # share, or mean spend, of those to whom nothing is done
    sd: float  # of spend; nan for a share
    alpha: float
    power: float
    treated: float = 0.5  # share of customers who get the action

    @np.errstate(invalid="ignore", divide="ignore")
    def effect(self, lift):
        """A relative lift in standard units; nan where there can be none, as above a share of 100 %."""
        share = proportion_effectsize(self.base * (1 + lift), self.base)
        spread = self.sd * np.sqrt((1 - self.treated) * (1 + lift) ** 2 + self.treated)
        size = np.where(np.isnan(self.sd), share, self.base * lift / spread)
        return np.where(np.isfinite(size) & (size >= 0) & (self.base > 0), size, np.nan)

    def needed(self, lift):
        """Customers in both arms together who find the lift; infinite where it cannot be.

        >>> print(f"{Comparison(base=0.1, sd=np.nan, alpha=0.05, power=0.8).needed(0.1):.1f}")
        29488.3
        """
        size = self.effect(lift)
        noise = 1 / np.sqrt(self.treated * (1 - self.treated))
        found = normal_sample_size_one_tail(np.where(size > 0, size, np.nan), self.power, self.alpha / 2, noise)
        return np.where(np.isnan(found), np.inf, found)

    @np.errstate(invalid="ignore", divide="ignore")
    def smallest_control(self, lift, customers):
        """How many of so many customers must be control to find the lift, the others treated; nan if half are too few.

        The error of two arms, 1 / control + 1 / (customers - control), solved for what the effect allows.

        >>> found = Comparison(base=0.1, sd=np.nan, alpha=0.05, power=0.8)
        >>> float(found.smallest_control(0.1, 29_489)), float(found.smallest_control(0.1, 100_000))
        (14672.0, 8015.0)
        """
        arm = ((stats.norm.isf(self.alpha / 2) + stats.norm.ppf(self.power)) / self.effect(lift)) ** 2
        room = np.multiply(customers, np.subtract(customers, 4 * arm))
        return np.ceil((customers - np.sqrt(np.where(room >= 0, room, np.nan))) / 2)

    def chance(self, lift, customers):
        """How likely a test on so many customers, in both arms together, finds the lift."""
        ratio = self.treated / (1 - self.treated)
        return NormalIndPower().power(self.effect(lift), (1 - self.treated) * customers, self.alpha, ratio)

    @np.errstate(invalid="ignore", divide="ignore")
    def detectable(self, customers):
        """The smallest lift that so many customers find: `effect` solved for the lift; nan where there is none."""
        both = np.multiply(self.treated * (1 - self.treated), customers)
        size = (stats.norm.isf(self.alpha / 2) + stats.norm.ppf(self.power)) / np.sqrt(both)
        angle = np.arcsin(np.sqrt(self.base)) + size / 2
        share = np.where(angle <= np.pi / 2, np.sin(angle) ** 2 / self.base - 1, np.nan)
        square = (size * self.sd / self.base) ** 2
        wider = (1 - self.treated) * square
        mean = np.where(wider < 1, (wider + np.sqrt(wider**2 + (1 - wider) * square)) / (1 - wider), np.nan)
        lift = np.where(np.isnan(self.sd), share, mean)
        enough = np.multiply(customers, min(self.treated, 1 - self.treated)) >= 2
        return np.where(enough & (lift > 0) & (self.base > 0), lift, np.nan)
