"""Life after issue: withdrawn, suspended, lifted, corrected, issued anew, renewed; and who is told."""
