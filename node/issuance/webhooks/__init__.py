"""Subscriptions of other programs to what happens: kept, and told."""
