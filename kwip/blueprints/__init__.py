"""The first door: HTTP. Endpoints load, make one service call, and dump."""
