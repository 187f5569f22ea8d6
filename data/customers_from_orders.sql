-- Makes the customer table from a table of orders, by the rules of the notebook, which writes this file.
--
-- Reads    orders(Customer_ID, Order_ID, Order_Date, Amount): one row per order, per line of an order or per refund.
--          Order_Date is a date, a time stamp or a text, shown as 2026-06-30; Amount has at most two decimals. Name your
--          own table or view in the line marked "input". Leave out there what was cancelled and rows that repeat others.
-- Returns  Customer_ID, Recency, Frequency, Monetary, as assign_segments.sql reads them from a table customers: one row
--          per customer with an order in the window (12 months).
-- Dates    Recency counts back from the snapshot, which is itself no day of the window; First_Day is one. A nightly job
--          moves all dates marked "replace" together, with tomorrow as the snapshot.
-- Order    the rows of one Order_ID and Customer_ID with an Amount of 0 or more, on the first of their days; none if all
--          are 0. A number that comes again for the same customer within the dates read is the same order.
-- Refund   a row with a negative Amount is no order; it lowers Monetary on its own day, at most to 0.
-- NULL     rows without customer (guests), order, date or amount are left out.
-- SQL      runs unchanged on SQLite, DuckDB, PostgreSQL, MariaDB and Spark. Money is added up in whole cents, so its sum
--          is exact in any order of the rows.
WITH dates AS (
  SELECT
    '2026-07-01' AS Snapshot, -- replace
    '2025-07-01' AS First_Day -- replace
), entries AS (
  SELECT Customer_ID, Order_ID, SUBSTR(CAST(Order_Date AS CHAR(32)), 1, 10) AS Entry_Day, Amount
  FROM orders -- input
  WHERE Customer_ID IS NOT NULL AND Order_ID IS NOT NULL AND Amount IS NOT NULL
    AND Order_Date >= '2025-04-02' -- replace: 90 days before First_Day, for an order that began before it
), bought AS (
  SELECT Customer_ID, MIN(Entry_Day) AS Bought_Day, MAX(Amount) AS Highest, SUM(ROUND(1E+02 * Amount)) AS Cents
  FROM entries
  GROUP BY Customer_ID, Order_ID, CASE WHEN Amount < 0 THEN Entry_Day END
), totals AS (
  SELECT Customer_ID, Snapshot, MAX(CASE WHEN Highest > 0 THEN Bought_Day END) AS Last_Order,
    COUNT(CASE WHEN Highest > 0 THEN 1 END) AS Frequency, SUM(Cents) AS Cents
  FROM bought CROSS JOIN dates
  WHERE Bought_Day >= First_Day AND Bought_Day < Snapshot
  GROUP BY Customer_ID, Snapshot
), dated AS (
  SELECT Customer_ID, Frequency, Cents,
    CAST(SUBSTR(Snapshot, 1, 4) AS INTEGER) - CASE WHEN SUBSTR(Snapshot, 6, 2) < '03' THEN 1 ELSE 0 END AS Until_Year,
    (CAST(SUBSTR(Snapshot, 6, 2) AS INTEGER) + 9) % 12 AS Until_Month,
    CAST(SUBSTR(Snapshot, 9, 2) AS INTEGER) AS Until_Day,
    CAST(SUBSTR(Last_Order, 1, 4) AS INTEGER) - CASE WHEN SUBSTR(Last_Order, 6, 2) < '03' THEN 1 ELSE 0 END AS Last_Year,
    (CAST(SUBSTR(Last_Order, 6, 2) AS INTEGER) + 9) % 12 AS Last_Month,
    CAST(SUBSTR(Last_Order, 9, 2) AS INTEGER) AS Last_Day
  FROM totals
  WHERE Frequency > 0
)
SELECT Customer_ID,
  CAST(
      365 * Until_Year + (Until_Year - Until_Year % 4) / 4 - (Until_Year - Until_Year % 100) / 100
      + (Until_Year - Until_Year % 400) / 400 + (153 * Until_Month + 2 - (153 * Until_Month + 2) % 5) / 5
      + Until_Day
    - (365 * Last_Year + (Last_Year - Last_Year % 4) / 4 - (Last_Year - Last_Year % 100) / 100
      + (Last_Year - Last_Year % 400) / 400 + (153 * Last_Month + 2 - (153 * Last_Month + 2) % 5) / 5
      + Last_Day)
    AS INTEGER) AS Recency,
  Frequency,
  CASE WHEN Cents > 0 THEN Cents ELSE 0 END / 1E+02 AS Monetary
FROM dated;
