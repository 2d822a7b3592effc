"""The only place that knows Redis; its functions never raise.

Nothing here is true by itself: MongoDB holds the truth, and Redis may vanish at any
moment. A function that reads answers None when Redis did not, one that drops keys
answers whether that is confirmed, and what follows is decided in `services.reading`
and `services.fence`.
"""
