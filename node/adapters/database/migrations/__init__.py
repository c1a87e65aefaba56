"""How an older database becomes today's: one chain of versions, run alike on both engines."""
