"""PySpark for engines.py: one step as JSON per line of standard input, one line of answer when it is done.

Run by a Python that has pyspark, with the folder where files and tables lie.
"""

import json
import sys
from pathlib import Path

from pyspark.sql import SparkSession

folder = Path(sys.argv[1])
spark = (
    SparkSession.builder.master("local[2]")
    .config("spark.ui.enabled", "false")
    .config("spark.driver.memory", "4g")
    .config("spark.driver.bindAddress", "127.0.0.1")
    .config("spark.driver.host", "127.0.0.1")
    .config("spark.sql.shuffle.partitions", "8")
    .config("spark.local.dir", str(folder))
    .getOrCreate()
)
print(spark.version, flush=True)
for number, line in enumerate(sys.stdin):
    step = json.loads(line)
    if "fetch" in step:
        spark.table(step["fetch"]).write.csv(str(folder / f"{step['fetch']}.out"), "overwrite", header=True)
    else:
        name = step.get("load") or step["create"]
        given = str(folder / f"{name}.csv")
        found = spark.read.csv(given, step["columns"]) if "load" in step else spark.sql(step["select"])
        path = str(folder / f"{name}-{number}.parquet")
        found.write.parquet(path)
        spark.read.parquet(path).createOrReplaceTempView(name)
    print("done", flush=True)
