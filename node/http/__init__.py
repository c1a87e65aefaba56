"""The node over HTTP: routes that parse, call one use case and render. It knows ports, and no adapter."""
