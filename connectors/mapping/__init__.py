"""From a platform's raw rows to catalogue values: texts, times, numbers, fields, conditions, records."""
