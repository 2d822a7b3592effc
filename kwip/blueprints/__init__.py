"""HTTP: endpoints load a request, make one service call, and dump the result."""
