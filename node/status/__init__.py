"""Is it still good: bitstrings, status list credentials, and the entries that point into them."""
