"""The second door: what runs when the queue rings, and what rings when it did not."""
