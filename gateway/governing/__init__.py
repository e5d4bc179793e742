"""Changing what is in force: who may change it, what was changed, and which version every gateway answers by.

    draft -> submitted -> approved by another person -> activated at a time -> superseded, or rolled back

A change is a **bundle**: the files of a policy set under their digest, never edited. What people say about it (a
submission, an approval, an activation) is a signed statement, one file each. The last activation is the **pointer**;
its number only rises. `standing` alone says what a row of pointers amounts to, for the command line that writes one
and for every gateway that reads it: nobody has to be trusted to have checked. Nothing here answers a request.
"""
