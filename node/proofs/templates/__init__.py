"""Canonical forms of many documents of one shape: computed once, filled in for each."""
