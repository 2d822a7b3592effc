"""Second factors: apps, passkeys, recovery codes; used by sign-in and settings."""
