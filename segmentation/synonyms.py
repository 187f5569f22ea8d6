"""What other systems call our columns: their exports, recognised by their headers, with the source of each."""

import re
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Export:
    """A file that a system gives, by its headers. It is recognised if all of `needed` are there."""

    name: str
    source: str  # where its headers are documented
    needed: dict[str, str]  # our column: their header
    more: dict[str, str] = field(default_factory=dict)  # taken along where they are there


ORDER_EXPORTS = [
    Export(
        "Shopify orders",
        "https://help.shopify.com/en/manual/fulfillment/managing-orders/exporting-orders",
        {"Order_ID": "Name", "Customer_ID": "Email", "Order_Date": "Created at", "Amount": "Total"},
        {"Status": "Financial Status", "Cancelled": "Cancelled at", "Refunded": "Refunded Amount"},
    ),
    Export(
        "WooCommerce orders (SkyVerge export)",
        "https://woocommerce.com/document/ordercustomer-csv-export",
        {"Order_ID": "order_id", "Customer_ID": "billing_email", "Order_Date": "date", "Amount": "order_total"},
        {"Status": "status", "Refunded": "refunded_total"},
    ),
    Export(
        "WooCommerce orders (WebToffee export)",
        "https://www.webtoffee.com/docs/order-import-export-plugin-for-woocommerce-user-guide",
        {"Order_ID": "order_id", "Customer_ID": "billing_email", "Order_Date": "order_date", "Amount": "order_total"},
        {"Status": "status"},
    ),
    Export(
        "Magento orders",
        "https://experienceleague.adobe.com/en/docs/commerce-admin/stores-sales/order-management/orders/orders",
        {
            "Order_ID": "ID",
            "Customer_ID": "Customer Email",
            "Order_Date": "Purchase Date",
            "Amount": "Grand Total (Base)",
        },
        {"Status": "Status", "Refunded": "Total Refunded"},
    ),
    Export(
        "BigCommerce orders",
        "https://support.bigcommerce.com/s/article/Exporting-Orders",
        {
            "Order_ID": "Order ID",
            "Customer_ID": "Customer Email",
            "Order_Date": "Order Date",
            "Amount": "Order Total (inc tax)",
        },
        {"Status": "Order Status", "Refunded": "Refund Amount"},
    ),
    Export(
        "Stripe payments, converted to one currency",
        "https://support.stripe.com/questions/exporting-payment-reports",
        {
            "Order_ID": "id",
            "Customer_ID": "Customer Email",
            "Order_Date": "Created date (UTC)",
            "Amount": "Converted Amount",
        },
        {"Status": "Status", "Refunded": "Converted Amount Refunded", "Currency": "Converted Currency"},
    ),
    Export(
        "Stripe payments",
        "https://support.stripe.com/questions/exporting-payment-reports",
        {"Order_ID": "id", "Customer_ID": "Customer Email", "Order_Date": "Created date (UTC)", "Amount": "Amount"},
        {"Status": "Status", "Refunded": "Amount Refunded"},
    ),
    Export(
        "UCI Online Retail",
        "https://archive.ics.uci.edu/dataset/352/online+retail",
        {"Order_ID": "InvoiceNo", "Customer_ID": "CustomerID", "Order_Date": "InvoiceDate", "Unit_Price": "UnitPrice"},
        {"Quantity": "Quantity"},
    ),
    Export(
        "UCI Online Retail II",
        "https://archive.ics.uci.edu/dataset/502/online+retail+ii",
        {"Order_ID": "Invoice", "Customer_ID": "Customer ID", "Order_Date": "InvoiceDate", "Unit_Price": "Price"},
        {"Quantity": "Quantity"},
    ),
    Export(
        "Olist payments with their orders and customers",
        "https://www.kaggle.com/datasets/olistbr/brazilian-ecommerce",
        {
            "Order_ID": "order_id",
            "Customer_ID": "customer_unique_id",
            "Order_Date": "order_purchase_timestamp",
            "Line_Total": "payment_value",
            "Line_Number": "payment_sequential",  # merged with items, each payment stands once per item
        },
        {"Status": "order_status"},
    ),
    Export(
        "Olist items with their orders and customers",
        "https://www.kaggle.com/datasets/olistbr/brazilian-ecommerce",
        {
            "Order_ID": "order_id",
            "Customer_ID": "customer_unique_id",
            "Order_Date": "order_purchase_timestamp",
            "Line_Total": "price",
            "Line_Number": "order_item_id",  # merged with payments, each item stands once per payment
        },
        {"Status": "order_status"},
    ),
]
CUSTOMER_EXPORTS = [
    Export(
        "Shopify customers",
        "https://help.shopify.com/en/manual/customers/import-export-customers",
        {"Customer_ID": "Customer ID", "Frequency": "Total Orders", "Monetary": "Total Spent"},
    ),
    Export(
        "Shopify customers",  # without ids, as they were until 2023
        "https://help.shopify.com/en/manual/customers/import-export-customers",
        {"Customer_ID": "Email", "Frequency": "Total Orders", "Monetary": "Total Spent"},
    ),
    Export(
        "WooCommerce customers",
        "https://woocommerce.com/document/woocommerce-analytics/customers-report",
        {"Customer_ID": "Email", "Frequency": "Orders", "Monetary": "Total spend"},
        {"Avg_Order_Value": "AOV"},
    ),
]
USUAL = {  # headings that hardly mean anything else, whoever wrote them
    "Customer_ID": ["Customer number", "Customer no", "Client ID", "User ID", "Buyer ID", "Customer email"],
    "Order_ID": ["Order number", "Order no", "Invoice number", "Invoice no", "Invoice ID", "Transaction ID"],
    "Order_Date": ["Date of order", "Purchase date", "Invoice date", "Transaction date", "Order created at"],
    "Amount": ["Order total", "Order amount", "Order value", "Total amount", "Grand total", "Total price"],
    "Quantity": ["Qty"],
    "Unit_Price": ["Price per unit", "Item price"],
    "Line_Total": ["Line amount", "Item total"],
    "Status": ["Order status", "Payment status"],
    "Refunded": ["Refund", "Refunds", "Refund amount", "Refunded amount", "Amount refunded", "Total refunded"],
    "Currency": ["Currency code", "Order currency", "Order currency code", "Payment currency"],
    "Recency": ["Days since last order", "Days since last purchase"],
    "Last_Order_Date": ["Last order", "Last purchase", "Last purchase date", "Date of last order"],
    "Frequency": ["Number of orders", "Order count", "Orders count", "Total orders"],
    "Monetary": ["Total spent", "Total spend", "Total revenue", "Amount spent"],
    "Avg_Order_Value": ["AOV", "Average order value"],
}
UNUSED = " (not used)"
INSTEAD = {"Amount": [{"Line_Total"}, {"Quantity", "Unit_Price"}], "Recency": [{"Last_Order_Date"}]}  # would do
WOULD_DO = {
    "Recency": "days since the last order; or give Last_Order_Date, or the orders themselves",
    "Frequency": "number of orders; or give the orders themselves",
    "Monetary": "money spent; or give the orders themselves",
    "Customer_ID": "whatever tells customers apart: a number or an e-mail address",
    "Order_ID": "whatever tells orders apart",
    "Order_Date": "the day of the order",
    "Amount": "value of the order; or give Line_Total, or Quantity and Unit_Price, per line",
}


