"""Foreign input is read in processes that can be killed; the server moves bytes and keeps the keys."""
