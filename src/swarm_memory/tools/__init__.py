"""The tools: each validates its arguments, calls one service method and shapes the answer."""