def key(header: str) -> str:
    """A header without case, spaces and punctuation.

    >>> key(" Customer ID")
    'customerid'
    """
    return re.sub(r"[\W_]+", "", header.casefold())


def recognised(header: list[str], exports: list[Export]) -> Export | None:
    """The first export whose needed headers are all there.

    >>> recognised(["InvoiceNo", "CustomerID", "InvoiceDate", "UnitPrice"], ORDER_EXPORTS).name
    'UCI Online Retail'
    """
    keys = {key(field) for field in header}
    return next((export for export in exports if {key(theirs) for theirs in export.needed.values()} <= keys), None)


def match_columns(header: list[str], known: list[str], exports: list[Export], given: dict[str, str]) -> list[str]:
    """Our name for each field of a header, or the field itself.

    The first that knows a name decides: `given` by the user (their header: our name), a recognised export, our own
    names, the usual headings. Case, spaces and punctuation do not matter. A field that bears our name while another
    was given for it is marked as not used.

    >>> match_columns(["Spent", "User ID", "Notes "], ["Customer_ID", "Monetary"], [], {"spent": "Monetary"})
    ['Monetary', 'Customer_ID', 'Notes']
    """
    export = recognised(header, exports)
    theirs = export.needed | export.more if export else {}
    claims = [{key(field): ours for field, ours in given.items()}, {key(field): ours for ours, field in theirs.items()}]
    names = {}
    for rule in (*claims, {key(ours): ours for ours in known}, *usual(known)):
        taken = set(names.values())
        names |= {f: rule[key(f)] for f in header if f not in names and key(f) in rule and rule[key(f)] not in taken}
    claimed = {key(names[field]) for rule in claims for field in names if key(field) in rule}
    return [names.get(field, field.strip() + (UNUSED if key(field) in claimed else "")) for field in header]


def usual(known: list[str]) -> list[dict[str, str]]:
    """The usual headings of known columns, those first that are named first: key of a heading: our column."""
    ranks = range(max(map(len, USUAL.values())))
    columns = {ours: headings for ours, headings in USUAL.items() if ours in known}
    return [{key(h[rank]): ours for ours, h in columns.items() if rank < len(h)} for rank in ranks]
