"""The second door: what runs when the bell rings, and what rings when it did not."""
