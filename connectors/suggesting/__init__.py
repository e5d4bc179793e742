"""A declaration proposed from a table, a sample or a description: what it is sure of, and what somebody must decide.

`reading` takes columns with their labels and a few values; `spellings` and `looks` say what a name and what values
speak for; `matching` weighs both; `writing` makes the YAML. Of a service, `services` reads the description, `calls`
finds the operation and its rows, and `asking` writes how it is asked. Nothing is guessed silently: a line without `#`
is one whose name says it and whose values do not say otherwise; everything else stands there as a comment with its
candidates.
"""
