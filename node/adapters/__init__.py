"""What the ports are connected to: files, processes, databases, networks."""
