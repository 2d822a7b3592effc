"""Posts, and what people do with one: react, quote, reply, vote."""
