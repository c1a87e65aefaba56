"""The issuing desk: many awards from one table, each given once, whatever happens on the way.

`docs/issuance.md` has the steps as numbered lines, with what survives a crash at each.
"""
