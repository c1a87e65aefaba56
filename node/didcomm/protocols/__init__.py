"""What parties do with messages: protocols as state machines that are values and pure functions.

Nothing here sends, keeps or asks for the time: `step` takes what is known of an exchange and what happened, and gives
what is known afterwards, what is to be sent and what is to be done.
"""
