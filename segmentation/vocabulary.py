"""The names that everything relies on: columns as they stand in the files, and the four segments."""

SEGMENTS = ("VIP Champions", "High-Value Loyalists", "Promising Regulars", "At-Risk Customers")  # in order of value
VIP, LOYAL, PROMISING, AT_RISK = SEGMENTS
GROUPS = (  # whom an action is for: see groups.group_of
    "slipping VIP Champions",
    "slipping High-Value Loyalists",
    "High-Value Loyalists near the VIP line",
    "Promising Regulars after one or two orders",
    "silent At-Risk Customers",
)
KEEP_VIP, KEEP_LOYAL, GROW, DEVELOP, WIN_BACK = GROUPS
LEVELS = ("Low", "Medium", "High")  # of engagement
RFM = ["Recency", "Frequency", "Monetary"]
REQUIRED = ["Customer_ID", *RFM]
OPTIONAL = [
    "Avg_Order_Value",
    "Session_Count",
    "Avg_Session_Duration",
    "Pages_Viewed",
    "Clicks",
    "Wishlist_Adds",
    "Campaign_Response",
    "Cart_Abandon_Rate",
    "Returns",
]
TIER = "Segment_Label"  # the shop's own loyalty tier; described, never clustered on
ENGAGEMENT = ["Engagement_Score", "Engagement_Level"]
SCORES = ["R_Score", "F_Score", "M_Score", "RFM_Score"]
PLACED = ["Cluster", "Segment_Name", "Runner_Up", "Segment_Confidence"]
CLV = ["CLV_12M", "CLV_12M_Low", "CLV_12M_High"]
OVERDUE = ["Expected_Next_Order", "Overdue_Ratio"]
OVER_TIME = ["Previous_Segment", "Segment_Since", *OVERDUE, *CLV]  # where there is an order log
LAST_ORDER = "Last_Order_Date"  # would do in place of Recency
COMPUTED = [*ENGAGEMENT, *SCORES, *PLACED, *OVER_TIME]
CUSTOMER_COLUMNS = [*REQUIRED, *OPTIONAL, TIER, *COMPUTED]
ORDER_COLUMNS = ["Customer_ID", "Order_ID", "Order_Date", "Amount"]
LINE_COLUMNS = ["Quantity", "Unit_Price", "Line_Total", "Line_Number"]  # an export of order lines may also have
STATE_COLUMNS = ["Status", "Cancelled", "Refunded", "Currency"]  # any export may also have
MIN_VALUES = 10  # an optional column with fewer values is treated as absent
MIN_CUSTOMERS = 50  # below that, four segments are anecdotes
