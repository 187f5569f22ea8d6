"""Customer segmentation: what the notebook calls. Modules in reading order; each imports only from those above it.

vocabulary, decisions, problems, words; files, synonyms, reading, parsing, oddities, cleaning, lines, orders,
inputs; features, exploring, clusters, evidence, comparisons, profiles, actions, published, movement, refresh, previous,
changes; lifetime, value, calibration, budget; placing, cohorts, newcomers; power, experiments, proofs, arms; headline,
figures, show, publish.
"""
