"""Which files a run starts from, and the customers and orders in them; never another shop's."""

from dataclasses import dataclass

import pandas as pd

from segmentation import cleaning, lines, orders, reading
from segmentation.decisions import DataRules
from segmentation.problems import InputError, LeftOut, named_path, quietly
from segmentation.synonyms import key, recognised
from segmentation.vocabulary import COMPUTED, ORDER_COLUMNS, REQUIRED
from segmentation.words import Sentence, sentence, short

SHIPPED_CUSTOMERS = "data/ecommerce_user_segmentation.csv"
SHIPPED_ORDERS = "data/ecommerce_orders.csv.gz"
NO_LOG = "There is no order log, so nothing here looks at single orders."
KINDS = {"customers": cleaning.CUSTOMER_FILE, "orders": lines.ORDER_FILE}


@dataclass(frozen=True)
class Shop:
    """What a run starts from."""

    raw: reading.Table  # the customers' file, or the orders' where there is no other
    cleaned: cleaning.Cleaned
    orders: lines.Orders | LeftOut
    log: pd.DataFrame | LeftOut  # orders before the snapshot
    snapshot: pd.Timestamp | None  # the day that Recency counts back from
    story: Sentence  # of the order log
    orders_only: bool = False
    shipped: bool = False  # the shop that ships with the notebook

    @property
    def orders_aside(self) -> pd.DataFrame | LeftOut:
        """Rows of the order file that could not be used."""
        return quietly(lambda found: found.set_aside, self.orders)

    @property
    def refunds_count(self) -> bool:
        """Whether refunds lower spend; not where the log tells the table's story only without them."""
        if isinstance(self.log, LeftOut):
            return True
        return len(self.log) == (self.orders.log["Order_Date"] < self.snapshot).sum()


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


def kind_of(path: str, given: dict[str, str]) -> tuple[str, Sentence | str]:
    """Whether a file holds customers or orders, by its header, and which headers were taken for which columns.

    Raises InputError where it holds neither.
    """
    problems, name = {}, reading.file_name(path)
    for called, kind in KINDS.items():
        header, columns = reading.header_of(path, kind, given)
        try:
            reading.check_columns(header, columns, kind, name)
        except InputError as problem:
            known = set(columns) & set(kind.known)
            problems[called] = (len(known - {"Customer_ID"}), bool(known), problem)
        else:
            matched = {ours: theirs.strip() for ours, theirs in zip(columns, header, strict=True) if ours in kind.known}
            return called, reading.naming(matched, recognised(header, kind.exports))
    most, some, problem = max(problems.values(), key=lambda found: found[:2])
    if most or (not some and "no header" in str(problem)):
        raise problem
    kinds = f"neither orders ({', '.join(ORDER_COLUMNS)}) nor customers ({', '.join(REQUIRED)})"
    how = f"Say which is which with COLUMNS, like '{reading.listed(header[:1])}=one of these names'"
    raise InputError(f"{name}: {kinds} are recognised; found {reading.listed(header)}. {how}")


def header_found(path: str, given: dict[str, str]) -> list[str]:
    """The header of a file, whichever kind it is."""
    found = [(reading.header_of(path, kind, given), set(kind.known)) for kind in KINDS.values()]
    return max(found, key=lambda item: len(set(item[0][1]) & item[1]))[0][0]


def check_names(paths: list[str], given: dict[str, str]) -> None:
    """Raise InputError for an entry of COLUMNS that no file has, or that is given for none of our columns."""
    known = sorted({column for kind in KINDS.values() for column in kind.known} - set(COMPUTED))
    headers = {reading.file_name(path): header_found(path, given) for path in paths}
    fields = {key(field) for header in headers.values() for field in header}
    spelled = {key(column): column for column in known}
    for theirs, ours in given.items():
        if ours not in known:
            turned = f"{ours}={spelled[key(theirs)]}" if key(theirs) in spelled else spelled.get(key(ours))
            meant = f" (is '{short(turned)}' meant?)" if turned else ""
            raise InputError(f"COLUMNS names '{short(ours)}' as our name{meant}; expected one of {', '.join(known)}")
        if key(theirs) not in fields:
            found = "; ".join(f"{name} has {reading.listed(header)}" for name, header in headers.items())
            raise InputError(f"COLUMNS names '{short(theirs)}', which is no column; {found}")


def read_shop(
    files: tuple[str | None, str | None],
    given: dict[str, str],
    snapshot: str | None,
    months: int | None,
    rules: DataRules,
) -> Shop:
    """The customers, and the orders, which must agree with them; from orders alone, the customers are made from them.

    Raises InputError for a file that cannot be used.
    """
    customers_file, orders_file = files
    if customers_file is None and orders_file is None:
        raise InputError("CUSTOMERS_CSV and ORDERS_CSV are both None; expected at least one file")
    check_names([path for path in files if path], given)
    found = orders_in(orders_file, given, rules)
    if customers_file is None:
        return from_orders(found, snapshot, months, rules)
    raw = reading.read_table(customers_file, cleaning.CUSTOMER_FILE, given)
    cleaned = cleaning.clean(raw, rules.contract, rules.most_aside, snapshot)
    if orders_file is None:
        return Shop(raw, cleaned, found, found, pd.Timestamp(snapshot) if snapshot else None, sentence(NO_LOG))
    beside = orders.find_log(found, cleaned.customers, snapshot, months, rules.log_agreement)
    shipped = files == (SHIPPED_CUSTOMERS, SHIPPED_ORDERS)
    return Shop(raw, cleaned, found, beside.log, beside.snapshot, beside.story, shipped=shipped)


