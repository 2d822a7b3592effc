"""Programs that `kwip up` starts, each in a process of its own."""
