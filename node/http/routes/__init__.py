"""The routes, a module for each noun; each has `routes(services)`, which `node.http.application` lists."""
