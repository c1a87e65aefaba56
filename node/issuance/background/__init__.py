"""What the node does by itself, from the outbox: publishing lists, anchoring, and what comes up from time to time."""
