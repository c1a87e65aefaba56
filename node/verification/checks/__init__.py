"""The checks of one credential: each a function, each answering for itself."""
