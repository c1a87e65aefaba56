"""The holder's use cases: choosing what to show of a credential, and binding it to who asked."""
