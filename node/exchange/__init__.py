"""The verifier's use cases: what is asked of holders, and what comes of what they hand over."""
