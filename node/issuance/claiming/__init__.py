"""Awards of one person each: at once, or once their learner claims them by a private link."""
