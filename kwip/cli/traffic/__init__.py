"""Requests that `kwip world drive` sends to a running site, and their measurements."""
