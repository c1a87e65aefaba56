"""May I rely on it: gather what is needed, then judge it by a policy."""
