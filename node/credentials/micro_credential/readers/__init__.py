"""Readers: one per dialect, each turning a document into records.

A document has one record, or one for each achievement where it speaks of several at once.
"""
