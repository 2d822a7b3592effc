"""Search, hashtags, trends and suggestions. May call `posting` and `accounts`."""
