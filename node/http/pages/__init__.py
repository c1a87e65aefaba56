"""Pages that are read by people: plain HTML, without scripts, in the words of a catalogue."""
