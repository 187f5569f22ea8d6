"""actions"""

import pandas as pd

from segmentation.constants import AT_RISK, LOYAL, PROMISING, VIP
from segmentation.words import count, money, percent

LOST_SHARE = 0.10  # VIP: one in ten stops buying if nobody looks after them


LIFT_SHARE = 0.10  # Loyalists and Promising: one in ten reaches the median spend of the next segment


WIN_BACK_SHARE = 0.05  # At-Risk: one in twenty returns and spends like the median Promising customer


def money_at_stake(profiles: pd.DataFrame) -> pd.DataFrame:
    """What each action would be worth under its named assumption, highest first: segment, money, the sum behind it."""
    size, spend, revenue = profiles["Customers"], profiles["Monetary_Median"], profiles.loc[VIP, "Revenue"]
    lost, lift, back = (percent(share, 1, 0) for share in (LOST_SHARE, LIFT_SHARE, WIN_BACK_SHARE))
    rows = [(VIP, LOST_SHARE * revenue, f"{lost} of {money(revenue)} revenue kept")]
    for name, better in ((LOYAL, VIP), (PROMISING, LOYAL)):
        gap = max(0.0, spend[better] - spend[name])
        rows.append((name, LIFT_SHARE * size[name] * gap, f"{lift} of {count(size[name])} spend {money(gap)} more"))
    returned = WIN_BACK_SHARE * size[AT_RISK] * spend[PROMISING]
    rows.append((AT_RISK, returned, f"{back} of {count(size[AT_RISK])} return and spend {money(spend[PROMISING])}"))
    table = pd.DataFrame(rows, columns=["Segment", "At stake", "Assumption"])
    return table.sort_values("At stake", ascending=False, kind="stable", ignore_index=True)
