"""Which files a run starts from, and the customers and orders in them; never another shop's."""

from dataclasses import dataclass

import pandas as pd

from segmentation import cleaning, lines, orders, reading
from segmentation.decisions import DataRules
from segmentation.problems import InputError, LeftOut, named_path
from segmentation.words import Sentence, sentence

SHIPPED_CUSTOMERS = "data/ecommerce_user_segmentation.csv"
SHIPPED_ORDERS = "data/ecommerce_orders.csv.gz"
KINDS = {"customers": cleaning.CUSTOMER_FILE, "orders": lines.ORDER_FILE}


@dataclass(frozen=True)
class Shop:
    """What a run starts from."""

    raw: reading.Table  # the customers' file, or the orders' where there is no other
    cleaned: cleaning.Cleaned
    log: pd.DataFrame | LeftOut  # orders before the snapshot
    snapshot: pd.Timestamp | None  # the day that Recency counts back from
    story: Sentence  # of the order log
    orders_only: bool


def files_named(customers: str | None, log: str | None) -> tuple[str | None, str | None]:
    """The two files that are meant: where only one is named, the other's shipped default is not.

    >>> files_named(SHIPPED_CUSTOMERS, "my_orders.csv")
    (None, 'my_orders.csv')
    >>> files_named("my_customers.csv", SHIPPED_ORDERS)
    ('my_customers.csv', None)
    """
    for name, path in (("CUSTOMERS_CSV", customers), ("ORDERS_CSV", log)):
        named_path(name, path)  # raises InputError for what is no path
    if customers == SHIPPED_CUSTOMERS and log not in (None, SHIPPED_ORDERS):
        return None, log
    if log == SHIPPED_ORDERS and customers not in (None, SHIPPED_CUSTOMERS):
        return customers, None
    return customers, log


def kind_of(path: str, given: dict[str, str]) -> str:
    """Whether a file holds customers or orders, by its header; raises InputError where it holds neither."""
    problems = {}
    for name, kind in KINDS.items():
        header, columns = reading.header_of(path, kind, given)
        try:
            reading.check_columns(header, columns, kind, {}, reading.file_name(path))
        except InputError as problem:
            problems[name] = (len(set(columns) & set(kind.required)), problem)
        else:
            return name
    raise max(problems.values(), key=lambda found: found[0])[1]


def read_shop(
    files: tuple[str | None, str | None],
    given: dict[str, str],
    snapshot: str | None,
    months: int | None,
    rules: DataRules,
) -> Shop:
    """The customers, and the orders if they agree with them; from orders alone, the customers are made from them."""
    customers_file, orders_file = files
    found = lines.read_orders(orders_file, rules.most_aside, given) if orders_file else None
    if customers_file is None and found is None:
        raise InputError("CUSTOMERS_CSV and ORDERS_CSV are both None; expected at least one file")
    if customers_file is None:
        cleaned = orders.customers_from_orders(found, snapshot, months, rules.contract)
        day = orders.last_day(found, snapshot)
        log = found.log[found.log["Order_Date"] < day]
        return Shop(found.raw, cleaned, log, day, sentence("The customers were made from these orders."), True)
    raw = reading.read_table(customers_file, cleaning.CUSTOMER_FILE, given)
    cleaned = cleaning.clean(raw, rules.contract, rules.most_aside, snapshot)
    if found is None:
        day = pd.Timestamp(snapshot) if snapshot else None
        none = sentence("There is no order log, so nothing here looks at single orders.")
        return Shop(raw, cleaned, LeftOut("there is no order log"), day, none, False)
    beside = orders.find_log(found, cleaned.customers, snapshot, months, rules.log_agreement)
    return Shop(raw, cleaned, beside.log, beside.snapshot, beside.story, False)


def accounted_for(shop: Shop) -> Sentence:
    """Where every row that was read has gone."""
    if shop.orders_only:
        text = "**Accounted for:** {rows:# row} read, {customers:# customer} with an order in the window."
    else:
        text = (
            "**Accounted for:** {customers:# customer} + {aside:# row} set aside + {merged:# duplicate} merged"
            "{cleaned.and_never} = {rows:# row} read. {cleaned.where_aside}"
        )
    return sentence(
        text,
        customers=len(shop.cleaned.customers),
        aside=len(shop.cleaned.set_aside),
        merged=shop.cleaned.merged,
        rows=len(shop.raw.rows),
        cleaned=shop.cleaned,
    )


def too_little(shop: Shop, months: int | None, rules: DataRules) -> list[Sentence]:
    """What is too little to go on in this shop's data, in plain words; an empty list where nothing is."""
    customers, found = shop.cleaned.customers, []
    once = (customers["Frequency"] <= 1).mean()
    if once >= rules.many_once:
        text = "{once:%} of customers ordered at most once: who will come back can hardly be told from R, F and M"
        found.append(sentence(text, once=once))
    if not isinstance(shop.log, LeftOut):
        history = (shop.snapshot - shop.log["Order_Date"].min()).days / (365.25 / 12)
        if history < rules.least_months:
            text = "the orders cover {history:.1f} months: habits and seasons need {least} months at least"
            found.append(sentence(text, history=history, least=rules.least_months))
    if months:
        days = months * 365.25 / 12 + orders.GRACE.days
        old = ((customers["Recency"] > days) & (customers["Frequency"] > 0)).mean()
        if old > rules.few_old:
            text = (
                "{old:%} of customers have orders but bought last before the window of {months} months: orders and "
                "spend seem to be those of a lifetime, read no yearly numbers from them, or set WINDOW_MONTHS to None"
            )
            found.append(sentence(text, old=old, months=months))
    return found


def warning(problems: list[Sentence]) -> Sentence:
    """The problems of too_little as one warning; empty where there is none."""
    return sentence("> **Too little to go on:** {problems:; }." if problems else "", problems=problems)