def orders_in(path: str | None, given: dict[str, str], rules: DataRules) -> lines.Orders | LeftOut:
    """The orders in a file, if one is named; raises InputError where it cannot be used."""
    return lines.read_orders(path, rules.most_aside, given) if path else LeftOut("there is no order log")


def from_orders(found: lines.Orders, snapshot: str | None, months: int | None, rules: DataRules) -> Shop:
    """A shop of which there are orders only."""
    cleaned = orders.customers_from_orders(found, snapshot, months, rules.contract)
    day = orders.last_day(found, snapshot)
    told = sentence("The customers were made from these orders.")
    return Shop(found.raw, cleaned, found, found.log[found.log["Order_Date"] < day], day, told, orders_only=True)


def accounted_for(shop: Shop) -> Sentence:
    """Where every row that was read has gone."""
    of_customers = sentence(
        "**Accounted for:** {customers:# customer} + {aside:# row} set aside + {merged:# duplicate} merged"
        "{cleaned.and_never} = {rows:# row} read. {cleaned.where_aside}",
        customers=len(shop.cleaned.customers),
        aside=len(shop.cleaned.set_aside),
        merged=shop.cleaned.merged,
        rows=len(shop.raw.rows),
        cleaned=shop.cleaned,
    )
    if isinstance(shop.orders, LeftOut):
        return of_customers
    of_orders = accounted_orders(shop.orders)
    if not shop.orders_only:
        return sentence("{customers}\n\n{orders}", customers=of_customers, orders=of_orders)
    text = "{orders} {customers:# customer} {verb} an order in the window."
    number = len(shop.cleaned.customers)
    return sentence(text, orders=of_orders, customers=number, verb="has" if number == 1 else "have")


def accounted_orders(found: lines.Orders) -> Sentence:
    """Where every row of the order file has gone."""
    removed, some = found.removed, len(found.set_aside)
    there = " The rows set aside{first} are in `ecommerce_set_aside_orders.csv`, with line and reason."
    first = sentence(", the first {some:#},", some=some) if removed["set aside"] > some else ""
    return sentence(
        "**Accounted for, of {file:code}:** {orders:# order} + {refunds:# refund} + {further:# further line} of orders"
        " + {again:# repeat} + {out:# row} left out + {aside:# row} set aside = {rows:# row} read.{written}",
        file=found.raw.name,
        orders=len(found.log) - found.refunds,
        refunds=found.refunds,
        further=removed["added to it"] + removed["total counted once"],
        again=removed["dropped"],
        out=removed["left out"],
        aside=removed["set aside"],
        rows=len(found.raw.rows),
        written=sentence(there, first=first) if some else "",
    )


def aside_tables(shop: Shop) -> dict[str, pd.DataFrame | LeftOut]:
    """Files of rows that could not be used: of customers, of orders."""
    return {"ecommerce_set_aside_rows.csv": shop.cleaned.set_aside, "ecommerce_set_aside_orders.csv": shop.orders_aside}


def too_little(shop: Shop, months: int | None, rules: DataRules, today: pd.Timestamp | None = None) -> list[Sentence]:
    """What is too little to go on in this shop's data, in plain words; an empty list where nothing is.

    `today`: the computer's day unless given; the shipped shop, a synthetic one, has days of its own.
    """
    found = [] if isinstance(shop.log, LeftOut) else of_log(shop, rules, today or pd.Timestamp.now().normalize())
    once = (shop.cleaned.customers["Frequency"] <= 1).mean()
    if once >= rules.many_once:
        text = "{once:%} of customers ordered at most once: who will come back can hardly be told from R, F and M"
        found.append(sentence(text, once=once))
    return found + (of_window(shop.cleaned.customers, months, rules) if months else [])


def of_log(shop: Shop, rules: DataRules, today: pd.Timestamp) -> list[Sentence]:
    """What is too little in the order log: history, or days that have come."""
    found, days = [], shop.log["Order_Date"]
    if days.max() > today and not shop.shipped:
        text = "the last order is dated {last:%Y-%m-%d}, after today ({today:%Y-%m-%d}): no recency can be trusted"
        found.append(sentence(text, last=days.max(), today=today))
    history = (shop.snapshot - days.min()).days / (365.25 / 12)
    if history < rules.least_months:
        text = "the orders cover {history:.1f} months: habits and seasons need {least} months at least"
        found.append(sentence(text, history=history, least=rules.least_months))
    return found


def of_window(customers: pd.DataFrame, months: int, rules: DataRules) -> list[Sentence]:
    """Whether orders and spend look like those of a lifetime rather than of the window."""
    days = months * 365.25 / 12 + orders.GRACE.days
    old = ((customers["Recency"] > days) & (customers["Frequency"] > 0)).mean()
    text = (
        "{old:%} of customers have orders but bought last before the window of {months} months: orders and "
        "spend seem to be those of a lifetime, read no yearly numbers from them, or set WINDOW_MONTHS to None"
    )
    return [sentence(text, old=old, months=months)] if old > rules.few_old else []


def warning(problems: list[Sentence]) -> Sentence:
    """The problems of too_little as one warning; empty where there is none."""
    return sentence("> **Too little to go on:** {problems:; }." if problems else "", problems=problems)
