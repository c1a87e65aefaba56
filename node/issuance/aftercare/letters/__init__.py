"""The words of letters about what became of an award."""
