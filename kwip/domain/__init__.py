"""The rules of Kwip as pure values and functions; standard library only."""
