"""How an answer leaves: compressed, in parts, framed, placeholders filled in."""
