"""A declaration proposed from a table, a sample or a description: what it is sure of, and what somebody must decide.

`reading` takes columns with their labels and a few values; `spellings` and `looks` say what a name and what values
speak for; `matching` weighs both; `writing` makes the YAML. Nothing is guessed silently: a line without `#` is one
whose name says it and whose values do not say otherwise; everything else stands there as a comment with its candidates.
"""
