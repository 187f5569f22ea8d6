"""constants"""

SEGMENTS = ("VIP Champions", "High-Value Loyalists", "Promising Regulars", "At-Risk Customers")  # in order of value


VIP, LOYAL, PROMISING, AT_RISK = SEGMENTS


K = len(SEGMENTS)  # the marketing team asked for four groups; chapter 5 shows what the data say to that


RFM = ["Recency", "Frequency", "Monetary"]


CAP_QUANTILE = 0.99  # clustering only: without a cap a handful of wholesale buyers would own a cluster


MIN_VALUES = 10  # an optional column with fewer values is treated as absent


MIN_CUSTOMERS = 50  # below that, four segments are anecdotes


MAX_SET_ASIDE = 0.05  # more unusable rows than this: the file is at fault, not the customers


MAX_RECENCY = 9_000  # days, some 25 years; catches 9999 placeholders and spreadsheet date numbers


LOG_AGREEMENT = 0.95  # share of customers whose R, F and M the order log must reproduce before it is used


PAIR_SAMPLE = 3_000  # customers where all pairs are compared (silhouette, Ward): within 0.006 of the full silhouette


FIT_SAMPLE = 10_000  # customers in each of the many fits that judge the number of segments


BOOT_SAMPLE = 5_000  # customers that are resampled; fewer make fits differ more, so stability is not overstated


WIDE_SAMPLE = 100_000  # customers behind rank correlations, the rule card, and the ten starts of the published fit


PAIRS = 20  # pairs of bootstrap fits per k


BOUNDARY = 0.25  # Segment_Confidence below it: the second-nearest centre is at most 15 % farther than the nearest


BANDS = {"3-5": 5, "6-8": 8, "9-11": 11, "12-15": 15}  # band of the RFM score: its highest score


FIFTHS = [0.2, 0.4, 0.6, 0.8]  # where scores and fifths are cut


PLOT_SAMPLE = 2_000  # dots in a scatter plot; more would only hide each other


MIN_SHARE = 0.05  # a smaller segment does not pay for a campaign of its own


MIN_REACH = 200  # customers; with fewer, no campaign result can be read


MIN_STABILITY = 0.95  # mean adjusted Rand index over pairs of resamples


MIN_JACCARD = 0.75  # of every segment over resamples: "valid, stable" in Hennig's reading (2008)


NULL_MARGIN = 0.05  # silhouette above that of the same columns shuffled independently


MIN_VALUE_STEP = 1.5  # mean spend of a segment against the next lower one


MAX_VALUE = 1e12  # no count or sum of a real customer is larger


REQUIRED = ["Customer_ID", *RFM]


OPTIONAL = {  # column: largest possible value
    "Avg_Order_Value": MAX_VALUE,
    "Session_Count": MAX_VALUE,
    "Avg_Session_Duration": MAX_VALUE,
    "Pages_Viewed": MAX_VALUE,
    "Clicks": MAX_VALUE,
    "Wishlist_Adds": MAX_VALUE,
    "Campaign_Response": 1,
    "Cart_Abandon_Rate": 100,
    "Returns": MAX_VALUE,
}


TIER = "Segment_Label"  # the shop's own loyalty tier; described, never clustered on


SCORES = ["R_Score", "F_Score", "M_Score", "RFM_Score"]


PLACED = ["Cluster", "Segment_Name", "Runner_Up", "Segment_Confidence"]


CLV = ["CLV_12M", "CLV_12M_Low", "CLV_12M_High"]


OVER_TIME = ["Previous_Segment", "Segment_Since", *CLV]  # where there is an order log


COMPUTED = ["Engagement_Score", "Engagement_Level", *SCORES, *PLACED, *OVER_TIME]


CUSTOMER_COLUMNS = [*REQUIRED, *OPTIONAL, TIER, *COMPUTED]


ORDER_COLUMNS = ["Customer_ID", "Order_ID", "Order_Date", "Amount"]


REPEATING = {*RFM, *OPTIONAL, TIER, *COMPUTED, "Order_Date", "Amount"}  # categories: each distinct text is kept once


ENGAGEMENT_PARTS = ["Session_Count", "Clicks", "Wishlist_Adds"]


LEVELS = ("Low", "Medium", "High")


MONTHS_AHEAD = 12
