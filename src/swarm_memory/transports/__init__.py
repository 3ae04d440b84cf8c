"""How messages get in and out: stdio, and HTTP with its two flavours. Nothing here knows a tool."""
