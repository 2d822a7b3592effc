"""Jobs: what runs when the queue has one, and the sweeper that enqueues lost ones."""
