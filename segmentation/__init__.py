"""Customer segmentation: what the notebook calls. Modules in reading order; each imports only from those above it.

vocabulary, decisions, problems, words; files, synonyms, reading, parsing, strays, oddities, cleaning, joining, lines,
orders, inputs; features, exploring, behaviour, clusters, seasons, nulls, evidence, comparisons, outcomes, profiles,
actions, published, movement, refresh, previous, changes; lifetime, value, calibration, budget; placing, cohorts,
newcomers; yearly, overdue, retention, groups; power, experiments, planning, cards, arms; headline, figures, show,
publish, report.
"""
