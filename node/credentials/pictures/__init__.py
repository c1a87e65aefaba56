"""Pictures that carry a badge: putting one in, taking it out. No pixel is decoded, nothing in a picture runs."""
