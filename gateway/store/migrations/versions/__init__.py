"""One file for each change of the tables. A change that was released is never edited."""
