"""Batch questions: one query, a list of subjects from a spreadsheet, one output that says what it lacks.

    lists -> question -> keeping <- asking -> whole -> tables -> writing
                                    \\-> progress

A list is cut into chunks that the gateway accepts; each answer is kept until the output is whole.
"""
