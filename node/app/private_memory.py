"""What is in the memory of a process with keys in it is written to no file, whoever ends it and however."""

import resource


def keep_memory_private() -> None:
    """Have no dump of this process written, nor of those that it starts."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
