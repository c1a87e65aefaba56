"""Nodes of a chain, asked over JSON-RPC: read only, and nothing is believed that was not shown or agreed on."""
