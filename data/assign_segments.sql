-- Places customers in segments with the frozen model segment_model.json; the notebook writes this file from it.
--
-- Reads    customers(Customer_ID, Recency, Frequency, Monetary): one row per customer; days since the last order,
--          orders and spend in the window (12 months), three numbers as the notebook defines them and
--          customers_from_orders.sql makes them. Name your own table or view in the line marked "input".
-- Returns  Customer_ID, Cluster (0 = VIP Champions), Segment_Name, Runner_Up (second nearest) and
--          Segment_Confidence (1 - d1 / d2 with squared distances; 0 on a border, 1 at a centre); one row per row.
-- Rule     squared distance to each segment's centre, the lower cluster on an exact tie.
-- NULL     a customer with NULL, NaN or infinity in Recency, Frequency or Monetary gets NULL in all four columns.
-- SQL      runs unchanged on SQLite, DuckDB, PostgreSQL, MariaDB and Spark: one SELECT of CASE, BETWEEN, arithmetic and
--          derived tables. 1E+00 * ROUND(1) is 1 in double precision, a type for which the five have no common name.
SELECT Customer_ID, Place AS Cluster,
  CASE Place
    WHEN 0 THEN 'VIP Champions'
    WHEN 1 THEN 'High-Value Loyalists'
    WHEN 2 THEN 'Promising Regulars'
    WHEN 3 THEN 'At-Risk Customers' END AS Segment_Name,
  CASE Rival
    WHEN 0 THEN 'VIP Champions'
    WHEN 1 THEN 'High-Value Loyalists'
    WHEN 2 THEN 'Promising Regulars'
    WHEN 3 THEN 'At-Risk Customers' END AS Runner_Up,
  CASE WHEN Second_D > 0 THEN 1 - First_D / Second_D WHEN Second_D = 0 THEN 1E+00 END AS Segment_Confidence
FROM (SELECT Customer_ID, Place, Rival,
  CASE Place
    WHEN 0 THEN D0
    WHEN 1 THEN D1
    WHEN 2 THEN D2
    WHEN 3 THEN D3 END AS First_D,
  CASE Rival
    WHEN 0 THEN D0
    WHEN 1 THEN D1
    WHEN 2 THEN D2
    WHEN 3 THEN D3 END AS Second_D
FROM (SELECT Customer_ID, Place, D0, D1, D2, D3,
  CASE Place
    WHEN 0 THEN CASE WHEN D1 <= D2 AND D1 <= D3 THEN 1 WHEN D2 <= D3 THEN 2 ELSE 3 END
    WHEN 1 THEN CASE WHEN D0 <= D2 AND D0 <= D3 THEN 0 WHEN D2 <= D3 THEN 2 ELSE 3 END
    WHEN 2 THEN CASE WHEN D0 <= D1 AND D0 <= D3 THEN 0 WHEN D1 <= D3 THEN 1 ELSE 3 END
    WHEN 3 THEN CASE WHEN D0 <= D1 AND D0 <= D2 THEN 0 WHEN D1 <= D2 THEN 1 ELSE 2 END END AS Rival
FROM (SELECT Customer_ID, D0, D1, D2, D3,
  CASE WHEN Known = 1 THEN
    CASE WHEN D0 <= D1 AND D0 <= D2 AND D0 <= D3 THEN 0 WHEN D1 <= D2 AND D1 <= D3 THEN 1 WHEN D2 <= D3 THEN 2 ELSE 3 END
  END AS Place
FROM (SELECT Customer_ID, Known,
  (Z_R - (-1.23185E+00)) * (Z_R - (-1.23185E+00)) + (Z_F - 2.37854E+00) * (Z_F - 2.37854E+00) + (Z_M - 2.44506E+00) * (Z_M - 2.44506E+00) AS D0,
  (Z_R - (-1.11455E+00)) * (Z_R - (-1.11455E+00)) + (Z_F - 7.48104E-01) * (Z_F - 7.48104E-01) + (Z_M - 5.28527E-01) * (Z_M - 5.28527E-01) AS D1,
  (Z_R - (-9.18309E-01)) * (Z_R - (-9.18309E-01)) + (Z_F - (-3.12515E-01)) * (Z_F - (-3.12515E-01)) + (Z_M - (-3.45008E-01)) * (Z_M - (-3.45008E-01)) AS D2,
  (Z_R - 8.08568E-01) * (Z_R - 8.08568E-01) + (Z_F - (-6.2968E-01)) * (Z_F - (-6.2968E-01)) + (Z_M - (-5.5077E-01)) * (Z_M - (-5.5077E-01)) AS D3
FROM (SELECT Customer_ID,
  CASE WHEN Recency BETWEEN -1E+100 AND 1E+100
    AND Frequency BETWEEN -1E+100 AND 1E+100
    AND Monetary BETWEEN -1E+100 AND 1E+100
    THEN 1 END AS Known,
  (CASE WHEN Recency > 3.3E+02 THEN 3.3E+02 ELSE Recency END - 1.346742E+02) / 9.55116E+01 AS Z_R,
  (CASE WHEN Frequency > 2.4E+01 THEN 2.4E+01 ELSE Frequency END - 5.3036E+00) / 6.19259E+00 AS Z_F,
  (CASE WHEN Monetary > 2.8372E+03 THEN 2.8372E+03 ELSE Monetary END - 3.96998E+02) / 5.53087E+02 AS Z_M
FROM (SELECT Customer_ID,
  1E+00 * ROUND(1) * Recency AS Recency,
  1E+00 * ROUND(1) * Frequency AS Frequency,
  1E+00 * ROUND(1) * Monetary AS Monetary
FROM customers -- input
) typed) scaled) measured) placed) ranked) compared;
