"""The exam that every connector sits: does it keep what its declaration says? `exam` has the list of checks."""
